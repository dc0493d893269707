import Columnar

/// The times that a monotone function maps to one value: `date(ts) = d` is a day's worth of `ts`.
///
/// Source: DuckDB `monotone_preimage.cpp` (the idea).
enum Preimage {
    /// An instant on the local time line in microseconds since 1970, before which or from which.
    struct Bound {
        var micros: Int64
        var isLow: Bool

        /// The bound as a value of a date or timestamp type.
        ///
        /// The calendar of an instant with a zone may be hours off UTC, so that its range is widened.
        func value(of type: DataType) -> Value? {
            switch type {
            case .date:
                let days = CivilTime.floorDays(micros: micros)
                return micros % CivilTime.microsPerDay == 0 ? .int(days) : nil
            case .timestamp: return .int(micros)
            case .timestampTZ:
                let widening = 14 * 3_600 * CivilTime.microsPerSecond
                let (moved, overflow) = micros.addingReportingOverflow(
                    isLow ? -widening : widening)
                return overflow ? nil : .int128(ZonedTime(micros: moved).bits)
            default: return nil
            }
        }
    }

    /// From `low` on and before `high`.
    struct Range {
        var low: Bound
        var high: Bound
    }

    /// The function's argument and the range that it maps to the constant; nil if it is no such function.
    static func of(
        _ expression: BoundExpression, _ constant: Value
    ) -> (BoundExpression, Range)? {
        switch expression {
        case .cast(let operand, .date, _, _):
            return day(constant, operand.type).map { (operand, $0) }
        case .call(let call):
            return of(call, constant)
        default: return nil
        }
    }

    private static func of(_ call: ScalarCall, _ constant: Value) -> (BoundExpression, Range)? {
        let arguments = call.arguments
        switch (call.function.name, arguments.count) {
        case ("date", 1): return day(constant, arguments[0].type).map { (arguments[0], $0) }
        case ("year", 1):
            guard case .int(let year) = constant, arguments[0].type.isCalendar,
                (1...9_998).contains(year)
            else { return nil }
            return (arguments[0], range(months: year * 12, count: 12))
        case ("date_trunc", 2):
            guard case .literal(.text(let unit), _) = arguments[0] else { return nil }
            return truncated(unit.lowercased(), constant, arguments[1].type).map {
                (arguments[1], $0)
            }
        default: return nil
        }
    }

    private static func day(_ constant: Value, _ type: DataType) -> Range? {
        guard case .int(let days) = constant, type.isCalendar, abs(days) < 3_000_000 else {
            return nil
        }
        return range(days: days, count: 1)
    }

    private static func range(days: Int64, count: Int64) -> Range {
        Range(
            low: Bound(micros: days * CivilTime.microsPerDay, isLow: true),
            high: Bound(micros: (days + count) * CivilTime.microsPerDay, isLow: false))
    }

    /// `months` counts from year 0.
    private static func range(months: Int64, count: Int64) -> Range {
        func start(_ months: Int64) -> Int64 {
            CivilTime.days(year: months / 12, month: Int(months % 12) + 1, day: 1)
                * CivilTime.microsPerDay
        }
        return Range(
            low: Bound(micros: start(months), isLow: true),
            high: Bound(micros: start(months + count), isLow: false))
    }

    /// The unit that begins at the constant; nil if none does, for then no time is mapped to it.
    private static func truncated(_ unit: String, _ constant: Value, _ type: DataType) -> Range? {
        let micros: Int64
        switch (type, constant) {
        case (.date, .int(let days)) where abs(days) < 3_000_000:
            micros = days * CivilTime.microsPerDay
        case (.timestamp, .int(let value)): micros = value
        case (.timestampTZ, .int128(let bits)): micros = ZonedTime(bits: bits).micros
        default: return nil
        }
        guard abs(micros) < 3_000_000 * CivilTime.microsPerDay else { return nil }
        if let seconds = ["second": 1, "minute": 60, "hour": 3_600][unit] {
            let size = Int64(seconds) * CivilTime.microsPerSecond
            guard micros % size == 0, type != .date else { return nil }
            return Range(
                low: Bound(micros: micros, isLow: true),
                high: Bound(micros: micros + size, isLow: false))
        }
        guard micros % CivilTime.microsPerDay == 0 else { return nil }
        let days = micros / CivilTime.microsPerDay
        let (year, month, day) = CivilTime.date(fromDays: days)
        guard year >= 1 else { return nil }
        let months = year * 12 + Int64(month) - 1
        switch unit {
        case "day": return range(days: days, count: 1)
        // 1970-01-05 was a Monday.
        case "week": return (days - 4) % 7 == 0 ? range(days: days, count: 7) : nil
        case "month": return day == 1 ? range(months: months, count: 1) : nil
        case "quarter":
            return day == 1 && (month - 1) % 3 == 0 ? range(months: months, count: 3) : nil
        case "year": return day == 1 && month == 1 ? range(months: months, count: 12) : nil
        default: return nil
        }
    }
}

extension DataType {
    /// Date or timestamp: what a calendar function takes.
    fileprivate var isCalendar: Bool {
        switch self {
        case .date, .timestamp, .timestampTZ: true
        default: false
        }
    }
}
