/// SQL text to tokens with byte ranges; comments and blanks vanish.
///
/// Never fails on a strange character: that becomes `.unknown` and the parser says what it expected.
/// An unterminated string or comment, and bad digits of `X'..'`, throw SYNTAX_ERROR.
/// Source: Trino 401 `SqlBase.g4`, lexer rules.
struct Lexer {
    private let bytes: [UInt8]
    private var position = 0

    init(_ sql: String) {
        bytes = Array(sql.utf8)
    }

    /// All tokens, the last of kind `.end`.
    static func tokens(of sql: String) throws(QueryError) -> [Token] {
        var lexer = Lexer(sql)
        var tokens: [Token] = []
        tokens.reserveCapacity(lexer.bytes.count / 4 + 1)
        while true {
            let token = try lexer.next()
            tokens.append(token)
            if token.kind == .end { return tokens }
        }
    }

    private mutating func next() throws(QueryError) -> Token {
        try skipBlanksAndComments()
        let start = position
        guard let byte = peek() else { return token(.end, from: start, text: "") }
        switch byte {
        case UInt8(ascii: "'"): return try quoted(.string, from: start)
        case UInt8(ascii: "\""): return try quoted(.quotedIdentifier, from: start)
        case UInt8(ascii: "`"): return try quoted(.backquotedIdentifier, from: start)
        case UInt8(ascii: "0")...UInt8(ascii: "9"): return number(from: start)
        case UInt8(ascii: ".") where isDigit(peek(1)): return number(from: start)
        case UInt8(ascii: "x"), UInt8(ascii: "X"):
            if peek(1) == UInt8(ascii: "'") {
                position += 1
                return try binary(from: start)
            }
            return word(from: start)
        case UInt8(ascii: "u"), UInt8(ascii: "U"):
            if peek(1) == UInt8(ascii: "&"), peek(2) == UInt8(ascii: "'") {
                position += 2
                return try quoted(.unicodeString, from: start)
            }
            return word(from: start)
        case _ where startsWord(byte): return word(from: start)
        default: return symbol(from: start)
        }
    }

    private mutating func skipBlanksAndComments() throws(QueryError) {
        while let byte = peek() {
            switch byte {
            case 0x20, 0x09, 0x0A, 0x0D:
                position += 1
            case UInt8(ascii: "-") where peek(1) == UInt8(ascii: "-"):
                while let next = peek(), next != 0x0A, next != 0x0D { position += 1 }
            case UInt8(ascii: "/") where peek(1) == UInt8(ascii: "*"):
                try skipBlockComment()
            default:
                return
            }
        }
    }

    private mutating func skipBlockComment() throws(QueryError) {
        let start = position
        position += 2
        while peek() != nil {
            if peek() == UInt8(ascii: "*"), peek(1) == UInt8(ascii: "/") {
                position += 2
                return
            }
            position += 1
        }
        throw QueryError(
            .syntaxError, "mismatched input '/*'. Expecting: the end of the comment, '*/'",
            at: SourceRange(start: start, end: start + 2))
    }

    /// A quoted token: the quote doubled stands for itself.
    private mutating func quoted(_ kind: TokenKind, from start: Int) throws(QueryError) -> Token {
        let quote = bytes[position]
        position += 1
        var content: [UInt8] = []
        while let byte = peek() {
            position += 1
            if byte != quote {
                content.append(byte)
            } else if peek() == quote {
                content.append(quote)
                position += 1
            } else {
                return token(kind, from: start, text: String(decoding: content, as: UTF8.self))
            }
        }
        let mark = String(decoding: [quote], as: UTF8.self)
        throw QueryError(
            .syntaxError, "mismatched input '\(mark)'. Expecting: the end of the quoted text",
            at: SourceRange(start: start, end: start + 1),
            hint: "The text opened here has no closing \(mark).")
    }

    private mutating func binary(from start: Int) throws(QueryError) -> Token {
        var result = try quoted(.binary, from: start)
        let digits = result.text.utf8.filter { $0 != 0x20 }
        let range = SourceRange(start: start, end: position)
        guard digits.allSatisfy({ Self.hexValue($0) != nil }) else {
            throw QueryError(
                .syntaxError, "Binary literal can only contain hexadecimal digits", at: range)
        }
        guard digits.count % 2 == 0 else {
            throw QueryError(
                .syntaxError, "Binary literal must contain an even number of digits", at: range)
        }
        result.text = String(decoding: digits, as: UTF8.self)
        return result
    }

    private mutating func number(from start: Int) -> Token {
        var kind = TokenKind.integer
        skipDigits()
        if peek() == UInt8(ascii: ".") {
            kind = .decimal
            position += 1
            skipDigits()
        }
        if let byte = peek(), byte | 0x20 == UInt8(ascii: "e") {
            let sign = peek(1) == UInt8(ascii: "+") || peek(1) == UInt8(ascii: "-") ? 1 : 0
            if isDigit(peek(1 + sign)) {
                kind = .double
                position += 1 + sign
                skipDigits()
            }
        }
        if kind == .integer, let byte = peek(), startsWord(byte) {
            kind = .digitIdentifier
            while let byte = peek(), continuesWord(byte) { position += 1 }
        }
        return token(kind, from: start)
    }

    private mutating func word(from start: Int) -> Token {
        while let byte = peek(), continuesWord(byte) { position += 1 }
        return token(.word, from: start)
    }

    private mutating func symbol(from start: Int) -> Token {
        if let second = peek(1), second < 0x80 {
            let pair = String(decoding: bytes[start..<start + 2], as: UTF8.self)
            if let symbol = pair == "!=" ? .notEqual : Symbol(rawValue: pair) {
                position += 2
                return token(.symbol(symbol), from: start)
            }
        }
        let single = String(decoding: bytes[start..<start + 1], as: UTF8.self)
        position += 1
        if let symbol = Symbol(rawValue: single) { return token(.symbol(symbol), from: start) }
        // A stray character is one token, however many bytes it has.
        while let byte = peek(), byte & 0xC0 == 0x80 { position += 1 }
        return token(.unknown, from: start)
    }

    private func token(_ kind: TokenKind, from start: Int, text: String? = nil) -> Token {
        Token(
            kind: kind, range: SourceRange(start: start, end: position),
            text: text ?? String(decoding: bytes[start..<position], as: UTF8.self))
    }

    private func peek(_ offset: Int = 0) -> UInt8? {
        position + offset < bytes.count ? bytes[position + offset] : nil
    }

    private mutating func skipDigits() {
        while isDigit(peek()) { position += 1 }
    }

    private func isDigit(_ byte: UInt8?) -> Bool {
        guard let byte else { return false }
        return byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }

    private func startsWord(_ byte: UInt8) -> Bool {
        let lower = byte | 0x20
        return lower >= UInt8(ascii: "a") && lower <= UInt8(ascii: "z")
            || byte == UInt8(ascii: "_") || byte >= 0xC3
    }

    private func continuesWord(_ byte: UInt8) -> Bool {
        startsWord(byte) || isDigit(byte) || byte & 0xC0 == 0x80
    }

    /// The value of a hexadecimal digit.
    static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
