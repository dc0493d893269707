import Columnar
import Synchronization

/// A scalar subquery's result: its one row, or a row of NULLs for none; a second row is an error.
package final class SingleRowSink: Sink {
    package let output = ResultSlot()
    private let types: [DataType]
    private let row = Mutex<[Column]>([])

    package init(types: [DataType]) {
        self.types = types
    }

    /// The row's values as one-row columns, once the pipeline has run.
    package var values: [Column] { row.withLock { $0 } }

    package func makeState(worker: WorkerContext) throws(QueryError) -> any SinkState {
        State(pool: worker.pool)
    }

    package func finish(
        _ states: [any SinkState], worker: WorkerContext
    ) throws(QueryError) {
        var found: [Batch] = []
        for case let state as State in states { found += state.rows }
        guard found.count <= 1 else { throw State.tooMany }
        var columns: [Column] = []
        if let only = found.first {
            columns = only.columns
        } else {
            for type in types {
                columns.append(
                    try storage { () throws(ColumnarError) in
                        try Column.from([.null], type: type, pool: worker.pool)
                    })
            }
        }
        let flat = columns
        columns = []
        for column in flat {
            columns.append(
                try storage { () throws(ColumnarError) in
                    try column.flattened(pool: worker.pool)
                })
        }
        let values = columns
        row.withLock { $0 = values }
        output.fill([Batch(columns: values, count: 1)])
    }

    private struct State: SinkState {
        static let tooMany = QueryError(
            .subqueryMultipleRows, "Scalar sub-query has returned multiple rows")
        let pool: BufferPool
        var rows: [Batch] = []

        init(pool: BufferPool) {
            self.pool = pool
        }

        mutating func consume(_ batch: Batch, morsel: Int) throws(QueryError) {
            guard rows.isEmpty, batch.selectedCount == 1 else { throw Self.tooMany }
            rows.append(
                try storage { () throws(ColumnarError) in
                    try batch.resolvedForOutput(pool: pool)
                })
        }
    }
}
