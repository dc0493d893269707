import Columnar

/// Functions of single bits and of digits in a base.
enum BitwiseFunctions {
    static let all: [ScalarFunction] = [
        pair("bitwise_and", "Bits that both numbers have") { $0 & $1 },
        pair("bitwise_or", "Bits that either number has") { $0 | $1 },
        pair("bitwise_xor", "Bits that exactly one number has") { $0 ^ $1 },
        ScalarFunction(
            "bitwise_not", summary: "Every bit inverted",
            [
                ScalarOverload(
                    [.bigint], result: .bigint,
                    kernel: RowKernel.of { (x: Int64) throws(QueryError) -> Int64? in ~x })
            ]),
        pair("bitwise_left_shift", "Bits moved to the left") { shift($0, by: $1) { $0 << $1 } },
        pair("bitwise_right_shift", "Bits moved to the right, zeros from the left") { x, by in
            shift(x, by: by) { Int64(bitPattern: UInt64(bitPattern: $0) >> $1) }
        },
        pair("bitwise_right_shift_arithmetic", "Bits moved to the right, keeping the sign") {
            (0..<64).contains($1) ? $0 >> $1 : $0 < 0 ? -1 : 0
        },
        ScalarFunction(
            "bit_count", summary: "Set bits of a number of so many bits",
            [ScalarOverload([.bigint, .bigint], result: .bigint, kernel: bitCount)]),
        ScalarFunction(
            "to_base", summary: "Digits of a number in base 2 to 36",
            [ScalarOverload([.bigint, .bigint], result: .text, kernel: toBase)]),
        ScalarFunction(
            "from_base", summary: "Number of digits in base 2 to 36",
            [ScalarOverload([.varchar, .bigint], result: .bigint, kernel: fromBase)]),
    ]

    private static func shift(_ x: Int64, by: Int64, _ body: (Int64, Int64) -> Int64) -> Int64 {
        (0..<64).contains(by) ? body(x, by) : 0
    }

    private static func pair(
        _ name: String, _ summary: String, _ body: @escaping @Sendable (Int64, Int64) -> Int64
    ) -> ScalarFunction {
        ScalarFunction(
            name, summary: summary,
            [
                ScalarOverload(
                    [.bigint, .bigint], result: .bigint,
                    kernel: RowKernel.of { (x: Int64, y: Int64) throws(QueryError) -> Int64? in
                        body(x, y)
                    })
            ])
    }

    private static let bitCount = RowKernel.of {
        (x: Int64, bits: Int64) throws(QueryError) -> Int64? in
        guard (2...64).contains(bits) else {
            throw .argument("Bits specified in bit_count must be between 2 and 64, got \(bits)")
        }
        if bits < 64 {
            let high = Int64(1) << (bits - 1)
            guard x >= -high, x < high else {
                throw .argument(
                    "Number must be representable with the bits specified. "
                        + "\(x) can not be represented with \(bits) bits")
            }
            let mask = UInt64.max >> UInt64(64 - bits)
            return Int64((UInt64(bitPattern: x) & mask).nonzeroBitCount)
        }
        return Int64(x.nonzeroBitCount)
    }

    private static let toBase = RowKernel.text {
        (x: Int64, radix: Int64, output) throws(QueryError) in
        try checkRadix(radix)
        for byte in String(x, radix: Int(radix)).utf8 { try output.write(byte: byte) }
        return true
    }

    private static let fromBase = RowKernel.of {
        (text: Bytes, radix: Int64) throws(QueryError) -> Int64? in
        try checkRadix(radix)
        guard let value = Int64(text.message, radix: Int(radix)) else {
            throw .argument("Not a valid base-\(radix) number: \(text.message)")
        }
        return value
    }

    private static func checkRadix(_ radix: Int64) throws(QueryError) {
        guard (2...36).contains(radix) else {
            throw .argument("Radix must be between 2 and 36")
        }
    }
}
