import Columnar

/// One value of a temporal type: its local time and, for zoned types, instant and zone.
struct Moment {
    var local: LocalTime
    var zoneKey: UInt16 = ZonedTime.utcKey
    /// Microseconds since 1970 UTC, of zoned types only.
    var instant: Int64 = 0
}

/// Reads dates, times, timestamps and zoned timestamps as moments, and encodes moments back.
struct TemporalReader {
    private enum Kind { case date, time, timestamp, zoned }

    private let kind: Kind
    private let ints: IntReader?
    private let wides: WideReader?
    private var cursor = ZoneCursor()

    init(_ column: Column, type: DataType, pool: BufferPool) throws(QueryError) {
        let view = try ColumnView(column, pool: pool)
        switch type {
        case .date: kind = .date
        case .time: kind = .time
        case .timestampTZ: kind = .zoned
        default: kind = .timestamp
        }
        ints = kind == .zoned ? nil : IntReader(view)
        wides = kind == .zoned ? WideReader(view) : nil
    }

    mutating func row(_ row: Int) -> Moment? {
        if let wides {
            guard let bits = wides.row(row) else { return nil }
            let zoned = ZonedTime(bits: bits)
            let local = cursor.local(zoned.micros, zoneKey: zoned.zoneKey)
            return Moment(
                local: LocalTime(micros: local), zoneKey: zoned.zoneKey, instant: zoned.micros)
        }
        guard let value = ints?.row(row) else { return nil }
        return Moment(local: kind == .date ? LocalTime(days: value) : LocalTime(micros: value))
    }

    /// A value of the type with another local time; the zone stays.
    mutating func encode(
        _ local: LocalTime, zoneKey: UInt16 = ZonedTime.utcKey
    ) throws(QueryError) -> Int128 {
        if kind == .date {
            guard let days = Int32(exactly: local.days) else {
                throw .outOfRange("Date is out of range")
            }
            return Int128(days)
        }
        if kind == .time { return Int128(local.dayMicros) }
        guard let micros = local.micros else { throw .outOfRange("Timestamp is out of range") }
        if kind == .timestamp { return Int128(micros) }
        let instant = cursor.instant(ofLocal: micros, zoneKey: zoneKey)
        return ZonedTime(micros: instant, zoneKey: zoneKey).bits
    }
}

extension KernelArguments {
    /// A reader of one temporal argument.
    func temporal(
        _ index: Int, _ context: borrowing KernelContext
    ) throws(QueryError) -> TemporalReader {
        try TemporalReader(columns[index], type: types[index], pool: context.pool)
    }

    /// Results of a temporal type of any width.
    func collectTemporal(
        _ context: inout KernelContext, body: (Int) throws(QueryError) -> Int128?
    ) throws(QueryError) -> Column {
        if resultType.storage == .int128 {
            return try collect(Int128.self, &context, body: body)
        }
        return try collect(Int64.self, &context) { row throws(QueryError) in
            try body(row).map { Int64(truncatingIfNeeded: $0) }
        }
    }
}
