import Columnar

/// WHERE: narrows the selection, copies nothing.
package struct FilterTransform: Transform {
    let predicate: BoundExpression

    package init(_ predicate: BoundExpression) {
        self.predicate = predicate
    }

    package func makeState(worker: WorkerContext) throws(QueryError) -> any TransformState {
        State(evaluator: try Evaluator(Self.terms(predicate), worker: worker))
    }

    /// The terms of a conjunction: each narrows the rows that the next one sees.
    private static func terms(_ expression: BoundExpression) -> [BoundExpression] {
        guard case .and(let terms) = expression else { return [expression] }
        var all: [BoundExpression] = []
        for term in terms { all += Self.terms(term) }
        return all
    }

    private struct State: TransformState {
        var evaluator: Evaluator

        mutating func push(_ batch: Batch, into output: inout [Batch]) throws(QueryError) {
            var narrowed = batch
            narrowed.selection = try evaluator.select(batch)
            if narrowed.selectedCount > 0 { output.append(narrowed) }
        }
    }
}
