import Columnar

/// Iceberg's single-value serialisation: bounds and partition summaries as bytes.
///
/// Source: iceberg.apache.org/spec, appendix D "Binary single-value serialization":
///
///     boolean                1 byte, 0 or 1
///     int, date              4 bytes, least first      long, time, timestamp(tz)  8 bytes, µs
///     float, double          4 or 8 bytes, IEEE 754, least first
///     decimal                unscaled, two's complement, greatest first, fewest bytes
///     string, binary         the bytes                 uuid  16 bytes, greatest first
package enum SingleValue {
    /// The bytes of a value; nil for NULL, NaN, nested types and values outside of the type.
    package static func encode(_ value: Value, as type: DataType) -> [UInt8]? {
        switch (type, value) {
        case (.boolean, .boolean(let bit)): [bit ? 1 : 0]
        case (.tinyint, .int(let v)), (.smallint, .int(let v)), (.integer, .int(let v)),
            (.date, .int(let v)):
            Int32(exactly: v).map { littleEndian($0) }
        case (.bigint, .int(let v)), (.time, .int(let v)), (.timestamp, .int(let v)):
            littleEndian(v)
        case (.timestampTZ, .int128(let bits)): littleEndian(ZonedTime(bits: bits).micros)
        case (.real, .float(let v)): v.isNaN ? nil : littleEndian(v.bitPattern)
        case (.double, .double(let v)): v.isNaN ? nil : littleEndian(v.bitPattern)
        case (.decimal, .int(let v)): minimalBigEndian(Int128(v))
        case (.decimal, .int128(let v)): minimalBigEndian(v)
        case (.varchar, .text(let v)), (.char, .text(let v)), (.json, .text(let v)): Array(v.utf8)
        case (.varbinary, .binary(let v)): v
        case (.uuid, .int128(let v)): bigEndian(v ^ Int128.min)
        default: nil
        }
    }

    /// The value of bytes; nil when they do not fit the type, which makes a bound unknown.
    ///
    /// Bounds written before a promotion are shorter: an int's for a long, a float's for a double.
    package static func decode(_ bytes: ArraySlice<UInt8>, as type: DataType) -> Value? {
        switch type {
        case .boolean:
            return bytes.count == 1 ? .boolean(bytes.first != 0) : nil
        case .tinyint, .smallint, .integer, .date:
            return fixed(bytes, Int32.self).map { .int(Int64($0)) }
        case .bigint, .time, .timestamp:
            if let short = fixed(bytes, Int32.self) { return .int(Int64(short)) }
            return fixed(bytes, Int64.self).map { .int($0) }
        case .timestampTZ:
            return fixed(bytes, Int64.self).map { .int128(ZonedTime(micros: $0).bits) }
        case .real:
            let value = fixed(bytes, UInt32.self).map { Float(bitPattern: $0) }
            return value.flatMap { $0.isNaN ? nil : .float($0) }
        case .double:
            let short = fixed(bytes, UInt32.self).map { Double(Float(bitPattern: $0)) }
            let value = short ?? fixed(bytes, UInt64.self).map { Double(bitPattern: $0) }
            return value.flatMap { $0.isNaN ? nil : .double($0) }
        case .decimal(let precision, _):
            guard let unscaled = signedBigEndian(bytes) else { return nil }
            guard precision <= 18 else { return .int128(unscaled) }
            return Int64(exactly: unscaled).map { .int($0) }
        case .varchar, .char, .json:
            return String(validating: bytes, as: UTF8.self).map { .text($0) }
        case .varbinary: return .binary(Array(bytes))
        case .uuid:
            guard bytes.count == 16 else { return nil }
            return signedBigEndian(bytes).map { .int128($0 ^ Int128.min) }
        default: return nil
        }
    }

    private static func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }

    private static func bigEndian(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian) { Array($0) }
    }

    private static func minimalBigEndian(_ value: Int128) -> [UInt8] {
        let bytes = bigEndian(value)
        let padding: UInt8 = value < 0 ? 0xFF : 0
        // A leading byte may go only if the next one still has the same sign bit.
        var start = 0
        while start < bytes.count - 1, bytes[start] == padding,
            bytes[start + 1] & 0x80 == padding & 0x80
        {
            start += 1
        }
        return Array(bytes[start...])
    }

    private static func fixed<T: FixedWidthInteger>(
        _ bytes: ArraySlice<UInt8>, _ type: T.Type
    ) -> T? {
        guard bytes.count == MemoryLayout<T>.size else { return nil }
        return bytes.withUnsafeBytes { T(littleEndian: $0.loadUnaligned(as: T.self)) }
    }

    private static func signedBigEndian(_ bytes: ArraySlice<UInt8>) -> Int128? {
        guard let first = bytes.first, bytes.count <= 16 else { return nil }
        var value: Int128 = first & 0x80 == 0 ? 0 : -1
        for byte in bytes { value = value << 8 | Int128(byte) }
        return value
    }
}
