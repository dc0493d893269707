import Columnar

/// Hash and equality of byte keys; both read up to 7 bytes past the end, which every buffer allows.
enum ByteKey {
    /// The mixing step of wyhash over 16 bytes a round.
    ///
    /// Source: Wang Yi, "wyhash", final version 4.
    @inline(__always)
    static func hash(_ bytes: UnsafeRawBufferPointer, seed: UInt64) -> UInt32 {
        guard let base = bytes.baseAddress else { return UInt32(truncatingIfNeeded: seed) }
        let count = bytes.count
        var state = seed &* 0xA076_1D64_78BD_642F ^ 0x8EBC_6AF0_9C88_C6E3
        let low: UInt64
        let high: UInt64
        if count > 16 {
            var offset = 0
            while offset &+ 16 < count {
                state = mix(
                    word(base, offset) ^ 0xE703_7ED1_A0B4_28DB, word(base, offset &+ 8) ^ state)
                offset &+= 16
            }
            low = word(base, count &- 16)
            high = word(base, count &- 8)
        } else if count >= 8 {
            low = word(base, 0)
            high = word(base, count &- 8)
        } else if count > 0 {
            low = word(base, 0) & (UInt64.max >> UInt64(64 &- 8 &* count))
            high = 0
        } else {
            low = 0
            high = 0
        }
        let mixed = mix(
            low ^ 0x589D_2A5D_1B4C_7F35 ^ UInt64(truncatingIfNeeded: count), high ^ state)
        return UInt32(truncatingIfNeeded: mixed ^ mixed >> 32)
    }

    @inline(__always)
    static func equal(_ a: ByteView, _ b: ByteView) -> Bool {
        guard a.length == b.length else { return false }
        guard let x = UnsafeRawPointer(bitPattern: a.address),
            let y = UnsafeRawPointer(bitPattern: b.address)
        else { return true }
        let count = Int(a.length)
        if count < 8 {
            if count == 0 { return true }
            return (word(x, 0) ^ word(y, 0)) & (UInt64.max >> UInt64(64 &- 8 &* count)) == 0
        }
        var offset = 0
        while offset &+ 8 < count {
            if word(x, offset) != word(y, offset) { return false }
            offset &+= 8
        }
        return word(x, count &- 8) == word(y, count &- 8)
    }

    @inline(__always)
    static func word(_ base: UnsafeRawPointer, _ offset: Int) -> UInt64 {
        base.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    }

    @inline(__always)
    private static func mix(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let product = a.multipliedFullWidth(by: b)
        return product.high ^ product.low
    }
}
