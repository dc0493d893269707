import Columnar

/// Literal rows: one morsel; every expression is constant.
package struct ValuesSource: Source {
    let rows: [[BoundExpression]]
    let width: Int

    package init(rows: [[BoundExpression]], width: Int) {
        self.rows = rows
        self.width = width
    }

    package var morselCount: Int { rows.isEmpty ? 0 : 1 }

    package func open(
        morsel: Int, worker: WorkerContext
    ) throws(QueryError) -> any MorselReader {
        var columns: [Column] = []
        for position in 0..<width {
            var expressions: [BoundExpression] = []
            for row in rows { expressions.append(row[position]) }
            var evaluator = try Evaluator(expressions, worker: worker)
            let values = try evaluator.evaluate(Batch(columns: [], count: 1))
            columns.append(
                try storage { () throws(ColumnarError) in
                    try Column.concatenated(values, pool: worker.pool)
                })
        }
        return Reader(columns: columns, count: rows.count, worker: worker)
    }

    private struct Reader: MorselReader {
        let columns: [Column]
        let count: Int
        let worker: WorkerContext
        var start = 0

        init(columns: [Column], count: Int, worker: WorkerContext) {
            self.columns = columns
            self.count = count
            self.worker = worker
        }

        mutating func next() throws(QueryError) -> Batch? {
            guard start < count else { return nil }
            let size = min(worker.query.batchRows, count - start)
            defer { start += size }
            let all = Batch(
                columns: columns, count: count, origin: .consecutive(first: RowID(bits: 0)))
            let from = start
            return try storage { () throws(ColumnarError) in
                try all.sliced(start: from, count: size, pool: worker.pool)
            }
        }
    }
}
