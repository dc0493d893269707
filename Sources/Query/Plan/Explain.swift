import Columnar

/// What EXPLAIN shows: the plan of each subquery and of the query, and how the passes came to it.
enum Explain {
    /// Lines of a statement's plan.
    ///
    /// Verbose: the bound plan and the plan after each pass that changed it; else only the last.
    static func lines(_ statement: BoundStatement, optimizer: Optimizer) -> [String] {
        let isVerbose = statement.explain?.isVerbose ?? false
        var lines: [String] = []
        for subquery in statement.subqueries {
            lines += titled(
                "subquery_\(subquery.id.number)", subquery.plan, optimizer, isVerbose: isVerbose)
        }
        let title = statement.subqueries.isEmpty ? nil : "query"
        return lines + titled(title, statement.plan, optimizer, isVerbose: isVerbose)
    }

    private static func titled(
        _ title: String?, _ plan: LogicalPlan, _ optimizer: Optimizer, isVerbose: Bool
    ) -> [String] {
        var lines = title.map { ["\($0):"] } ?? []
        guard isVerbose else {
            return lines + PlanPrinter.lines(optimizer.optimize(plan))
        }
        lines += ["-- Bound"] + PlanPrinter.lines(plan)
        for step in optimizer.trace(plan) {
            lines += ["-- \(step.pass)"] + PlanPrinter.lines(step.plan)
        }
        return lines
    }
}
