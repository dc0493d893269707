/// Writes bits one after another into the words of a bitmap.
///
/// Only the bits appended change, so that pages may be decoded in any order.
struct BitSplicer {
    private let words: UnsafeMutablePointer<UInt64>
    private(set) var position: Int

    /// Starts at bit `position` of a bitmap; earlier bits stay.
    init(_ bitmap: Bitmap, at position: Int) {
        words = bitmap.buffer.base.assumingMemoryBound(to: UInt64.self) + bitmap.startWord
        self.position = position
    }

    /// Appends up to 64 bits; higher bits of `bits` must be zero.
    mutating func append(word bits: UInt64, count: Int) {
        let shift = UInt64(position & 63)
        let index = position >> 6
        let mask = count == 64 ? UInt64.max : UInt64(1) << UInt64(count) &- 1
        words[index] = words[index] & ~(mask << shift) | bits << shift
        if Int(shift) + count > 64 {
            let back = 64 - shift
            words[index + 1] = words[index + 1] & ~(mask >> back) | bits >> back
        }
        position += count
    }

    mutating func append(repeating bit: Bool, count: Int) {
        let word: UInt64 = bit ? .max : 0
        var left = count
        while left > 0 {
            let step = min(left, 64 - position & 63)
            append(word: step == 64 ? word : word & (UInt64(1) << UInt64(step) &- 1), count: step)
            left -= step
        }
    }

    /// Appends `count` packed bits and returns how many are 1; reads at most 7 bytes past them.
    mutating func append(_ source: UnsafeRawPointer, count: Int) -> Int {
        var ones = 0
        var done = 0
        while done < count {
            let step = min(count - done, 64)
            var word = source.loadUnaligned(fromByteOffset: done >> 3, as: UInt64.self)
            if step < 64 { word &= UInt64(1) << UInt64(step) &- 1 }
            ones += word.nonzeroBitCount
            append(word: word, count: step)
            done += step
        }
        return ones
    }
}
