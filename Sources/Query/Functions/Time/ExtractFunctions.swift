import Columnar

/// year(x), month(x), ...: the fields that EXTRACT takes.
enum ExtractFunctions {
    static let all: [ScalarFunction] = [
        field("year", "Year", dates, interval: .months { $0 / 12 }) { $0.date.year },
        field("quarter", "Quarter of the year, 1 to 4", dates) { Int64(($0.date.month + 2) / 3) },
        field("month", "Month of the year, 1 to 12", dates, interval: .months { $0 % 12 }) {
            Int64($0.date.month)
        },
        field("week", aliases: ["week_of_year"], "ISO week of the year", dates) { $0.isoWeek.week },
        field("year_of_week", aliases: ["yow"], "Year of the ISO week", dates) { $0.isoWeek.year },
        field(
            "day", aliases: ["day_of_month"], "Day of the month", dates,
            interval: .millis { $0 / 86_400_000 }
        ) { Int64($0.date.day) },
        field("day_of_week", aliases: ["dow"], "Day of the week, 1 = Monday", dates) { $0.weekday },
        field("day_of_year", aliases: ["doy"], "Day of the year", dates) { $0.dayOfYear },
        field(
            "hour", "Hour of the day", times, interval: .millis { $0 / 3_600_000 % 24 }
        ) { $0.hour },
        field(
            "minute", "Minute of the hour", times, interval: .millis { $0 / 60_000 % 60 }
        ) { $0.minute },
        field(
            "second", "Second of the minute", times, interval: .millis { $0 / 1000 % 60 }
        ) { $0.second },
        field(
            "millisecond", "Millisecond of the second", times, interval: .millis { $0 % 1000 }
        ) { $0.dayMicros / 1000 % 1000 },
        zoneField("timezone_hour", "Hours of the zone's offset") { $0 / 60 },
        zoneField("timezone_minute", "Minutes of the zone's offset") { $0 % 60 },
        ScalarFunction(
            "last_day_of_month", summary: "Last day of the month",
            dates.map {
                ScalarOverload([$0], result: .date) { (arguments, context) throws(QueryError) in
                    var moments = try arguments.temporal(0, context)
                    return try arguments.collect(Int64.self, &context) { row in
                        guard let local = moments.row(row)?.local else { return nil }
                        let (year, month, day) = local.date
                        return local.days
                            + Int64(CivilTime.daysInMonth(year: year, month: month) - day)
                    }
                }
            }),
    ]

    private static let dates: [TypePattern] = [.date, .timestamp, .timestampTZ]
    private static let times: [TypePattern] = [.timestamp, .timestampTZ, .time]

    /// The same field of an interval, which is one integer.
    private enum IntervalField {
        case months(@Sendable (Int64) -> Int64)
        case millis(@Sendable (Int64) -> Int64)
    }

    private static func field(
        _ name: String, aliases: [String] = [], _ summary: String, _ types: [TypePattern],
        interval: IntervalField? = nil, _ body: @escaping @Sendable (LocalTime) -> Int64
    ) -> ScalarFunction {
        var overloads = types.map {
            ScalarOverload([$0], result: .bigint) { (arguments, context) throws(QueryError) in
                var moments = try arguments.temporal(0, context)
                return try arguments.collect(Int64.self, &context) { row in
                    moments.row(row).map { body($0.local) }
                }
            }
        }
        switch interval {
        case .months(let part): overloads.append(of(.yearMonth, part))
        case .millis(let part): overloads.append(of(.daySecond, part))
        case nil: break
        }
        return ScalarFunction(name, aliases: aliases, summary: summary, overloads)
    }

    private static func of(
        _ type: TypePattern, _ part: @escaping @Sendable (Int64) -> Int64
    ) -> ScalarOverload {
        ScalarOverload(
            [type], result: .bigint,
            kernel: RowKernel.of { (x: Int64) throws(QueryError) -> Int64? in part(x) })
    }

    private static func zoneField(
        _ name: String, _ summary: String, _ body: @escaping @Sendable (Int64) -> Int64
    ) -> ScalarFunction {
        ScalarFunction(
            name, summary: summary,
            [
                ScalarOverload([.timestampTZ], result: .bigint) {
                    (arguments, context) throws(QueryError) in
                    var moments = try arguments.temporal(0, context)
                    return try arguments.collect(Int64.self, &context) { row in
                        guard let moment = moments.row(row), let local = moment.local.micros else {
                            return nil
                        }
                        return body((local &- moment.instant) / 60_000_000)
                    }
                }
            ])
    }
}
