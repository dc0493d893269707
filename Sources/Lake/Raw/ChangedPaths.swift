import Columnar
import Glibc

/// Raw paths that somebody says have changed: what `lake compact --from` is told instead of walking.
///
/// A line is a path below the raw folder, or an absolute one inside it. A line that ends in a slash is a
/// folder that holds raw files: all of it is looked at. Lines may come in any order and more than once.
package struct ChangedPaths: Sendable {
    /// Where a path lies in `bytes`.
    private struct Place {
        var start: Int
        var count: Int
    }

    private let root: [UInt8]
    private let separator: UInt8
    private var bytes: [UInt8] = []
    private var places: [Place] = []
    /// The start of a line whose end has not come yet.
    private var lineStart = 0
    /// Lines outside of the raw folder.
    private var foreign = Ignored()

    /// Lines that name no raw file of any table.
    package struct Ignored: Hashable, Sendable {
        package var count = 0
        /// The first few of them, as they were given.
        package var examples: [String] = []

        mutating func add(_ line: some Collection<UInt8>) {
            count += 1
            guard examples.count < Self.exampleCount else { return }
            examples.append(String(decoding: line, as: UTF8.self))
        }

        private static let exampleCount = 5
    }

    /// - root: absolute path of the raw folder.
    /// - separator: the byte behind each path, a newline or NUL.
    package init(root: String, separator: UInt8 = UInt8(ascii: "\n")) {
        var root = Array(root.utf8)
        while root.last == UInt8(ascii: "/") { root.removeLast() }
        self.root = root + [UInt8(ascii: "/")]
        self.separator = separator
    }

    /// Takes the next bytes of the list; throws `limit` when it grows beyond `Limits.changedPathBytes`.
    package mutating func append(_ block: UnsafeRawBufferPointer) throws(LakeError) {
        var rest = block[...]
        while let end = rest.firstIndex(of: separator) {
            bytes.append(contentsOf: rest[..<end])
            endLine()
            rest = rest[(end + 1)...]
        }
        bytes.append(contentsOf: rest)
        guard bytes.count <= Limits.changedPathBytes else {
            throw .limit(
                name: "changedPathBytes", value: bytes.count, limit: Limits.changedPathBytes,
                location: nil)
        }
    }

    /// Takes one path without a separator.
    package mutating func append(path: [UInt8]) throws(LakeError) {
        bytes.append(contentsOf: path)
        endLine()
        try append(UnsafeRawBufferPointer(start: nil, count: 0))
    }

    /// Paths taken so far, before `finish` each time that they came.
    package var count: Int { places.count }

    /// Ends the list, whose last line needs no separator.
    package mutating func finish() {
        endLine()
        let all = bytes
        all.withUnsafeBytes { all in
            places.sort { Self.compare($0, $1, all) < 0 }
            var kept = 0
            for index in places.indices {
                if kept > 0, Self.compare(places[kept - 1], places[index], all) == 0 { continue }
                places[kept] = places[index]
                kept += 1
            }
            places.removeLast(places.count - kept)
        }
    }

    private mutating func endLine() {
        var start = lineStart
        let end = bytes.count
        defer { lineStart = bytes.count }
        if start == end { return }
        if bytes[start] == UInt8(ascii: "/") {
            guard bytes[start..<end].starts(with: root) else {
                foreign.add(bytes[start..<end])
                bytes.removeLast(end - start)
                return
            }
            start += root.count
        }
        places.append(Place(start: start, count: end - start))
    }

    private static func compare(_ a: Place, _ b: Place, _ all: UnsafeRawBufferPointer) -> Int {
        guard let base = all.baseAddress else { return 0 }
        let order = memcmp(base + a.start, base + b.start, min(a.count, b.count))
        return order != 0 ? Int(order) : a.count - b.count
    }

    /// The lists of tables with these layouts, in their order, and the lines that none of them takes.
    func lists(for layouts: [RawLayout]) -> (lists: [List], ignored: Ignored) {
        var names = layouts.map { RawNames($0) }
        var taken: [[Range<Int>]] = layouts.map { _ in [] }
        var ignored = foreign
        bytes.withUnsafeBytes { all in
            for place in places {
                let range = place.start..<place.start + place.count
                let path = UnsafeRawBufferPointer(rebasing: all[range])
                var isTaken = false
                for table in layouts.indices where names[table].accepts(path: path) {
                    taken[table].append(range)
                    isTaken = true
                }
                if !isTaken { ignored.add(path) }
            }
        }
        return (taken.map { List(bytes: bytes, paths: $0) }, ignored)
    }

    /// The paths of one table, sorted, each once; goes through them folder by folder.
    struct List: Sequence, Sendable {
        fileprivate let bytes: [UInt8]
        fileprivate let paths: [Range<Int>]

        func makeIterator() -> Iterator { Iterator(list: self) }

        struct Iterator: IteratorProtocol {
            fileprivate let list: List
            private var position = 0

            fileprivate init(list: List) {
                self.list = list
            }

            /// The next folder with a closing slash and the names in it; nil names: the whole folder.
            mutating func next() -> (folder: [UInt8], names: [[UInt8]]?)? {
                guard position < list.paths.count else { return nil }
                let first = list.paths[position]
                let folder = folderEnd(first)
                let prefix = list.bytes[first.lowerBound..<folder]
                // A folder's own line sorts before its files'.
                let isWhole = folder == first.upperBound
                var names: [[UInt8]] = []
                while position < list.paths.count {
                    let path = list.paths[position]
                    let end = folderEnd(path)
                    guard list.bytes[path.lowerBound..<end].elementsEqual(prefix) else { break }
                    if !isWhole { names.append(Array(list.bytes[end..<path.upperBound])) }
                    position += 1
                }
                return (Array(prefix), isWhole ? nil : names)
            }

            /// The end of a path's folder: behind its last slash.
            private func folderEnd(_ path: Range<Int>) -> Int {
                var end = path.upperBound
                while end > path.lowerBound, list.bytes[end - 1] != UInt8(ascii: "/") { end -= 1 }
                return end
            }
        }
    }
}
