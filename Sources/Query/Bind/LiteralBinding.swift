import Columnar

/// Literals to values with their types.
///
/// Source: Trino 401 `ExpressionAnalyzer` (literal rules), `DateTimeUtils`.
enum LiteralBinding {
    static func bind(
        _ literal: Literal, at range: SourceRange
    ) throws(QueryError) -> BoundExpression {
        switch literal {
        case .null: return .null(.unknown)
        case .boolean(let value): return .literal(.boolean(value), .boolean)
        case .integer(let digits): return try integer(digits, at: range)
        case .decimal(let digits): return try decimal(digits, at: range)
        case .double(let digits):
            guard let value = Double(digits) else {
                throw QueryError(.invalidLiteral, "Invalid double literal: \(digits)", at: range)
            }
            return .literal(.double(value), .double)
        case .string(let text):
            return .literal(.text(text), .varchar(length: text.unicodeScalars.count))
        case .binary(let bytes): return .literal(.binary(bytes), .varbinary)
        case .typed(let type, let text): return try typed(type, text, at: range)
        case .interval(let text, let isNegative, let from, let to):
            return try IntervalLiteral.bind(
                text, isNegative: isNegative, from: from, to: to, at: range)
        }
    }

    /// A number with a minus in front: `-2147483648` is an integer.
    static func negated(
        _ literal: Literal, at range: SourceRange
    ) throws(QueryError) -> BoundExpression? {
        switch literal {
        case .integer(let digits): try integer("-" + digits, at: range)
        case .decimal(let digits): try decimal("-" + digits, at: range)
        case .double(let digits): try bind(.double("-" + digits), at: range)
        default: nil
        }
    }

    private static func integer(
        _ digits: String, at range: SourceRange
    ) throws(QueryError) -> BoundExpression {
        guard let value = Int64(digits) else {
            throw QueryError(.invalidLiteral, "Invalid numeric literal: \(digits)", at: range)
        }
        return .literal(.int(value), Int32(exactly: value) == nil ? .bigint : .integer)
    }

    /// `1.50` is decimal(3,2): leading zeros of the integer part do not count.
    static func decimal(
        _ text: String, at range: SourceRange
    ) throws(QueryError) -> BoundExpression {
        var digits = text[...]
        var isNegative = false
        if let sign = digits.first, sign == "-" || sign == "+" {
            isNegative = sign == "-"
            digits = digits.dropFirst()
        }
        let parts = digits.split(separator: ".", omittingEmptySubsequences: false)
        let whole = parts[0].drop { $0 == "0" }
        let fraction = parts.count > 1 ? parts[1] : ""
        let isNumber =
            parts.count <= 2 && !(parts[0].isEmpty && fraction.isEmpty)
            && "\(parts[0])\(fraction)".utf8.allSatisfy { (48...57).contains($0) }
        guard isNumber else {
            throw QueryError(.invalidLiteral, "Invalid decimal literal: \(text)", at: range)
        }
        let precision = max(1, whole.count + fraction.count)
        guard precision <= 38, let magnitude = Int128("0\(whole)\(fraction)")
        else {
            throw QueryError(
                .invalidLiteral, "Invalid decimal literal: \(text): precision exceeds 38", at: range
            )
        }
        let unscaled = isNegative ? -magnitude : magnitude
        let value: Value = precision <= 18 ? .int(Int64(unscaled)) : .int128(unscaled)
        return .literal(value, .decimal(precision: precision, scale: fraction.count))
    }

    /// `type 'text'`: dates, timestamps and decimals here, the rest by the cast from text.
    private static func typed(
        _ name: TypeName, _ text: String, at range: SourceRange
    ) throws(QueryError) -> BoundExpression {
        switch name.name {
        case "decimal", "dec", "numeric": return try decimal(text, at: range)
        case "date":
            guard let days = TemporalText.days(text) else { throw invalid(text, "date", at: range) }
            return .literal(.int(days), .date)
        case "timestamp": return try timestamp(text, at: range)
        case "time":
            guard let time = TemporalText.time(text) else { throw invalid(text, "time", at: range) }
            return .literal(.int(time.micros), .time(precision: time.precision))
        case "json":
            guard let json = try? JSONParser().canonicalText(of: Array(text.utf8)) else {
                throw invalid(text, "json", at: range)
            }
            return .literal(.text(json), .json)
        default:
            let source = BoundExpression.literal(
                .text(text), .varchar(length: text.unicodeScalars.count))
            return .cast(source, to: try name.resolved(), isTry: false, range)
        }
    }

    private static func timestamp(
        _ text: String, at range: SourceRange
    ) throws(QueryError) -> BoundExpression {
        guard let parsed = TemporalText.timestamp(text) else {
            throw invalid(text, "timestamp", at: range)
        }
        switch parsed.zone {
        case .none:
            return .literal(.int(parsed.micros), .timestamp(precision: parsed.precision))
        case .offset(let minutes):
            let micros = parsed.micros - Int64(minutes) * 60 * CivilTime.microsPerSecond
            let key = UInt16(Int(ZonedTime.utcKey) + minutes)
            return .literal(
                .int128(ZonedTime(micros: micros, zoneKey: key).bits),
                .timestampTZ(precision: parsed.precision))
        case .named:
            let source = BoundExpression.literal(
                .text(text), .varchar(length: text.unicodeScalars.count))
            return .cast(
                source, to: .timestampTZ(precision: parsed.precision), isTry: false, range)
        }
    }

    private static func invalid(
        _ text: String, _ type: String, at range: SourceRange
    ) -> QueryError {
        QueryError(.invalidLiteral, "'\(text)' is not a valid \(type) literal", at: range)
    }
}

extension JSONParser {
    /// A document as canonical text: what `JSON '...'` means.
    fileprivate func canonicalText(of bytes: [UInt8]) throws(ColumnarError) -> String {
        let root = try parse(copyOf: bytes)
        return withExtendedLifetime(self) {
            String(decoding: root.jsonText(canonical: true), as: UTF8.self)
        }
    }
}
