/// Where the raw files of a table lie: `instagram_graph/posts/{user_id}/{post_id}.json`.
///
/// One segment a folder level, the last one the file's. A segment is literal text with captures
/// `{name}`; a capture takes one byte or more, as few as the text behind it allows, and the last one
/// of a segment the rest. Names are bytes: no file name is refused for its encoding before it is matched.
package struct RawPathPattern: Hashable, Sendable {
    /// A piece of a segment.
    enum Piece: Hashable, Sendable {
        case literal([UInt8])
        case capture
    }

    /// The text that the pattern was made from.
    package let text: String
    /// The names of the captures, in order of appearance.
    package let captureNames: [String]
    /// The pieces of each level; never empty.
    let segments: [[Piece]]

    /// Why a text is no pattern.
    package struct Malformed: Error, Hashable, Sendable {
        package let reason: String
    }

    package init(_ text: String) throws(Malformed) {
        var names: [String] = []
        var segments: [[Piece]] = []
        for part in text.split(separator: "/", omittingEmptySubsequences: false) {
            segments.append(try Self.pieces(of: part, names: &names))
        }
        guard segments.count <= Self.levelLimit else {
            throw Malformed(reason: "more than \(Self.levelLimit) levels")
        }
        guard Set(names).count == names.count else {
            throw Malformed(reason: "a capture name occurs twice")
        }
        self.text = text
        self.segments = segments
        captureNames = names
    }

    /// Folder levels, the file's included, that a pattern may have.
    static let levelLimit = 16

    private static func pieces(
        of segment: Substring, names: inout [String]
    ) throws(Malformed) -> [Piece] {
        guard !segment.isEmpty else { throw Malformed(reason: "an empty folder name") }
        guard segment != ".", segment != ".." else {
            throw Malformed(reason: "'.' and '..' are not allowed")
        }
        var pieces: [Piece] = []
        var rest = segment
        while !rest.isEmpty {
            guard let open = rest.firstIndex(of: "{") else {
                pieces.append(.literal(Array(rest.utf8)))
                break
            }
            if open > rest.startIndex { pieces.append(.literal(Array(rest[..<open].utf8))) }
            guard let close = rest[open...].firstIndex(of: "}") else {
                throw Malformed(reason: "'{' without '}'")
            }
            let name = rest[rest.index(after: open)..<close]
            guard !name.isEmpty, name.utf8.allSatisfy(isNameByte) else {
                throw Malformed(reason: "'{\(name)}' is not a name")
            }
            if pieces.last == .capture {
                throw Malformed(reason: "two captures without text between them")
            }
            names.append(String(name))
            pieces.append(.capture)
            rest = rest[rest.index(after: close)...]
        }
        return pieces
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}

extension RawPathPattern {
    /// The number of levels, the file's included.
    package var levelCount: Int { segments.count }

    /// The name at `level` if it is literal: then the folder need not be listed.
    func literalName(level: Int) -> [UInt8]? {
        guard segments[level].count == 1, case .literal(let name) = segments[level][0] else {
            return nil
        }
        return name
    }

    /// Whether a name fits a level; hidden and temporary names never do.
    func matches(_ name: UnsafeRawBufferPointer, level: Int) -> Bool {
        guard let first = name.first, first != UInt8(ascii: "."), name.last != UInt8(ascii: "~")
        else { return false }
        return Self.match(name, segments[level]) { _ in }
    }

    /// The captured texts of a path that matches, in order; nil if it does not match.
    package func captures(of path: UnsafeRawBufferPointer) -> [Range<Int>]? {
        var ranges: [Range<Int>] = []
        var start = 0
        for level in segments.indices {
            var end = start
            while end < path.count, path[end] != UInt8(ascii: "/") { end += 1 }
            guard (end == path.count) == (level == segments.count - 1) else { return nil }
            let name = UnsafeRawBufferPointer(rebasing: path[start..<end])
            let matched = Self.match(name, segments[level]) { range in
                ranges.append(range.lowerBound + start..<range.upperBound + start)
            }
            guard matched else { return nil }
            start = end + 1
        }
        return ranges
    }

    private static func match(
        _ name: UnsafeRawBufferPointer, _ pieces: [Piece], _ captured: (Range<Int>) -> Void
    ) -> Bool {
        var position = 0
        var index = 0
        while index < pieces.count {
            switch pieces[index] {
            case .literal(let text):
                guard starts(name, at: position, with: text) else { return false }
                position += text.count
                index += 1
            case .capture:
                guard position < name.count else { return false }
                let start = position
                if index + 1 == pieces.count {
                    position = name.count
                } else if case .literal(let text) = pieces[index + 1] {
                    // The text that ends a segment is matched at the name's end.
                    position = index + 2 == pieces.count ? name.count - text.count : position + 1
                    while position <= name.count - text.count,
                        !starts(name, at: position, with: text)
                    {
                        position += 1
                    }
                    guard position > start, position <= name.count - text.count else {
                        return false
                    }
                }
                captured(start..<position)
                index += 1
            }
        }
        return position == name.count
    }

    private static func starts(
        _ name: UnsafeRawBufferPointer, at position: Int, with text: [UInt8]
    ) -> Bool {
        guard position >= 0, position + text.count <= name.count else { return false }
        for i in text.indices where name[position + i] != text[i] { return false }
        return true
    }
}
