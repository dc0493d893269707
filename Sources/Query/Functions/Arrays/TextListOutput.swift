import Columnar

/// Collects lists of texts that are parts of another text column, sharing its bytes.
struct TextListOutput {
    private var slices: SliceOutput
    private var shape: ListShape
    private let column: TextColumn
    private var base: UInt32 = 0
    private var pending = 0

    init(_ source: TextReader, pool: BufferPool, capacity: Int) throws(QueryError) {
        slices = try SliceOutput(pool: pool, capacity: capacity)
        shape = try ListShape(pool: pool, capacity: capacity)
        column = source.column
    }

    /// Ranges that follow are of this entry's bytes.
    mutating func begin(_ entry: Int) {
        base = column.sliceSpan()[entry].start
    }

    /// Adds an element; nil is NULL.
    mutating func append(_ range: Range<Int>?) throws(QueryError) {
        pending += 1
        try slices.append(
            range.map {
                TextSlice(start: base + UInt32($0.lowerBound), length: UInt32($0.count))
            })
    }

    mutating func endList(isValid: Bool = true) throws(QueryError) {
        try shape.end(pending, isValid: isValid)
        pending = 0
    }

    consuming func finish() throws(QueryError) -> Column {
        try shape.finish(child: try slices.finish(owner: column.owner))
    }
}

extension KernelArguments {
    /// One list of parts of the text per row; the body says false for NULL.
    func collectTextLists(
        of texts: TextReader, _ context: inout KernelContext,
        body: (Int, Bytes, inout TextListOutput) throws(QueryError) -> Bool
    ) throws(QueryError) -> Column {
        let filter = try RowFilter(selection, count: count, pool: context.pool)
        var output = try TextListOutput(texts, pool: context.pool, capacity: count)
        for row in 0..<count {
            var isValid = false
            if filter.contains(row), let entry = texts.view.entry(row) {
                output.begin(entry)
                do {
                    isValid = try body(row, texts.value(entry: entry), &output)
                } catch { try context.deferError(error, row: row) }
            }
            try output.endList(isValid: isValid)
        }
        return try output.finish()
    }
}
