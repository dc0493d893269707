import Columnar

/// A statement ready to optimise: its plan, its columns, and the subqueries that run before it.
struct BoundStatement: Sendable {
    var plan: LogicalPlan
    var outputs: [OutputColumn]
    /// In the order in which they must run: an earlier one may feed a later one.
    var subqueries: [BoundSubquery]
    /// Set for EXPLAIN: the plan is to be shown, or run and measured, not put out.
    var explain: ExplainOptions?
}

/// An uncorrelated scalar subquery: one row of one column.
struct BoundSubquery: Sendable {
    var id: SubqueryID
    var plan: LogicalPlan
    var type: DataType
}

/// Rows with the names by which expressions may use them.
struct BoundRelation {
    var plan: LogicalPlan
    var scope: Scope
    /// Operators of the plan, set for tables of WITH.
    var size = 1
}
