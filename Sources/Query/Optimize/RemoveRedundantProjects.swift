import Columnar

/// Removes projections that change nothing and joins two in a row where that computes nothing twice.
enum RemoveRedundantProjects {
    static func run(_ plan: LogicalPlan, _ context: Optimizer.Context) -> LogicalPlan {
        let names = plan.outputs.map(\.name)
        let totality = Totality(registry: context.registry)
        let result = plan.mapped { node in
            guard case .project(let input, let expressions) = node else { return node }
            return simplified(input, expressions, totality)
        }
        guard result.outputs.map(\.name) != names else { return result }
        // The outermost names are the query's own.
        return .project(
            result,
            zip(result.outputs, names).enumerated().map { index, pair in
                NamedExpression(.column(index, pair.0.type), name: pair.1)
            })
    }

    private static func simplified(
        _ input: LogicalPlan, _ expressions: [NamedExpression], _ totality: Totality
    ) -> LogicalPlan {
        if case .project(let inner, let below) = input,
            mayMerge(expressions, below, totality)
        {
            let merged = expressions.map { named in
                NamedExpression(
                    named.expression.mappingColumns { column, _ in below[column].expression },
                    name: named.name)
            }
            return simplified(inner, merged, totality)
        }
        let isIdentity =
            expressions.count == input.outputs.count
            && expressions.enumerated().allSatisfy { index, named in
                if case .column(index, _) = named.expression { true } else { false }
            }
        return isIdentity ? input : .project(input, expressions)
    }

    /// Whether everything computed below is used at most once above, and outside of conditions.
    private static func mayMerge(
        _ above: [NamedExpression], _ below: [NamedExpression], _ totality: Totality
    ) -> Bool {
        var uses = [Int](repeating: 0, count: below.count)
        func count(_ expression: BoundExpression) {
            if case .column(let column, _) = expression { uses[column] += 1 }
            for child in expression.children { count(child) }
        }
        for named in above { count(named.expression) }
        for (column, named) in below.enumerated() {
            switch named.expression {
            case .column, .literal: continue
            default: break
            }
            guard uses[column] <= 1, totality.isDeterministic(named.expression) else {
                return false
            }
        }
        return true
    }
}
