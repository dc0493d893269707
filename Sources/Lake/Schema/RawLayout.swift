import Columnar

/// Where a table's raw files lie, a path pattern below the raw folder, and how records lie in them.
///
///     instagram_graph/posts/{user_id}/{post_id}.json
///     ╰──── fixed folders ─╯╰───── components with captures
///
/// A capture takes one or more bytes within one component; between captures there is literal text.
package struct RawLayout: Hashable, Sendable {
    /// One piece of a path component.
    package enum Piece: Hashable, Sendable {
        case literal([UInt8])
        /// Position in `captureNames`.
        case capture(Int)
    }

    package enum Format: String, CaseIterable, Sendable {
        /// One JSON document a file, one row a document.
        case json
        /// One JSON object a line.
        case jsonl
        /// The elements of an array, at the top or at a path of keys.
        case array

        /// Whether a file may hold more than one record.
        var holdsMany: Bool { self != .json }
    }

    package var pattern: String
    package var format: Format
    /// The keys on the way to the array; only of `array`, empty for the document itself.
    package var recordPath: [String]
    /// Pieces of each component, root first; the last component names files.
    package var components: [[Piece]]
    package var captureNames: [String]

    /// The literal folders before the first component with a capture: where a walk begins.
    package var root: String {
        var parts: [String] = []
        for component in components.dropLast() {
            guard component.count == 1, case .literal(let bytes) = component[0] else { break }
            parts.append(String(decoding: bytes, as: UTF8.self))
        }
        return parts.joined(separator: "/")
    }

    /// How files are compressed: the pattern's last letters say so.
    package var compression: TextCompression { Self.compression(ofName: pattern) }

    static func compression(ofName name: String) -> TextCompression {
        name.hasSuffix(".gz") ? .gzip : name.hasSuffix(".zst") ? .zstd : .none
    }

    /// Bytes, as stored, of the largest file that is read.
    var limitBytes: Int { format.holdsMany ? Limits.batchFileBytes : Limits.rawFileBytes }

    /// Parses a pattern; throws what is wrong with it.
    package init(
        pattern: String, format: Format, recordPath: [String] = []
    ) throws(InvalidPattern) {
        self.pattern = pattern
        self.format = format
        self.recordPath = recordPath
        components = []
        captureNames = []
        for part in pattern.split(separator: "/", omittingEmptySubsequences: false) {
            guard !part.isEmpty, part != ".", part != ".." else {
                throw InvalidPattern(reason: "has an empty, . or .. folder")
            }
            components.append(try pieces(of: part))
        }
    }

    private mutating func pieces(of part: Substring) throws(InvalidPattern) -> [Piece] {
        var pieces: [Piece] = []
        var literal: [UInt8] = []
        var rest = part[...]
        while let character = rest.first {
            guard character == "{" || character == "}" else {
                literal.append(contentsOf: String(rest.removeFirst()).utf8)
                continue
            }
            guard character == "{", let close = rest.firstIndex(of: "}") else {
                throw InvalidPattern(reason: "has a brace without its partner")
            }
            let name = String(rest[rest.index(after: rest.startIndex)..<close])
            rest = rest[rest.index(after: close)...]
            guard Identifier.isValid(name) else {
                throw InvalidPattern(
                    reason: "has a capture {\(name)} that is not a lower-case name")
            }
            guard !captureNames.contains(name) else {
                throw InvalidPattern(reason: "captures {\(name)} twice")
            }
            if !literal.isEmpty { pieces.append(.literal(literal)) }
            literal = []
            if case .capture? = pieces.last {
                throw InvalidPattern(reason: "needs text between two captures")
            }
            pieces.append(.capture(captureNames.count))
            captureNames.append(name)
        }
        if !literal.isEmpty { pieces.append(.literal(literal)) }
        return pieces
    }

    /// What is wrong with a pattern.
    package struct InvalidPattern: Error, Hashable, Sendable {
        package let reason: String
    }
}

extension RawLayout {
    /// Whether a folder or file name fits the component at a depth below the raw folder.
    package func matches(component name: UnsafeRawBufferPointer, at depth: Int) -> Bool {
        var scratch: [Range<Int>] = Array(repeating: 0..<0, count: captureNames.count)
        return matches(component: name, at: depth, into: &scratch)
    }

    /// The same without an allocation; `ranges` has one element a capture.
    func matches(
        component name: UnsafeRawBufferPointer, at depth: Int, into ranges: inout [Range<Int>]
    ) -> Bool {
        guard components.indices.contains(depth) else { return false }
        return Self.match(name, 0..<name.count, components[depth], into: &ranges)
    }

    /// Where each capture lies in a path, or nil if the path is none of this table's.
    package func captures(in path: UnsafeRawBufferPointer) -> [Range<Int>]? {
        var ranges: [Range<Int>] = Array(repeating: 0..<0, count: captureNames.count)
        return captures(in: path, into: &ranges) ? ranges : nil
    }

    /// The same without an allocation; `ranges` has one element a capture.
    func captures(in path: UnsafeRawBufferPointer, into ranges: inout [Range<Int>]) -> Bool {
        var start = 0
        for (depth, component) in components.enumerated() {
            var end = start
            while end < path.count, path[end] != UInt8(ascii: "/") { end += 1 }
            let isLast = depth == components.count - 1
            guard isLast == (end == path.count),
                Self.match(path, start..<end, component, into: &ranges)
            else { return false }
            start = end + 1
        }
        return true
    }

    /// Whether a path may be a raw file of both; never no if one is.
    func mayShareFiles(with other: RawLayout) -> Bool {
        components.count == other.components.count
            && zip(components, other.components).allSatisfy { Self.mayMeet($0, $1) }
    }

    /// By the literal beginnings and ends of two components.
    private static func mayMeet(_ a: [Piece], _ b: [Piece]) -> Bool {
        func literal(_ piece: Piece?) -> [UInt8] {
            if case .literal(let bytes)? = piece { bytes } else { [] }
        }
        if a.count == 1, b.count == 1, case .literal(let x) = a[0], case .literal(let y) = b[0] {
            return x == y
        }
        let (head, otherHead) = (literal(a.first), literal(b.first))
        let (tail, otherTail) = (literal(a.last), literal(b.last))
        return (head.starts(with: otherHead) || otherHead.starts(with: head))
            && (tail.reversed().starts(with: otherTail.reversed())
                || otherTail.reversed().starts(with: tail.reversed()))
    }

    /// Captures take as little as they can, the last piece takes the rest.
    private static func match(
        _ text: UnsafeRawBufferPointer, _ range: Range<Int>, _ pieces: [Piece],
        into ranges: inout [Range<Int>]
    ) -> Bool {
        var cursor = range.lowerBound
        var open: Int?
        for (i, piece) in pieces.enumerated() {
            switch piece {
            case .capture(let number): open = number
            case .literal(let literal):
                let isLast = i == pieces.count - 1
                var at = cursor
                if let capture = open {
                    at = isLast ? range.upperBound - literal.count : cursor + 1
                    while at + literal.count <= range.upperBound, !starts(text, at, literal) {
                        at += 1
                    }
                    guard at > cursor, at + literal.count <= range.upperBound else { return false }
                    ranges[capture] = cursor..<at
                    open = nil
                }
                guard at + literal.count <= range.upperBound, starts(text, at, literal) else {
                    return false
                }
                cursor = at + literal.count
            }
        }
        if let capture = open {
            guard cursor < range.upperBound else { return false }
            ranges[capture] = cursor..<range.upperBound
            return true
        }
        return cursor == range.upperBound
    }

    private static func starts(
        _ text: UnsafeRawBufferPointer, _ at: Int, _ literal: [UInt8]
    ) -> Bool {
        guard at >= 0, at + literal.count <= text.count else { return false }
        for i in literal.indices where text[at + i] != literal[i] { return false }
        return true
    }
}
