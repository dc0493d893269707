import Columnar

/// Units of date_trunc, date_add and date_diff.
enum CalendarUnit: String {
    case millisecond, second, minute, hour, day, week, month, quarter, year

    /// A unit by its name in any case; the error names the type, as Trino's does.
    init(_ name: Bytes, type: DataType) throws(QueryError) {
        let text = name.message
        guard let unit = CalendarUnit(rawValue: text.lowercased()),
            type != .date || unit.micros == nil || unit == .day || unit == .week
        else { throw .argument("'\(text)' is not a valid \(Self.kind(type)) field") }
        if case .time = type, unit.micros == nil || unit == .day || unit == .week {
            throw .argument("'\(text)' is not a valid \(Self.kind(type)) field")
        }
        self = unit
    }

    private static func kind(_ type: DataType) -> String {
        switch type {
        case .date: "DATE"
        case .time: "TIME"
        default: "TIMESTAMP"
        }
    }

    /// Microseconds of a unit of fixed length.
    var micros: Int64? {
        switch self {
        case .millisecond: 1_000
        case .second: 1_000_000
        case .minute: 60_000_000
        case .hour: 3_600_000_000
        case .day: CivilTime.microsPerDay
        case .week: CivilTime.microsPerDay * 7
        case .month, .quarter, .year: nil
        }
    }

    /// Months of a unit of months.
    private var months: Int64 {
        switch self {
        case .month: 1
        case .quarter: 3
        default: 12
        }
    }

    /// Whether a day or more: then zoned times are counted by their local clock.
    var isCivil: Bool { micros.map { $0 >= CivilTime.microsPerDay } ?? true }

    /// The start of the unit that a time lies in.
    func truncate(_ time: LocalTime) -> LocalTime {
        switch self {
        case .millisecond, .second, .minute, .hour:
            let unit = micros ?? 1
            return LocalTime(days: time.days, dayMicros: time.dayMicros / unit * unit)
        case .day: return LocalTime(days: time.days)
        case .week: return LocalTime(days: time.days - (time.weekday - 1))
        case .month, .quarter, .year:
            let (year, month, _) = time.date
            let first = (month - 1) / Int(months) * Int(months) + 1
            return LocalTime(days: CivilTime.days(year: year, month: first, day: 1))
        }
    }

    /// A time so many units later; nil when it is out of range.
    func add(_ count: Int64, to time: LocalTime) -> LocalTime? {
        if let micros {
            let total = Int128(count) * Int128(micros) + Int128(time.dayMicros)
            let day = Int128(CivilTime.microsPerDay)
            let rest = (total % day + day) % day
            let days = Int128(time.days) + (total - rest) / day
            guard abs(days) < 1 << 40 else { return nil }
            return LocalTime(days: Int64(days), dayMicros: Int64(rest))
        }
        let (total, overflow) = count.multipliedReportingOverflow(by: months)
        return overflow ? nil : time.adding(months: total)
    }

    /// Whole units from one time to another, towards zero.
    func difference(from start: LocalTime, to end: LocalTime) -> Int64 {
        guard let micros else { return start.months(until: end) / months }
        let days = Int128(end.days - start.days) * Int128(CivilTime.microsPerDay)
        let total = days + Int128(end.dayMicros - start.dayMicros)
        return Int64(truncatingIfNeeded: total / Int128(micros))
    }
}

/// date_trunc, date_add, date_diff.
enum CalendarFunctions {
    static let all: [ScalarFunction] = [
        ScalarFunction(
            "date_trunc", summary: "Start of the unit that a time lies in",
            types.map { ScalarOverload([.varchar, $0], result: second, kernel: truncate) }),
        ScalarFunction(
            "date_add", summary: "A time some units later",
            types.map { ScalarOverload([.varchar, .bigint, $0], result: third, kernel: add) }),
        ScalarFunction(
            "date_diff", summary: "Whole units between two times",
            types.map { ScalarOverload([.varchar, $0, $0], result: .bigint, kernel: difference) }),
    ]

    private static let types: [TypePattern] = [.date, .timestamp, .timestampTZ, .time]
    private static let second = ResultRule.computed { $0[1] }
    private static let third = ResultRule.computed { $0[2] }

    private static let truncate: ScalarKernel = { (arguments, context) throws(QueryError) in
        let units = try arguments.reader(0, as: Bytes.self, context)
        var moments = try arguments.temporal(1, context)
        return try arguments.collectTemporal(&context) { row throws(QueryError) in
            guard let name = units.row(row), let moment = moments.row(row) else { return nil }
            let unit = try CalendarUnit(name, type: arguments.types[1])
            return try moments.encode(unit.truncate(moment.local), zoneKey: moment.zoneKey)
        }
    }

    private static let add: ScalarKernel = { (arguments, context) throws(QueryError) in
        let units = try arguments.reader(0, as: Bytes.self, context)
        let counts = try arguments.reader(1, as: Int64.self, context)
        var moments = try arguments.temporal(2, context)
        let isZoned = arguments.types[2].storage == .int128
        return try arguments.collectTemporal(&context) { row throws(QueryError) in
            guard let name = units.row(row), let count = counts.row(row),
                let moment = moments.row(row)
            else { return nil }
            let unit = try CalendarUnit(name, type: arguments.types[2])
            // Hours and less are added to the instant, so that they never repeat or skip.
            let isInstant = isZoned && !unit.isCivil
            let start = isInstant ? LocalTime(micros: moment.instant) : moment.local
            guard let end = unit.add(count, to: start) else {
                throw .outOfRange("Result of date_add is out of range")
            }
            guard isInstant else { return try moments.encode(end, zoneKey: moment.zoneKey) }
            guard let micros = end.micros else {
                throw .outOfRange("Result of date_add is out of range")
            }
            return ZonedTime(micros: micros, zoneKey: moment.zoneKey).bits
        }
    }

    private static let difference: ScalarKernel = { (arguments, context) throws(QueryError) in
        let units = try arguments.reader(0, as: Bytes.self, context)
        var starts = try arguments.temporal(1, context)
        var ends = try arguments.temporal(2, context)
        let isZoned = arguments.types[1].storage == .int128
        return try arguments.collect(Int64.self, &context) { row throws(QueryError) in
            guard let name = units.row(row), let start = starts.row(row), let end = ends.row(row)
            else { return nil }
            let unit = try CalendarUnit(name, type: arguments.types[1])
            if isZoned, !unit.isCivil {
                return unit.difference(
                    from: LocalTime(micros: start.instant), to: LocalTime(micros: end.instant))
            }
            return unit.difference(from: start.local, to: end.local)
        }
    }
}
