/// One token of a SQL text.
struct Token: Hashable, Sendable {
    var kind: TokenKind
    var range: SourceRange
    /// The decoded value: an identifier's name, a string's characters, a number's digits.
    var text: String
}

/// What a token is.
///
/// Source: Trino 401 `SqlBase.g4`, lexer rules.
enum TokenKind: Hashable, Sendable {
    /// An unquoted word: keyword or identifier, by place.
    case word
    /// `"name"`, with `""` for a quote.
    case quotedIdentifier
    /// A backquoted name, which Athena has in DDL only.
    case backquotedIdentifier
    /// `1x`: an identifier must not start with a digit.
    case digitIdentifier
    /// `'text'`, with `''` for a quote.
    case string
    /// `U&'\2603'`, escapes not yet decoded: UESCAPE may follow.
    case unicodeString
    /// `X'00FF'`; the text has the hex digits.
    case binary
    case integer
    /// `1.5`, `.5`, `1.`: exact.
    case decimal
    /// `1e0`: binary floating point.
    case double
    case symbol(Symbol)
    /// A character that starts no token.
    case unknown
    case end
}

/// Punctuation and operators.
enum Symbol: String, Hashable, Sendable {
    case leftParenthesis = "("
    case rightParenthesis = ")"
    case leftBracket = "["
    case rightBracket = "]"
    case comma = ","
    case dot = "."
    case semicolon = ";"
    case question = "?"
    case plus = "+"
    case minus = "-"
    case star = "*"
    case slash = "/"
    case percent = "%"
    case concat = "||"
    case equal = "="
    case notEqual = "<>"
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case arrow = "->"
    case doubleArrow = "=>"
}

extension SourceRange {
    /// From the start of this range to the end of another.
    func through(_ other: SourceRange) -> SourceRange {
        SourceRange(start: start, end: max(end, other.end))
    }
}
