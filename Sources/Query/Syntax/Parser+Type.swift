extension Parser {
    /// A type: `varchar(5)`, `array(bigint)`, `row(a bigint)`, `timestamp(3) with time zone`.
    mutating func parseTypeName() throws(QueryError) -> TypeName {
        try enter()
        defer { leave() }
        guard current.kind == .word || current.kind == .quotedIdentifier else {
            note(rule: "type")
            throw mismatch()
        }
        let start = advance()
        var type = TypeName(
            name: start.text.lowercased(), types: [], numbers: [], fieldNames: [],
            range: start.range)
        switch type.name {
        case "double":
            if isWord("PRECISION") { advance() }
        case "interval":
            try parseIntervalType(&type)
        case "row":
            try parseRowFields(&type)
        case "array", "map":
            try parseTypeArguments(&type)
        default:
            try parseNumbers(&type)
        }
        if type.name == "time" || type.name == "timestamp" { try parseZoneSuffix(&type) }
        // `bigint array` is `array(bigint)`.
        while isWord("ARRAY") {
            advance()
            type = TypeName(
                name: "array", types: [type], numbers: [], fieldNames: [], range: type.range)
        }
        type.range = SourceRange(start: start.range.start, end: tokens[position - 1].range.end)
        return type
    }

    private mutating func parseNumbers(_ type: inout TypeName) throws(QueryError) {
        guard accept(.leftParenthesis) else { return }
        repeat {
            guard current.kind == .integer, let number = Int(current.text) else {
                note(rule: "integer")
                throw mismatch()
            }
            advance()
            type.numbers.append(number)
        } while accept(.comma)
        try expect(.rightParenthesis)
    }

    /// `array(T)`, `map(K, V)`, and Hive's `array<T>`.
    private mutating func parseTypeArguments(_ type: inout TypeName) throws(QueryError) {
        let isAngular = isSymbol(.less)
        try expect(isAngular ? .less : .leftParenthesis)
        repeat { type.types.append(try parseTypeName()) } while accept(.comma)
        try expect(isAngular ? .greater : .rightParenthesis)
    }

    /// `row(a bigint, varchar)`: each field is a type with or without a name.
    private mutating func parseRowFields(_ type: inout TypeName) throws(QueryError) {
        try expect(.leftParenthesis)
        repeat {
            var fieldName: String?
            let next = peek(1).kind
            let isTypeAfterName = next == .word || next == .quotedIdentifier
            let isTwoWordType =
                isWord("PRECISION", ahead: 1) || isWord("ARRAY", ahead: 1)
                || isWord("WITH", ahead: 1) || isWord("WITHOUT", ahead: 1)
                || isWord("INTERVAL")
            let isBareArray = isWord("ARRAY", ahead: 1) && isSymbol(.leftParenthesis, ahead: 2)
            if isTypeAfterName, !isTwoWordType || isBareArray { fieldName = advance().text }
            type.types.append(try parseTypeName())
            type.fieldNames.append(fieldName)
        } while accept(.comma)
        try expect(.rightParenthesis)
    }

    private mutating func parseZoneSuffix(_ type: inout TypeName) throws(QueryError) {
        let hasZone = isWord("WITH")
        guard hasZone || isWord("WITHOUT"), isWord("TIME", ahead: 1), isWord("ZONE", ahead: 2)
        else { return }
        advance()
        advance()
        advance()
        if hasZone { type.name += " with time zone" }
    }

    private mutating func parseIntervalType(_ type: inout TypeName) throws(QueryError) {
        let from = try intervalUnit()
        try expect("TO")
        let to = try intervalUnit()
        type.name = "interval \(from.rawValue.lowercased()) to \(to.rawValue.lowercased())"
    }

    // MARK: Literals with a type in front

    /// `DATE '..'`, `TIMESTAMP '..'`, `DECIMAL '..'`, `JSON '..'`, `DOUBLE PRECISION '..'`.
    mutating func parseTypedLiteral() throws(QueryError) -> Expression? {
        let isDouble = isWord("DOUBLE") && isWord("PRECISION", ahead: 1)
        let kind = peek(isDouble ? 2 : 1).kind
        guard kind == .string || kind == .unicodeString else { return nil }
        let start = current.range
        let name = advance().text.lowercased()
        if isDouble { advance() }
        let type = TypeName(name: name, types: [], numbers: [], fieldNames: [], range: start)
        let text = try stringLiteral()
        return try node(.literal(.typed(type, text)), from: start)
    }

    /// Whether `INTERVAL` opens a literal here rather than being a name.
    func startsInterval() -> Bool {
        let offset = isSymbol(.plus, ahead: 1) || isSymbol(.minus, ahead: 1) ? 2 : 1
        let kind = peek(offset).kind
        return kind == .string || kind == .unicodeString
    }

    /// `INTERVAL [+|-] '2' DAY [TO SECOND]`.
    mutating func parseInterval() throws(QueryError) -> Expression {
        let start = advance().range
        let isNegative = isSymbol(.minus)
        if isNegative || isSymbol(.plus) { advance() }
        let text = try stringLiteral()
        let from = try intervalUnit()
        let to = accept("TO") ? try intervalUnit() : nil
        return try node(
            .literal(.interval(text, isNegative: isNegative, from: from, to: to)), from: start)
    }

    private mutating func intervalUnit() throws(QueryError) -> IntervalUnit {
        for unit in IntervalUnit.allCases where accept(unit.rawValue) { return unit }
        throw mismatch()
    }
}
