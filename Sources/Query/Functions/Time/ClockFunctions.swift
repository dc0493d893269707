import Columnar

/// now() and its kin, epochs, ISO 8601 and zones.
enum ClockFunctions {
    static let all: [ScalarFunction] = [
        ScalarFunction(
            "now", aliases: ["current_timestamp"],
            summary: "Start of the query, with the session's zone",
            [nowOverload([])]),
        ScalarFunction(
            "localtimestamp", summary: "Start of the query in the session's zone",
            [ScalarOverload([], result: .exact(.timestamp(precision: 3)), kernel: localNow { $0 })]),
        ScalarFunction(
            "current_date", summary: "Date of the query's start in the session's zone",
            [
                ScalarOverload(
                    [], result: .date, kernel: localNow { CivilTime.floorDays(micros: $0) })
            ]),
        ScalarFunction(
            "localtime", aliases: ["current_time"],
            summary: "Time of the query's start in the session's zone",
            [
                ScalarOverload(
                    [], result: .exact(.time(precision: 3)),
                    kernel: localNow { $0.floorModulo(CivilTime.microsPerDay) })
            ]),
        ScalarFunction(
            "current_timezone", summary: "The session's zone",
            [
                ScalarOverload([], result: .text) { (arguments, context) throws(QueryError) in
                    try arguments.constant(.text(context.session.zoneName), context)
                }
            ]),
        ScalarFunction(
            "from_unixtime", summary: "Instant from seconds since 1970",
            [
                ScalarOverload([.double], result: zoned3, kernel: fromUnixtime),
                ScalarOverload([.double, .varchar], result: zoned3, kernel: fromUnixtimeIn),
                ScalarOverload(
                    [.double, .bigint, .bigint], result: zoned3, kernel: fromUnixtimeOffset),
            ]),
        ScalarFunction(
            "to_unixtime", summary: "Seconds since 1970 of an instant",
            [
                ScalarOverload([.timestamp], result: .double, kernel: toUnixtime),
                ScalarOverload([.timestampTZ], result: .double, kernel: toUnixtime),
            ]),
        ScalarFunction(
            "at_timezone", summary: "The same instant in another zone",
            [ScalarOverload([.timestampTZ, .varchar], result: .first, kernel: atTimezone)]),
        ScalarFunction(
            "with_timezone", summary: "A local time with a zone",
            [
                ScalarOverload(
                    [.timestamp, .varchar],
                    result: .computed { types in
                        if case .timestamp(let precision) = types[0] {
                            return .timestampTZ(precision: precision)
                        }
                        return .timestampTZ(precision: 3)
                    }, kernel: withTimezone)
            ]),
        ScalarFunction(
            "date", summary: "The date of a text or an instant",
            [.varchar, .timestamp, .timestampTZ, .date].map {
                ScalarOverload([$0], result: .date) { (arguments, context) throws(QueryError) in
                    guard let kernel = Cast.kernel(from: arguments.types[0], to: .date) else {
                        throw QueryError(.internalError, "no cast to date")
                    }
                    return try kernel(arguments, &context)
                }
            }),
    ]

    private static let zoned3 = ResultRule.exact(.timestampTZ(precision: 3))

    private static func nowOverload(_ parameters: [TypePattern]) -> ScalarOverload {
        ScalarOverload(parameters, result: zoned3) { (arguments, context) throws(QueryError) in
            let micros = TimePrecision.round(context.session.nowMicros, to: 3)
            let key = try context.session.zoneKey()
            let bits = ZonedTime(micros: micros, zoneKey: key).bits
            return try arguments.constant(.int128(bits), context)
        }
    }

    private static func localNow(_ body: @escaping @Sendable (Int64) -> Int64) -> ScalarKernel {
        { (arguments, context) throws(QueryError) in
            var cursor = ZoneCursor()
            let micros = TimePrecision.round(context.session.nowMicros, to: 3)
            let local = cursor.local(micros, zoneKey: try context.session.zoneKey())
            return try arguments.constant(.int(body(local)), context)
        }
    }

    /// Seconds as milliseconds, halves up, as Trino rounds them.
    private static func instant(_ seconds: Double) throws(QueryError) -> Int64 {
        let millis = (seconds * 1000 + 0.5).rounded(.down)
        guard let whole = Int64(exactly: millis) else {
            throw .argument("Unixtime is out of range: \(seconds)")
        }
        let (micros, overflow) = whole.multipliedReportingOverflow(by: 1000)
        guard !overflow else { throw .argument("Unixtime is out of range: \(seconds)") }
        return micros
    }

    private static let fromUnixtime: ScalarKernel = { (arguments, context) throws(QueryError) in
        let seconds = try arguments.reader(0, as: Double.self, context)
        let key = try context.session.zoneKey()
        return try arguments.collect(Int128.self, &context) { row throws(QueryError) in
            guard let x = seconds.row(row) else { return nil }
            return ZonedTime(micros: try instant(x), zoneKey: key).bits
        }
    }

    private static let fromUnixtimeIn: ScalarKernel = { (arguments, context) throws(QueryError) in
        let seconds = try arguments.reader(0, as: Double.self, context)
        let zones = try arguments.reader(1, as: Bytes.self, context)
        let path = context.session.zoneinfoPath
        return try arguments.collect(Int128.self, &context) { row throws(QueryError) in
            guard let x = seconds.row(row), let zone = zones.row(row) else { return nil }
            let key = try ZoneTable.key(zone.message, zoneinfoPath: path)
            return ZonedTime(micros: try instant(x), zoneKey: key).bits
        }
    }

    private static let fromUnixtimeOffset: ScalarKernel = {
        (arguments, context) throws(QueryError) in
        let seconds = try arguments.reader(0, as: Double.self, context)
        let hours = try arguments.reader(1, as: Int64.self, context)
        let minutes = try arguments.reader(2, as: Int64.self, context)
        return try arguments.collect(Int128.self, &context) { row throws(QueryError) in
            guard let x = seconds.row(row), let hour = hours.row(row), let minute = minutes.row(row)
            else { return nil }
            guard (-14...14).contains(hour), (-59...59).contains(minute),
                let key = ZoneTable.key(offsetMinutes: Int(hour * 60 + minute))
            else { throw .argument("Invalid offset: \(hour):\(minute)") }
            return ZonedTime(micros: try instant(x), zoneKey: key).bits
        }
    }

    private static let toUnixtime: ScalarKernel = { (arguments, context) throws(QueryError) in
        let values = try arguments.reader(0, as: Int128.self, context)
        let isZoned = arguments.types[0].storage == .int128
        return try arguments.collect(Double.self, &context) { row in
            guard let x = values.row(row) else { return nil }
            return Double(isZoned ? Int128(ZonedTime(bits: x).micros) : x) / 1_000_000
        }
    }

    private static let atTimezone: ScalarKernel = { (arguments, context) throws(QueryError) in
        let values = try arguments.reader(0, as: Int128.self, context)
        let zones = try arguments.reader(1, as: Bytes.self, context)
        let path = context.session.zoneinfoPath
        return try arguments.collect(Int128.self, &context) { row throws(QueryError) in
            guard let x = values.row(row), let zone = zones.row(row) else { return nil }
            let key = try ZoneTable.key(zone.message, zoneinfoPath: path)
            return ZonedTime(micros: ZonedTime(bits: x).micros, zoneKey: key).bits
        }
    }

    private static let withTimezone: ScalarKernel = { (arguments, context) throws(QueryError) in
        let values = try arguments.reader(0, as: Int64.self, context)
        let zones = try arguments.reader(1, as: Bytes.self, context)
        let path = context.session.zoneinfoPath
        var cursor = ZoneCursor()
        return try arguments.collect(Int128.self, &context) { row throws(QueryError) in
            guard let x = values.row(row), let zone = zones.row(row) else { return nil }
            let key = try ZoneTable.key(zone.message, zoneinfoPath: path)
            return ZonedTime(micros: cursor.instant(ofLocal: x, zoneKey: key), zoneKey: key).bits
        }
    }
}
