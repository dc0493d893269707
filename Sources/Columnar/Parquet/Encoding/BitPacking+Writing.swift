/// The writing side.
extension BitPacking {
    /// Packs `count` values of at most 64 bits; `target` must have room for `packedBytes` and 16 more.
    @inline(__always)
    static func packWide<T: FixedWidthInteger>(
        _ source: UnsafePointer<T>, count: Int, bitWidth: Int, into target: UnsafeMutableRawPointer
    ) {
        if bitWidth <= 32 { return pack(source, count: count, bitWidth: bitWidth, into: target) }
        var pending: UInt64 = 0
        var pendingBits = 0
        var out = 0
        for i in 0..<count {
            let value = UInt64(truncatingIfNeeded: source[i])
            pending |= value &<< UInt64(pendingBits)
            let free = 64 &- pendingBits
            if bitWidth >= free {
                target.storeBytes(of: pending, toByteOffset: out, as: UInt64.self)
                out &+= 8
                pending = free == 64 ? 0 : value &>> UInt64(free)
                pendingBits = bitWidth &- free
            } else {
                pendingBits &+= bitWidth
            }
        }
        target.storeBytes(of: pending, toByteOffset: out, as: UInt64.self)
    }
}
