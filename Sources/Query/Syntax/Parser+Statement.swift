extension Parser {
    mutating func parseStatement() throws(QueryError) -> Statement {
        if startsQuery() { return .query(try parseQuery()) }
        if accept("EXPLAIN") { return try parseExplain() }
        if accept("SHOW") { return try parseShow() }
        if accept("DESCRIBE") || accept("DESC") {
            let (name, range) = try qualifiedName()
            return .showColumns(name, range)
        }
        note(rule: "query")
        throw mismatch()
    }

    /// Whether a query starts here; notes nothing.
    func startsQuery(ahead offset: Int = 0) -> Bool {
        isWord("SELECT", ahead: offset) || isWord("WITH", ahead: offset)
            || isWord("VALUES", ahead: offset) || isWord("TABLE", ahead: offset)
            || isSymbol(.leftParenthesis, ahead: offset)
    }

    private mutating func parseExplain() throws(QueryError) -> Statement {
        var options = ExplainOptions()
        if accept("ANALYZE") {
            options.isAnalyze = true
            if accept("VERBOSE") { options.isVerbose = true }
        } else if isSymbol(.leftParenthesis), isWord("TYPE", ahead: 1) || isWord("FORMAT", ahead: 1)
        {
            advance()
            repeat { try parseExplainOption(&options) } while accept(.comma)
            try expect(.rightParenthesis)
        }
        guard startsQuery() else {
            note(rule: "query")
            throw mismatch()
        }
        return .explain(try parseQuery(), options)
    }

    private mutating func parseExplainOption(_ options: inout ExplainOptions) throws(QueryError) {
        if accept("TYPE") {
            for kind in [ExplainOptions.Kind.distributed, .io, .logical, .validate]
            where accept(kind.rawValue) {
                options.kind = kind
                options.isVerbose = kind == .logical
                return
            }
        } else if accept("FORMAT") {
            for format in [ExplainOptions.Format.graphviz, .json, .text]
            where accept(format.rawValue) {
                options.format = format
                return
            }
        }
        throw mismatch()
    }

    private mutating func parseShow() throws(QueryError) -> Statement {
        if accept("TABLES") {
            var schema: [Name] = []
            if accept("FROM") || accept("IN") { schema = try qualifiedName().0 }
            return .showTables(schema: schema, like: try parseShowPattern())
        }
        if accept("COLUMNS") {
            guard accept("FROM") || accept("IN") else { throw mismatch() }
            let (name, range) = try qualifiedName()
            return .showColumns(name, range)
        }
        if accept("FUNCTIONS") { return .showFunctions(like: try parseShowPattern()) }
        if accept("SCHEMAS") || accept("DATABASES") {
            return .showSchemas(like: try parseShowPattern())
        }
        if accept("CATALOGS") { return .showCatalogs(like: try parseShowPattern()) }
        throw mismatch()
    }

    private mutating func parseShowPattern() throws(QueryError) -> String? {
        accept("LIKE") ? try stringLiteral() : nil
    }
}
