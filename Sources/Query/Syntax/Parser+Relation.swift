extension Parser {
    /// Relations separated by commas: a cross join of them.
    mutating func parseFrom() throws(QueryError) -> Relation {
        var relation = try parseRelation()
        while at(.comma) {
            let range = advance().range
            let right = try parseRelation()
            try deepen(to: deepest + 1, at: range)
            relation = .join(
                Join(kind: .cross, left: relation, right: right, criteria: .none, range: range))
        }
        return relation
    }

    /// Joins, left-associative; a qualified join takes a whole relation on its right.
    private mutating func parseRelation() throws(QueryError) -> Relation {
        try enter()
        defer { leave() }
        var left = try parseSampledRelation()
        while let (kind, isNatural, range) = try parseJoinType() {
            let right: Relation
            var criteria = Join.Criteria.none
            if kind == .cross {
                right = try parseSampledRelation()
            } else if isNatural {
                right = try parseSampledRelation()
                criteria = .natural
            } else {
                right = try parseJoinOperand()
                criteria = try parseJoinCriteria()
            }
            try deepen(to: deepest + 1, at: range)
            left = .join(
                Join(kind: kind, left: left, right: right, criteria: criteria, range: range))
        }
        return left
    }

    /// `a JOIN b JOIN c ON y ON x` nests to the right only where a second criterion follows.
    private mutating func parseJoinOperand() throws(QueryError) -> Relation {
        var right = try parseSampledRelation()
        try enter()
        defer { leave() }
        while !isWord("ON"), !isWord("USING"), let (kind, isNatural, range) = try parseJoinType() {
            let inner: Relation
            var criteria = Join.Criteria.none
            if kind == .cross || isNatural {
                inner = try parseSampledRelation()
                if isNatural { criteria = .natural }
            } else {
                inner = try parseJoinOperand()
                criteria = try parseJoinCriteria()
            }
            try deepen(to: deepest + 1, at: range)
            right = .join(
                Join(kind: kind, left: right, right: inner, criteria: criteria, range: range))
        }
        return right
    }

    private mutating func parseJoinType() throws(QueryError) -> (
        JoinKind, isNatural: Bool, SourceRange
    )? {
        let range = current.range
        if try accept("CROSS", "JOIN") { return (.cross, false, range) }
        let isNatural = accept("NATURAL")
        for (keyword, kind) in [("FULL", JoinKind.full), ("LEFT", .left), ("RIGHT", .right)]
        where accept(keyword) {
            _ = accept("OUTER")
            try expect("JOIN")
            return (kind, isNatural, range)
        }
        if try accept("INNER", "JOIN") { return (.inner, isNatural, range) }
        if accept("JOIN") { return (.inner, isNatural, range) }
        if isNatural { throw mismatch() }
        return nil
    }

    private mutating func parseJoinCriteria() throws(QueryError) -> Join.Criteria {
        if accept("ON") { return .on(try parseExpression()) }
        if accept("USING") { return .using(try nameList()) }
        throw mismatch()
    }

    private mutating func parseSampledRelation() throws(QueryError) -> Relation {
        let relation = try parseAliasedRelation()
        for keyword in ["TABLESAMPLE", "MATCH_RECOGNIZE"] where isWord(keyword) {
            throw QueryError(.notSupported, "\(keyword) is not supported", at: current.range)
        }
        return relation
    }

    private mutating func parseAliasedRelation() throws(QueryError) -> Relation {
        let primary = try parseRelationPrimary()
        guard let alias = try parseAlias() else { return primary }
        let columns = at(.leftParenthesis) ? try nameList() : nil
        return .aliased(primary, alias, columns: columns)
    }

    private mutating func parseRelationPrimary() throws(QueryError) -> Relation {
        if isSymbol(.leftParenthesis) { return try parseParenthesisedRelation() }
        note("(")
        if at("UNNEST"), isSymbol(.leftParenthesis, ahead: 1) { return try parseUnnest() }
        if at("TABLE"), isSymbol(.leftParenthesis, ahead: 1) { return try parseTableArgument() }
        for keyword in ["LATERAL", "JSON_TABLE"] where at(keyword) {
            guard isSymbol(.leftParenthesis, ahead: 1) else { continue }
            throw QueryError(
                .notSupported, "\(keyword) in FROM is not supported", at: current.range)
        }
        let (name, range) = try qualifiedName()
        if isSymbol(.leftParenthesis) { return .function(try parseTableCall(name, at: range)) }
        if isWord("FOR"), isWord("TIMESTAMP", ahead: 1) || isWord("VERSION", ahead: 1) {
            throw QueryError(
                .notSupported, "This connector does not support versioned tables",
                at: current.range)
        }
        return .table(name, range)
    }

    private mutating func parseParenthesisedRelation() throws(QueryError) -> Relation {
        let start = try expect(.leftParenthesis).range
        if startsQuery(), !isSymbol(.leftParenthesis) {
            let query = try parseQuery()
            try expect(.rightParenthesis)
            return .query(query)
        }
        var relation = try parseRelation()
        if case .query(let query) = relation, continuesQuery() {
            relation = .query(try continueQuery(.nested(query), from: start))
        }
        try expect(.rightParenthesis)
        return relation
    }

    /// `TABLE(f(...))`: Trino's way to call a table function.
    private mutating func parseTableArgument() throws(QueryError) -> Relation {
        try expect("TABLE")
        try expect(.leftParenthesis)
        let (name, range) = try qualifiedName()
        guard at(.leftParenthesis) else { throw mismatch() }
        let call = try parseTableCall(name, at: range)
        try expect(.rightParenthesis)
        return .function(call)
    }

    /// `(value, name => value, ...)`; `name = value` means the same: no column is in sight here.
    private mutating func parseTableCall(
        _ name: [Name], at range: SourceRange
    ) throws(QueryError) -> TableCall {
        try expect(.leftParenthesis)
        var call = TableCall(name: name, arguments: [], range: range)
        if accept(.rightParenthesis) { return call }
        repeat {
            var argument: Name?
            if isIdentifier(),
                isSymbol(.doubleArrow, ahead: 1) || isSymbol(.equal, ahead: 1)
            {
                argument = try identifier()
                advance()
            }
            call.arguments.append(.init(name: argument, value: try parseExpression()))
        } while accept(.comma)
        try expect(.rightParenthesis)
        return call
    }

    private mutating func parseUnnest() throws(QueryError) -> Relation {
        let start = try expect("UNNEST").range
        try expect(.leftParenthesis)
        var arguments: [Expression] = []
        repeat { arguments.append(try parseExpression()) } while accept(.comma)
        let end = try expect(.rightParenthesis).range
        var hasOrdinality = false
        if isWord("WITH"), isWord("ORDINALITY", ahead: 1) {
            advance()
            advance()
            hasOrdinality = true
        } else {
            note("WITH")
        }
        return .unnest(arguments, hasOrdinality: hasOrdinality, start.through(end))
    }
}
