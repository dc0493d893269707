import Columnar

extension Binder {
    func bindJoin(
        _ join: Join, _ environment: NameEnvironment
    ) throws(QueryError) -> BoundRelation {
        let left = try bindRelation(join.left, environment)
        if Self.unnest(in: join.right) != nil {
            return try bindUnnestJoin(join, left, environment)
        }
        let right = try bindRelation(join.right, environment)
        switch join.criteria {
        case .none:
            let node = JoinNode(
                kind: .cross, left: left.plan, right: right.plan, equalities: [], residual: nil)
            return BoundRelation(plan: .join(node), scope: joinedScope(left, right))
        case .on(let condition):
            return try bindOn(condition, join, left, right, environment)
        case .using(let names):
            return try bindUsing(names, join, left, right)
        case .natural:
            let rightNames = Set(right.scope.fields.filter { !$0.isHidden }.compactMap(\.folded))
            let shared = left.scope.fields.filter { field in
                !field.isHidden && field.folded.map(rightNames.contains) == true
            }
            let names = shared.compactMap { field in
                field.name.map { Name(text: $0, isQuoted: true, range: join.range) }
            }
            return try bindUsing(names, join, left, right)
        }
    }

    private func joinedScope(_ left: BoundRelation, _ right: BoundRelation) -> Scope {
        left.scope.joined(with: right.scope, offset: left.plan.outputs.count)
    }

    /// `JOIN UNNEST`: the elements beside their own row; only ON TRUE says anything else.
    private func bindUnnestJoin(
        _ join: Join, _ left: BoundRelation, _ environment: NameEnvironment
    ) throws(QueryError) -> BoundRelation {
        let isPlain = join.kind == .cross
        var isOnTrue = false
        if case .on(let condition) = join.criteria, case .literal(.boolean(true)) = condition.kind {
            isOnTrue = true
        }
        guard isPlain || isOnTrue else {
            throw QueryError(
                .notSupported,
                "\(join.kind.keyword) JOIN involving UNNEST is only supported with condition ON TRUE",
                at: join.range)
        }
        guard join.kind != .right, join.kind != .full else {
            throw QueryError(
                .notSupported, "\(join.kind.keyword) JOIN involving UNNEST is not supported",
                at: join.range)
        }
        return try bindUnnest(
            join.right, beside: left, keepsEmpty: join.kind == .left, environment)
    }

    // MARK: ON

    private func bindOn(
        _ condition: Expression, _ join: Join, _ left: BoundRelation, _ right: BoundRelation,
        _ environment: NameEnvironment
    ) throws(QueryError) -> BoundRelation {
        try requireScalar(condition, in: "JOIN clause")
        let scope = joinedScope(left, right)
        let binder = ExpressionBinder(binder: self, environment: environment, scope: scope)
        let bound = try binder.bind(condition)
        guard Coercion.isImplicit(from: bound.type, to: .boolean) else {
            throw QueryError(
                .typeMismatch,
                "JOIN ON clause must evaluate to a boolean: actual type \(bound.type)",
                at: condition.anchor)
        }
        let node = JoinNode.splitting(
            bound.coerced(to: .boolean), kind: join.kind, left: left.plan, right: right.plan)
        return BoundRelation(plan: .join(node), scope: scope)
    }

    // MARK: USING and NATURAL

    /// Equal columns come first and once, then the rest of the left side, then of the right.
    private func bindUsing(
        _ names: [Name], _ join: Join, _ left: BoundRelation, _ right: BoundRelation
    ) throws(QueryError) -> BoundRelation {
        let offset = left.plan.outputs.count
        var equalities: [JoinEquality] = []
        var expressions: [NamedExpression] = []
        var fields: [ScopeField] = []
        var taken: (left: Set<Int>, right: Set<Int>) = ([], [])
        for name in names {
            let a = try sharedColumn(name, left.scope, side: "left")
            let b = try sharedColumn(name, right.scope, side: "right")
            guard let type = Coercion.commonSuperType(a.type, b.type) else {
                throw QueryError(
                    .typeMismatch, "Cannot apply operator: \(a.type) = \(b.type)", at: name.range)
            }
            taken.left.insert(a.column)
            taken.right.insert(b.column)
            let key = BoundExpression.column(a.column, a.type).coerced(to: type)
            let other = BoundExpression.column(b.column, b.type).coerced(to: type)
            equalities.append(JoinEquality(left: key, right: other))
            let moved = other.movingColumns { $0 + offset }
            let merged: BoundExpression =
                switch join.kind {
                case .right: moved
                case .full: .coalesce([key, moved], type)
                default: key
                }
            fields.append(
                ScopeField(qualifier: [], name: a.name, type: type, column: fields.count))
            expressions.append(NamedExpression(merged, name: a.name ?? name.text))
        }
        let rest =
            left.scope.fields.filter { !taken.left.contains($0.column) }.map { ($0, 0) }
            + right.scope.fields.filter { !taken.right.contains($0.column) }.map { ($0, offset) }
        for (field, base) in rest {
            expressions.append(
                NamedExpression(
                    .column(field.column + base, field.type),
                    name: field.name ?? "_col\(fields.count)"))
            var moved = field
            moved.column = fields.count
            fields.append(moved)
        }
        let kind = equalities.isEmpty && join.kind == .inner ? .cross : join.kind
        let node = JoinNode(
            kind: kind, left: left.plan, right: right.plan, equalities: equalities, residual: nil)
        return BoundRelation(
            plan: .project(.join(node), expressions), scope: Scope(fields, outer: left.scope.outer))
    }

    private func sharedColumn(
        _ name: Name, _ scope: Scope, side: String
    ) throws(QueryError) -> ScopeField {
        guard let field = try scope.field([name.folded], at: name.range) else {
            throw QueryError(
                .columnNotFound,
                "Column '\(name.text)' is missing from \(side) side of join", at: name.range,
                hint: NearestName.hint(name.text, among: scope.names))
        }
        return field
    }
}

extension JoinNode {
    /// A join whose condition is split into equalities between the sides and the rest.
    static func splitting(
        _ condition: BoundExpression, kind: JoinKind, left: LogicalPlan, right: LogicalPlan
    ) -> JoinNode {
        let width = left.outputs.count
        var equalities: [JoinEquality] = []
        var residual: [BoundExpression] = []
        for term in condition.conjuncts where term != .true {
            if let equality = equality(term, width: width) {
                equalities.append(equality)
            } else {
                residual.append(term)
            }
        }
        let isCross = kind == .inner && equalities.isEmpty && residual.isEmpty
        return JoinNode(
            kind: isCross ? .cross : kind, left: left, right: right, equalities: equalities,
            residual: residual.isEmpty ? nil : .conjunction(residual))
    }

    /// `a = b` with one operand over the left columns and the other over the right ones.
    private static func equality(_ term: BoundExpression, width: Int) -> JoinEquality? {
        guard case .compare(.equal, let a, let b) = term else { return nil }
        let (x, y) = (a.columns, b.columns)
        guard !x.isEmpty, !y.isEmpty else { return nil }
        if x.allSatisfy({ $0 < width }), y.allSatisfy({ $0 >= width }) {
            return JoinEquality(left: a, right: b.movingColumns { $0 - width })
        }
        if y.allSatisfy({ $0 < width }), x.allSatisfy({ $0 >= width }) {
            return JoinEquality(left: b, right: a.movingColumns { $0 - width })
        }
        return nil
    }
}

extension JoinKind {
    /// The keyword of the join, as messages and plans show it.
    package var keyword: String {
        switch self {
        case .inner: "INNER"
        case .left: "LEFT"
        case .right: "RIGHT"
        case .full: "FULL"
        case .cross: "CROSS"
        case .semi: "SEMI"
        case .anti: "ANTI"
        case .mark: "MARK"
        }
    }
}
