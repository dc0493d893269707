/// One statement as written.
enum Statement: Hashable, Sendable {
    case query(Query)
    case explain(Query, ExplainOptions)
    /// `SHOW TABLES [FROM schema] [LIKE pattern]`.
    case showTables(schema: [Name], like: String?)
    /// `SHOW COLUMNS FROM t` and `DESCRIBE t`.
    case showColumns([Name], SourceRange)
    case showFunctions(like: String?)
    case showSchemas(like: String?)
    case showCatalogs(like: String?)
}

/// What EXPLAIN is asked for.
struct ExplainOptions: Hashable, Sendable {
    enum Kind: String, Hashable, Sendable {
        case logical = "LOGICAL"
        case distributed = "DISTRIBUTED"
        case validate = "VALIDATE"
        case io = "IO"
    }

    enum Format: String, Hashable, Sendable {
        case text = "TEXT"
        case json = "JSON"
        case graphviz = "GRAPHVIZ"
    }

    /// Run the query and tell what each operator did.
    var isAnalyze = false
    /// `EXPLAIN ANALYZE VERBOSE`, or `TYPE LOGICAL`: also each pass that changed the plan.
    var isVerbose = false
    var kind = Kind.distributed
    var format = Format.text
}
