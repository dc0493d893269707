import Columnar

/// The operators between times and intervals, which the binder maps to calls.
enum IntervalFunctions {
    static let all: [ScalarFunction] = [
        ScalarFunction("$plus_interval", summary: "time + interval", shifted(by: 1)),
        ScalarFunction("$minus_interval", summary: "time - interval", shifted(by: -1)),
        ScalarFunction(
            "$timestamp_minus", summary: "time - time",
            times.map { ScalarOverload([$0, $0], result: daySecond, kernel: between) }),
        ScalarFunction(
            "$multiply_interval", summary: "interval * number",
            [
                ScalarOverload([.daySecond, .bigint], result: daySecond, kernel: times64),
                ScalarOverload([.yearMonth, .bigint], result: yearMonth, kernel: times32),
                ScalarOverload(
                    [.daySecond, .double], result: daySecond, kernel: scaled { $0 * $1 }),
                ScalarOverload(
                    [.yearMonth, .double], result: yearMonth, kernel: scaled { $0 * $1 }),
            ]),
        ScalarFunction(
            "$divide_interval", summary: "interval / number",
            [
                ScalarOverload(
                    [.daySecond, .double], result: daySecond, kernel: scaled { $0 / $1 }),
                ScalarOverload(
                    [.yearMonth, .double], result: yearMonth, kernel: scaled { $0 / $1 }),
            ]),
        ScalarFunction(
            "$negate_interval", summary: "- interval",
            [
                ScalarOverload([.daySecond], result: daySecond, kernel: negate),
                ScalarOverload([.yearMonth], result: yearMonth, kernel: negate),
            ]),
        ScalarFunction(
            "to_milliseconds", summary: "Milliseconds of an interval",
            [ScalarOverload([.daySecond], result: .bigint, kernel: Cast.identity)]),
    ]

    private static let times: [TypePattern] = [.date, .timestamp, .timestampTZ, .time]
    private static let daySecond = ResultRule.exact(.intervalDayToSecond)
    private static let yearMonth = ResultRule.exact(.intervalYearToMonth)

    private static func shifted(by sign: Int64) -> [ScalarOverload] {
        var overloads: [ScalarOverload] = []
        for type in times {
            overloads.append(
                ScalarOverload([type, .daySecond], result: .first, kernel: addMillis(sign)))
        }
        for type in times.dropLast() {
            overloads.append(
                ScalarOverload([type, .yearMonth], result: .first, kernel: addMonths(sign)))
        }
        let sum = RowKernel.of { (x: Int64, y: Int64) throws(QueryError) -> Int64? in
            let (result, overflow) =
                sign > 0 ? x.addingReportingOverflow(y) : x.subtractingReportingOverflow(y)
            guard !overflow else { throw .outOfRange("interval overflow: \(x), \(y)") }
            return result
        }
        let monthSum = RowKernel.of { (x: Int64, y: Int64) throws(QueryError) -> Int64? in
            guard Int32(exactly: x + sign * y) != nil else {
                throw .outOfRange("interval overflow: \(x), \(y)")
            }
            return x + sign * y
        }
        return overloads + [
            ScalarOverload([.daySecond, .daySecond], result: daySecond, kernel: sum),
            ScalarOverload([.yearMonth, .yearMonth], result: yearMonth, kernel: monthSum),
        ]
    }

    private static func addMillis(_ sign: Int64) -> ScalarKernel {
        { (arguments, context) throws(QueryError) in
            var moments = try arguments.temporal(0, context)
            let intervals = try arguments.reader(1, as: Int64.self, context)
            let type = arguments.types[0]
            return try arguments.collectTemporal(&context) { row throws(QueryError) in
                guard let moment = moments.row(row), let millis = intervals.row(row) else {
                    return nil
                }
                if type == .date, millis % 86_400_000 != 0 {
                    throw .argument("Cannot add hour, minutes or seconds to a date")
                }
                let isZoned = type.storage == .int128
                let start = isZoned ? LocalTime(micros: moment.instant) : moment.local
                let (count, overflow) = millis.multipliedReportingOverflow(by: sign)
                guard !overflow, let end = CalendarUnit.millisecond.add(count, to: start) else {
                    throw .outOfRange("Result of interval arithmetic is out of range")
                }
                guard isZoned else { return try moments.encode(end) }
                guard let micros = end.micros else {
                    throw .outOfRange("Result of interval arithmetic is out of range")
                }
                return ZonedTime(micros: micros, zoneKey: moment.zoneKey).bits
            }
        }
    }

    private static func addMonths(_ sign: Int64) -> ScalarKernel {
        { (arguments, context) throws(QueryError) in
            var moments = try arguments.temporal(0, context)
            let intervals = try arguments.reader(1, as: Int64.self, context)
            return try arguments.collectTemporal(&context) { row throws(QueryError) in
                guard let moment = moments.row(row), let months = intervals.row(row) else {
                    return nil
                }
                guard let end = moment.local.adding(months: months * sign) else {
                    throw .outOfRange("Result of interval arithmetic is out of range")
                }
                return try moments.encode(end, zoneKey: moment.zoneKey)
            }
        }
    }

    private static let between: ScalarKernel = { (arguments, context) throws(QueryError) in
        var ends = try arguments.temporal(0, context)
        var starts = try arguments.temporal(1, context)
        let isZoned = arguments.types[0].storage == .int128
        return try arguments.collect(Int64.self, &context) { row in
            guard let end = ends.row(row), let start = starts.row(row) else { return nil }
            return CalendarUnit.millisecond.difference(
                from: isZoned ? LocalTime(micros: start.instant) : start.local,
                to: isZoned ? LocalTime(micros: end.instant) : end.local)
        }
    }

    private static let times64 = RowKernel.of { (x: Int64, n: Int64) throws(QueryError) -> Int64? in
        let (result, overflow) = x.multipliedReportingOverflow(by: n)
        guard !overflow else { throw .outOfRange("interval overflow: \(x) * \(n)") }
        return result
    }

    private static let times32 = RowKernel.of { (x: Int64, n: Int64) throws(QueryError) -> Int64? in
        let (result, overflow) = x.multipliedReportingOverflow(by: n)
        guard !overflow, Int32(exactly: result) != nil else {
            throw .outOfRange("interval overflow: \(x) * \(n)")
        }
        return result
    }

    private static func scaled(
        _ body: @escaping @Sendable (Double, Double) -> Double
    ) -> ScalarKernel {
        { (arguments, context) throws(QueryError) in
            let intervals = try arguments.reader(0, as: Int64.self, context)
            let factors = try arguments.reader(1, as: Double.self, context)
            let isNarrow = arguments.resultType == .intervalYearToMonth
            return try arguments.collect(Int64.self, &context) { row throws(QueryError) in
                guard let x = intervals.row(row), let factor = factors.row(row) else { return nil }
                let value = body(Double(x), factor).rounded(.towardZero)
                guard let result = Int64(exactly: value), !isNarrow || Int32(exactly: result) != nil
                else { throw .outOfRange("interval overflow: \(x), \(factor)") }
                return result
            }
        }
    }

    private static let negate: ScalarKernel = { (arguments, context) throws(QueryError) in
        let intervals = try arguments.reader(0, as: Int64.self, context)
        let least = arguments.resultType == .intervalYearToMonth ? Int64(Int32.min) : .min
        return try arguments.collect(Int64.self, &context) { row throws(QueryError) in
            guard let x = intervals.row(row) else { return nil }
            guard x > least else { throw .outOfRange("interval overflow: - \(x)") }
            return -x
        }
    }
}
