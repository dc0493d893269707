import Glibc

/// Which names of a folder are raw data of a table: the pattern's, less hidden and temporary ones.
struct RawNames {
    private let layout: RawLayout
    private var ranges: [Range<Int>]

    init(_ layout: RawLayout) {
        self.layout = layout
        ranges = Array(repeating: 0..<0, count: layout.captureNames.count)
    }

    /// Levels of names below the raw root; the last one is the files'.
    var levelCount: Int { layout.components.count }

    /// Whether all names of a level but one belong to other tables.
    func isLiteral(level: Int) -> Bool {
        layout.components[level].allSatisfy { piece in
            if case .literal = piece { return true }
            return false
        }
    }

    /// Whether a name of a level is ours.
    ///
    /// What is not UTF-8 cannot be named in a table, so it is not.
    mutating func accepts(_ name: UnsafeRawBufferPointer, level: Int) -> Bool {
        guard let first = name.first, first != UInt8(ascii: "."), name.last != UInt8(ascii: "~")
        else { return false }
        return layout.matches(component: name, at: level, into: &ranges) && UTF8Text.isValid(name)
    }

    /// Whether a path below the raw root can be a raw file of ours, or with a closing slash one of the
    /// folders that hold them.
    mutating func accepts(path: UnsafeRawBufferPointer) -> Bool {
        guard !path.contains(0) else { return false }
        var level = 0
        var start = 0
        while level < levelCount {
            var end = start
            while end < path.count, path[end] != UInt8(ascii: "/") { end += 1 }
            // A folder's path is at its end where a file's has its name.
            if start == path.count { return level == levelCount - 1 && level > 0 }
            guard end - start <= Int(NAME_MAX),
                accepts(.init(rebasing: path[start..<end]), level: level)
            else { return false }
            if end == path.count { return level == levelCount - 1 }
            start = end + 1
            level += 1
        }
        return false
    }
}
