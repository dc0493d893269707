import Columnar

/// Functions whose result is a part of their argument: shared, never copied.
enum SubstringFunctions {
    static let all: [ScalarFunction] = [
        ScalarFunction(
            "substr", aliases: ["substring"], summary: "Part of a text from a position, 1-based",
            [
                ScalarOverload([.varchar, .bigint], result: .first, kernel: substrFrom),
                ScalarOverload([.varchar, .bigint, .bigint], result: .first, kernel: substr),
                ScalarOverload(
                    [.varbinary, .bigint], result: .varbinary,
                    kernel: RowKernel.slice { (bytes, start: Int64) throws(QueryError) in
                        byteRange(bytes, start: start, length: .max)
                    }),
                ScalarOverload(
                    [.varbinary, .bigint, .bigint], result: .varbinary,
                    kernel: RowKernel.slice {
                        (bytes, start: Int64, length: Int64) throws(QueryError) in
                        byteRange(bytes, start: start, length: length)
                    }),
            ]),
        ScalarFunction(
            "split_part",
            summary: "Field of a text split at a delimiter, 1-based; NULL past the end",
            [ScalarOverload([.varchar, .varchar, .bigint], result: .first, kernel: splitPart)]),
        trimFunction("trim", "both ends", left: true, right: true),
        trimFunction("ltrim", "the start", left: true, right: false),
        trimFunction("rtrim", "the end", left: false, right: true),
    ]

    private static let substrFrom = RowKernel.slice { (text, start: Int64) throws(QueryError) in
        range(text, start: start, length: .max)
    }

    private static let substr = RowKernel.slice {
        (text, start: Int64, length: Int64) throws(QueryError) in
        range(text, start: start, length: length)
    }

    /// Trino's substr: position 0 gives nothing, a negative one counts from the end.
    static func range(_ text: Bytes, start: Int64, length: Int64) -> Range<Int> {
        guard start != 0, length > 0, !text.isEmpty else { return 0..<0 }
        var skip = start &- 1
        if start < 0 {
            skip = Int64(text.codePointCount) &+ start
            if start == .min || skip < 0 { return 0..<0 }
        }
        guard skip < Int64(text.count), let from = text.offset(skipping: Int(skip)) else {
            return 0..<0
        }
        guard length < Int64(text.count - from) else { return from..<text.count }
        let to = text.offset(skipping: Int(length), from: from) ?? text.count
        return from..<to
    }

    private static func byteRange(_ bytes: Bytes, start: Int64, length: Int64) -> Range<Int> {
        guard start != 0, length > 0 else { return 0..<0 }
        let from = start > 0 ? start - 1 : Int64(bytes.count) &+ start
        guard from >= 0, from < Int64(bytes.count), start != .min else { return 0..<0 }
        let left = Int64(bytes.count) - from
        return Int(from)..<Int(from + min(left, length))
    }

    private static let splitPart = RowKernel.slice {
        (text, delimiter: Bytes, index: Int64) throws(QueryError) in
        guard index > 0 else { throw .argument("Index must be greater than zero") }
        if delimiter.isEmpty {
            guard index <= Int64(text.count), let from = text.offset(skipping: Int(index - 1)),
                from < text.count
            else { return nil }
            return from..<text.nextCodePoint(after: from)
        }
        var from = 0
        var field: Int64 = 1
        while let end = text.firstIndex(of: delimiter, from: from) {
            if field == index { return from..<end }
            field += 1
            from = end + delimiter.count
        }
        return field == index ? from..<text.count : nil
    }

    private static func trimFunction(
        _ name: String, _ place: String, left: Bool, right: Bool
    ) -> ScalarFunction {
        ScalarFunction(
            name, summary: "Text without spaces, or without given characters, at \(place)",
            [
                ScalarOverload(
                    [.varchar], result: .first,
                    kernel: RowKernel.slice { (text) throws(QueryError) in
                        trimmed(text, left: left, right: right, where: isWhitespace)
                    }),
                ScalarOverload(
                    [.varchar, .varchar], result: .first,
                    kernel: RowKernel.slice { (text, set: Bytes) throws(QueryError) in
                        let points = set.codePoints
                        return trimmed(text, left: left, right: right) { points.contains($0) }
                    }),
            ])
    }

    static func trimmed(
        _ text: Bytes, left: Bool = true, right: Bool = true, where isTrimmed: (UInt32) -> Bool
    ) -> Range<Int> {
        var from = 0
        var to = text.count
        if left {
            while from < to, isTrimmed(text.codePoint(at: from)) {
                from = text.nextCodePoint(after: from)
            }
        }
        if right {
            while to > from {
                let last = text.previousCodePoint(before: to)
                guard last >= from, isTrimmed(text.codePoint(at: last)) else { break }
                to = last
            }
        }
        return min(from, to)..<to
    }

    /// Java's `Character.isWhitespace`, which Trino's trim uses.
    static func isWhitespace(_ point: UInt32) -> Bool {
        switch point {
        case 0x09...0x0D, 0x1C...0x20: true
        case 0x1680, 0x180E, 0x2000...0x2006, 0x2008...0x200A: true
        case 0x2028, 0x2029, 0x205F, 0x3000: true
        default: false
        }
    }
}
