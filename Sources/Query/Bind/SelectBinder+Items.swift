import Columnar

extension SelectBinder {
    /// The select list with stars expanded; unnamed columns are `_col` and their position.
    func bindItems(
        _ scope: Scope, _ expressions: ExpressionBinder
    ) throws(QueryError) -> [Item] {
        var items: [Item] = []
        for item in select.items {
            switch item {
            case .star(let range):
                guard select.from != nil else {
                    throw QueryError(
                        .columnNotFound, "SELECT * not allowed in queries without FROM clause",
                        at: range)
                }
                for field in scope.fields where !field.isHidden {
                    append(field, at: range, to: &items)
                }
            case .qualifiedStar(let base, let aliases, let range):
                try appendQualified(
                    base, aliases, scope, expressions, at: range, to: &items)
            case .expression(let expression, let alias):
                let bound = try expressions.bind(expression)
                let name = alias?.text ?? columnName(of: expression, scope)
                items.append(
                    Item(
                        expression: bound, name: name ?? "_col\(items.count)",
                        hasName: name != nil, syntax: expression))
            }
        }
        if items.count > Limits.tableColumns {
            throw QueryError(
                .notSupported,
                "SELECT has \(items.count) columns, the limit is \(Limits.tableColumns)",
                at: select.range)
        }
        return items
    }

    private func append(_ field: ScopeField, at range: SourceRange, to items: inout [Item]) {
        let name = field.name ?? "_col\(items.count)"
        items.append(
            Item(
                expression: .column(field.column, field.type), name: name,
                hasName: field.name != nil, syntax: written(name, at: range)))
    }

    /// A star's column as if it had been written, for messages.
    private func written(_ name: String, at range: SourceRange) -> Expression {
        Expression(
            kind: .identifier(Name(text: name, isQuoted: false, range: range)), range: range,
            anchor: range, depth: 1)
    }

    /// A column keeps the name it was declared with, whatever the case in the query.
    private func columnName(of expression: Expression, _ scope: Scope) -> String? {
        guard let written = name(of: expression) else { return nil }
        let parts = ExpressionBinder.parts(expression)?.map(\.folded) ?? []
        let field = (try? scope.field(parts, at: expression.anchor)) ?? nil
        return field?.name ?? written
    }

    /// `t.*`, or `row_value.*` with a column per field.
    private func appendQualified(
        _ base: Expression, _ aliases: [Name], _ scope: Scope, _ expressions: ExpressionBinder,
        at range: SourceRange, to items: inout [Item]
    ) throws(QueryError) {
        let first = items.count
        if let parts = ExpressionBinder.parts(base)?.map(\.folded), scope.hasTable(parts) {
            for field in scope.fields where !field.isHidden {
                let isOfTable =
                    field.qualifier.count >= parts.count
                    && Array(field.qualifier.suffix(parts.count)) == parts
                if isOfTable { append(field, at: range, to: &items) }
            }
        } else {
            let row: BoundExpression
            do {
                row = try expressions.bind(base)
            } catch {
                guard error.code == .columnNotFound else { throw error }
                throw QueryError(
                    .tableNotFound,
                    "Unable to resolve reference \(ExpressionText.of(base))", at: base.anchor,
                    hint: NearestName.hint(
                        ExpressionText.of(base), among: scope.fields.compactMap(\.qualifier.last)))
            }
            guard case .row(let fields) = row.type else {
                throw QueryError(
                    .typeMismatch,
                    "expected expression of type Row, but got \(row.type)", at: base.anchor)
            }
            for (index, field) in fields.enumerated() {
                let name = field.name ?? "_col\(items.count)"
                items.append(
                    Item(
                        expression: .field(row, index, field.type), name: name,
                        hasName: field.name != nil, syntax: base))
            }
        }
        guard !aliases.isEmpty else { return }
        guard aliases.count == items.count - first else {
            throw QueryError(
                .mismatchedColumnAliases,
                "Column alias list has \(aliases.count) entries but relation has "
                    + "\(items.count - first) columns",
                at: range)
        }
        for (offset, alias) in aliases.enumerated() {
            items[first + offset].name = alias.text
            items[first + offset].hasName = true
        }
    }

    /// One key of ORDER BY: a column of the select list, or an expression over FROM's columns.
    struct OrderItem {
        var expression: BoundExpression
        /// The select item's position, if it is one.
        var item: Int?
        var key: SortItem
    }

    func bindOrderBy(
        _ orderBy: [SortItem], _ items: [Item], _ expressions: ExpressionBinder
    ) throws(QueryError) -> [OrderItem] {
        guard !orderBy.isEmpty else { return [] }
        for item in items where item.hasName {
            let name = item.name.lowercased()
            let bare = item.expression.unlocated
            let held = expressions.aliases[name] ?? []
            if !held.contains(where: { $0.unlocated == bare }) {
                expressions.aliases[name] = held + [item.expression]
            }
        }
        defer { expressions.aliases = [:] }
        var order: [OrderItem] = []
        let bare = items.map(\.expression.unlocated)
        for key in orderBy {
            let bound: BoundExpression
            var position: Int?
            if case .literal(.integer(let digits)) = key.expression.kind {
                let index = try binder.ordinal(
                    digits, upTo: items.count, clause: "ORDER BY", at: key.expression.anchor)
                bound = items[index].expression
                position = index
            } else {
                bound = try expressions.bind(key.expression)
                position = bare.firstIndex(of: bound.unlocated)
            }
            guard bound.type.isOrderable else {
                throw QueryError(
                    .typeMismatch,
                    "Type \(bound.type) is not orderable, and therefore cannot be used in "
                        + "ORDER BY: \(ExpressionText.of(key.expression))",
                    at: key.expression.anchor)
            }
            guard position != nil || !select.isDistinct else {
                throw QueryError(
                    .expressionNotInDistinct,
                    "For SELECT DISTINCT, ORDER BY expressions must appear in select list",
                    at: key.expression.anchor)
            }
            order.append(OrderItem(expression: bound, item: position, key: key))
        }
        return order
    }
}
