import Columnar

/// Casts to varchar and char, and between uuid and its texts and bytes.
enum TextCast {
    /// Writes the text of one value of a type.
    typealias Writer<A> = @Sendable (A, inout [UInt8]) -> Void

    static func toVarchar(_ from: DataType, length: Int?) -> ScalarKernel? {
        switch from {
        case .varchar(let known):
            guard let length, (known ?? .max) > length else { return Cast.identity }
            return RowKernel.slice { (text) throws(QueryError) in
                0..<(text.offset(skipping: length) ?? text.count)
            }
        case .char(let width): return padded(width, length: length)
        case .boolean:
            return written(length) { (x: Bool, out) in TypeText.boolean(x, to: &out) }
        case .tinyint, .smallint, .integer, .bigint:
            return written(length) { (x: Int64, out) in TypeText.integer(x, to: &out) }
        case .decimal(_, let scale):
            return written(length) { (x: Int128, out) in
                TypeText.decimal(x, scale: scale, to: &out)
            }
        case .double:
            return written(length, shown: { TypeText.double($0, to: &$1) }) { (x: Double, out) in
                TypeText.scientific(x, to: &out)
            }
        case .real:
            return written(length, shown: { TypeText.double($0, to: &$1) }) { (x: Float, out) in
                TypeText.scientific(x, to: &out)
            }
        case .date: return written(length) { (x: Int64, out) in TypeText.date(x, to: &out) }
        case .time(let precision):
            return written(length) { (x: Int64, out) in
                TypeText.time(x, precision: precision, to: &out)
            }
        case .timestamp(let precision):
            return written(length) { (x: Int64, out) in
                TypeText.timestamp(x, precision: precision, to: &out)
            }
        case .timestampTZ(let precision):
            return written(length) { (x: Int128, out) in
                TypeText.timestampTZ(x, precision: precision, to: &out)
            }
        case .intervalDayToSecond:
            return written(length) { (x: Int64, out) in TypeText.dayToSecond(x, to: &out) }
        case .intervalYearToMonth:
            return written(length) { (x: Int64, out) in TypeText.yearToMonth(x, to: &out) }
        case .uuid: return written(length) { (x: Int128, out) in TypeText.uuid(x, to: &out) }
        default: return nil
        }
    }

    /// Values as text; one that is longer than varchar(n) is an error.
    private static func written<A: RowArgument>(
        _ length: Int?, shown: Writer<A>? = nil, _ write: @escaping Writer<A>
    ) -> ScalarKernel {
        { (arguments, context) throws(QueryError) in
            let values = try arguments.reader(0, as: A.self, context)
            var scratch: [UInt8] = []
            return try arguments.collectText(&context) { (row, output) throws(QueryError) in
                guard let value = values.row(row) else { return false }
                scratch.removeAll(keepingCapacity: true)
                write(value, &scratch)
                if let length, scratch.count > length {
                    var text = String(decoding: scratch, as: UTF8.self)
                    if let shown {
                        scratch.removeAll()
                        shown(value, &scratch)
                        text = "\(String(decoding: scratch, as: UTF8.self)) (\(text))"
                    }
                    throw .badCast("Value \(text) cannot be represented as varchar(\(length))")
                }
                try output.write(scratch)
                return true
            }
        }
    }

    /// char(n) to varchar: the padding becomes part of the value.
    private static func padded(_ width: Int, length: Int?) -> ScalarKernel {
        let target = min(width, length ?? width)
        return RowKernel.text { (text: Bytes, output) throws(QueryError) in
            let count = text.codePointCount
            if count >= target {
                try output.write(text.part(0..<(text.offset(skipping: target) ?? text.count)))
            } else {
                try output.write(text)
                for _ in count..<target { try output.write(byte: 0x20) }
            }
            return true
        }
    }

    /// char(n) is stored without its padding.
    static func toChar(_ from: DataType, length: Int) -> ScalarKernel? {
        switch from {
        case .varchar, .char:
            RowKernel.slice { (text) throws(QueryError) in
                let end = text.offset(skipping: length) ?? text.count
                return SubstringFunctions.trimmed(text.part(0..<end), left: false) { $0 == 0x20 }
            }
        default: nil
        }
    }

    static func uuid(_ from: DataType) -> ScalarKernel? {
        switch from {
        case .uuid:
            RowKernel.text { (x: Int128, output) throws(QueryError) in
                let bits = UInt128(bitPattern: x) ^ (1 << 127)
                for i in 0..<16 {
                    try output.write(
                        byte: UInt8(truncatingIfNeeded: bits >> UInt128(120 - i * 8)))
                }
                return true
            }
        case .varbinary:
            RowKernel.of { (bytes: Bytes) throws(QueryError) -> Int128? in
                guard bytes.count == 16 else {
                    throw .badCast("Invalid UUID binary length: \(bytes.count)")
                }
                var bits: UInt128 = 0
                for byte in bytes { bits = bits << 8 | UInt128(byte) }
                return Int128(bitPattern: bits ^ (1 << 127))
            }
        default:
            RowKernel.of { (text: Bytes) throws(QueryError) -> Int128? in
                guard let value = parseUUID(text) else {
                    throw .badCast("Invalid UUID string length: \(text.count)")
                }
                return value
            }
        }
    }

    private static func parseUUID(_ text: Bytes) -> Int128? {
        guard text.count == 36 else { return nil }
        var bits: UInt128 = 0
        for (i, byte) in text.enumerated() {
            if [8, 13, 18, 23].contains(i) {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            guard let digit = hexValue(byte) else { return nil }
            bits = bits << 4 | UInt128(digit)
        }
        return Int128(bitPattern: bits ^ (1 << 127))
    }

    /// The value of a hexadecimal digit.
    static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }
}
