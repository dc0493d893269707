import Columnar

/// A lambda of one call: its body, and its captured columns fetched for each element's row.
///
/// Made and used by one worker within one kernel call, which is why it may hold worker-owned nodes.
struct LambdaRunner: LambdaBody, @unchecked Sendable {
    let body: EvaluatorNode
    let captures: [Column]
    /// The rows of the call: errors of other rows' elements are nobody's.
    let selection: Selection

    func evaluate(
        parameters: [Column], parentRows: Buffer, count: Int, context: inout KernelContext
    ) throws(QueryError) -> Column {
        var columns: [Column] = []
        let parents = parentRows.span(of: UInt32.self, count: count)
        for capture in captures {
            columns.append(
                try storage { () throws(ColumnarError) in
                    try capture.gathered(at: parents, pool: context.pool)
                })
        }
        columns += parameters
        var run = EvaluatorRun(pool: context.pool, session: context.session)
        let outer = context.errors
        context.errors = RowErrors()
        swap(&run.context, &context)
        run.frame = EvaluatorRun.Frame(columns: columns, count: count, selection: .all)
        defer { swap(&run.context, &context) }
        defer { run.context.errors = merged(outer, run.context.errors, parents: parentRows) }
        return try run.value(of: body, .all)
    }

    /// The outer errors, then those of elements, told by the row that the element belongs to.
    private func merged(_ outer: RowErrors, _ inner: RowErrors, parents: Buffer) -> RowErrors {
        var errors = outer
        for (element, error) in inner.rows {
            let row = Int(parents.span(of: UInt32.self, start: element, count: 1)[0])
            if selection.contains(row) { errors.record(row: row, error) }
        }
        return errors
    }
}
