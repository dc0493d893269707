import Columnar

/// The operator of ORDER BY: output columns are the input's, equal rows keep their order.
///
/// All rows are kept column by column and ordered once at the end (`RowSorter`); a spill would part them by
/// the first key's leading byte.
package final class SortSink: Sink {
    package let output = ResultSlot()
    let keys: [ColumnOrder]
    let types: [DataType]
    let query: QueryContext

    package init(keys: [ColumnOrder], types: [DataType], query: QueryContext) {
        self.keys = keys
        self.types = types
        self.query = query
    }

    package func makeState(worker: WorkerContext) throws(QueryError) -> any SinkState {
        try CollectWorker(types: types, query: query)
    }

    package func finish(
        _ states: [any SinkState], worker: WorkerContext
    ) throws(QueryError) {
        let (columns, count) = try CollectWorker.combine(states, types: types, pool: query.pool)
        let order = try storage { () throws(ColumnarError) in
            try RowSorter(
                keys.map { key in
                    SortInput(
                        column: columns[key.column], type: key.type,
                        isDescending: key.isDescending, nullsFirst: key.nullsFirst)
                }, count: count, pool: query.pool
            ).sorted()
        }
        try query.checkCancelled()
        let store = RowStore(columns: columns, types: types, count: count, pool: query.pool)
        try output.fill(query.batches(store, order: order, count: count))
    }
}

/// One worker of a breaker that keeps every row.
final class CollectWorker: SinkState {
    private var rows: RowCollector
    private let query: QueryContext

    init(types: [DataType], query: QueryContext) throws(QueryError) {
        rows = try RowCollector(types: types, pool: query.pool)
        self.query = query
    }

    func consume(_ batch: Batch, morsel: Int) throws(QueryError) {
        try query.checkCancelled()
        let selected = try SelectedRows(batch, pool: query.pool)
        guard selected.count > 0 else { return }
        try rows.append(selected.columns, rows: selected.rowSpan(), morsel: morsel)
    }

    /// All workers' rows in morsel order.
    static func combine(
        _ states: [any SinkState], types: [DataType], pool: BufferPool
    ) throws(QueryError) -> (columns: [Column], count: Int) {
        var collectors: [RowCollector] = []
        for case let state as CollectWorker in states { collectors.append(state.rows) }
        return try RowCollector.combine(collectors, types: types, pool: pool)
    }
}

extension QueryContext {
    /// Collected rows in an order (UInt32), as batches.
    func batches(_ store: RowStore, order: Buffer, count: Int) throws(QueryError) -> [Batch] {
        var result: [Batch] = []
        var start = 0
        while start < count {
            let size = min(batchRows, count - start)
            let rows = order.span(of: UInt32.self, start: start, count: size)
            var columns: [Column] = []
            for i in store.columns.indices {
                do throws(ColumnarError) {
                    columns.append(try store.fetch(i, at: rows))
                } catch {
                    throw QueryError(error)
                }
            }
            result.append(Batch(columns: columns, count: size))
            start += size
        }
        return result
    }
}
