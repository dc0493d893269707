import Columnar

/// A worker's compiled expressions: batches in, one column per expression out.
///
/// Columns are aligned to the batch; rows outside its selection hold garbage. Constants stay `.constant`,
/// expressions of one dictionary column stay coded. Row errors are deferred to the end of the batch and
/// the first selected row's is thrown: whatever order the branches ran in, a query fails the same way.
package struct Evaluator {
    private let roots: [EvaluatorNode]
    private var run: EvaluatorRun

    package init(
        _ expressions: [BoundExpression], worker: WorkerContext
    ) throws(QueryError) {
        roots = try EvaluatorCompiler(query: worker.query).compile(expressions)
        run = EvaluatorRun(pool: worker.pool, session: worker.query.session)
    }

    package init(_ expression: BoundExpression, worker: WorkerContext) throws(QueryError) {
        try self.init([expression], worker: worker)
    }

    /// The value of every expression, in order.
    ///
    /// A bare column comes back in its own form, lazy too.
    package mutating func evaluate(_ batch: Batch) throws(QueryError) -> [Column] {
        run.begin(batch)
        defer { run.end() }
        var columns: [Column] = []
        columns.reserveCapacity(roots.count)
        for root in roots {
            if case .column(let index) = root.kind {
                columns.append(batch.columns[index])
            } else {
                columns.append(try run.value(of: root, batch.selection))
            }
        }
        try run.raiseFirstError(batch.selection)
        return columns
    }

    /// The value of the only expression.
    package mutating func column(_ batch: Batch) throws(QueryError) -> Column {
        try evaluate(batch)[0]
    }

    /// The batch's rows for which every expression is TRUE; each narrows the rows of the next.
    package mutating func select(_ batch: Batch) throws(QueryError) -> Selection {
        var narrowed = batch
        for root in roots {
            guard narrowed.selectedCount > 0 else { break }
            run.begin(narrowed)
            defer { run.end() }
            let column = try run.value(of: root, narrowed.selection)
            try run.raiseFirstError(narrowed.selection)
            narrowed.selection = try run.narrowed(
                narrowed.selection, toTrue: column, count: batch.count)
        }
        return narrowed.selection
    }
}
