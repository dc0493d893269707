import Columnar

/// lower, upper, reverse, length: whole-text functions.
enum CaseFunctions {
    static let all: [ScalarFunction] = [
        ScalarFunction(
            "lower", summary: "Text in lower case",
            [ScalarOverload([.varchar], result: .first, kernel: caseKernel(isUpper: false))]),
        ScalarFunction(
            "upper", summary: "Text in upper case",
            [ScalarOverload([.varchar], result: .first, kernel: caseKernel(isUpper: true))]),
        ScalarFunction(
            "reverse", summary: "Text, bytes or array in reverse order",
            [
                ScalarOverload([.varchar], result: .first, kernel: reverse),
                ScalarOverload([.varbinary], result: .varbinary, kernel: reverseBytes),
                ScalarOverload(
                    [.array(.t)], result: .pattern(.array(.t)), kernel: ArrayReorder.reverse),
            ]),
        ScalarFunction(
            "length", summary: "Code points of text, bytes of binary",
            [
                ScalarOverload([.varchar], result: .bigint, kernel: length),
                ScalarOverload([.varbinary], result: .bigint, kernel: byteLength),
            ]),
    ]

    private static let length = RowKernel.of { (text: Bytes) throws(QueryError) -> Int64? in
        Int64(text.codePointCount)
    }

    private static let byteLength = RowKernel.of { (text: Bytes) throws(QueryError) -> Int64? in
        Int64(text.count)
    }

    private static let reverse = RowKernel.text { (text: Bytes, output) throws(QueryError) in
        var end = text.count
        while end > 0 {
            let start = text.previousCodePoint(before: end)
            try output.write(text.part(start..<end))
            end = start
        }
        return true
    }

    private static let reverseBytes = RowKernel.text { (text: Bytes, output) throws(QueryError) in
        for byte in text.reversed() { try output.write(byte: byte) }
        return true
    }

    private static func caseKernel(isUpper: Bool) -> ScalarKernel {
        let first = UInt8(ascii: isUpper ? "a" : "A")
        return RowKernel.text { (text: Bytes, output) throws(QueryError) in
            var at = 0
            while at < text.count {
                let byte = text[at]
                if byte < 0x80 {
                    let isOther = byte &- first < 26
                    try output.write(byte: isOther ? byte ^ 0x20 : byte)
                    at += 1
                } else {
                    let next = text.nextCodePoint(after: at)
                    let point = text.codePoint(at: at)
                    try output.write(codePoint: CaseMapping.map(point, isUpper: isUpper))
                    at = next
                }
            }
            return true
        }
    }
}

/// Case mapping code point by code point, as Java's `Character.toLowerCase(int)` does.
enum CaseMapping {
    static func map(_ point: UInt32, isUpper: Bool) -> UInt32 {
        guard let scalar = Unicode.Scalar(point) else { return point }
        if point == 0x130 { return isUpper ? point : 0x69 }
        let mapped =
            isUpper ? scalar.properties.uppercaseMapping : scalar.properties.lowercaseMapping
        let scalars = mapped.unicodeScalars
        guard let first = scalars.first, scalars.count == 1 else { return point }
        return first.value
    }
}
