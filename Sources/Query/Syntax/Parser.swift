import Columnar

/// Tokens to a statement by recursive descent; expressions by precedence climbing.
///
/// Every look at the current token that fails notes what it wanted, so that an error can list what was
/// expected there. Recursion and tree depth are bounded by `Limits.expressionDepth`.
/// Source: Trino 401 `SqlBase.g4`.
struct Parser {
    /// Something that the grammar allows at a place; spelled only when an error needs it.
    private enum Expectation {
        case token(String)
        case rule(String)

        var description: String {
            switch self {
            case .token(let token): "'\(token)'"
            case .rule(let rule): "<\(rule)>"
            }
        }
    }

    let tokens: [Token]
    var position = 0
    /// What would have been accepted at `position`, in the order of asking.
    private var expected: [Expectation] = []
    /// Open recursive calls.
    private var nesting = 0
    /// The deepest tree made since the enclosing query began.
    var deepest = 0

    private init(tokens: [Token]) {
        self.tokens = tokens
    }

    /// The one statement of a text; a trailing `;` is allowed.
    ///
    /// Errors: SYNTAX_ERROR, and NOT_SUPPORTED for syntax that this engine knows and does not run.
    static func parse(_ sql: String) throws(QueryError) -> Statement {
        guard sql.utf8.count <= Limits.queryBytes else {
            throw QueryError(
                .syntaxError,
                "Query text length (\(sql.utf8.count)) exceeds the maximum length (\(Limits.queryBytes))"
            )
        }
        var parser = Parser(tokens: try Lexer.tokens(of: sql))
        let statement = try parser.parseStatement()
        _ = parser.accept(.semicolon)
        guard parser.current.kind == .end else {
            parser.note(rule: "EOF")
            throw parser.mismatch()
        }
        return statement
    }

    // MARK: Tokens

    var current: Token { tokens[position] }

    /// The token `offset` places ahead; past the end it is the end.
    func peek(_ offset: Int) -> Token {
        tokens[min(position + offset, tokens.count - 1)]
    }

    @discardableResult
    mutating func advance() -> Token {
        let token = tokens[position]
        if token.kind != .end { position += 1 }
        expected.removeAll(keepingCapacity: true)
        return token
    }

    /// Notes a rule such as `<expression>` that would have been accepted here.
    mutating func note(rule: String) {
        expected.append(.rule(rule))
    }

    /// Notes a keyword or symbol that would have been accepted here.
    mutating func note(_ token: String) {
        expected.append(.token(token))
    }

    func isWord(_ keyword: String, ahead offset: Int = 0) -> Bool {
        let token = peek(offset)
        return token.kind == .word && token.text.utf8.count == keyword.utf8.count
            && token.text.uppercased() == keyword
    }

    func isSymbol(_ symbol: Symbol, ahead offset: Int = 0) -> Bool {
        peek(offset).kind == .symbol(symbol)
    }

    /// Whether the keyword stands here; notes the wish if not.
    mutating func at(_ keyword: String) -> Bool {
        if isWord(keyword) { return true }
        note(keyword)
        return false
    }

    mutating func at(_ symbol: Symbol) -> Bool {
        if isSymbol(symbol) { return true }
        note(symbol.rawValue)
        return false
    }

    mutating func accept(_ keyword: String) -> Bool {
        guard at(keyword) else { return false }
        advance()
        return true
    }

    mutating func accept(_ symbol: Symbol) -> Bool {
        guard at(symbol) else { return false }
        advance()
        return true
    }

    /// Takes the first keyword if the second follows it.
    mutating func accept(_ first: String, _ second: String) throws(QueryError) -> Bool {
        guard accept(first) else { return false }
        try expect(second)
        return true
    }

    @discardableResult
    mutating func expect(_ keyword: String) throws(QueryError) -> Token {
        guard at(keyword) else { throw mismatch() }
        return advance()
    }

    @discardableResult
    mutating func expect(_ symbol: Symbol) throws(QueryError) -> Token {
        guard at(symbol) else { throw mismatch() }
        return advance()
    }

    // MARK: Names

    /// Whether an identifier stands `offset` tokens ahead.
    func isIdentifier(ahead offset: Int = 0) -> Bool {
        let token = peek(offset)
        switch token.kind {
        case .quotedIdentifier: return true
        case .word: return !ReservedWords.contains(token.text.uppercased())
        default: return false
        }
    }

    mutating func identifier() throws(QueryError) -> Name {
        guard isIdentifier() else {
            note(rule: "identifier")
            throw mismatch()
        }
        let token = advance()
        return Name(
            text: token.text, isQuoted: token.kind == .quotedIdentifier, range: token.range)
    }

    /// `a`, `a.b` or `a.b.c`.
    mutating func qualifiedName() throws(QueryError) -> ([Name], SourceRange) {
        var names = [try identifier()]
        while accept(.dot) { names.append(try identifier()) }
        return (names, names[0].range.through(names[names.count - 1].range))
    }

    /// `(a, b, ...)`, the opening parenthesis not yet taken.
    mutating func nameList() throws(QueryError) -> [Name] {
        try expect(.leftParenthesis)
        var names = [try identifier()]
        while accept(.comma) { names.append(try identifier()) }
        try expect(.rightParenthesis)
        return names
    }

    mutating func stringLiteral() throws(QueryError) -> String {
        guard current.kind == .string || current.kind == .unicodeString else {
            note(rule: "string")
            throw mismatch()
        }
        let token = advance()
        guard token.kind == .unicodeString else { return token.text }
        var escape: Unicode.Scalar = "\\"
        if accept("UESCAPE") {
            let mark = advance()
            let scalars = Array(mark.text.unicodeScalars)
            guard mark.kind == .string, scalars.count == 1 else {
                throw QueryError(.syntaxError, "Invalid Unicode escape character", at: mark.range)
            }
            escape = scalars[0]
        }
        return try UnicodeEscapes.decode(token.text, escape: escape, at: token.range)
    }

    // MARK: Depth

    /// Opens one level of recursion; pair it with `leave`.
    mutating func enter() throws(QueryError) {
        nesting += 1
        if nesting > Limits.expressionDepth { throw tooDeep(current.range) }
    }

    mutating func leave() {
        nesting -= 1
    }

    /// Checks the depth of a tree just made and remembers the deepest.
    mutating func deepen(to depth: Int, at range: SourceRange) throws(QueryError) {
        if depth > Limits.expressionDepth { throw tooDeep(range) }
        deepest = max(deepest, depth)
    }

    private func tooDeep(_ range: SourceRange) -> QueryError {
        QueryError(
            .syntaxError, "statement is nested deeper than \(Limits.expressionDepth) levels",
            at: range, hint: "Split it with WITH, or use IN (...) instead of many ORs.")
    }

    /// Makes an expression; the anchor is where errors point at.
    mutating func node(
        _ kind: ExpressionKind, from start: SourceRange, anchor: SourceRange? = nil,
        queryDepth: Int = 0
    ) throws(QueryError) -> Expression {
        var depth = queryDepth
        for child in kind.children { depth = max(depth, child.depth) }
        let end = position > 0 ? tokens[position - 1].range.end : start.end
        let range = SourceRange(start: start.start, end: max(end, start.end))
        try deepen(to: depth + 1, at: anchor ?? range)
        return Expression(kind: kind, range: range, anchor: anchor ?? range, depth: depth + 1)
    }

    // MARK: Errors

    /// The error at the current token, with everything that was asked for there.
    func mismatch() -> QueryError {
        let token = current
        switch token.kind {
        case .backquotedIdentifier:
            return QueryError(
                .syntaxError,
                "backquoted identifiers are not supported; use double quotes to quote identifiers",
                at: token.range, hint: "Write \"\(token.text)\".")
        case .digitIdentifier:
            return QueryError(
                .syntaxError,
                "identifiers must not start with a digit; surround the identifier with double quotes",
                at: token.range, hint: "Write \"\(token.text)\".")
        default:
            break
        }
        let found = token.kind == .end ? "<EOF>" : spelling(token)
        let wanted = Set(expected.map(\.description)).sorted(by: Self.expectedOrder)
        return QueryError(
            .syntaxError,
            "mismatched input '\(found)'. Expecting: \(wanted.joined(separator: ", "))",
            at: token.range,
            hint: SyntaxHints.hint(tokens: tokens, at: position) ?? misspelling(found: token))
    }

    /// The keyword that was probably meant here, or one place before where it passed for an alias.
    private func misspelling(found token: Token) -> String? {
        var keywords: [String] = []
        for case .token(let wanted) in expected
        where wanted.utf8.allSatisfy({ (65...90).contains($0) }) {
            keywords.append(wanted)
        }
        let suspects = position > 0 ? [token, tokens[position - 1]] : [token]
        for suspect in suspects where suspect.kind == .word && suspect.text.utf8.count > 2 {
            guard let meant = NearestName.of(suspect.text, among: keywords),
                meant != suspect.text.uppercased()
            else { continue }
            return "did you mean \(meant)?"
        }
        return nil
    }

    /// Quoted tokens first, then rules, each alphabetically: Trino's order.
    private static func expectedOrder(_ a: String, _ b: String) -> Bool {
        let aIsRule = a.hasPrefix("<")
        let bIsRule = b.hasPrefix("<")
        return aIsRule == bIsRule ? a < b : bIsRule
    }

    private func spelling(_ token: Token) -> String {
        switch token.kind {
        case .string: "'\(token.text)'"
        case .quotedIdentifier: "\"\(token.text)\""
        default: token.text
        }
    }
}
