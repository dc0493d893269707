import CKernels

/// Unsigned numbers of a fixed bit width, least significant bit first, one after another.
///
/// https://github.com/apache/parquet-format/blob/master/Encodings.md#run-length-encoding--bit-packing-hybrid-rle--3
package enum BitPacking {
    /// Unpacks `count` values of 1...32 bits; reads at most 8 bytes past the last value's.
    package static func unpack(
        _ source: UnsafeRawPointer, bitWidth: Int, count: Int,
        into target: UnsafeMutablePointer<UInt32>
    ) {
        let groups = count / 32
        lake_unpack32(source, UInt32(truncatingIfNeeded: bitWidth), groups, target)
        unpackAny(
            source + groups * 4 * bitWidth, bitWidth: bitWidth, count: count % 32,
            into: target + groups * 32)
    }

    /// The same into bytes, for levels.
    static func unpack(
        _ source: UnsafeRawPointer, bitWidth: Int, count: Int,
        into target: UnsafeMutablePointer<UInt8>
    ) {
        unpackAny(source, bitWidth: bitWidth, count: count, into: target)
    }

    @inline(__always)
    private static func unpackAny<T: FixedWidthInteger>(
        _ source: UnsafeRawPointer, bitWidth: Int, count: Int, into target: UnsafeMutablePointer<T>
    ) {
        let mask = UInt64(1) << UInt64(bitWidth) &- 1
        var bit = 0
        for i in 0..<count {
            let word = source.loadUnaligned(fromByteOffset: bit &>> 3, as: UInt64.self)
            target[i] = T(truncatingIfNeeded: word &>> UInt64(bit & 7) & mask)
            bit &+= bitWidth
        }
    }

    /// Unpacks `count` values of at most 64 bits; reads at most 9 bytes past the last value's.
    static func unpackWide(
        _ source: UnsafeRawPointer, bitWidth: Int, count: Int,
        into target: UnsafeMutablePointer<UInt64>
    ) {
        if bitWidth <= 56 {
            return unpackAny(source, bitWidth: bitWidth, count: count, into: target)
        }
        let mask = bitWidth == 64 ? UInt64.max : UInt64(1) << UInt64(bitWidth) &- 1
        var bit = 0
        for i in 0..<count {
            let shift = UInt64(bit & 7)
            let low = source.loadUnaligned(fromByteOffset: bit &>> 3, as: UInt64.self) &>> shift
            let next = UInt64(source.load(fromByteOffset: bit &>> 3 &+ 8, as: UInt8.self))
            let high = shift == 0 ? 0 : next &<< (64 &- shift)
            target[i] = (low | high) & mask
            bit &+= bitWidth
        }
    }

    /// Packs `count` values; `target` must have room for `packedBytes` and 8 more.
    @inline(__always)
    static func pack<T: FixedWidthInteger>(
        _ source: UnsafePointer<T>, count: Int, bitWidth: Int, into target: UnsafeMutableRawPointer
    ) {
        var pending: UInt64 = 0
        var pendingBits = 0
        var out = 0
        for i in 0..<count {
            pending |= UInt64(truncatingIfNeeded: source[i]) &<< UInt64(pendingBits)
            pendingBits &+= bitWidth
            if pendingBits >= 32 {
                target.storeBytes(
                    of: UInt32(truncatingIfNeeded: pending), toByteOffset: out, as: UInt32.self)
                out &+= 4
                pending &>>= 32
                pendingBits &-= 32
            }
        }
        target.storeBytes(of: pending, toByteOffset: out, as: UInt64.self)
    }

    static func packedBytes(count: Int, bitWidth: Int) -> Int { (count * bitWidth + 7) / 8 }

    /// The least width that holds every value up to `maximum`.
    static func bitWidth(for maximum: Int) -> Int {
        Int.bitWidth - maximum.leadingZeroBitCount
    }
}
