import Columnar

extension Parser {
    /// `[WITH ..] body [ORDER BY ..] [OFFSET ..] [LIMIT ..]`.
    mutating func parseQuery() throws(QueryError) -> Query {
        try enter()
        defer { leave() }
        let start = current.range
        let outerDeepest = deepest
        deepest = 0
        let with = try parseWith()
        let body = try parseSetOperations(minimum: 0)
        let query = try finishQuery(with: with, body: body, from: start)
        deepest = max(outerDeepest, query.depth)
        return query
    }

    /// The rest of a query whose first body was already read as something in parentheses.
    mutating func continueQuery(
        _ first: QueryBody, from start: SourceRange
    ) throws(QueryError) -> Query {
        let body = try parseSetOperations(from: first, minimum: 0)
        return try finishQuery(with: [], body: body, from: start)
    }

    /// Whether what follows a parenthesised query makes a larger query of it.
    func continuesQuery() -> Bool {
        ["UNION", "INTERSECT", "EXCEPT", "ORDER", "OFFSET", "LIMIT", "FETCH"].contains {
            isWord($0)
        }
    }

    private mutating func finishQuery(
        with: [CommonTable], body: QueryBody, from start: SourceRange
    ) throws(QueryError) -> Query {
        var query = Query(with: with, body: body, range: start, depth: 0)
        if try accept("ORDER", "BY") { query.orderBy = try parseSortItems() }
        try parseOffset(&query)
        try parseLimit(&query)
        // `LIMIT n OFFSET m` is not Trino's order, but has one meaning.
        if query.offset == nil { try parseOffset(&query) }
        query.range = SourceRange(start: start.start, end: tokens[max(0, position - 1)].range.end)
        try deepen(to: deepest + 1, at: start)
        query.depth = deepest
        return query
    }

    private mutating func parseWith() throws(QueryError) -> [CommonTable] {
        guard accept("WITH") else { return [] }
        if isWord("RECURSIVE") {
            throw QueryError(
                .notSupported, "WITH RECURSIVE is not supported", at: current.range)
        }
        var tables: [CommonTable] = []
        repeat {
            let name = try identifier()
            let columns = at(.leftParenthesis) ? try nameList() : nil
            try expect("AS")
            try expect(.leftParenthesis)
            let query = try parseQuery()
            try expect(.rightParenthesis)
            tables.append(CommonTable(name: name, columns: columns, query: query))
        } while accept(.comma)
        return tables
    }

    /// Set operations by precedence: INTERSECT binds tighter than UNION and EXCEPT.
    private mutating func parseSetOperations(minimum: Int) throws(QueryError) -> QueryBody {
        try parseSetOperations(from: try parseQueryPrimary(), minimum: minimum)
    }

    private mutating func parseSetOperations(
        from first: QueryBody, minimum: Int
    ) throws(QueryError) -> QueryBody {
        var left = first
        while true {
            let kind: SetOperation.Kind
            let precedence: Int
            if at("INTERSECT") {
                (kind, precedence) = (.intersect, 2)
            } else if at("EXCEPT") {
                (kind, precedence) = (.except, 1)
            } else if at("UNION") {
                (kind, precedence) = (.union, 1)
            } else {
                return left
            }
            guard precedence > minimum else { return left }
            let range = advance().range
            let isAll = accept("ALL")
            if !isAll { _ = accept("DISTINCT") }
            let right = try parseSetOperations(minimum: precedence)
            try deepen(to: deepest + 1, at: range)
            left = .setOperation(
                SetOperation(kind: kind, isAll: isAll, left: left, right: right, range: range))
        }
    }

    private mutating func parseQueryPrimary() throws(QueryError) -> QueryBody {
        if at("SELECT") { return .select(try parseSelect()) }
        if at("VALUES") { return try parseValues() }
        if accept("TABLE") {
            let (name, range) = try qualifiedName()
            return .table(name, range)
        }
        if accept(.leftParenthesis) {
            let query = try parseQuery()
            try expect(.rightParenthesis)
            return .nested(query)
        }
        throw mismatch()
    }

    private mutating func parseValues() throws(QueryError) -> QueryBody {
        let range = try expect("VALUES").range
        var rows: [[Expression]] = []
        repeat {
            let row = try parseExpression()
            if case .row(let fields) = row.kind { rows.append(fields) } else { rows.append([row]) }
        } while accept(.comma)
        return .values(rows, range)
    }

    mutating func parseSortItems() throws(QueryError) -> [SortItem] {
        var items: [SortItem] = []
        repeat {
            let expression = try parseExpression()
            let isDescending = !accept("ASC") && accept("DESC")
            var nullsFirst: Bool?
            if accept("NULLS") {
                nullsFirst = accept("FIRST")
                if nullsFirst == false { try expect("LAST") }
            }
            items.append(
                SortItem(
                    expression: expression, isDescending: isDescending, nullsFirst: nullsFirst))
        } while accept(.comma)
        return items
    }

    private mutating func parseOffset(_ query: inout Query) throws(QueryError) {
        guard accept("OFFSET") else { return }
        query.offset = try parseRowCount("OFFSET")
        if !accept("ROW") { _ = accept("ROWS") }
    }

    private mutating func parseLimit(_ query: inout Query) throws(QueryError) {
        if accept("LIMIT") {
            if accept("ALL") { return }
            query.limit = try parseRowCount("LIMIT")
        } else if accept("FETCH") {
            guard accept("FIRST") || accept("NEXT") else { throw mismatch() }
            let range = current.range
            query.limit = RowCount(count: 1, range: range)
            if current.kind == .integer { query.limit = try parseRowCount("FETCH FIRST") }
            guard accept("ROW") || accept("ROWS") else { throw mismatch() }
            if accept("ONLY") { return }
            if at("WITH") {
                throw QueryError(
                    .notSupported, "FETCH FIRST WITH TIES is not supported", at: current.range,
                    hint: "Use rank() in a derived table and keep rank <= n.")
            }
            throw mismatch()
        }
    }

    private mutating func parseRowCount(_ clause: String) throws(QueryError) -> RowCount {
        guard current.kind == .integer else {
            if clause == "LIMIT" { note("ALL") }
            note(rule: "integer")
            throw mismatch()
        }
        let token = advance()
        guard let count = Int(token.text) else {
            throw QueryError(
                .invalidLimitClause, "Invalid \(clause) row count: \(token.text)", at: token.range)
        }
        return RowCount(count: count, range: token.range)
    }
}
