extension Parser {
    mutating func parseSelect() throws(QueryError) -> Select {
        let start = try expect("SELECT").range
        let isDistinct = accept("DISTINCT")
        if !isDistinct { _ = accept("ALL") }
        if isDistinct, isWord("ON"), isSymbol(.leftParenthesis, ahead: 1) {
            throw QueryError(
                .syntaxError, "mismatched input 'ON'. Expecting: <expression>", at: current.range,
                hint: "There is no DISTINCT ON: use row_number() or max_by.")
        }
        var items: [SelectItem] = []
        repeat { items.append(try parseSelectItem()) } while accept(.comma)
        var select = Select(
            isDistinct: isDistinct, items: items, from: nil, filter: nil, groupBy: nil,
            having: nil, windows: [], range: start)
        if accept("FROM") { select.from = try parseFrom() }
        if accept("WHERE") { select.filter = try parseExpression() }
        if try accept("GROUP", "BY") { select.groupBy = try parseGroupBy() }
        if accept("HAVING") { select.having = try parseExpression() }
        if accept("WINDOW") { select.windows = try parseNamedWindows() }
        select.range = SourceRange(start: start.start, end: tokens[position - 1].range.end)
        return select
    }

    private mutating func parseSelectItem() throws(QueryError) -> SelectItem {
        let start = current.range
        if isSymbol(.star) { return .star(advance().range) }
        note("*")
        let expression = try parseExpression()
        if isSymbol(.dot), isSymbol(.star, ahead: 1) {
            advance()
            let star = advance().range
            var aliases: [Name] = []
            if accept("AS") { aliases = try nameList() }
            return .qualifiedStar(expression, aliases: aliases, start.through(star))
        }
        return .expression(expression, alias: try parseAlias())
    }

    /// `[AS] name`; a word that opens the next clause is no alias.
    mutating func parseAlias() throws(QueryError) -> Name? {
        if accept("AS") { return try identifier() }
        if isIdentifier(), !opensClause() { return try identifier() }
        note(rule: "identifier")
        return nil
    }

    /// Non-reserved words that open a clause, told from an alias by what follows them.
    private func opensClause() -> Bool {
        guard current.kind == .word else { return false }
        switch current.text.uppercased() {
        case "LIMIT": return peek(1).kind == .integer || isWord("ALL", ahead: 1)
        case "OFFSET": return peek(1).kind == .integer
        case "FETCH": return isWord("FIRST", ahead: 1) || isWord("NEXT", ahead: 1)
        case "WINDOW": return isIdentifier(ahead: 1) && isWord("AS", ahead: 2)
        case "TABLESAMPLE", "MATCH_RECOGNIZE": return true
        default: return false
        }
    }

    private mutating func parseGroupBy() throws(QueryError) -> [Expression] {
        for quantifier in ["ALL", "DISTINCT"] where accept(quantifier) { break }
        var keys: [Expression] = []
        repeat { keys += try parseGroupingElement() } while accept(.comma)
        return keys
    }

    private mutating func parseGroupingElement() throws(QueryError) -> [Expression] {
        for keyword in ["ROLLUP", "CUBE", "GROUPING"] where isWord(keyword) {
            let name = keyword == "GROUPING" ? "GROUPING SETS" : keyword
            throw QueryError(
                .notSupported, "\(name) is not supported", at: current.range,
                hint: "Write one GROUP BY per set and combine them with UNION ALL.")
        }
        if isSymbol(.leftParenthesis), isSymbol(.rightParenthesis, ahead: 1) {
            advance()
            advance()
            return []
        }
        let key = try parseExpression()
        if case .row(let keys) = key.kind, !isRowKeyword(key) { return keys }
        return [key]
    }

    /// `ROW(a, b)` is one key; `(a, b)` are two.
    private func isRowKeyword(_ expression: Expression) -> Bool {
        tokens.first { $0.range.start == expression.range.start }?.kind == .word
    }

    private mutating func parseNamedWindows() throws(QueryError) -> [NamedWindow] {
        var windows: [NamedWindow] = []
        repeat {
            let name = try identifier()
            try expect("AS")
            windows.append(
                NamedWindow(name: name, specification: try parseWindowSpecification()))
        } while accept(.comma)
        return windows
    }
}
