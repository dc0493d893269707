import Columnar

/// Tables of WITH in scope, and the query around the current one.
struct NameEnvironment {
    var tables: [String: BoundRelation] = [:]
    var outer: Scope?
}

/// Syntax to a logical plan: names resolved, types settled, implicit casts written out.
///
/// Knows the catalog and the function registry; never reads data. Source: Trino 401
/// `StatementAnalyzer`, `ExpressionAnalyzer`.
final class Binder {
    let catalog: any Catalog
    let registry: FunctionRegistry
    let session: SessionContext
    /// The value of an expression without columns; nil where it fails.
    let evaluate: (BoundExpression) -> Value?
    private var subqueries: [BoundSubquery] = []
    /// What the statement has used of its limits.
    var usage = BindingUsage()

    init(
        catalog: any Catalog, registry: FunctionRegistry, session: SessionContext,
        evaluate: @escaping (BoundExpression) -> Value? = { _ in nil }
    ) {
        self.catalog = catalog
        self.registry = registry
        self.session = session
        self.evaluate = evaluate
    }

    /// Binds one statement; errors carry Trino's names, texts and positions.
    func bind(_ statement: Statement) throws(QueryError) -> BoundStatement {
        subqueries = []
        usage = BindingUsage()
        switch statement {
        case .query(let query): return try bindTop(query, explain: nil)
        case .explain(let query, let options): return try bindTop(query, explain: options)
        default:
            let plan = try bindListing(statement)
            return BoundStatement(plan: plan, outputs: plan.outputs, subqueries: [], explain: nil)
        }
    }

    private func bindTop(
        _ query: Query, explain: ExplainOptions?
    ) throws(QueryError) -> BoundStatement {
        let relation = try bindQuery(query, NameEnvironment())
        return BoundStatement(
            plan: relation.plan, outputs: relation.plan.outputs, subqueries: subqueries,
            explain: explain)
    }

    /// Keeps a scalar subquery's plan; inner ones were added before.
    func addSubquery(_ plan: LogicalPlan, _ type: DataType) -> SubqueryID {
        let id = SubqueryID(number: subqueries.count)
        subqueries.append(BoundSubquery(id: id, plan: plan, type: type))
        return id
    }

    /// A table of the catalog; an unknown one gets a position and the nearest name.
    func table(_ name: [Name], at range: SourceRange) throws(QueryError) -> any Table {
        do {
            if name.count == 1, name[0].isQuoted,
                let table = try catalog.table(written: name[0].text)
            {
                return table
            }
            return try catalog.table(named: name.map(\.folded))
        } catch {
            var located = error
            located.range = error.range ?? range
            if error.code == .tableNotFound, error.hint == nil {
                let written = name.map(\.folded).joined(separator: ".")
                located.hint = NearestName.hint(written, among: catalog.tableNames())
            }
            throw located
        }
    }

    /// A call of a standard aggregate, for plans that the binder itself makes.
    func aggregate(
        _ name: String, _ arguments: [BoundExpression], at range: SourceRange
    ) throws(QueryError) -> AggregateCall {
        let scope = ExpressionBinder(
            binder: self, environment: NameEnvironment(), scope: Scope([], outer: nil))
        guard let function = registry.aggregates[name],
            let match = try scope.resolve(
                function.overloads.map(\.candidate), arguments.map { CallArgument.value($0) })
        else {
            throw QueryError(.functionNotFound, "Function '\(name)' not registered", at: range)
        }
        let resolved = ResolvedFunction(
            kind: .aggregate, name: function.name, overload: match.overload,
            argumentTypes: match.arguments.map(\.type), resultType: match.resultType)
        return AggregateCall(function: resolved, arguments: match.arguments, name: name)
    }

    /// A plan with its columns converted; the plan itself if they have the types already.
    func coerced(_ plan: LogicalPlan, to types: [DataType]) -> LogicalPlan {
        let outputs = plan.outputs
        if outputs.map(\.type) == types { return plan }
        var expressions: [NamedExpression] = []
        for (index, (output, type)) in zip(outputs, types).enumerated() {
            let column = BoundExpression.column(index, output.type)
            expressions.append(NamedExpression(column.coerced(to: type), name: output.name))
        }
        return .project(plan, expressions)
    }

    // MARK: Looking for calls

    /// The first aggregate or window call within an expression, subqueries apart.
    func aggregateOrWindow(in expression: Expression) -> Expression? {
        first(in: expression) { $0.window != nil || self.registry.aggregates[$0.folded] != nil }
    }

    /// The first aggregate call that is no window call.
    func aggregateCall(in expression: Expression) -> Expression? {
        first(in: expression) { $0.window == nil && self.registry.aggregates[$0.folded] != nil }
    }

    func windowCall(in expression: Expression) -> Expression? {
        first(in: expression) { $0.window != nil }
    }

    private func first(
        in expression: Expression, where isWanted: (FunctionCall) -> Bool
    ) -> Expression? {
        if case .call(let call) = expression.kind, isWanted(call) { return expression }
        for child in expression.kind.children {
            if let found = first(in: child, where: isWanted) { return found }
        }
        return nil
    }

    /// Refuses aggregates and windows in a clause over single rows.
    func requireScalar(_ expression: Expression, in clause: String) throws(QueryError) {
        guard let call = aggregateOrWindow(in: expression) else { return }
        throw QueryError(
            .expressionNotScalar,
            "\(clause) cannot contain aggregations, window functions or grouping operations: "
                + "[\(ExpressionText.of(call))]",
            at: call.anchor)
    }
}
