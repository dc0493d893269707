/// A cursor over borrowed bytes in which every step is checked against what is left.
///
/// The memory belongs to someone else (a `Buffer`, an array under `withUnsafeBytes`) and must outlive
/// the reader. Numbers are little-endian. Each refusal is `ColumnarError.corrupt` at the reader's place.
package struct ByteReader {
    package let bytes: UnsafeRawBufferPointer
    package private(set) var position = 0
    /// Where the bytes come from, for errors; `location.offset` is that of the first byte.
    package let location: FileLocation

    package init(_ bytes: UnsafeRawBufferPointer, location: FileLocation) {
        self.bytes = bytes
        self.location = location
    }

    package var remaining: Int { bytes.count - position }

    /// The error of this place with a reason.
    package func corrupt(_ reason: String) -> ColumnarError {
        var place = location
        place.offset = (place.offset ?? 0) + position
        return .corrupt(place, reason: reason)
    }

    package mutating func byte() throws(ColumnarError) -> UInt8 {
        guard position < bytes.count else { throw corrupt("the bytes end too early") }
        defer { position += 1 }
        return bytes[position]
    }

    /// The next `count` bytes, not copied.
    package mutating func take(_ count: Int) throws(ColumnarError) -> UnsafeRawBufferPointer {
        guard count >= 0, count <= remaining else {
            throw corrupt("\(count) bytes wanted, \(remaining) left")
        }
        defer { position += count }
        return UnsafeRawBufferPointer(rebasing: bytes[position..<position + count])
    }

    package mutating func load<T: BitwiseCopyable>(_ type: T.Type) throws(ColumnarError) -> T {
        try take(MemoryLayout<T>.size).loadUnaligned(as: T.self)
    }

    /// An unsigned LEB128 number of at most 64 bits.
    package mutating func varint() throws(ColumnarError) -> UInt64 {
        var result: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let next = try byte()
            if shift == 63 && next > 1 { throw corrupt("a number is wider than 64 bits") }
            result |= UInt64(next & 0x7F) << shift
            if next & 0x80 == 0 { return result }
            shift += 7
            if shift > 63 { throw corrupt("a number is wider than 64 bits") }
        }
    }

    /// A signed number: zigzag in LEB128.
    package mutating func zigzag() throws(ColumnarError) -> Int64 {
        let raw = try varint()
        return Int64(bitPattern: raw >> 1) ^ -Int64(bitPattern: raw & 1)
    }

    /// A varint that must fit a non-negative `Int32`, as lengths do.
    package mutating func length() throws(ColumnarError) -> Int {
        let raw = try varint()
        guard raw <= UInt64(Int32.max) else { throw corrupt("a length of \(raw)") }
        return Int(raw)
    }
}
