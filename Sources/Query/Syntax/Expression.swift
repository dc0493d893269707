/// An expression as written: a kind, where it stands, how deep its tree is.
struct Expression: Hashable, Sendable {
    var kind: ExpressionKind
    /// The whole text of the expression.
    var range: SourceRange
    /// Where Trino points at: the operator of a binary expression, else the start.
    var anchor: SourceRange
    /// Levels of the tree; bounded by `Limits.expressionDepth` in the parser.
    var depth: Int
}

/// A name as written; names are compared by `folded`.
struct Name: Hashable, Sendable {
    var text: String
    var isQuoted: Bool
    var range: SourceRange

    /// The case-blind form: quoting does not make a name case-sensitive.
    var folded: String { text.lowercased() }
}

/// The forms of an expression.
///
/// Source: Trino 401 `SqlBase.g4`, `expression` to `primaryExpression`.
indirect enum ExpressionKind: Hashable, Sendable {
    case literal(Literal)
    case identifier(Name)
    /// `base.field`: a qualified column or a row's field, decided by the binder.
    case dereference(Expression, Name)
    case arithmetic(ArithmeticOperator, Expression, Expression)
    case compare(Comparison, Expression, Expression)
    /// `a || b`.
    case concat(Expression, Expression)
    case and([Expression])
    case or([Expression])
    case not(Expression)
    case negate(Expression)
    case plus(Expression)
    case isNull(Expression, isNegated: Bool)
    /// `IS [NOT] TRUE|FALSE|UNKNOWN`; nil is UNKNOWN.
    case isTruth(Expression, Bool?, isNegated: Bool)
    case between(Expression, Expression, Expression, isNegated: Bool, isSymmetric: Bool)
    case inList(Expression, [Expression], isNegated: Bool)
    case inSubquery(Expression, Query, isNegated: Bool)
    case like(Expression, pattern: Expression, escape: Expression?, isNegated: Bool)
    case exists(Query)
    case quantified(Comparison, Quantifier, Expression, Query)
    case subquery(Query)
    /// A simple CASE has an operand.
    case caseWhen(Expression?, [WhenClause], otherwise: Expression?)
    case cast(Expression, TypeName, isTry: Bool)
    /// `EXTRACT(field FROM e)`.
    case extract(Name, Expression)
    case atTimeZone(Expression, zone: Expression)
    case array([Expression])
    case row([Expression])
    /// `a[i]`.
    case element(Expression, Expression)
    case lambda([Name], body: Expression)
    case call(FunctionCall)
    /// `CURRENT_DATE` and its kin, which take no parentheses.
    case currentValue(CurrentValue, precision: Int?)
}

/// ALL, ANY or SOME of a quantified comparison; SOME is ANY.
enum Quantifier: Hashable, Sendable {
    case all, any
}

/// One branch of a CASE.
struct WhenClause: Hashable, Sendable {
    var condition: Expression
    var result: Expression
}

/// Values of the session that are written like names.
enum CurrentValue: String, Hashable, Sendable, CaseIterable {
    case date = "CURRENT_DATE"
    case time = "CURRENT_TIME"
    case timestamp = "CURRENT_TIMESTAMP"
    case localTime = "LOCALTIME"
    case localTimestamp = "LOCALTIMESTAMP"
    case user = "CURRENT_USER"
    case catalog = "CURRENT_CATALOG"
    case schema = "CURRENT_SCHEMA"
}

/// A literal as written; numbers stay text until the binder knows their type.
enum Literal: Hashable, Sendable {
    case null
    case boolean(Bool)
    case integer(String)
    case decimal(String)
    case double(String)
    case string(String)
    case binary([UInt8])
    /// `DATE '..'`, `TIMESTAMP '..'`, `DECIMAL '..'`, or any type name before a string.
    case typed(TypeName, String)
    case interval(String, isNegative: Bool, from: IntervalUnit, to: IntervalUnit?)
}

/// Units of interval literals.
enum IntervalUnit: String, Hashable, Sendable, CaseIterable {
    case year = "YEAR"
    case month = "MONTH"
    case day = "DAY"
    case hour = "HOUR"
    case minute = "MINUTE"
    case second = "SECOND"
}

/// A type as written; parameters are types or numbers.
struct TypeName: Hashable, Sendable {
    /// Lower case, single blanks: `timestamp with time zone`.
    var name: String
    var types: [TypeName]
    var numbers: [Int]
    /// Names of a row's fields, one per type.
    var fieldNames: [String?]
    var range: SourceRange
}

/// `name([DISTINCT] args [ORDER BY ..]) [FILTER (..)] [IGNORE NULLS] [OVER ..]`.
struct FunctionCall: Hashable, Sendable {
    var name: [Name]
    /// `count(*)`.
    var isStar = false
    var isDistinct = false
    var arguments: [Expression] = []
    var orderBy: [SortItem] = []
    var filter: Expression?
    var ignoresNulls = false
    var window: WindowReference?

    /// The name to look up.
    var folded: String { name.last?.folded ?? "" }
}

/// `OVER name` or `OVER (...)`.
enum WindowReference: Hashable, Sendable {
    case named(Name)
    case inline(WindowSpecification)
}

/// `[existing] [PARTITION BY ..] [ORDER BY ..] [frame]`.
struct WindowSpecification: Hashable, Sendable {
    var existing: Name?
    var partitionBy: [Expression] = []
    var orderBy: [SortItem] = []
    var frame: FrameClause?
}

/// A frame as written.
struct FrameClause: Hashable, Sendable {
    var unit: WindowFrame.Unit
    var start: FrameBound
    /// `ROWS n PRECEDING` ends at the current row.
    var end: FrameBound
    var range: SourceRange
}

/// One end of a frame as written.
enum FrameBound: Hashable, Sendable {
    case unboundedPreceding, currentRow, unboundedFollowing
    case preceding(Expression)
    case following(Expression)
}

/// One item of ORDER BY.
struct SortItem: Hashable, Sendable {
    var expression: Expression
    var isDescending: Bool
    /// nil where not written.
    var nullsFirst: Bool?
}
