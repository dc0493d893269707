import Glibc

/// Byte strings in memcmp order, a shorter prefix first.
enum ByteOrder {
    /// Negative, zero or positive as `a` is before, equal to or behind `b`.
    @inline(__always)
    static func compare(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Int {
        let common = min(a.count, b.count)
        if common > 0, let x = a.baseAddress, let y = b.baseAddress {
            let order = memcmp(x, y, common)
            if order != 0 { return Int(order) }
        }
        return a.count - b.count
    }

    /// The first 8 bytes as a big-endian word, zero-padded: rising words, rising strings.
    @inline(__always)
    static func prefix(_ bytes: UnsafeRawBufferPointer, from start: Int) -> UInt64 {
        guard let base = bytes.baseAddress, bytes.count > start else { return 0 }
        let left = bytes.count - start
        let word = UInt64(bigEndian: base.loadUnaligned(fromByteOffset: start, as: UInt64.self))
        return left >= 8 ? word : word & ~(UInt64.max >> UInt64(8 * left))
    }
}
