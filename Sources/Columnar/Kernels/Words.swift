/// Loops that make bitmap words 64 rows at a time, without a branch per row.
enum Words {
    /// Fills the words of a bitmap of `count` rows; bits past `count` become zero.
    @inline(__always)
    static func fill(
        _ words: inout MutableSpan<UInt64>, count: Int, _ bit: (Int) -> Bool
    ) {
        let full = count >> 6
        for w in 0..<full {
            var word: UInt64 = 0
            let base = w &<< 6
            for b in 0..<64 {
                word |= UInt64(unsafeBitCast(bit(base &+ b), to: UInt8.self)) &<< UInt64(b)
            }
            words[w] = word
        }
        guard count & 63 != 0 else { return }
        var word: UInt64 = 0
        for row in (full << 6)..<count {
            word |= UInt64(unsafeBitCast(bit(row), to: UInt8.self)) &<< UInt64(row & 63)
        }
        words[full] = word
    }

    /// Calls `body` with each set bit's row, rising.
    @inline(__always)
    static func forEachSet(_ words: Span<UInt64>, _ body: (Int) -> Void) {
        for w in words.indices {
            var word = words[w]
            while word != 0 {
                body(w &<< 6 &+ word.trailingZeroBitCount)
                word &= word &- 1
            }
        }
    }
}

extension Bitmap {
    /// A bitmap to be filled whole, word by word.
    package static func uninitialized(
        count: Int, pool: BufferPool
    ) throws(ColumnarError) -> Bitmap {
        Bitmap(buffer: try pool.allocate(UInt64.self, count: (count + 63) / 64), count: count)
    }

    /// The bits of the given rows; `Column.nullRow` gives 0.
    package func gathered(
        at rows: Span<UInt32>, pool: BufferPool
    ) throws(ColumnarError) -> Bitmap {
        let result = try Bitmap.uninitialized(count: rows.count, pool: pool)
        var target = result.mutableWords()
        let source = words()
        Words.fill(&target, count: rows.count) { i in
            let row = rows[i]
            guard row != Column.nullRow else { return false }
            return source[Int(row &>> 6)] &>> UInt64(row & 63) & 1 == 1
        }
        return result
    }
}
