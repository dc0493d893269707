/// What to write instead of syntax that other dialects have and Trino lacks.
enum SyntaxHints {
    /// A hint for a syntax error at token `index`, if the place looks like another dialect.
    static func hint(tokens: [Token], at index: Int) -> String? {
        let token = tokens[index]
        if let text = hint(for: token, tokens: tokens, at: index) { return text }
        // The stranger may have been taken for an alias: look one token back.
        guard index > 0 else { return nil }
        return strangers[tokens[index - 1].text.uppercased()]
    }

    private static func hint(for token: Token, tokens: [Token], at index: Int) -> String? {
        let previous = index > 0 ? tokens[index - 1] : nil
        switch token.kind {
        case .unknown where token.text == ":":
            return "Casts are written CAST(x AS type), not x::type."
        case .symbol(.equal) where previous?.kind == .symbol(.equal):
            return "Equality is a single =."
        case .symbol(.comma) where isLimit(tokens, at: index):
            return "Write OFFSET m LIMIT n instead of LIMIT m, n."
        case .string where ["FROM", "JOIN"].contains(previous?.text.uppercased()):
            return "A file is a name: write \"\(token.text)\" in double quotes."
        case .string where previous?.kind == .quotedIdentifier:
            return "Strings take single quotes, names double quotes."
        case .word:
            return strangers[token.text.uppercased()] ?? reserved(token, previous)
        default:
            return nil
        }
    }

    private static func isLimit(_ tokens: [Token], at index: Int) -> Bool {
        index >= 2 && tokens[index - 2].text.uppercased() == "LIMIT"
    }

    /// A reserved word where a name may have been meant.
    private static func reserved(_ token: Token, _ previous: Token?) -> String? {
        guard let previous, ReservedWords.contains(token.text.uppercased()) else { return nil }
        let leads = [".", ",", "AS"].contains(previous.text.uppercased())
        guard leads else { return nil }
        return "\(token.text.uppercased()) is a reserved word; as a name write \"\(token.text)\"."
    }

    private static let strangers: [String: String] = [
        "ILIKE": "There is no ILIKE: write lower(x) LIKE lower(pattern).",
        "RLIKE": "Use regexp_like(x, pattern).",
        "REGEXP": "Use regexp_like(x, pattern).",
        "QUALIFY": "There is no QUALIFY: filter the window function in an outer query.",
        "EXCLUDE": "There is no SELECT * EXCLUDE: list the columns wanted.",
        "PIVOT": "There is no PIVOT: use aggregates with FILTER (WHERE ...).",
        "TOP": "Write LIMIT n at the end of the query.",
        "ASOF": "There is no ASOF JOIN: use max_by over an inequality join.",
    ]
}
