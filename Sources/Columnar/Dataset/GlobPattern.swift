/// One name's pattern: `*` is any run of characters, `?` one character, `[a-z]` one of a set.
///
/// `[!…]` and `[^…]` are sets of what is not wanted; a `[` that no `]` closes is itself. Source: glob(7).
struct GlobPattern: Sendable, Hashable {
    private enum Piece: Hashable {
        case scalar(Unicode.Scalar)
        case anyScalar
        case anyRun
        case oneOf([ClosedRange<UInt32>], isNegated: Bool)
    }

    private let pieces: [Piece]
    let text: String

    init(_ text: String) {
        self.text = text
        let scalars = Array(text.unicodeScalars)
        var pieces: [Piece] = []
        var i = 0
        while i < scalars.count {
            switch scalars[i] {
            case "*":
                if pieces.last != .anyRun { pieces.append(.anyRun) }
            case "?": pieces.append(.anyScalar)
            case "[":
                if let (set, end) = Self.set(scalars, from: i) {
                    pieces.append(set)
                    i = end
                } else {
                    pieces.append(.scalar("["))
                }
            default: pieces.append(.scalar(scalars[i]))
            }
            i += 1
        }
        self.pieces = pieces
    }

    /// Whether the text has a character with a meaning here.
    static func isPattern(_ text: String) -> Bool {
        text.unicodeScalars.contains { $0 == "*" || $0 == "?" || $0 == "[" }
    }

    /// The set that opens at `start`, and where it closes.
    private static func set(
        _ scalars: [Unicode.Scalar], from start: Int
    ) -> (Piece, end: Int)? {
        var i = start + 1
        let isNegated = i < scalars.count && (scalars[i] == "!" || scalars[i] == "^")
        if isNegated { i += 1 }
        var ranges: [ClosedRange<UInt32>] = []
        let first = i
        // A `]` that comes first is a member.
        while i < scalars.count, scalars[i] != "]" || i == first {
            let low = scalars[i].value
            if i + 2 < scalars.count, scalars[i + 1] == "-", scalars[i + 2] != "]" {
                let high = scalars[i + 2].value
                if low <= high { ranges.append(low...high) }
                i += 3
            } else {
                ranges.append(low...low)
                i += 1
            }
        }
        guard i < scalars.count else { return nil }
        return (.oneOf(ranges, isNegated: isNegated), i)
    }

    /// Whether the whole name fits; takes at most the product of both lengths, for any pattern.
    func matches(_ name: String) -> Bool {
        let scalars = Array(name.unicodeScalars)
        var position = 0
        var piece = 0
        var star: (piece: Int, position: Int)?
        while position < scalars.count {
            if piece < pieces.count, pieces[piece] == .anyRun {
                star = (piece, position)
                piece += 1
            } else if piece < pieces.count, Self.accepts(pieces[piece], scalars[position]) {
                piece += 1
                position += 1
            } else if let last = star {
                // The last run takes one character more.
                star = (last.piece, last.position + 1)
                piece = last.piece + 1
                position = last.position + 1
            } else {
                return false
            }
        }
        return pieces[piece...].allSatisfy { $0 == .anyRun }
    }

    private static func accepts(_ piece: Piece, _ scalar: Unicode.Scalar) -> Bool {
        switch piece {
        case .scalar(let wanted): wanted == scalar
        case .anyScalar: true
        case .anyRun: false
        case .oneOf(let ranges, let isNegated):
            ranges.contains { $0.contains(scalar.value) } != isNegated
        }
    }
}

/// `{a,b}` in a path, written out.
enum GlobBraces {
    /// The patterns that a text stands for, in order; braces without a comma or a partner are themselves.
    static func expand(_ text: String) throws(ColumnarError) -> [String] {
        var done: [String] = []
        var open = [Array(text.unicodeScalars)]
        while let next = open.popLast() {
            guard let (range, parts) = firstBraces(next) else {
                done.append(String(String.UnicodeScalarView(next)))
                continue
            }
            for part in parts.reversed() {
                open.append(Array(next[..<range.lowerBound]) + part + next[range.upperBound...])
            }
            guard done.count + open.count <= Limits.globAlternatives else {
                throw .limit(
                    name: "globAlternatives", value: done.count + open.count,
                    limit: Limits.globAlternatives, location: FileLocation(path: text))
            }
        }
        return done
    }

    private static func firstBraces(
        _ text: [Unicode.Scalar]
    ) -> (Range<Int>, parts: [ArraySlice<Unicode.Scalar>])? {
        for start in text.indices where text[start] == "{" {
            var depth = 0
            var parts: [ArraySlice<Unicode.Scalar>] = []
            var begin = start + 1
            scan: for i in start..<text.count {
                switch text[i] {
                case "{": depth += 1
                case "," where depth == 1:
                    parts.append(text[begin..<i])
                    begin = i + 1
                case "}":
                    depth -= 1
                    guard depth == 0 else { continue }
                    if parts.isEmpty { break scan }
                    return (start..<i + 1, parts + [text[begin..<i]])
                default: break
                }
            }
        }
        return nil
    }
}
