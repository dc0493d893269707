import Columnar

/// Casts to dates, times and timestamps.
enum TimeCast {
    static func toDate(_ from: DataType) -> ScalarKernel? {
        switch from {
        case .varchar, .char:
            RowKernel.of { (text: Bytes) throws(QueryError) -> Int64? in
                guard let days = TimeParse.date(text) else {
                    throw .badCast("Value cannot be cast to date: \(text.message)")
                }
                return days
            }
        case .timestamp:
            RowKernel.of { (x: Int64) throws(QueryError) -> Int64? in
                CivilTime.floorDays(micros: x)
            }
        case .timestampTZ:
            local { CivilTime.floorDays(micros: $0) }
        default: nil
        }
    }

    static func toTime(_ from: DataType, precision: Int) -> ScalarKernel? {
        switch from {
        case .time, .timestamp:
            RowKernel.of { (x: Int64) throws(QueryError) -> Int64? in
                dayTime(x, precision: precision)
            }
        case .timestampTZ: local { dayTime($0, precision: precision) }
        case .varchar, .char:
            RowKernel.of { (text: Bytes) throws(QueryError) -> Int64? in
                guard let micros = TimeParse.time(text, precision: precision) else {
                    throw .badCast("Value cannot be cast to time: \(text.message)")
                }
                return micros
            }
        default: nil
        }
    }

    private static func dayTime(_ micros: Int64, precision: Int) -> Int64 {
        TimePrecision.round(micros.floorModulo(CivilTime.microsPerDay), to: precision)
            .floorModulo(CivilTime.microsPerDay)
    }

    static func toTimestamp(_ from: DataType, precision: Int) -> ScalarKernel? {
        switch from {
        case .date:
            RowKernel.of { (x: Int64) throws(QueryError) -> Int64? in try startOfDay(x) }
        case .time, .timestamp:
            RowKernel.of { (x: Int64) throws(QueryError) -> Int64? in
                TimePrecision.round(x, to: precision)
            }
        case .timestampTZ: local { TimePrecision.round($0, to: precision) }
        case .varchar, .char:
            RowKernel.of { (text: Bytes) throws(QueryError) -> Int64? in
                guard let stamp = TimeParse.timestamp(text, precision: precision),
                    stamp.zone == nil
                else { throw .badCast("Value cannot be cast to timestamp: \(text.message)") }
                return stamp.localMicros
            }
        default: nil
        }
    }

    /// Midnight of a day in microseconds.
    static func startOfDay(_ days: Int64) throws(QueryError) -> Int64 {
        let (micros, overflow) = days.multipliedReportingOverflow(by: CivilTime.microsPerDay)
        guard !overflow else { throw .outOfRange("Date is out of range of timestamp") }
        return micros
    }

    /// A kernel over the local microseconds of a zoned instant.
    static func local(_ body: @escaping @Sendable (Int64) -> Int64) -> ScalarKernel {
        { (arguments, context) throws(QueryError) in
            let values = try arguments.reader(0, as: Int128.self, context)
            var cursor = ZoneCursor()
            return try arguments.collect(Int64.self, &context) { row in
                guard let bits = values.row(row) else { return nil }
                let zoned = ZonedTime(bits: bits)
                return body(cursor.local(zoned.micros, zoneKey: zoned.zoneKey))
            }
        }
    }

    static func toTimestampTZ(_ from: DataType, precision: Int) -> ScalarKernel? {
        switch from {
        case .date: sessionZone { (x) throws(QueryError) in try startOfDay(x) }
        case .time, .timestamp:
            sessionZone { (x) throws(QueryError) in TimePrecision.round(x, to: precision) }
        case .timestampTZ:
            RowKernel.of { (x: Int128) throws(QueryError) -> Int128? in
                let zoned = ZonedTime(bits: x)
                let micros = TimePrecision.round(zoned.micros, to: precision)
                return ZonedTime(micros: micros, zoneKey: zoned.zoneKey).bits
            }
        case .varchar, .char: parseZoned(precision: precision)
        default: nil
        }
    }

    /// Local time in the session's zone.
    private static func sessionZone(
        _ body: @escaping @Sendable (Int64) throws(QueryError) -> Int64
    ) -> ScalarKernel {
        { (arguments, context) throws(QueryError) in
            let values = try arguments.reader(0, as: Int64.self, context)
            let zone = try context.session.zoneKey()
            var cursor = ZoneCursor(zone)
            return try arguments.collect(Int128.self, &context) { row throws(QueryError) in
                guard let x = values.row(row) else { return nil }
                let micros = cursor.instant(ofLocal: try body(x), zoneKey: zone)
                return ZonedTime(micros: micros, zoneKey: zone).bits
            }
        }
    }

    private static func parseZoned(precision: Int) -> ScalarKernel {
        { (arguments, context) throws(QueryError) in
            let texts = try arguments.reader(0, as: Bytes.self, context)
            let session = context.session
            let sessionKey = try session.zoneKey()
            var cursor = ZoneCursor()
            return try arguments.collect(Int128.self, &context) { row throws(QueryError) in
                guard let text = texts.row(row) else { return nil }
                guard let stamp = TimeParse.timestamp(text, precision: precision) else {
                    throw .badCast(
                        "Value cannot be cast to timestamp with time zone: \(text.message)")
                }
                var key = sessionKey
                if let zone = stamp.zone {
                    do {
                        key = try ZoneTable.key(
                            zone.message, zoneinfoPath: session.zoneinfoPath)
                    } catch {
                        throw .badCast(
                            "Value cannot be cast to timestamp with time zone: \(text.message)")
                    }
                }
                let micros = cursor.instant(ofLocal: stamp.localMicros, zoneKey: key)
                return ZonedTime(micros: micros, zoneKey: key).bits
            }
        }
    }
}

extension SessionContext {
    /// The key of the session's zone.
    func zoneKey() throws(QueryError) -> UInt16 {
        try ZoneTable.key(zoneName, zoneinfoPath: zoneinfoPath)
    }
}
