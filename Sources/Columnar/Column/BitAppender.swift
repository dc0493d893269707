/// A growing bit string in pool memory; for validity and boolean values that are collected.
package struct BitAppender: Sendable {
    private var words: GrowingBuffer<UInt64>
    package private(set) var count = 0
    private let pool: BufferPool

    package init(pool: BufferPool) throws(ColumnarError) {
        self.pool = pool
        words = try GrowingBuffer(pool: pool, capacity: 8)
    }

    package mutating func append(_ bit: Bool) throws(ColumnarError) {
        let shift = UInt64(count & 63)
        if shift == 0 { try words.append(0) }
        if bit { words.last |= 1 << shift }
        count += 1
    }

    /// Appends `extra` equal bits.
    package mutating func append(_ bit: Bool, count extra: Int) throws(ColumnarError) {
        var left = extra
        while left > 0 && count & 63 != 0 {
            try append(bit)
            left -= 1
        }
        while left > 0 {
            let step = min(left, 64)
            let full: UInt64 = step == 64 ? .max : (1 << UInt64(step)) - 1
            try words.append(bit ? full : 0)
            count += step
            left -= step
        }
    }

    /// Appends the bits of `source` at `indices`; `UInt32.max` appends `missing`.
    package mutating func append(
        _ source: Bitmap, at indices: Span<UInt32>, missing: Bool
    ) throws(ColumnarError) {
        let bits = source.words()
        for i in indices.indices {
            let index = Int(indices[i])
            let bit =
                index == Int(UInt32.max) ? missing : bits[index >> 6] >> UInt64(index & 63) & 1 == 1
            try append(bit)
        }
    }

    /// The bits so far; the appender must not be used afterwards.
    package consuming func finish() -> Bitmap {
        Bitmap(buffer: words.buffer, count: count)
    }
}
