/// Loops over dictionary codes: results computed once per entry, brought to the rows.

extension CodedColumn {
    /// Bit of each row's code; `table` has one bit per entry and one for the NULL code.
    package func lookedUp(in table: Bitmap, pool: BufferPool) throws(ColumnarError) -> Bitmap {
        precondition(table.count == dictionary.count + 1)
        let result = try Bitmap.uninitialized(count: count, pool: pool)
        var target = result.mutableWords()
        let codes = codeSpan()
        let words = table.words()
        if words.count == 1 {
            let word = words[0]
            Words.fill(&target, count: count) { word &>> UInt64(codes[$0]) & 1 == 1 }
        } else {
            Words.fill(&target, count: count) { row in
                let code = codes[row]
                return words[Int(code &>> 6)] &>> UInt64(code & 63) & 1 == 1
            }
        }
        return result
    }

    /// `map[code]` per row; `map` has one UInt32 per entry and one for the NULL code.
    package func mapped(by map: Buffer, pool: BufferPool) throws(ColumnarError) -> Buffer {
        let result = try pool.allocate(UInt32.self, count: count)
        var target = result.mutableSpan(of: UInt32.self, count: count)
        let codes = codeSpan()
        let table = map.span(of: UInt32.self, count: dictionary.count + 1)
        for i in codes.indices { target[i] = table[Int(codes[i])] }
        return result
    }
}

extension ColumnDictionary {
    /// The entries with one NULL row behind them: a column addressed by every code.
    package func entriesAndNull(pool: BufferPool) throws(ColumnarError) -> Column {
        let buffer = try pool.allocate(UInt32.self, count: count + 1)
        var rows = buffer.mutableSpan(of: UInt32.self, count: count + 1)
        for i in rows.indices { rows[i] = i == count ? Column.nullRow : UInt32(i) }
        return try entries.gathered(
            at: buffer.span(of: UInt32.self, count: count + 1), pool: pool)
    }
}
