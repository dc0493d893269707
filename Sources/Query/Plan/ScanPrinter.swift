import Columnar

/// A scan's line: columns with the nested leaves wanted, predicates, row limit.
struct ScanPrinter {
    let scan: ScanNode

    init(_ scan: ScanNode) {
        self.scan = scan
    }

    var line: String {
        var text = "Scan \(scan.name) [\(scan.request.columns.map(column).joined(separator: ", "))]"
        if !scan.request.predicates.isEmpty {
            text += " where " + scan.request.predicates.map(predicate).joined(separator: " AND ")
        }
        if let limit = scan.request.rowLimit { text += " limit \(limit)" }
        return text
    }

    private func column(_ column: ScanColumn) -> String {
        let field = scan.table.schema.fields[column.index]
        guard let leaves = column.leaves else { return field.name }
        let names = leaves.map { path(field.type, $0) }
        return "\(field.name){\(names.joined(separator: ", "))}"
    }

    /// Names of the fields along a path; an element or entry has none.
    private func path(_ type: DataType, _ positions: [Int]) -> String {
        var names: [String] = []
        var type = type
        for position in positions {
            let children = type.children
            guard position < children.count else { break }
            if case .row(let fields) = type {
                names.append(fields[position].name ?? "field\(position)")
            } else {
                names.append("*")
            }
            type = children[position]
        }
        return names.joined(separator: ".")
    }

    private func predicate(_ predicate: ScanPredicate) -> String {
        switch predicate {
        case .compare(let column, let op, let value):
            "\(name(column)) \(symbol(op)) \(text(value, column))"
        case .isIn(let column, let values):
            "\(name(column)) IN (\(values.map { text($0, column) }.joined(separator: ", ")))"
        case .isNull(let column): "\(name(column)) IS NULL"
        case .isNotNull(let column): "\(name(column)) IS NOT NULL"
        case .and(let terms): "(\(terms.map(self.predicate).joined(separator: " AND ")))"
        case .or(let terms): "(\(terms.map(self.predicate).joined(separator: " OR ")))"
        }
    }

    private func symbol(_ op: ScanComparison) -> String {
        switch op {
        case .equal: "="
        case .notEqual: "<>"
        case .less: "<"
        case .lessOrEqual: "<="
        case .greater: ">"
        case .greaterOrEqual: ">="
        }
    }

    private func name(_ column: ScanColumnPath) -> String {
        let field = scan.table.schema.fields[column.index]
        let rest = path(field.type, column.children)
        return rest.isEmpty ? field.name : "\(field.name).\(rest)"
    }

    private func text(_ value: Value, _ column: ScanColumnPath) -> String {
        var type = scan.table.schema.fields[column.index].type
        for position in column.children where position < type.children.count {
            type = type.children[position]
        }
        return ExpressionPrinter.text(value, type)
    }
}
