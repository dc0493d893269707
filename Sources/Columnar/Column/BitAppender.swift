/// A growing bit string in pool memory; for validity and boolean values that are collected.
package struct BitAppender: Sendable {
    /// Whole words; the last bits wait in `partial`.
    private var words: GrowingBuffer<UInt64>
    private var partial: UInt64 = 0
    package private(set) var count = 0
    private let pool: BufferPool

    package init(pool: BufferPool) throws(ColumnarError) {
        self.pool = pool
        words = try GrowingBuffer(pool: pool, capacity: 8)
    }

    package mutating func append(_ bit: Bool) throws(ColumnarError) {
        let shift = UInt64(truncatingIfNeeded: count & 63)
        partial |= (bit ? 1 : 0) << shift
        count += 1
        if shift == 63 {
            try words.append(partial)
            partial = 0
        }
    }

    /// Appends `extra` equal bits.
    package mutating func append(_ bit: Bool, count extra: Int) throws(ColumnarError) {
        var left = extra
        while left > 0 && count & 63 != 0 {
            try append(bit)
            left -= 1
        }
        while left >= 64 {
            try words.append(bit ? .max : 0)
            count += 64
            left -= 64
        }
        while left > 0 {
            try append(bit)
            left -= 1
        }
    }

    /// Appends the bits of `source` at `indices`; `UInt32.max` appends `missing`.
    package mutating func append(
        _ source: Bitmap, at indices: Span<UInt32>, missing: Bool
    ) throws(ColumnarError) {
        try words.reserve(indices.count / 64 + 1)
        let bits = source.words()
        var word = partial
        var filled = count & 63
        for i in indices.indices {
            let index = Int(indices[i])
            let isMissing = indices[i] == UInt32.max
            let bit =
                isMissing
                ? (missing ? 1 : 0)
                : bits[index >> 6] >> UInt64(truncatingIfNeeded: index & 63) & 1
            word |= bit << UInt64(truncatingIfNeeded: filled)
            filled &+= 1
            if filled == 64 {
                try words.append(word)
                word = 0
                filled = 0
            }
        }
        partial = word
        count += indices.count
    }

    /// The bits so far, in memory of their own: the appender may go on.
    package func finish() throws(ColumnarError) -> Bitmap {
        let bitmap = Bitmap(
            buffer: try pool.allocate(UInt64.self, count: (count + 63) / 64), count: count)
        let source = words.buffer.span(of: UInt64.self, count: words.count)
        var target = bitmap.mutableWords()
        for i in target.indices { target[i] = i < source.count ? source[i] : partial }
        return bitmap
    }
}
