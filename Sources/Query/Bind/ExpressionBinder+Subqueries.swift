import Columnar

extension ExpressionBinder {
    /// Scalar, IN, EXISTS and quantified subqueries without correlation.
    func bindSubquery(_ expression: Expression) throws(QueryError) -> BoundExpression {
        switch expression.kind {
        case .subquery(let query): return try bindScalar(query, at: expression)
        case .exists(let query): return try bindExists(query, at: expression)
        case .inSubquery(let value, let query, let isNegated):
            let (key, plan) = try bindInSubquery(value, query, at: expression)
            let mark = try addMark(key: key, plan: plan, at: expression)
            return isNegated ? .not(mark) : mark
        case .quantified(let op, let quantifier, let value, let query):
            return try bindQuantified(op, quantifier, value, query, at: expression)
        default:
            throw QueryError(.internalError, "Unbound subquery form", at: expression.anchor)
        }
    }

    private func bindQuery(_ query: Query) throws(QueryError) -> BoundRelation {
        try binder.bindQuery(
            query, NameEnvironment(tables: environment.tables, outer: scope))
    }

    private func checkOneColumn(
        _ relation: BoundRelation, at expression: Expression
    ) throws(QueryError) -> DataType {
        let columns = relation.scope.fields.filter { !$0.isHidden }
        guard columns.count == 1 else {
            throw QueryError(
                .notSupported,
                "Multiple columns returned by subquery are not yet supported. "
                    + "Found \(columns.count)",
                at: expression.anchor)
        }
        return columns[0].type
    }

    private func bindScalar(
        _ query: Query, at expression: Expression
    ) throws(QueryError) -> BoundExpression {
        let relation = try bindQuery(query)
        let type = try checkOneColumn(relation, at: expression)
        let plan = LogicalPlan.enforceSingleRow(relation.plan)
        return .scalarSubquery(binder.addSubquery(plan, type), type)
    }

    /// `count(*) > 0` over at most one row.
    private func bindExists(
        _ query: Query, at expression: Expression
    ) throws(QueryError) -> BoundExpression {
        let relation = try bindQuery(query)
        let count = try binder.aggregate("count", [], at: expression.anchor)
        let counted = LogicalPlan.aggregate(
            AggregateNode(
                input: .limit(relation.plan, limit: 1, offset: 0), keys: [],
                aggregates: [count]))
        let test = BoundExpression.compare(
            .greater, .column(0, .bigint), .literal(.int(0), .bigint))
        let plan = LogicalPlan.project(counted, [NamedExpression(test, name: "exists")])
        return .scalarSubquery(binder.addSubquery(plan, .boolean), .boolean)
    }

    /// The key and the rows of `value IN (query)`, both of the common type.
    func bindInSubquery(
        _ value: Expression, _ query: Query, at expression: Expression
    ) throws(QueryError) -> (BoundExpression, LogicalPlan) {
        let key = try bind(value)
        let relation = try bindQuery(query)
        let type = try checkOneColumn(relation, at: expression)
        guard let common = Coercion.commonSuperType(key.type, type), common.isComparable else {
            throw QueryError(
                .typeMismatch,
                "Value expression and result of subquery must be of the same type: "
                    + "\(key.type) vs \(type)",
                at: expression.anchor, hint: Self.mismatchHint(key.type, type))
        }
        return (
            key.coerced(to: common), binder.coerced(relation.plan, to: [common])
        )
    }

    /// The three-valued answer of IN as a column of the rows at hand.
    private func addMark(
        key: BoundExpression, plan: LogicalPlan, at expression: Expression
    ) throws(QueryError) -> BoundExpression {
        guard let select else {
            throw QueryError(
                .notSupported, "IN subqueries are not supported in this clause",
                at: expression.anchor, hint: "Move it to WHERE, or write a join.")
        }
        let isOverGroups = select.isAggregated && !isOverSourceRows
        let isLate = key.contains { node in
            guard case .column(let column, _) = node else { return false }
            return isOverGroups
                ? Placeholder.isWindow(column) || Placeholder.isMark(column)
                : Placeholder.isAny(column)
        }
        guard !isLate else {
            throw QueryError(
                .notSupported, "IN subqueries over window functions are not supported",
                at: expression.anchor, hint: "Compute the window function in a derived table.")
        }
        return isOverGroups
            ? select.addGroupedMark(key: key, plan: plan)
            : select.addSourceMark(key: key, plan: plan)
    }

    /// `= ANY` is IN, `<> ALL` is NOT IN; the others compare with an extremum of the subquery.
    private func bindQuantified(
        _ op: Comparison, _ quantifier: Quantifier, _ value: Expression, _ query: Query,
        at expression: Expression
    ) throws(QueryError) -> BoundExpression {
        if op == .equal && quantifier == .any || op == .notEqual && quantifier == .all {
            let (key, plan) = try bindInSubquery(value, query, at: expression)
            let mark = try addMark(key: key, plan: plan, at: expression)
            return op == .equal ? mark : .not(mark)
        }
        guard op != .equal, op != .notEqual else {
            throw QueryError(
                .notSupported,
                "\(op.symbol) \(quantifier == .all ? "ALL" : "ANY") is not supported",
                at: expression.anchor)
        }
        let key = try bind(value)
        let relation = try bindQuery(query)
        let type = try checkOneColumn(relation, at: expression)
        guard let common = Coercion.commonSuperType(key.type, type), common.isOrderable else {
            throw cannotApply(op.symbol, key.type, type, at: expression)
        }
        let plan = binder.coerced(relation.plan, to: [common])
        // x < ALL holds for all if it holds for the least; x < ANY if for the greatest.
        let isLess = op == .less || op == .lessOrEqual
        let extremum = isLess == (quantifier == .all) ? "min" : "max"
        let column = BoundExpression.column(0, common)
        func single(
            _ name: String, _ arguments: [BoundExpression], _ type: DataType
        ) throws(QueryError) -> BoundExpression {
            let call = try binder.aggregate(name, arguments, at: expression.anchor)
            let counted = LogicalPlan.aggregate(
                AggregateNode(input: plan, keys: [], aggregates: [call]))
            return .scalarSubquery(binder.addSubquery(counted, type), type)
        }
        let rows = try single("count", [], .bigint)
        let values = try single("count", [column], .bigint)
        let test = BoundExpression.compare(
            op, key.coerced(to: common), try single(extremum, [column], common))
        let settled: BoundExpression = quantifier == .all ? .not(test) : test
        return .caseWhen(
            [
                CaseBranch(
                    condition: .compare(.equal, rows, .literal(.int(0), .bigint)),
                    result: quantifier == .all ? .true : .false),
                CaseBranch(condition: settled, result: quantifier == .all ? .false : .true),
                CaseBranch(
                    condition: .compare(.notEqual, rows, values), result: .null(.boolean)),
            ], otherwise: test, .boolean)
    }
}
