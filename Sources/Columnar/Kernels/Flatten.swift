/// Any form of column to the flat form of its storage: bits, flat, text, list or row.

extension Column {
    /// This column as `.bits`, `.flat`, `.text`, `.list` or `.row`, right at least at the selected rows.
    ///
    /// Shallow: the children of lists and rows keep their forms. A flat column is returned as it is.
    package func flattened(
        _ selection: Selection = .all, pool: BufferPool
    ) throws(ColumnarError) -> Column {
        switch self {
        case .bits, .flat, .text, .list, .row: return self
        case .lazy(let c): return try c.resolve(selection).flattened(selection, pool: pool)
        case .coded(let c): return try Self.decoded(c, pool: pool)
        case .constant(let c): return try Self.repeated(c, pool: pool)
        case .runs(let c):
            let index = try c.runIndices(pool: pool)
            let rows = index.span(of: UInt32.self, count: c.count)
            return try c.values.column.gathered(at: rows, pool: pool).flattened(pool: pool)
        }
    }

    /// Entry by code; the NULL code gives NULL.
    private static func decoded(_ c: CodedColumn, pool: BufferPool) throws(ColumnarError) -> Column
    {
        let codes = c.codeSpan()
        guard c.mayHaveNulls else {
            return try c.dictionary.entries.gathered(at: codes, pool: pool).flattened(pool: pool)
        }
        let buffer = try pool.allocate(UInt32.self, count: c.count)
        var rows = buffer.mutableSpan(of: UInt32.self, count: c.count)
        let null = UInt32(c.dictionary.count)
        for i in codes.indices { rows[i] = codes[i] >= null ? Column.nullRow : codes[i] }
        return try c.dictionary.entries.gathered(
            at: buffer.span(of: UInt32.self, count: c.count), pool: pool
        ).flattened(pool: pool)
    }

    private static func repeated(
        _ c: ConstantColumn, pool: BufferPool
    ) throws(ColumnarError) -> Column {
        let buffer = try pool.allocate(UInt32.self, count: c.count)
        var rows = buffer.mutableSpan(of: UInt32.self, count: c.count)
        for i in rows.indices { rows[i] = 0 }
        let value = try c.value.flattened(pool: pool)
        return try value.gathered(at: buffer.span(of: UInt32.self, count: c.count), pool: pool)
    }

    /// Which rows are not NULL, looking through every form; nil when none can be NULL.
    package func validity(
        _ selection: Selection = .all, pool: BufferPool
    ) throws(ColumnarError) -> Bitmap? {
        switch self {
        case .bits(let c): return c.validity
        case .flat(let c): return c.validity
        case .text(let c): return c.validity
        case .list(let c): return c.validity
        case .row(let c): return c.validity
        case .lazy(let c): return try c.resolve(selection).validity(selection, pool: pool)
        case .constant(let c):
            guard let valid = try c.value.validity(pool: pool), !valid[0] else { return nil }
            return try Bitmap.filled(false, count: c.count, pool: pool)
        case .coded(let c):
            guard c.mayHaveNulls else { return nil }
            return try c.validCodes(pool: pool)
        case .runs(let c):
            guard let valid = try c.values.column.validity(pool: pool) else { return nil }
            let index = try c.runIndices(pool: pool)
            return try valid.gathered(
                at: index.span(of: UInt32.self, count: c.count), pool: pool)
        }
    }
}

extension CodedColumn {
    /// One bit a row: the code is not the NULL code.
    package func validCodes(pool: BufferPool) throws(ColumnarError) -> Bitmap {
        let result = try Bitmap.uninitialized(count: count, pool: pool)
        var words = result.mutableWords()
        let codes = codeSpan()
        let null = UInt32(dictionary.count)
        Words.fill(&words, count: count) { row in codes[row] < null }
        return result
    }
}

extension RunsColumn {
    /// The run of each row: `UInt32` elements, `count` of them.
    package func runIndices(pool: BufferPool) throws(ColumnarError) -> Buffer {
        let buffer = try pool.allocate(UInt32.self, count: count)
        var rows = buffer.mutableSpan(of: UInt32.self, count: count)
        let ends = ends.span(of: UInt32.self, count: runCount)
        var row = 0
        for run in 0..<runCount {
            let end = Int(ends[run])
            while row < end {
                rows[row] = UInt32(run)
                row &+= 1
            }
        }
        return buffer
    }
}
