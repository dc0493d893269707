import Columnar

/// What one statement has used of the limits that keep short texts from making huge plans.
struct BindingUsage {
    /// Nodes of bound expressions, copies counted.
    private(set) var expressionNodes = 0
    private(set) var planNodes = 0
    private(set) var lambdaBindings = 0

    /// Counts nodes of an expression at a place.
    mutating func addExpressionNodes(
        _ count: Int, at range: SourceRange
    ) throws(QueryError) {
        expressionNodes += min(count, Limits.expressionNodes)
        guard expressionNodes <= Limits.expressionNodes else {
            throw tooLarge("expressions", Limits.expressionNodes, range)
        }
    }

    /// Counts further copies of what was bound since a mark.
    mutating func addCopies(
        _ copies: Int, since mark: Int, at range: SourceRange
    ) throws(QueryError) {
        let (nodes, overflow) = (expressionNodes - mark).multipliedReportingOverflow(by: copies)
        try addExpressionNodes(overflow ? Limits.expressionNodes : nodes, at: range)
    }

    mutating func addPlanNodes(_ count: Int, at range: SourceRange) throws(QueryError) {
        planNodes += min(count, Limits.planNodes)
        guard planNodes <= Limits.planNodes else {
            throw tooLarge("operators", Limits.planNodes, range)
        }
    }

    mutating func addLambdaBinding(at range: SourceRange) throws(QueryError) {
        lambdaBindings += 1
        guard lambdaBindings <= Limits.lambdaBindings else {
            throw tooLarge("lambdas", Limits.lambdaBindings, range)
        }
    }

    private func tooLarge(_ what: String, _ limit: Int, _ range: SourceRange) -> QueryError {
        QueryError(
            .notSupported, "The statement expands to more than \(limit) \(what)", at: range)
    }
}
