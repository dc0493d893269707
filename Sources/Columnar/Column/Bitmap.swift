/// One bit a row in 64-bit words, starting at a word border; 1 = valid, true or selected.
///
/// Bits past `count` in the last word are zero, so that `popCount` needs no mask.
package struct Bitmap: Sendable {
    package let buffer: Buffer
    /// First word.
    package let startWord: Int
    package let count: Int

    package init(buffer: Buffer, startWord: Int = 0, count: Int) {
        self.buffer = buffer
        self.startWord = startWord
        self.count = count
    }

    package var wordCount: Int { (count + 63) / 64 }

    @_lifetime(borrow self)
    package func words() -> Span<UInt64> {
        let span = buffer.span(of: UInt64.self, start: startWord, count: wordCount)
        return _overrideLifetime(span, borrowing: self)
    }

    @_lifetime(borrow self)
    package func mutableWords() -> MutableSpan<UInt64> {
        let span = buffer.mutableSpan(of: UInt64.self, start: startWord, count: wordCount)
        return _overrideLifetime(span, borrowing: self)
    }

    /// The bit of one row; for edges only, loops read `words`.
    package subscript(row: Int) -> Bool {
        buffer.span(of: UInt64.self, start: startWord, count: wordCount)[row >> 6]
            >> UInt64(row & 63) & 1 == 1
    }

    package var popCount: Int {
        let words = words()
        var total = 0
        for i in words.indices { total &+= words[i].nonzeroBitCount }
        return total
    }

    /// A bitmap of `count` equal bits.
    package static func filled(
        _ bit: Bool, count: Int, pool: BufferPool
    ) throws(ColumnarError) -> Bitmap {
        let bitmap = Bitmap(
            buffer: try pool.allocate(UInt64.self, count: (count + 63) / 64), count: count)
        var words = bitmap.mutableWords()
        for i in words.indices { words[i] = bit ? .max : 0 }
        bitmap.clearTail()
        return bitmap
    }

    /// Zeroes the bits past `count`; call after writing whole words.
    package func clearTail() {
        guard count & 63 != 0 else { return }
        var words = mutableWords()
        words[words.count - 1] &= (1 << UInt64(count & 63)) - 1
    }

    /// Sets one bit while filling.
    package func set(_ row: Int, to bit: Bool) {
        var words = mutableWords()
        let mask: UInt64 = 1 << UInt64(row & 63)
        if bit { words[row >> 6] |= mask } else { words[row >> 6] &= ~mask }
    }

    /// Rows `start..<start + count`; shares the words when `start` is a multiple of 64, else shifts a copy.
    package func slice(
        start: Int, count: Int, pool: BufferPool
    ) throws(ColumnarError) -> Bitmap {
        precondition(start >= 0 && count >= 0 && start + count <= self.count)
        if start & 63 == 0, (start + count == self.count || count & 63 == 0) {
            return Bitmap(buffer: buffer, startWord: startWord + start >> 6, count: count)
        }
        let result = Bitmap(
            buffer: try pool.allocate(UInt64.self, count: (count + 63) / 64), count: count)
        let source = words()
        var target = result.mutableWords()
        let shift = UInt64(start & 63)
        let first = start >> 6
        for i in target.indices {
            let low = source[first + i] >> shift
            let next = first + i + 1
            let high = shift == 0 || next >= source.count ? 0 : source[next] << (64 - shift)
            target[i] = low | high
        }
        result.clearTail()
        return result
    }

    /// Bitwise AND of two bitmaps of equal count.
    package func and(_ other: Bitmap, pool: BufferPool) throws(ColumnarError) -> Bitmap {
        precondition(count == other.count)
        let result = Bitmap(buffer: try pool.allocate(UInt64.self, count: wordCount), count: count)
        let a = words()
        let b = other.words()
        var target = result.mutableWords()
        for i in target.indices { target[i] = a[i] & b[i] }
        return result
    }

    /// AND of two validities, where nil means that every row is valid.
    package static func and(
        _ a: Bitmap?, _ b: Bitmap?, pool: BufferPool
    ) throws(ColumnarError) -> Bitmap? {
        guard let a else { return b }
        guard let b else { return a }
        return try a.and(b, pool: pool)
    }
}
