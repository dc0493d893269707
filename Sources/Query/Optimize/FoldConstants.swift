import Columnar

/// Evaluates what has no columns once, now: `date '2020-01-01' + interval '1' day` is a date.
///
/// An expression that fails (`1 / 0`) stays, so that its error appears only if a row asks for it.
enum FoldConstants {
    static func run(_ plan: LogicalPlan, _ context: Optimizer.Context) -> LogicalPlan {
        plan.mapped { node in
            node.mappingExpressions { fold($0, context) }
        }
    }

    static func fold(
        _ expression: BoundExpression, _ context: Optimizer.Context
    ) -> BoundExpression {
        expression.mapped { node in
            var node = node
            if case .lambda(var lambda) = node {
                lambda.body = fold(lambda.body, context)
                node = .lambda(lambda)
            }
            guard isConstant(node, context), let value = context.evaluate(node) else { return node }
            return .literal(value, node.type)
        }
    }

    /// Whether a node has literals only and gives the same value each time.
    private static func isConstant(
        _ node: BoundExpression, _ context: Optimizer.Context
    ) -> Bool {
        switch node {
        case .column, .literal, .scalarSubquery, .lambda, .rowConstructor: return false
        case .call(let call):
            guard Totality(registry: context.registry).isDeterministic(call) else { return false }
        default: break
        }
        return node.children.allSatisfy(\.isLiteral)
    }
}
