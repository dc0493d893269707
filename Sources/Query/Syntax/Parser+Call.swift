extension Parser {
    /// `name(...)` with its clauses, or nil if no call stands here.
    mutating func parseCall() throws(QueryError) -> Expression? {
        var offset = 1
        while isSymbol(.dot, ahead: offset), isIdentifier(ahead: offset + 1) { offset += 2 }
        guard isSymbol(.leftParenthesis, ahead: offset) else { return nil }
        let start = current.range
        let (name, range) = try qualifiedName()
        var call = FunctionCall(name: name)
        try expect(.leftParenthesis)
        if isSymbol(.star), isSymbol(.rightParenthesis, ahead: 1) {
            advance()
            call.isStar = true
        } else {
            try parseArguments(&call)
        }
        try expect(.rightParenthesis)
        try parseCallSuffix(&call)
        return try node(.call(call), from: start, anchor: range)
    }

    private mutating func parseArguments(_ call: inout FunctionCall) throws(QueryError) {
        if isSymbol(.rightParenthesis) { return }
        if accept("DISTINCT") {
            call.isDistinct = true
        } else if isWord("ALL") {
            advance()
        }
        note(")")
        repeat { call.arguments.append(try parseExpression()) } while accept(.comma)
        if try accept("ORDER", "BY") { call.orderBy = try parseSortItems() }
    }

    /// FILTER, IGNORE NULLS and OVER.
    private mutating func parseCallSuffix(_ call: inout FunctionCall) throws(QueryError) {
        if isWord("FILTER"), isSymbol(.leftParenthesis, ahead: 1) {
            advance()
            advance()
            try expect("WHERE")
            call.filter = try parseExpression()
            try expect(.rightParenthesis)
        }
        for treatment in ["IGNORE", "RESPECT"]
        where isWord(treatment) && isWord("NULLS", ahead: 1) {
            call.ignoresNulls = treatment == "IGNORE"
            advance()
            advance()
            break
        }
        guard isWord("OVER") else { return }
        if isSymbol(.leftParenthesis, ahead: 1) {
            advance()
            call.window = .inline(try parseWindowSpecification())
        } else if isIdentifier(ahead: 1) {
            advance()
            call.window = .named(try identifier())
        }
    }

    mutating func parseWindowSpecification() throws(QueryError) -> WindowSpecification {
        var window = WindowSpecification()
        try expect(.leftParenthesis)
        let opens = ["PARTITION", "ORDER", "ROWS", "RANGE", "GROUPS"].contains { isWord($0) }
        if isIdentifier(), !opens || isSymbol(.rightParenthesis, ahead: 1) {
            window.existing = try identifier()
        }
        if try accept("PARTITION", "BY") {
            repeat { window.partitionBy.append(try parseExpression()) } while accept(.comma)
        }
        if try accept("ORDER", "BY") { window.orderBy = try parseSortItems() }
        let units: [(String, WindowFrame.Unit)] = [
            ("GROUPS", .groups), ("RANGE", .range), ("ROWS", .rows),
        ]
        for (keyword, unit) in units where at(keyword) {
            window.frame = try parseFrame(unit)
            break
        }
        try expect(.rightParenthesis)
        return window
    }

    private mutating func parseFrame(_ unit: WindowFrame.Unit) throws(QueryError) -> FrameClause {
        let range = advance().range
        if accept("BETWEEN") {
            let start = try parseFrameBound()
            try expect("AND")
            let end = try parseFrameBound()
            return FrameClause(unit: unit, start: start, end: end, range: range)
        }
        let start = try parseFrameBound()
        return FrameClause(unit: unit, start: start, end: .currentRow, range: range)
    }

    private mutating func parseFrameBound() throws(QueryError) -> FrameBound {
        if accept("UNBOUNDED") {
            if accept("FOLLOWING") { return .unboundedFollowing }
            try expect("PRECEDING")
            return .unboundedPreceding
        }
        if try accept("CURRENT", "ROW") { return .currentRow }
        let distance = try parseValue(minimum: 0)
        if accept("FOLLOWING") { return .following(distance) }
        try expect("PRECEDING")
        return .preceding(distance)
    }

    // MARK: Calls with keywords among their arguments

    /// A call of a function under its own name.
    private mutating func call(
        _ name: String, _ arguments: [Expression], from start: SourceRange
    ) throws(QueryError) -> Expression {
        let written = Name(text: name, isQuoted: false, range: start)
        return try node(
            .call(FunctionCall(name: [written], arguments: arguments)), from: start, anchor: start)
    }

    mutating func parseExtract() throws(QueryError) -> Expression {
        let start = advance().range
        try expect(.leftParenthesis)
        let field = try identifier()
        try expect("FROM")
        let operand = try parseValue(minimum: 0)
        try expect(.rightParenthesis)
        return try node(.extract(field, operand), from: start, anchor: start)
    }

    /// `POSITION(part IN text)` is strpos.
    mutating func parsePosition() throws(QueryError) -> Expression {
        let start = advance().range
        try expect(.leftParenthesis)
        let part = try parseValue(minimum: 0)
        try expect("IN")
        let text = try parseValue(minimum: 0)
        try expect(.rightParenthesis)
        return try call("strpos", [text, part], from: start)
    }

    /// `SUBSTRING(text FROM start FOR length)` and the call with commas.
    mutating func parseSubstring() throws(QueryError) -> Expression {
        let start = advance().range
        try expect(.leftParenthesis)
        var arguments = [try parseExpression()]
        if accept("FROM") {
            arguments.append(try parseValue(minimum: 0))
            if accept("FOR") { arguments.append(try parseValue(minimum: 0)) }
        } else {
            while accept(.comma) { arguments.append(try parseExpression()) }
        }
        try expect(.rightParenthesis)
        return try call("substring", arguments, from: start)
    }

    /// `TRIM([LEADING|TRAILING|BOTH] [characters] FROM text)`, `TRIM(text)`, `TRIM(text, characters)`.
    mutating func parseTrim() throws(QueryError) -> Expression {
        let start = advance().range
        try expect(.leftParenthesis)
        var name = "trim"
        var hasSide = false
        for (side, function) in [("BOTH", "trim"), ("LEADING", "ltrim"), ("TRAILING", "rtrim")]
        where isWord(side) && !isSymbol(.rightParenthesis, ahead: 1)
            && !isSymbol(.comma, ahead: 1)
        {
            advance()
            name = function
            hasSide = true
            break
        }
        if hasSide, accept("FROM") {
            let text = try parseValue(minimum: 0)
            try expect(.rightParenthesis)
            return try call(name, [text], from: start)
        }
        let first = try parseValue(minimum: 0)
        var arguments = [first]
        if accept("FROM") {
            arguments = [try parseValue(minimum: 0), first]
        } else if !hasSide, accept(.comma) {
            arguments.append(try parseValue(minimum: 0))
        } else if hasSide {
            throw mismatch()
        }
        try expect(.rightParenthesis)
        return try call(name, arguments, from: start)
    }

    /// `NORMALIZE(text [, form])`: the form is a word.
    mutating func parseNormalize() throws(QueryError) -> Expression {
        let start = advance().range
        try expect(.leftParenthesis)
        var arguments = [try parseValue(minimum: 0)]
        if accept(.comma) {
            let range = current.range
            for form in ["NFC", "NFD", "NFKC", "NFKD"] where accept(form) {
                arguments.append(try node(.literal(.string(form)), from: range))
                break
            }
            if arguments.count == 1 { throw mismatch() }
        }
        try expect(.rightParenthesis)
        return try call("normalize", arguments, from: start)
    }

    /// `LISTAGG(text [, separator]) WITHIN GROUP (ORDER BY ..)`.
    mutating func parseListagg() throws(QueryError) -> Expression {
        let name = advance()
        let start = name.range
        var call = FunctionCall(name: [Name(text: "listagg", isQuoted: false, range: start)])
        try expect(.leftParenthesis)
        call.isDistinct = accept("DISTINCT")
        repeat { call.arguments.append(try parseExpression()) } while accept(.comma)
        if isWord("ON"), isWord("OVERFLOW", ahead: 1) {
            advance()
            advance()
            if !accept("ERROR") {
                throw QueryError(
                    .notSupported, "LISTAGG ON OVERFLOW TRUNCATE is not supported",
                    at: current.range)
            }
        }
        try expect(.rightParenthesis)
        try expect("WITHIN")
        try expect("GROUP")
        try expect(.leftParenthesis)
        try expect("ORDER")
        try expect("BY")
        call.orderBy = try parseSortItems()
        try expect(.rightParenthesis)
        try parseCallSuffix(&call)
        return try node(.call(call), from: start, anchor: start)
    }
}
