import Columnar

/// The elements of a batch's lists in one column, with the row that each belongs to: what lambdas run over.
struct ListElements {
    /// Elements of the selected rows' lists, row after row.
    let column: Column
    /// `UInt32` row of each element.
    let parents: Buffer
    let count: Int
    /// Element numbers of each row; empty for NULL and unselected rows.
    let ranges: [Range<Int>]
    /// Rows that are selected and not NULL.
    let isLive: [Bool]

    /// `child` says which column the elements are of; a map's keys or values for example.
    init(
        _ lists: ListReader, child: Column, _ arguments: KernelArguments,
        _ context: borrowing KernelContext
    ) throws(QueryError) {
        let filter = try RowFilter(arguments.selection, count: arguments.count, pool: context.pool)
        let pool = context.pool
        var picked = try storage { () throws(ColumnarError) in try GrowingBuffer<UInt32>(pool: pool)
        }
        var owners = try storage { () throws(ColumnarError) in try GrowingBuffer<UInt32>(pool: pool)
        }
        var ranges: [Range<Int>] = []
        var isLive: [Bool] = []
        ranges.reserveCapacity(arguments.count)
        do throws(ColumnarError) {
            for row in 0..<arguments.count {
                let start = picked.count
                let range = filter.contains(row) ? lists.row(row) : nil
                for i in range ?? 0..<0 {
                    try picked.append(UInt32(i))
                    try owners.append(UInt32(row))
                }
                ranges.append(start..<picked.count)
                isLive.append(range != nil)
            }
            column = try child.gathered(
                at: picked.buffer.span(of: UInt32.self, count: picked.count), pool: pool)
        } catch { throw QueryError(error) }
        parents = owners.buffer
        count = picked.count
        self.ranges = ranges
        self.isLive = isLive
    }

    /// Row numbers as a buffer.
    static func parentRows(_ rows: [Int], pool: BufferPool) throws(QueryError) -> Buffer {
        let buffer = try storage { () throws(ColumnarError) in
            try pool.allocate(UInt32.self, count: rows.count)
        }
        var target = buffer.mutableSpan(of: UInt32.self, count: rows.count)
        for i in target.indices { target[i] = UInt32(rows[i]) }
        return buffer
    }

    /// Lists of the same shape with another child of `count` rows.
    func lists(child: Column, pool: BufferPool) throws(QueryError) -> Column {
        var shape = try ListShape(pool: pool, capacity: ranges.count)
        for (range, isLive) in zip(ranges, isLive) { try shape.end(range.count, isValid: isLive) }
        return try shape.finish(child: child)
    }
}

extension KernelArguments {
    /// The lambda of an argument.
    func lambda(_ index: Int) throws(QueryError) -> any LambdaBody {
        guard index < lambdas.count, let lambda = lambdas[index] else {
            throw QueryError(
                .internalError, "A higher-order function was called without its lambda")
        }
        return lambda
    }
}

extension KernelContext {
    /// Makes the rows NULL whose errors were recorded after the first `known`.
    func nullingErrors(in column: Column, after known: Int) throws(QueryError) -> Column {
        guard errors.rows.count > known else { return column }
        return try column.nulling(errors.rows.dropFirst(known).map(\.row), pool: pool)
    }
}
