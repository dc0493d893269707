extension Parser {
    /// A boolean or value expression.
    mutating func parseExpression() throws(QueryError) -> Expression {
        try parseBoolean(minimum: 0)
    }

    /// OR (1), AND (2), NOT (3) over predicates; runs of one operator make one flat node.
    private mutating func parseBoolean(minimum: Int) throws(QueryError) -> Expression {
        try enter()
        defer { leave() }
        let start = current.range
        var left: Expression
        if isWord("NOT") {
            advance()
            left = try node(.not(try parseBoolean(minimum: 3)), from: start, anchor: start)
        } else {
            left = try parsePredicated()
        }
        while minimum < 2, at("AND") {
            let anchor = current.range
            var terms = [left]
            while accept("AND") { terms.append(try parseBoolean(minimum: 2)) }
            left = try node(.and(terms), from: start, anchor: anchor)
        }
        while minimum < 1, at("OR") {
            let anchor = current.range
            var terms = [left]
            while accept("OR") { terms.append(try parseBoolean(minimum: 1)) }
            left = try node(.or(terms), from: start, anchor: anchor)
        }
        return left
    }

    /// A value with at most one predicate behind it, and truth tests.
    private mutating func parsePredicated() throws(QueryError) -> Expression {
        let start = current.range
        var left = try parseValue(minimum: 0)
        while true {
            if let comparison = comparisonOperator() {
                left = try parseComparison(comparison, left, from: start)
            } else if isWord("IS") {
                left = try parseIs(left, from: start)
            } else if let next = try parseNegatablePredicate(left, from: start) {
                left = next
            } else {
                note(rule: "predicate")
                return left
            }
        }
    }

    private func comparisonOperator() -> Comparison? {
        guard case .symbol(let symbol) = current.kind else { return nil }
        return switch symbol {
        case .equal: .equal
        case .notEqual: .notEqual
        case .less: .less
        case .lessOrEqual: .lessOrEqual
        case .greater: .greater
        case .greaterOrEqual: .greaterOrEqual
        default: nil
        }
    }

    private mutating func parseComparison(
        _ comparison: Comparison, _ left: Expression, from start: SourceRange
    ) throws(QueryError) -> Expression {
        let anchor = advance().range
        let hasQuantifier = isWord("ALL") || isWord("ANY") || isWord("SOME")
        if hasQuantifier, isSymbol(.leftParenthesis, ahead: 1) {
            let quantifier: Quantifier = isWord("ALL") ? .all : .any
            advance()
            let query = try parseParenthesisedQuery()
            return try node(
                .quantified(comparison, quantifier, left, query), from: start, anchor: anchor,
                queryDepth: query.depth)
        }
        let right = try parseValue(minimum: 0)
        return try node(.compare(comparison, left, right), from: start, anchor: anchor)
    }

    private mutating func parseIs(
        _ left: Expression, from start: SourceRange
    ) throws(QueryError) -> Expression {
        let anchor = advance().range
        let isNegated = accept("NOT")
        if accept("NULL") {
            return try node(.isNull(left, isNegated: isNegated), from: start, anchor: anchor)
        }
        if try accept("DISTINCT", "FROM") {
            let comparison: Comparison = isNegated ? .isNotDistinctFrom : .isDistinctFrom
            let right = try parseValue(minimum: 0)
            return try node(.compare(comparison, left, right), from: start, anchor: anchor)
        }
        let truths: [(String, Bool?)] = [("FALSE", false), ("TRUE", true), ("UNKNOWN", nil)]
        for (keyword, truth) in truths where accept(keyword) {
            return try node(
                .isTruth(left, truth, isNegated: isNegated), from: start, anchor: anchor)
        }
        throw mismatch()
    }

    private mutating func parseNegatablePredicate(
        _ left: Expression, from start: SourceRange
    ) throws(QueryError) -> Expression? {
        let isNegated = isWord("NOT")
        let offset = isNegated ? 1 : 0
        guard ["BETWEEN", "IN", "LIKE"].contains(where: { isWord($0, ahead: offset) }) else {
            return nil
        }
        let anchor = advance().range
        if isNegated { advance() }
        switch tokens[position - 1].text.uppercased() {
        case "BETWEEN":
            let isSymmetric = accept("SYMMETRIC")
            if !isSymmetric { _ = accept("ASYMMETRIC") }
            let low = try parseValue(minimum: 0)
            try expect("AND")
            let high = try parseValue(minimum: 0)
            return try node(
                .between(left, low, high, isNegated: isNegated, isSymmetric: isSymmetric),
                from: start, anchor: anchor)
        case "IN":
            return try parseIn(left, isNegated: isNegated, from: start, anchor: anchor)
        default:
            let pattern = try parseValue(minimum: 0)
            let escape = accept("ESCAPE") ? try parseValue(minimum: 0) : nil
            return try node(
                .like(left, pattern: pattern, escape: escape, isNegated: isNegated), from: start,
                anchor: anchor)
        }
    }

    private mutating func parseIn(
        _ left: Expression, isNegated: Bool, from start: SourceRange, anchor: SourceRange
    ) throws(QueryError) -> Expression {
        if isSymbol(.leftParenthesis), startsQuery(ahead: 1), !isSymbol(.leftParenthesis, ahead: 1)
        {
            let query = try parseParenthesisedQuery()
            return try node(
                .inSubquery(left, query, isNegated: isNegated), from: start, anchor: anchor,
                queryDepth: query.depth)
        }
        try expect(.leftParenthesis)
        var list: [Expression] = []
        repeat { list.append(try parseExpression()) } while accept(.comma)
        try expect(.rightParenthesis)
        return try node(.inList(left, list, isNegated: isNegated), from: start, anchor: anchor)
    }

    mutating func parseParenthesisedQuery() throws(QueryError) -> Query {
        try expect(.leftParenthesis)
        let query = try parseQuery()
        try expect(.rightParenthesis)
        return query
    }

    // MARK: Values

    /// Binary operators by precedence: `||` 1, `+ -` 2, `* / %` 3.
    mutating func parseValue(minimum: Int) throws(QueryError) -> Expression {
        let start = current.range
        var left = try parseUnary()
        while let (symbol, precedence) = binaryOperator(), precedence > minimum {
            let anchor = advance().range
            let right = try parseValue(minimum: precedence)
            let kind: ExpressionKind =
                switch symbol {
                case .plus: .arithmetic(.add, left, right)
                case .minus: .arithmetic(.subtract, left, right)
                case .star: .arithmetic(.multiply, left, right)
                case .slash: .arithmetic(.divide, left, right)
                case .percent: .arithmetic(.modulus, left, right)
                default: .concat(left, right)
                }
            left = try node(kind, from: start, anchor: anchor)
        }
        return left
    }

    private mutating func binaryOperator() -> (Symbol, Int)? {
        if case .symbol(let symbol) = current.kind {
            switch symbol {
            case .concat: return (symbol, 1)
            case .plus, .minus: return (symbol, 2)
            case .star, .slash, .percent: return (symbol, 3)
            default: break
            }
        }
        for symbol in [Symbol.percent, .star, .plus, .minus, .slash, .concat] {
            note(symbol.rawValue)
        }
        return nil
    }

    /// Signs, then `AT TIME ZONE`, which binds tighter than a sign.
    private mutating func parseUnary() throws(QueryError) -> Expression {
        let start = current.range
        if isSymbol(.minus) || isSymbol(.plus) {
            try enter()
            defer { leave() }
            let isMinus = isSymbol(.minus)
            advance()
            let operand = try parseUnary()
            return try node(isMinus ? .negate(operand) : .plus(operand), from: start, anchor: start)
        }
        var left = try parsePostfix()
        while at("AT"), isWord("TIME", ahead: 1), isWord("ZONE", ahead: 2) {
            let anchor = advance().range
            advance()
            advance()
            let zone = try parsePostfix()
            left = try node(.atTimeZone(left, zone: zone), from: start, anchor: anchor)
        }
        return left
    }

    /// Subscripts and dereferences behind a primary expression.
    private mutating func parsePostfix() throws(QueryError) -> Expression {
        let start = current.range
        var base = try parsePrimary()
        while true {
            if isSymbol(.leftBracket) {
                let anchor = advance().range
                let index = try parseValue(minimum: 0)
                try expect(.rightBracket)
                base = try node(.element(base, index), from: start, anchor: anchor)
            } else if isSymbol(.dot), !isSymbol(.star, ahead: 1) {
                advance()
                let field = try identifier()
                base = try node(.dereference(base, field), from: start)
            } else {
                note("[")
                note(".")
                return base
            }
        }
    }
}
