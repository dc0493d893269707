import Columnar

extension ExpressionBinder {
    /// A column, a lambda's parameter, or a field of a row value.
    func bindName(_ expression: Expression) throws(QueryError) -> BoundExpression {
        if let column = try resolveColumn(expression) { return column }
        guard case .dereference(let base, let field) = expression.kind else {
            throw columnNotFound(expression)
        }
        let row: BoundExpression
        if Self.parts(base) != nil {
            do {
                row = try bindName(base)
            } catch {
                guard error.code == .columnNotFound, error.range == base.anchor else { throw error }
                throw columnNotFound(expression)
            }
        } else {
            row = try bind(base)
        }
        return try bindField(row, field, at: expression)
    }

    /// `row.field`, the field's name case-blind.
    private func bindField(
        _ row: BoundExpression, _ field: Name, at expression: Expression
    ) throws(QueryError) -> BoundExpression {
        guard case .row(let fields) = row.type else {
            throw QueryError(
                .typeMismatch,
                "Expression \(ExpressionText.of(expression).dropLast(field.text.count + 1)) "
                    + "is not of type ROW",
                at: expression.anchor)
        }
        var found: Int?
        for (index, candidate) in fields.enumerated()
        where candidate.name?.lowercased() == field.folded {
            guard found == nil else {
                throw QueryError(
                    .ambiguousName, "Ambiguous row field reference: \(field.text)",
                    at: field.range)
            }
            found = index
        }
        guard let found else {
            throw QueryError(
                .columnNotFound,
                "Column '\(ExpressionText.of(expression))' cannot be resolved",
                at: expression.anchor,
                hint: NearestName.hint(field.text, among: fields.compactMap(\.name)))
        }
        return .field(row, found, fields[found].type)
    }

    /// The column that a whole chain of names means, or nil.
    private func resolveColumn(_ expression: Expression) throws(QueryError) -> BoundExpression? {
        guard let names = Self.parts(expression) else { return nil }
        let parts = names.map(\.folded)
        if parts.count == 1 {
            if let parameter = parameters.last(where: { $0.name == parts[0] }) {
                return .column(parameter.column, parameter.type)
            }
            if !isOverSourceRows, let found = aliases[parts[0]] {
                guard found.count == 1 else {
                    throw QueryError(
                        .ambiguousName, "Column '\(parts[0])' is ambiguous", at: expression.anchor)
                }
                let size = found[0].nodeCount(upTo: Limits.expressionNodes)
                try binder.usage.addExpressionNodes(size, at: expression.anchor)
                return found[0]
            }
        }
        guard let field = try scope.field(parts, at: expression.anchor) else {
            if scope.isOuterName(parts) {
                throw QueryError(
                    .unsupportedSubquery, "Given correlated subquery is not supported",
                    at: expression.anchor,
                    hint:
                        "\(parts.joined(separator: ".")) belongs to the outer query: write a join.")
            }
            return nil
        }
        return .column(field.column, field.type)
    }

    /// The names of an identifier or of a chain of dereferences of one.
    static func parts(_ expression: Expression) -> [Name]? {
        switch expression.kind {
        case .identifier(let name): return [name]
        case .dereference(let base, let field): return parts(base).map { $0 + [field] }
        default: return nil
        }
    }

    private func columnNotFound(_ expression: Expression) -> QueryError {
        let name = Self.parts(expression)?.map(\.text).joined(separator: ".") ?? ""
        var hint = NearestName.hint(name, among: scope.names)
        if case .identifier(let identifier) = expression.kind, identifier.isQuoted, hint == nil {
            hint = "Double quotes are for names; a string is '\(identifier.text)'."
        }
        return QueryError(
            .columnNotFound, "Column '\(name)' cannot be resolved", at: expression.anchor,
            hint: hint)
    }
}
