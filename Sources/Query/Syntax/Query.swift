/// A query as written: WITH, body, ORDER BY, OFFSET and LIMIT.
struct Query: Hashable, Sendable {
    var with: [CommonTable] = []
    var body: QueryBody
    var orderBy: [SortItem] = []
    var offset: RowCount?
    var limit: RowCount?
    var range: SourceRange
    /// Levels of the deepest tree within; bounded in the parser.
    var depth: Int
}

/// `name [(columns)] AS (query)`.
struct CommonTable: Hashable, Sendable {
    var name: Name
    var columns: [Name]?
    var query: Query
}

/// The number of OFFSET or LIMIT with its place; `LIMIT ALL` is no limit at all.
struct RowCount: Hashable, Sendable {
    var count: Int
    var range: SourceRange
}

/// What stands between WITH and ORDER BY.
indirect enum QueryBody: Hashable, Sendable {
    case select(Select)
    case values([[Expression]], SourceRange)
    case table([Name], SourceRange)
    case nested(Query)
    case setOperation(SetOperation)
}

/// UNION, INTERSECT or EXCEPT of two bodies.
struct SetOperation: Hashable, Sendable {
    enum Kind: String, Hashable, Sendable {
        case union = "UNION"
        case intersect = "INTERSECT"
        case except = "EXCEPT"
    }

    var kind: Kind
    var isAll: Bool
    var left: QueryBody
    var right: QueryBody
    /// The operator's place.
    var range: SourceRange
}

/// One SELECT block.
struct Select: Hashable, Sendable {
    var isDistinct: Bool
    var items: [SelectItem]
    var from: Relation?
    var filter: Expression?
    /// nil without GROUP BY; an empty list is `GROUP BY ()`.
    var groupBy: [Expression]?
    var having: Expression?
    var windows: [NamedWindow]
    var range: SourceRange
}

/// `name AS (specification)` of WINDOW.
struct NamedWindow: Hashable, Sendable {
    var name: Name
    var specification: WindowSpecification
}

/// One item of the select list.
enum SelectItem: Hashable, Sendable {
    case expression(Expression, alias: Name?)
    case star(SourceRange)
    /// `t.*` or `row_value.*`, with names for a row's fields.
    case qualifiedStar(Expression, aliases: [Name], SourceRange)
}

/// A source of rows as written.
indirect enum Relation: Hashable, Sendable {
    case table([Name], SourceRange)
    case function(TableCall)
    case query(Query)
    case unnest([Expression], hasOrdinality: Bool, SourceRange)
    case aliased(Relation, Name, columns: [Name]?)
    case join(Join)
}

/// A call of a table function as written: `f('x', option => true)`.
struct TableCall: Hashable, Sendable {
    /// One argument; positional ones have no name.
    struct Argument: Hashable, Sendable {
        var name: Name?
        var value: Expression
    }

    var name: [Name]
    var arguments: [Argument]
    /// The name's place.
    var range: SourceRange
}

/// A join as written.
struct Join: Hashable, Sendable {
    /// What says which rows match.
    enum Criteria: Hashable, Sendable {
        case on(Expression)
        case using([Name])
        case natural
        /// CROSS JOIN and the comma.
        case none
    }

    var kind: JoinKind
    var left: Relation
    var right: Relation
    var criteria: Criteria
    var range: SourceRange
}
