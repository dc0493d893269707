extension Parser {
    /// A literal, a name, a call, or something in parentheses or brackets.
    mutating func parsePrimary() throws(QueryError) -> Expression {
        let token = current
        switch token.kind {
        case .integer: return try literal(.integer(advance().text), token)
        case .decimal: return try literal(.decimal(advance().text), token)
        case .double: return try literal(.double(advance().text), token)
        case .string, .unicodeString: return try literal(.string(try stringLiteral()), token)
        case .binary:
            var bytes: [UInt8] = []
            var high: UInt8?
            for digit in advance().text.utf8 {
                let value = Lexer.hexValue(digit) ?? 0
                if let first = high {
                    bytes.append(first << 4 | value)
                    high = nil
                } else {
                    high = value
                }
            }
            return try literal(.binary(bytes), token)
        case .symbol(.leftParenthesis): return try parseParenthesised()
        case .symbol(.question):
            throw QueryError(.notSupported, "Parameters are not supported", at: token.range)
        case .quotedIdentifier: return try parseNamed()
        case .word: return try parseWord()
        default: throw expressionExpected()
        }
    }

    private mutating func expressionExpected() -> QueryError {
        note(rule: "expression")
        return mismatch()
    }

    private mutating func literal(
        _ literal: Literal, _ token: Token
    ) throws(QueryError) -> Expression {
        try node(.literal(literal), from: token.range)
    }

    /// A keyword form, or else a name.
    private mutating func parseWord() throws(QueryError) -> Expression {
        let token = current
        let word = token.text.uppercased()
        switch word {
        case "NULL":
            advance()
            return try literal(.null, token)
        case "TRUE", "FALSE":
            advance()
            return try literal(.boolean(word == "TRUE"), token)
        case "CASE": return try parseCase()
        case "CAST": return try parseCast(isTry: false)
        case "TRY_CAST" where isSymbol(.leftParenthesis, ahead: 1):
            return try parseCast(isTry: true)
        case "EXISTS": return try parseExists()
        case "INTERVAL" where startsInterval(): return try parseInterval()
        case "ARRAY" where isSymbol(.leftBracket, ahead: 1): return try parseArray()
        case "ROW" where isSymbol(.leftParenthesis, ahead: 1):
            advance()
            return try parseRow(from: token.range)
        case "EXTRACT": return try parseExtract()
        case "TRIM": return try parseTrim()
        case "NORMALIZE": return try parseNormalize()
        case "LISTAGG": return try parseListagg()
        case "POSITION" where isSymbol(.leftParenthesis, ahead: 1): return try parsePosition()
        case "SUBSTRING" where isSymbol(.leftParenthesis, ahead: 1): return try parseSubstring()
        case "GROUPING":
            throw QueryError(.notSupported, "GROUPING is not supported", at: token.range)
        case "JSON_ARRAY", "JSON_EXISTS", "JSON_OBJECT", "JSON_QUERY", "JSON_VALUE":
            throw QueryError(
                .notSupported, "\(word) is not supported", at: token.range,
                hint: "Use json_extract or json_extract_scalar with a path such as '$.a.b'.")
        default: break
        }
        if let value = CurrentValue(rawValue: word) { return try parseCurrentValue(value) }
        return try parseNamed()
    }

    private mutating func parseCurrentValue(
        _ value: CurrentValue
    ) throws(QueryError) -> Expression {
        let token = advance()
        var precision: Int?
        let takesPrecision = value != .date && value != .user && value != .catalog
        if takesPrecision, isSymbol(.leftParenthesis), peek(1).kind == .integer {
            advance()
            precision = Int(advance().text)
            try expect(.rightParenthesis)
        }
        return try node(
            .currentValue(value, precision: precision), from: token.range, anchor: token.range)
    }

    /// An identifier, a lambda `x -> e`, a typed literal `DATE '..'`, or a call.
    private mutating func parseNamed() throws(QueryError) -> Expression {
        let start = current.range
        guard isIdentifier() else { throw expressionExpected() }
        if isSymbol(.arrow, ahead: 1) {
            let parameter = try identifier()
            return try parseLambda([parameter], from: start)
        }
        if current.kind == .word, let typed = try parseTypedLiteral() { return typed }
        if let call = try parseCall() { return call }
        return try node(.identifier(try identifier()), from: start)
    }

    private mutating func parseLambda(
        _ parameters: [Name], from start: SourceRange
    ) throws(QueryError) -> Expression {
        let anchor = try expect(.arrow).range
        let body = try parseExpression()
        return try node(.lambda(parameters, body: body), from: start, anchor: anchor)
    }

    /// `(query)`, `(e)`, the row `(a, b)`, or the lambda `(a, b) -> e`.
    private mutating func parseParenthesised() throws(QueryError) -> Expression {
        let start = current.range
        if let parameters = try lambdaParameters() {
            return try parseLambda(parameters, from: start)
        }
        try expect(.leftParenthesis)
        if startsQuery(), !isSymbol(.leftParenthesis) {
            let query = try parseQuery()
            try expect(.rightParenthesis)
            return try node(.subquery(query), from: start, queryDepth: query.depth)
        }
        var first = try parseExpression()
        if case .subquery(let query) = first.kind, continuesQuery() {
            let whole = try continueQuery(.nested(query), from: start)
            first = try node(.subquery(whole), from: start, queryDepth: whole.depth)
        }
        guard at(.comma) else {
            try expect(.rightParenthesis)
            return first
        }
        var fields = [first]
        while accept(.comma) { fields.append(try parseExpression()) }
        try expect(.rightParenthesis)
        return try node(.row(fields), from: start)
    }

    /// The parameters, if `(a, b) ->` or `() ->` stands here; takes them, not the arrow.
    private mutating func lambdaParameters() throws(QueryError) -> [Name]? {
        var offset = 1
        while isIdentifier(ahead: offset) {
            offset += 1
            guard isSymbol(.comma, ahead: offset) else { break }
            offset += 1
        }
        guard isSymbol(.rightParenthesis, ahead: offset), isSymbol(.arrow, ahead: offset + 1) else {
            return nil
        }
        if offset == 1 {
            advance()
            advance()
            return []
        }
        return try nameList()
    }

    private mutating func parseCase() throws(QueryError) -> Expression {
        let start = try expect("CASE").range
        let operand = at("WHEN") ? nil : try parseExpression()
        var whens: [WhenClause] = []
        try expect("WHEN")
        repeat {
            let condition = try parseExpression()
            try expect("THEN")
            whens.append(WhenClause(condition: condition, result: try parseExpression()))
        } while accept("WHEN")
        let otherwise = accept("ELSE") ? try parseExpression() : nil
        try expect("END")
        return try node(
            .caseWhen(operand, whens, otherwise: otherwise), from: start, anchor: start)
    }

    private mutating func parseCast(isTry: Bool) throws(QueryError) -> Expression {
        let start = advance().range
        try expect(.leftParenthesis)
        let operand = try parseExpression()
        try expect("AS")
        let type = try parseTypeName()
        try expect(.rightParenthesis)
        return try node(.cast(operand, type, isTry: isTry), from: start, anchor: start)
    }

    private mutating func parseExists() throws(QueryError) -> Expression {
        let start = try expect("EXISTS").range
        let query = try parseParenthesisedQuery()
        return try node(.exists(query), from: start, anchor: start, queryDepth: query.depth)
    }

    private mutating func parseArray() throws(QueryError) -> Expression {
        let start = advance().range
        try expect(.leftBracket)
        var elements: [Expression] = []
        if !isSymbol(.rightBracket) {
            repeat { elements.append(try parseExpression()) } while accept(.comma)
        }
        try expect(.rightBracket)
        return try node(.array(elements), from: start, anchor: start)
    }

    private mutating func parseRow(from start: SourceRange) throws(QueryError) -> Expression {
        try expect(.leftParenthesis)
        var fields: [Expression] = []
        repeat { fields.append(try parseExpression()) } while accept(.comma)
        try expect(.rightParenthesis)
        return try node(.row(fields), from: start, anchor: start)
    }
}
