import Columnar

/// SELECT expressions: new columns over the same rows.
package struct ProjectTransform: Transform {
    let expressions: [BoundExpression]

    package init(_ expressions: [BoundExpression]) {
        self.expressions = expressions
    }

    package func makeState(worker: WorkerContext) throws(QueryError) -> any TransformState {
        State(evaluator: try Evaluator(expressions, worker: worker))
    }

    private struct State: TransformState {
        var evaluator: Evaluator

        mutating func push(_ batch: Batch, into output: inout [Batch]) throws(QueryError) {
            output.append(
                Batch(
                    columns: try evaluator.evaluate(batch), count: batch.count,
                    selection: batch.selection, origin: batch.origin))
        }
    }
}
