import Columnar

/// Bound expressions as text, columns by name: `(likes > BIGINT '5')`.
struct ExpressionPrinter {
    /// Names of the input columns; those of another are told apart by their position.
    private let names: [String]

    init(_ inputs: [OutputColumn]) {
        var counts: [String: Int] = [:]
        for input in inputs { counts[input.name, default: 0] += 1 }
        names = inputs.enumerated().map { index, input in
            counts[input.name] == 1 ? input.name : "\(input.name)#\(index)"
        }
    }

    private init(names: [String]) {
        self.names = names
    }

    func text(_ expression: BoundExpression) -> String {
        switch expression {
        case .column(let index, _): index < names.count && index >= 0 ? names[index] : "#\(index)"
        case .literal(let value, let type): Self.text(value, type)
        case .compare(let op, let a, let b): "(\(text(a)) \(op.symbol) \(text(b)))"
        case .arithmetic(let op, let a, let b, _, _): "(\(text(a)) \(op.symbol) \(text(b)))"
        case .negate(let a, _, _): "-\(text(a))"
        case .and(let terms): "(\(list(terms, " AND ")))"
        case .or(let terms): "(\(list(terms, " OR ")))"
        case .not(let a): "NOT \(text(a))"
        case .isNull(let a): "\(text(a)) IS NULL"
        case .inList(let needle, let items): "(\(text(needle)) IN (\(list(items, ", "))))"
        case .coalesce(let terms, _): "coalesce(\(list(terms, ", ")))"
        case .try(let a): "try(\(text(a)))"
        case .cast(let a, let to, let isTry, _):
            "\(isTry ? "try_cast" : "cast")(\(text(a)) AS \(to))"
        case .field(let a, let index, _): "\(text(a)).\(Self.fieldName(a.type, index))"
        case .rowConstructor(let terms, _): "ROW(\(list(terms, ", ")))"
        case .arrayConstructor(let terms, _): "ARRAY[\(list(terms, ", "))]"
        case .call(let call): "\(call.function.name)(\(list(call.arguments, ", ")))"
        case .scalarSubquery(let id, _): "subquery_\(id.number)"
        case .caseWhen, .like, .lambda: compound(expression)
        }
    }

    private func compound(_ expression: BoundExpression) -> String {
        switch expression {
        case .caseWhen(let branches, let otherwise, _):
            var result = "CASE"
            for branch in branches {
                result += " WHEN \(text(branch.condition)) THEN \(text(branch.result))"
            }
            if let otherwise { result += " ELSE \(text(otherwise))" }
            return result + " END"
        case .like(let value, let pattern, let escape, _):
            let tail = escape.map { " ESCAPE \(text($0))" } ?? ""
            return "(\(text(value)) LIKE \(text(pattern))\(tail))"
        case .lambda(let lambda):
            let parameters = lambda.parameterTypes.indices.map { "x\($0)" }
            let inner = ExpressionPrinter(names: lambda.captures.map(text) + parameters)
            return "(\(parameters.joined(separator: ", "))) -> \(inner.text(lambda.body))"
        default: return ""
        }
    }

    func list(_ expressions: [BoundExpression], _ separator: String) -> String {
        expressions.map(text).joined(separator: separator)
    }

    func text(_ key: SortKey) -> String {
        text(key.expression) + (key.isDescending ? " DESC" : "")
            + (key.nullsFirst ? " NULLS FIRST" : "")
    }

    private static func fieldName(_ row: DataType, _ index: Int) -> String {
        guard case .row(let fields) = row, index < fields.count else { return "\(index)" }
        return fields[index].name ?? "field\(index)"
    }

    // MARK: Literals

    /// A value as a literal that says its type.
    static func text(_ value: Value, _ type: DataType) -> String {
        if value == .null { return "NULL" }
        switch (type, value) {
        case (.boolean, .boolean(let flag)): return flag ? "TRUE" : "FALSE"
        case (.integer, .int(let number)): return "\(number)"
        case (.varchar, .text(let text)): return quoted(text)
        case (.double, .double(let number)): return "DOUBLE '\(number)'"
        case (.real, .float(let number)): return "REAL '\(number)'"
        case (.decimal(_, let scale), .int(let unscaled)): return decimal(Int128(unscaled), scale)
        case (.decimal(_, let scale), .int128(let unscaled)): return decimal(unscaled, scale)
        case (.date, .int(let days)): return "DATE '\(date(days))'"
        case (.timestamp, .int(let micros)): return "TIMESTAMP '\(timestamp(micros))'"
        case (.timestampTZ, .int128(let bits)):
            return "TIMESTAMP '\(timestamp(ZonedTime(bits: bits).micros)) UTC'"
        case (.intervalDayToSecond, .int(let millis)): return "INTERVAL '\(millis)' MILLISECOND"
        case (.intervalYearToMonth, .int(let months)): return "INTERVAL '\(months)' MONTH"
        case (_, .int(let number)): return "\(type.description.uppercased()) '\(number)'"
        case (_, .text(let text)): return "\(type.description.uppercased()) \(quoted(text))"
        case (_, .binary(let bytes)): return "X'\(bytes.map(hex).joined())'"
        default: return "\(type.description.uppercased()) literal"
        }
    }

    private static func quoted(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''")
            + "'"
    }

    private static func hex(_ byte: UInt8) -> String {
        (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }

    private static func decimal(_ unscaled: Int128, _ scale: Int) -> String {
        var digits = String(unscaled.magnitude)
        while digits.count <= scale { digits = "0" + digits }
        let whole = digits.dropLast(scale)
        let sign = unscaled < 0 ? "-" : ""
        return scale == 0 ? "DECIMAL '\(sign)\(whole)'" : "\(sign)\(whole).\(digits.suffix(scale))"
    }

    private static func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }

    private static func date(_ days: Int64) -> String {
        guard abs(days) < 10_000_000 else { return "\(days) days" }
        let (year, month, day) = CivilTime.date(fromDays: days)
        return "\(year)-\(two(Int64(month)))-\(two(Int64(day)))"
    }

    private static func timestamp(_ micros: Int64) -> String {
        let days = CivilTime.floorDays(micros: micros)
        let (rest, _) = micros.subtractingReportingOverflow(days &* CivilTime.microsPerDay)
        let seconds = rest / CivilTime.microsPerSecond
        let fraction = rest % CivilTime.microsPerSecond
        var result = "\(date(days)) \(two(seconds / 3_600)):\(two(seconds / 60 % 60)):"
        result += two(seconds % 60)
        if fraction > 0 { result += "." + String(String(1_000_000 + fraction).dropFirst()) }
        return result
    }
}
