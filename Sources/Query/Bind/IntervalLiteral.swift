import Columnar

/// `INTERVAL '2' DAY` and its compound forms to months or milliseconds.
///
/// Source: Trino 401 `DateTimeUtils.parseDayTimeInterval`, `parseYearMonthInterval`.
enum IntervalLiteral {
    static func bind(
        _ text: String, isNegative: Bool, from: IntervalUnit, to: IntervalUnit?,
        at range: SourceRange
    ) throws(QueryError) -> BoundExpression {
        let isMonths = from == .year || from == .month
        guard let units = units(from, to), let total = total(text, units, isMonths: isMonths),
            !isMonths || Int32(exactly: total) != nil
        else {
            throw QueryError(
                .invalidLiteral, "'\(text)' is not a valid interval literal", at: range)
        }
        let value = isNegative ? -total : total
        return .literal(.int(value), isMonths ? .intervalYearToMonth : .intervalDayToSecond)
    }

    /// The units from the first to the last, all of one family.
    private static func units(_ from: IntervalUnit, _ to: IntervalUnit?) -> [IntervalUnit]? {
        guard let to, to != from else { return [from] }
        let families: [[IntervalUnit]] = [[.year, .month], [.day, .hour, .minute, .second]]
        for family in families {
            guard let start = family.firstIndex(of: from), let end = family.firstIndex(of: to),
                start < end
            else { continue }
            return Array(family[start...end])
        }
        return nil
    }

    /// The sum of a literal's numbers, one per unit: `1-2`, `2 03:04:05.678`.
    private static func total(_ text: String, _ units: [IntervalUnit], isMonths: Bool) -> Int64? {
        let isNegative = text.utf8.first == UInt8(ascii: "-")
        let body = isNegative ? text.dropFirst() : text[...]
        let pieces = body.split(omittingEmptySubsequences: false) { character in
            isMonths ? character == "-" : character == ":" || character == " "
        }
        guard pieces.count == units.count else { return nil }
        var total: Int64 = 0
        for (piece, unit) in zip(pieces, units) {
            guard let amount = unit == .second ? millis(piece) : amount(piece, size(unit)) else {
                return nil
            }
            let (sum, overflow) = total.addingReportingOverflow(amount)
            if overflow { return nil }
            total = sum
        }
        return isNegative ? -total : total
    }

    /// Months for years and months, milliseconds for the rest.
    private static func size(_ unit: IntervalUnit) -> Int64 {
        switch unit {
        case .year: 12
        case .month: 1
        case .day: 86_400_000
        case .hour: 3_600_000
        case .minute: 60_000
        case .second: 1_000
        }
    }

    private static func amount(_ digits: Substring, _ size: Int64) -> Int64? {
        guard digits.utf8.allSatisfy({ (48...57).contains($0) }), let number = Int64(digits) else {
            return nil
        }
        let (product, overflow) = number.multipliedReportingOverflow(by: size)
        return overflow ? nil : product
    }

    /// Seconds with a fraction, of which three digits count.
    private static func millis(_ text: Substring) -> Int64? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, let whole = amount(parts[0], 1_000) else { return nil }
        guard parts.count == 2 else { return whole }
        let digits = parts[1].prefix(3)
        guard var fraction = amount(digits, 1) else { return nil }
        for _ in digits.count..<3 { fraction *= 10 }
        let (sum, overflow) = whole.addingReportingOverflow(fraction)
        return overflow ? nil : sum
    }
}
