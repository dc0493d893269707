import Columnar

extension Binder {
    /// A query with its WITH, body, order and limit.
    func bindQuery(_ query: Query, _ outer: NameEnvironment) throws(QueryError) -> BoundRelation {
        var environment = outer
        var defined: Set<String> = []
        for common in query.with {
            let name = common.name.folded
            guard defined.insert(name).inserted else {
                throw QueryError(
                    .duplicateNamedQuery,
                    "WITH query name '\(common.name.text)' specified more than once",
                    at: common.name.range)
            }
            let before = usage.planNodes
            var relation = try bindQuery(common.query, environment)
            relation.size = usage.planNodes - before + 1
            relation.scope = try rename(relation.scope, common.name, columns: common.columns)
            environment.tables[name] = relation
        }
        var relation: BoundRelation
        if case .select(let select) = query.body {
            relation = try SelectBinder(self, environment, select).bind(orderBy: query.orderBy)
        } else {
            relation = try bindBody(query.body, environment)
            relation.plan = try sorted(relation, query.orderBy, environment)
        }
        if query.offset != nil || query.limit != nil {
            relation.plan = .limit(
                relation.plan, limit: query.limit?.count, offset: query.offset?.count ?? 0)
        }
        return withoutSortColumns(relation)
    }

    /// Drops columns that only ORDER BY needed: those beyond the scope's.
    private func withoutSortColumns(_ relation: BoundRelation) -> BoundRelation {
        let outputs = relation.plan.outputs
        let width = relation.scope.fields.count
        guard outputs.count > width else { return relation }
        var expressions: [NamedExpression] = []
        for (index, output) in outputs.prefix(width).enumerated() {
            expressions.append(
                NamedExpression(.column(index, output.type), name: output.name))
        }
        return BoundRelation(plan: .project(relation.plan, expressions), scope: relation.scope)
    }

    private func bindBody(
        _ body: QueryBody, _ environment: NameEnvironment
    ) throws(QueryError) -> BoundRelation {
        switch body {
        case .select(let select):
            return try SelectBinder(self, environment, select).bind(orderBy: [])
        case .values(let rows, let range): return try bindValues(rows, environment, at: range)
        case .table(let name, let range):
            return try visible(bindRelation(.table(name, range), environment))
        case .nested(let query): return try bindQuery(query, environment)
        case .setOperation(let operation):
            return try bindSetOperation(
                operation, bindBody(operation.left, environment),
                bindBody(operation.right, environment), environment)
        }
    }

    /// Only the columns that `*` shows, without a table's name.
    private func visible(_ relation: BoundRelation) -> BoundRelation {
        var expressions: [NamedExpression] = []
        var fields: [ScopeField] = []
        for field in relation.scope.fields where !field.isHidden {
            let name = field.name ?? "_col\(fields.count)"
            expressions.append(NamedExpression(.column(field.column, field.type), name: name))
            fields.append(
                ScopeField(qualifier: [], name: name, type: field.type, column: fields.count))
        }
        return BoundRelation(
            plan: .project(relation.plan, expressions),
            scope: Scope(fields, outer: relation.scope.outer))
    }

    /// ORDER BY over the columns of a set operation, VALUES or TABLE.
    private func sorted(
        _ relation: BoundRelation, _ items: [SortItem], _ environment: NameEnvironment
    ) throws(QueryError) -> LogicalPlan {
        if items.isEmpty { return relation.plan }
        let binder = ExpressionBinder(
            binder: self, environment: environment, scope: relation.scope)
        var keys: [SortKey] = []
        for item in items {
            if case .literal(.integer(let digits)) = item.expression.kind {
                let index = try ordinal(
                    digits, upTo: relation.scope.fields.count, clause: "ORDER BY",
                    at: item.expression.anchor)
                let key = BoundExpression.column(index, relation.scope.fields[index].type)
                keys.append(
                    SortKey(
                        key, isDescending: item.isDescending,
                        nullsFirst: item.nullsFirst ?? false))
            } else {
                try requireScalar(item.expression, in: "ORDER BY clause")
                keys += try binder.bindSortItems([item])
            }
        }
        return .sort(relation.plan, keys)
    }

    /// The position that an ordinal of GROUP BY or ORDER BY means.
    func ordinal(
        _ digits: String, upTo count: Int, clause: String, at range: SourceRange
    ) throws(QueryError) -> Int {
        guard let number = Int(digits), number >= 1, number <= count else {
            throw QueryError(
                .invalidColumnReference, "\(clause) position \(digits) is not in select list",
                at: range)
        }
        return number - 1
    }

    // MARK: VALUES

    private func bindValues(
        _ rows: [[Expression]], _ environment: NameEnvironment, at range: SourceRange
    ) throws(QueryError) -> BoundRelation {
        let binder = ExpressionBinder(
            binder: self, environment: environment, scope: Scope([], outer: environment.outer))
        var bound: [[BoundExpression]] = []
        for row in rows {
            var values: [BoundExpression] = []
            for value in row {
                try requireScalar(value, in: "VALUES")
                values.append(try binder.bind(value))
            }
            guard values.count == bound.first?.count ?? values.count else {
                throw QueryError(
                    .typeMismatch,
                    "Values rows have mismatched sizes: \(bound[0].count) vs \(values.count)",
                    at: range)
            }
            bound.append(values)
        }
        var outputs: [OutputColumn] = []
        for index in bound[0].indices {
            let type = try binder.commonType(
                of: bound.map { $0[index] }, as: "Values of column \(index + 1)", at: range)
            outputs.append(OutputColumn(name: "_col\(index)", type: type))
            for row in bound.indices { bound[row][index] = bound[row][index].coerced(to: type) }
        }
        let fields = outputs.enumerated().map { index, output in
            ScopeField(qualifier: [], name: output.name, type: output.type, column: index)
        }
        return BoundRelation(
            plan: .values(rows: bound, outputs: outputs),
            scope: Scope(fields, outer: environment.outer))
    }
}
