import Columnar

/// Rewrites a bound plan into one that computes the same with less work.
///
/// One ordered array of passes, each in a file of its own and each a function from plan to plan. No pass
/// changes what a query returns, which errors it raises, or its order where ORDER BY fixes one.
struct Optimizer {
    /// What the passes may ask.
    struct Context: Sendable {
        let registry: FunctionRegistry
        /// The value of an expression without columns, or nil if it fails: then it stays as it is.
        let evaluate: @Sendable (BoundExpression) -> Value?
    }

    /// One pass.
    struct Pass: Sendable {
        let name: String
        let run: @Sendable (LogicalPlan, Context) -> LogicalPlan
    }

    /// A plan as one pass left it.
    struct Step {
        let pass: String
        let plan: LogicalPlan
    }

    /// The passes in order: constants first, so that the others see literals; columns last, when it is
    /// known which are still used.
    static let passes: [Pass] = [
        Pass(name: "FoldConstants", run: FoldConstants.run),
        Pass(name: "SimplifyBooleans", run: SimplifyBooleans.run),
        Pass(name: "PushFilters", run: PushFilters.run),
        Pass(name: "ExtractScanPredicates", run: ExtractScanPredicates.run),
        Pass(name: "JoinSides", run: JoinSides.run),
        Pass(name: "MergeLimits", run: MergeLimits.run),
        Pass(name: "PushLimits", run: PushLimits.run),
        Pass(name: "PruneColumns", run: PruneColumns.run),
        Pass(name: "RemoveRedundantProjects", run: RemoveRedundantProjects.run),
        Pass(name: "CountFromMetadata", run: CountFromMetadata.run),
    ]

    let context: Context

    init(
        registry: FunctionRegistry,
        evaluate: @escaping @Sendable (BoundExpression) -> Value? = { _ in nil }
    ) {
        context = Context(registry: registry, evaluate: evaluate)
    }

    /// The statement with its plan and every subquery's plan optimised.
    func optimize(_ statement: BoundStatement) -> BoundStatement {
        var result = statement
        result.plan = optimize(statement.plan)
        for index in result.subqueries.indices {
            result.subqueries[index].plan = optimize(result.subqueries[index].plan)
        }
        return result
    }

    func optimize(_ plan: LogicalPlan) -> LogicalPlan {
        var plan = plan
        for pass in Self.passes { plan = pass.run(plan, context) }
        return plan
    }

    /// The plan after each pass that changed it, for EXPLAIN and the golden tests.
    func trace(_ plan: LogicalPlan) -> [Step] {
        var steps: [Step] = []
        var plan = plan
        var text = PlanPrinter.text(plan)
        for pass in Self.passes {
            plan = pass.run(plan, context)
            let next = PlanPrinter.text(plan)
            if next != text { steps.append(Step(pass: pass.name, plan: plan)) }
            text = next
        }
        return steps
    }
}
