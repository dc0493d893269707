/// Appends values in Avro's binary encoding.
///
/// Source: avro.apache.org/docs/1.11.1/specification, "Binary Encoding":
///
///     int, long   zigzag, then 7 bits a byte, least first, top bit = more follow
///     string      ┌ long: bytes ┐┌ UTF-8 ┐        bytes likewise
///     union       ┌ long: branch ┐┌ value ┐       optional = branch 0 null, branch 1 value
///     array       ┌ long: items n ┐┌ n items ┐ … ┌ 0 ┐
///     record      its fields, one after the other
package struct AvroEncoder {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    /// Writes an int or a long.
    package mutating func long(_ value: Int64) {
        var rest = UInt64(bitPattern: (value << 1) ^ (value >> 63))
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    package mutating func boolean(_ value: Bool) {
        bytes.append(value ? 1 : 0)
    }

    package mutating func string(_ value: String) {
        long(Int64(value.utf8.count))
        bytes.append(contentsOf: value.utf8)
    }

    package mutating func blob(_ value: some Collection<UInt8>) {
        long(Int64(value.count))
        bytes.append(contentsOf: value)
    }

    /// Bytes whose length the schema knows: fixed, float, double.
    package mutating func fixed(_ value: some Collection<UInt8>) {
        bytes.append(contentsOf: value)
    }

    /// The branch of `["null", T]`; a value of T follows if it is present.
    package mutating func branch(isPresent: Bool) {
        long(isPresent ? 1 : 0)
    }

    package mutating func optionalLong(_ value: Int64?) {
        branch(isPresent: value != nil)
        if let value { long(value) }
    }

    /// Opens an array's only block; `endArray` follows the items.
    package mutating func beginArray(count: Int) {
        if count > 0 { long(Int64(count)) }
    }

    package mutating func endArray() {
        long(0)
    }

    package mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
    }
}
