import Columnar

/// One SELECT block: FROM, WHERE, grouping, windows, the select list, DISTINCT and ORDER BY.
///
/// Every expression is bound once over the columns of FROM, with placeholders for aggregates, windows
/// and marks; `SelectPlan` then stacks the operators that compute them.
struct SelectBinder {
    let binder: Binder
    let environment: NameEnvironment
    let select: Select

    /// One column of the select list.
    struct Item {
        var expression: BoundExpression
        var name: String
        /// A name that ORDER BY and outer queries may use; `_col0` is none.
        var hasName: Bool
        /// What it was written as; a column of `*` counts as its name.
        var syntax: Expression
    }

    init(_ binder: Binder, _ environment: NameEnvironment, _ select: Select) {
        self.binder = binder
        self.environment = environment
        self.select = select
    }

    func bind(orderBy: [SortItem]) throws(QueryError) -> BoundRelation {
        try binder.usage.addPlanNodes(1, at: select.range)
        let from = try bindFrom()
        let state = SelectState(
            source: from.plan, isAggregated: isAggregated(orderBy),
            namedWindows: try namedWindows())
        let expressions = ExpressionBinder(
            binder: binder, environment: environment, scope: from.scope, select: state)
        try bindWhere(state, expressions)
        let items = try bindItems(from.scope, expressions)
        let keys = try bindGroupBy(items, expressions)
        var having: BoundExpression?
        if let clause = select.having { having = try bindHaving(clause, expressions) }
        let order = try bindOrderBy(orderBy, items, expressions)
        let plan = SelectPlan(
            binder: binder, select: select, state: state, keys: keys, items: items)
        return try plan.build(having: having, havingSyntax: select.having, orderBy: order)
    }

    private func bindFrom() throws(QueryError) -> BoundRelation {
        if let from = select.from { return try binder.bindRelation(from, environment) }
        return BoundRelation(
            plan: .values(rows: [[]], outputs: []), scope: Scope([], outer: environment.outer))
    }

    private func isAggregated(_ orderBy: [SortItem]) -> Bool {
        if select.groupBy != nil || select.having != nil { return true }
        var expressions = orderBy.map(\.expression)
        for item in select.items {
            if case .expression(let expression, _) = item { expressions.append(expression) }
        }
        return expressions.contains { binder.aggregateCall(in: $0) != nil }
    }

    private func namedWindows() throws(QueryError) -> [String: WindowSpecification] {
        var windows: [String: WindowSpecification] = [:]
        for window in select.windows {
            guard windows[window.name.folded] == nil else {
                throw QueryError(
                    .invalidWindowFrame,
                    "WINDOW name '\(window.name.text)' specified more than once",
                    at: window.name.range)
            }
            windows[window.name.folded] = window.specification
        }
        return windows
    }

    // MARK: WHERE and HAVING

    /// A conjunct `x IN (query)` becomes a semi join; the rest a filter.
    private func bindWhere(
        _ state: SelectState, _ expressions: ExpressionBinder
    ) throws(QueryError) {
        guard let filter = select.filter else { return }
        try binder.requireScalar(filter, in: "WHERE clause")
        expressions.isOverSourceRows = true
        defer { expressions.isOverSourceRows = false }
        let terms: [Expression]
        if case .and(let parts) = filter.kind { terms = parts } else { terms = [filter] }
        var conditions: [BoundExpression] = []
        for term in terms {
            if case .inSubquery(let value, let query, false) = term.kind {
                let (key, plan) = try expressions.bindInSubquery(value, query, at: term)
                state.source = .join(
                    JoinNode(
                        kind: .semi, left: state.source, right: plan,
                        equalities: [JoinEquality(left: key, right: .column(0, key.type))],
                        residual: nil))
                continue
            }
            let bound = try expressions.bind(term)
            guard Coercion.isImplicit(from: bound.type, to: .boolean) else {
                throw QueryError(
                    .typeMismatch,
                    terms.count > 1
                        ? "Logical expression term must evaluate to a boolean (actual: \(bound.type))"
                        : "WHERE clause must evaluate to a boolean: actual type \(bound.type)",
                    at: term.anchor)
            }
            conditions.append(bound.coerced(to: .boolean))
        }
        if !conditions.isEmpty { state.source = .filter(state.source, .conjunction(conditions)) }
    }

    private func bindHaving(
        _ clause: Expression, _ expressions: ExpressionBinder
    ) throws(QueryError) -> BoundExpression {
        if let window = binder.windowCall(in: clause) {
            throw QueryError(
                .nestedWindow,
                "HAVING clause cannot contain window functions or row pattern "
                    + "measures", at: window.anchor)
        }
        let bound = try expressions.bind(clause)
        guard Coercion.isImplicit(from: bound.type, to: .boolean) else {
            throw QueryError(
                .typeMismatch,
                "HAVING clause must evaluate to a boolean: actual type \(bound.type)",
                at: clause.anchor)
        }
        return bound.coerced(to: .boolean)
    }

    // MARK: GROUP BY

    private func bindGroupBy(
        _ items: [Item], _ expressions: ExpressionBinder
    ) throws(QueryError) -> [NamedExpression] {
        var keys: [NamedExpression] = []
        for clause in select.groupBy ?? [] {
            let key = try bindGroupKey(clause, items, expressions)
            let type = key.expression.type
            guard type.isComparable else {
                throw QueryError(
                    .typeMismatch,
                    "\(type) is not comparable, and therefore cannot be used in GROUP BY",
                    at: clause.anchor)
            }
            let bare = key.expression.unlocated
            if !keys.contains(where: { $0.expression.unlocated == bare }) { keys.append(key) }
        }
        return keys
    }

    private func bindGroupKey(
        _ clause: Expression, _ items: [Item], _ expressions: ExpressionBinder
    ) throws(QueryError) -> NamedExpression {
        if case .literal(.integer(let digits)) = clause.kind {
            let index = try binder.ordinal(
                digits, upTo: items.count, clause: "GROUP BY", at: clause.anchor)
            try binder.requireScalar(items[index].syntax, in: "GROUP BY clause")
            return NamedExpression(items[index].expression, name: items[index].name)
        }
        try binder.requireScalar(clause, in: "GROUP BY clause")
        expressions.isOverSourceRows = true
        defer { expressions.isOverSourceRows = false }
        do {
            let bound = try expressions.bind(clause)
            return NamedExpression(bound, name: name(of: clause) ?? "key")
        } catch {
            throw aliasHint(error, clause, items)
        }
    }

    /// GROUP BY an output name is what other dialects allow.
    private func aliasHint(
        _ error: QueryError, _ clause: Expression, _ items: [Item]
    ) -> QueryError {
        guard error.code == .columnNotFound, case .identifier(let name) = clause.kind,
            let index = items.firstIndex(where: {
                $0.hasName && $0.name.lowercased() == name.folded
            })
        else { return error }
        var hinted = error
        hinted.hint =
            "'\(name.text)' is an output name; write GROUP BY \(index + 1) or repeat the expression."
        return hinted
    }

    func name(of expression: Expression) -> String? {
        switch expression.kind {
        case .identifier(let name), .dereference(_, let name): name.text
        default: nil
        }
    }
}
