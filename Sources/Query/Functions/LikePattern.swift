import CKernels
import Glibc

/// A compiled LIKE pattern: segments between `%`, each of literal bytes and `_` (one code point).
///
/// Matching never backtracks: the first and last segments are anchored, every segment between is found
/// leftmost, so the cost is bounded by text length times pattern length.
struct LikePattern: Sendable {
    /// What kind of search answers the pattern.
    enum Class: Sendable, Hashable {
        case any, equal, prefix, suffix, contains, multiContains, general
    }

    enum Piece: Sendable, Hashable {
        case literal([UInt8])
        /// This many code points, whatever they are.
        case skip(Int)
    }

    typealias Segment = [Piece]

    let segments: [Segment]
    let startsAnchored: Bool
    let endsAnchored: Bool
    let kind: Class

    /// Compiles; throws INVALID_FUNCTION_ARGUMENT for a wrong use of the escape character.
    init(
        pattern: UnsafeRawBufferPointer, escape: UnsafeRawBufferPointer?
    ) throws(QueryError) {
        let escapeBytes = try Self.escapeCharacter(escape)
        var builder = Builder()
        var i = 0
        while i < pattern.count {
            let length = Self.codePointLength(pattern, i)
            let character = pattern[i..<(i + length)]
            i += length
            if let escapeBytes, character.elementsEqual(escapeBytes) {
                let next = i < pattern.count ? Self.codePointLength(pattern, i) : 0
                let escaped = pattern[i..<(i + next)]
                let isSpecial =
                    escaped.elementsEqual([0x25]) || escaped.elementsEqual([0x5F])
                    || escaped.elementsEqual(escapeBytes)
                guard next > 0, isSpecial else {
                    throw QueryError(
                        .invalidFunctionArgument,
                        "Escape character must be followed by '%', '_' or the escape character itself"
                    )
                }
                builder.literal.append(contentsOf: escaped)
                i += next
            } else if character.elementsEqual([0x25]) {
                builder.endSegment()
            } else if character.elementsEqual([0x5F]) {
                builder.skipOne()
            } else {
                builder.literal.append(contentsOf: character)
            }
        }
        builder.endPiece()
        startsAnchored = !(builder.percents > 0 && builder.leading)
        endsAnchored = !(builder.percents > 0 && builder.segment.isEmpty)
        if !builder.segment.isEmpty { builder.segments.append(builder.segment) }
        segments = builder.segments
        kind = Self.classify(
            builder.segments, startsAnchored, endsAnchored, hasPercent: builder.percents > 0)
    }

    private struct Builder {
        var segments: [Segment] = []
        var segment: Segment = []
        var literal: [UInt8] = []
        var percents = 0
        /// The pattern began with `%`.
        var leading = false

        mutating func endPiece() {
            if !literal.isEmpty { segment.append(.literal(literal)) }
            literal = []
        }

        mutating func skipOne() {
            endPiece()
            if case .skip(let count)? = segment.last {
                segment[segment.count - 1] = .skip(count + 1)
            } else {
                segment.append(.skip(1))
            }
        }

        mutating func endSegment() {
            endPiece()
            if percents == 0 { leading = segment.isEmpty }
            percents += 1
            if !segment.isEmpty { segments.append(segment) }
            segment = []
        }
    }

    private static func escapeCharacter(
        _ escape: UnsafeRawBufferPointer?
    ) throws(QueryError) -> [UInt8]? {
        guard let escape else { return nil }
        guard escape.count > 0, codePointLength(escape, 0) == escape.count else {
            throw QueryError(
                .invalidFunctionArgument, "Escape string must be a single character")
        }
        return Array(escape)
    }

    private static func classify(
        _ segments: [Segment], _ start: Bool, _ end: Bool, hasPercent: Bool
    ) -> Class {
        if segments.isEmpty { return hasPercent ? .any : .equal }
        for segment in segments {
            guard segment.count == 1, case .literal = segment[0] else { return .general }
        }
        if !hasPercent { return .equal }
        if segments.count > 1 { return .multiContains }
        if start { return .prefix }
        return end ? .suffix : .contains
    }

    /// The bytes of the code point at `i`; a stray byte counts as one.
    static func codePointLength(_ text: UnsafeRawBufferPointer, _ i: Int) -> Int {
        let length: Int
        switch text[i] {
        case 0xC2...0xDF: length = 2
        case 0xE0...0xEF: length = 3
        case 0xF0...0xF4: length = 4
        default: return 1
        }
        return min(length, text.count - i)
    }
}

extension LikePattern {
    func matches(_ text: UnsafeRawBufferPointer) -> Bool {
        switch kind {
        case .any: return true
        case .equal:
            guard let literal = literal(0) else { return text.isEmpty }
            return text.count == literal.count && Self.has(text, literal, at: 0)
        case .prefix: return Self.has(text, literal(0) ?? [], at: 0)
        case .suffix:
            let literal = literal(0) ?? []
            return Self.has(text, literal, at: text.count - literal.count)
        case .contains: return Self.find(literal(0) ?? [], in: text, from: 0) != nil
        case .multiContains, .general: return matchesSegments(text)
        }
    }

    /// The literal of a segment that is nothing else.
    func literal(_ segment: Int) -> [UInt8]? {
        guard segments.indices.contains(segment), segments[segment].count == 1,
            case .literal(let bytes) = segments[segment][0]
        else { return nil }
        return bytes
    }

    private func matchesSegments(_ text: UnsafeRawBufferPointer) -> Bool {
        var first = 0
        var last = segments.count
        var position = 0
        if startsAnchored {
            guard let end = Self.match(segments[0], in: text, at: 0) else { return false }
            if endsAnchored && segments.count == 1 { return end == text.count }
            position = end
            first = 1
        }
        var limit = text.count
        if endsAnchored {
            guard let start = Self.matchBackward(segments[last - 1], in: text), start >= position
            else { return false }
            limit = start
            last -= 1
        }
        let window = UnsafeRawBufferPointer(rebasing: text[0..<limit])
        for segment in segments[first..<last] {
            guard let end = Self.search(segment, in: window, from: position) else { return false }
            position = end
        }
        return true
    }

    /// The end of the leftmost match of a segment at or after `start`.
    private static func search(
        _ segment: Segment, in text: UnsafeRawBufferPointer, from start: Int
    ) -> Int? {
        if segment.count == 1, case .literal(let bytes) = segment[0] {
            return find(bytes, in: text, from: start).map { $0 + bytes.count }
        }
        var position = start
        while position <= text.count {
            if case .literal(let bytes) = segment[0] {
                guard let found = find(bytes, in: text, from: position) else { return nil }
                position = found
            }
            if let end = match(segment, in: text, at: position) { return end }
            guard position < text.count else { return nil }
            position += codePointLength(text, position)
        }
        return nil
    }

    private static func match(
        _ segment: Segment, in text: UnsafeRawBufferPointer, at start: Int
    ) -> Int? {
        var position = start
        for piece in segment {
            switch piece {
            case .literal(let bytes):
                guard has(text, bytes, at: position) else { return nil }
                position += bytes.count
            case .skip(let count):
                for _ in 0..<count {
                    guard position < text.count else { return nil }
                    position += codePointLength(text, position)
                }
            }
        }
        return position
    }

    /// The start of a segment that ends where the text ends.
    private static func matchBackward(
        _ segment: Segment, in text: UnsafeRawBufferPointer
    ) -> Int? {
        var position = text.count
        for piece in segment.reversed() {
            switch piece {
            case .literal(let bytes):
                position -= bytes.count
                guard has(text, bytes, at: position) else { return nil }
            case .skip(let count):
                for _ in 0..<count {
                    guard position > 0 else { return nil }
                    position -= 1
                    while position > 0, text[position] & 0xC0 == 0x80 { position -= 1 }
                }
            }
        }
        return position
    }

    private static func has(
        _ text: UnsafeRawBufferPointer, _ bytes: [UInt8], at position: Int
    ) -> Bool {
        guard position >= 0, position + bytes.count <= text.count else { return false }
        guard let base = text.baseAddress, !bytes.isEmpty else { return true }
        return memcmp(base + position, bytes, bytes.count) == 0
    }

    private static func find(
        _ bytes: [UInt8], in text: UnsafeRawBufferPointer, from start: Int
    ) -> Int? {
        guard start + bytes.count <= text.count, let base = text.baseAddress else { return nil }
        let hit = lake_find(base + start, text.count - start, bytes, bytes.count)
        return hit < 0 ? nil : start + hit
    }
}
