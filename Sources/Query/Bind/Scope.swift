import Columnar

/// One name that an expression may use for a column.
struct ScopeField {
    /// The table's names, folded, outermost first: `posts`, or `lake.instagram.posts`; empty if it has none.
    var qualifier: [String]
    /// The column's name as declared; nil if it has none.
    var name: String?
    /// The folded name.
    var folded: String?
    var type: DataType
    /// Left out by `*`.
    var isHidden = false
    /// The position in the relation's plan.
    var column: Int

    init(
        qualifier: [String], name: String?, type: DataType, isHidden: Bool = false, column: Int
    ) {
        self.qualifier = qualifier
        self.name = name
        folded = name?.lowercased()
        self.type = type
        self.isHidden = isHidden
        self.column = column
    }

    func isCalled(_ name: String, in table: [String]) -> Bool {
        folded == name && qualifier.count >= table.count
            && Array(qualifier.suffix(table.count)) == table
    }
}

/// The names visible at one level of a query; names of outer queries are known but not usable.
final class Scope {
    let fields: [ScopeField]
    /// The query around this one, where a name would make the subquery correlated.
    let outer: Scope?

    init(_ fields: [ScopeField], outer: Scope?) {
        self.fields = fields
        self.outer = outer
    }

    /// The scope of a relation under a new name, with new column names if given.
    func renamed(_ alias: [String], columns: [String?]?) -> Scope {
        var renamed: [ScopeField] = []
        var visible = 0
        for field in fields {
            var name = field.name
            if let columns, !field.isHidden {
                name = columns[visible]
                visible += 1
            }
            renamed.append(
                ScopeField(
                    qualifier: alias, name: name, type: field.type, isHidden: field.isHidden,
                    column: field.column))
        }
        return Scope(renamed, outer: outer)
    }

    /// Two scopes beside each other, as a join puts them out.
    func joined(with right: Scope, offset: Int) -> Scope {
        let moved = right.fields.map { field in
            var field = field
            field.column += offset
            return field
        }
        return Scope(fields + moved, outer: outer)
    }

    /// The field of a possibly qualified, folded name.
    ///
    /// Errors: AMBIGUOUS_NAME. nil if no field has the name.
    func field(_ parts: [String], at range: SourceRange) throws(QueryError) -> ScopeField? {
        guard let name = parts.last else { return nil }
        let table = Array(parts.dropLast())
        var found: ScopeField?
        for field in fields where field.isCalled(name, in: table) {
            if found != nil {
                throw QueryError(
                    .ambiguousName, "Column '\(parts.joined(separator: "."))' is ambiguous",
                    at: range, hint: ambiguityHint(name))
            }
            found = field
        }
        return found
    }

    /// Whether a query further out has the name.
    func isOuterName(_ parts: [String]) -> Bool {
        var scope = outer
        while let level = scope {
            if let name = parts.last,
                level.fields.contains(where: { $0.isCalled(name, in: Array(parts.dropLast())) })
            {
                return true
            }
            scope = level.outer
        }
        return false
    }

    /// Whether a table of this name is in scope.
    func hasTable(_ name: [String]) -> Bool {
        fields.contains {
            $0.qualifier.count >= name.count && Array($0.qualifier.suffix(name.count)) == name
        }
    }

    private func ambiguityHint(_ name: String) -> String? {
        let tables = fields.filter { $0.folded == name }.compactMap(\.qualifier.last)
        guard tables.count > 1 else { return nil }
        return "write " + tables.map { "\($0).\(name)" }.joined(separator: " or ")
    }

    /// Every visible name, for hints.
    var names: [String] {
        var result: [String] = []
        for field in fields {
            guard let name = field.name else { continue }
            result.append(name)
            if let table = field.qualifier.last { result.append("\(table).\(name)") }
        }
        return result
    }
}
