import Columnar

/// ISO 8601 texts: to_iso8601, from_iso8601_timestamp, from_iso8601_date.
enum IsoFunctions {
    static let all: [ScalarFunction] = [
        ScalarFunction(
            "from_iso8601_timestamp", summary: "Instant of an ISO 8601 text",
            [
                ScalarOverload(
                    [.varchar], result: .exact(.timestampTZ(precision: 3)), kernel: fromTimestamp)
            ]),
        ScalarFunction(
            "from_iso8601_date", summary: "Date of an ISO 8601 text",
            [
                ScalarOverload(
                    [.varchar], result: .date,
                    kernel: RowKernel.of { (text: Bytes) throws(QueryError) -> Int64? in
                        var scanner = TimeParse.Scanner(text)
                        guard let days = isoDate(&scanner), scanner.isAtEnd,
                            Int32(exactly: days) != nil
                        else { throw .argument("Invalid format: \"\(text.message)\"") }
                        return days
                    })
            ]),
        ScalarFunction(
            "to_iso8601", summary: "ISO 8601 text of a date or an instant",
            [.date, .timestamp, .timestampTZ].map {
                ScalarOverload([$0], result: .text, kernel: toText)
            }),
    ]

    /// `yyyy-mm-dd`, `yyyy-mm`, `yyyy`, `yyyy-Www-d`, `yyyy-ddd`.
    private static func isoDate(_ scanner: inout TimeParse.Scanner) -> Int64? {
        let isNegative = scanner.take("-")
        if !isNegative { _ = scanner.take("+") }
        guard let digits = scanner.digits(4, 6) else { return nil }
        let year = Int64(isNegative ? -digits : digits)
        guard scanner.take("-") else { return TimeParse.days(year, 1, 1) }
        if scanner.take("W") {
            guard let week = scanner.digits(2, 2), (1...53).contains(week) else { return nil }
            var weekday = 1
            if scanner.take("-") {
                guard let day = scanner.digits(1, 1), (1...7).contains(day) else { return nil }
                weekday = day
            }
            let fourth = LocalTime(days: CivilTime.days(year: year, month: 1, day: 4))
            return fourth.days - (fourth.weekday - 1) + Int64((week - 1) * 7 + weekday - 1)
        }
        let start = scanner.at
        if let number = scanner.digits(3, 3) {
            guard (1...(CivilTime.isLeap(year) ? 366 : 365)).contains(number) else { return nil }
            return CivilTime.days(year: year, month: 1, day: 1) + Int64(number - 1)
        }
        scanner.at = start
        guard let month = scanner.digits(1, 2) else { return nil }
        guard scanner.take("-") else { return TimeParse.days(year, month, 1) }
        guard let day = scanner.digits(1, 2) else { return nil }
        return TimeParse.days(year, month, day)
    }

    /// `hh[:mm[:ss[.f]]]` in microseconds, rounded down to milliseconds as Joda reads it.
    private static func isoTime(_ scanner: inout TimeParse.Scanner) -> Int64? {
        guard let hour = scanner.digits(1, 2), hour < 24 else { return nil }
        var micros = Int64(hour) * 3_600_000_000
        guard scanner.take(":") else { return micros }
        guard let minute = scanner.digits(1, 2), minute < 60 else { return nil }
        micros += Int64(minute) * 60_000_000
        guard scanner.take(":") else { return micros }
        guard let second = scanner.digits(1, 2), second < 60 else { return nil }
        micros += Int64(second) * 1_000_000
        if scanner.take(".") || scanner.take(",") {
            guard let pico = scanner.picoseconds() else { return nil }
            micros += pico / 1_000_000_000 * 1000
        }
        return micros
    }

    /// `Z`, `+hh`, `+hh:mm` or `+hhmm` as a zone key.
    private static func isoZone(_ scanner: inout TimeParse.Scanner) -> UInt16? {
        if scanner.take("Z") || scanner.take("z") { return ZonedTime.utcKey }
        let isNegative = scanner.take("-")
        guard isNegative || scanner.take("+"), let hours = scanner.digits(2, 2) else { return nil }
        var minutes = 0
        let hasColon = scanner.take(":")
        if let value = scanner.digits(2, 2) {
            minutes = value
        } else if hasColon {
            return nil
        }
        guard minutes < 60 else { return nil }
        let total = hours * 60 + minutes
        return ZoneTable.key(offsetMinutes: isNegative ? -total : total)
    }

    private static let fromTimestamp: ScalarKernel = { (arguments, context) throws(QueryError) in
        let texts = try arguments.reader(0, as: Bytes.self, context)
        let sessionKey = try context.session.zoneKey()
        var cursor = ZoneCursor()
        return try arguments.collect(Int128.self, &context) { row throws(QueryError) in
            guard let text = texts.row(row) else { return nil }
            guard let (local, zone) = parse(text) else {
                throw .argument("Invalid format: \"\(text.message)\"")
            }
            let key = zone ?? sessionKey
            let micros = cursor.instant(ofLocal: local, zoneKey: key)
            return ZonedTime(micros: micros, zoneKey: key).bits
        }
    }

    private static func parse(_ text: Bytes) -> (micros: Int64, zone: UInt16?)? {
        var scanner = TimeParse.Scanner(text)
        guard let days = isoDate(&scanner), abs(days) < 100_000_000 else { return nil }
        var micros = days * CivilTime.microsPerDay
        if scanner.isAtEnd { return (micros, nil) }
        guard scanner.take("T") || scanner.take("t") else { return nil }
        if scanner.isAtEnd { return (micros, nil) }
        if let first = scanner.peek, (0x30...0x39).contains(first) {
            guard let time = isoTime(&scanner) else { return nil }
            micros += time
        }
        if scanner.isAtEnd { return (micros, nil) }
        guard let zone = isoZone(&scanner), scanner.isAtEnd else { return nil }
        return (micros, zone)
    }

    private static let toText: ScalarKernel = { (arguments, context) throws(QueryError) in
        var moments = try arguments.temporal(0, context)
        let type = arguments.types[0]
        var scratch: [UInt8] = []
        return try arguments.collectText(&context) { (row, output) throws(QueryError) in
            guard let moment = moments.row(row) else { return false }
            scratch.removeAll(keepingCapacity: true)
            TypeText.date(moment.local.days, to: &scratch)
            if type != .date {
                scratch.append(UInt8(ascii: "T"))
                var precision = 3
                if case .timestamp(let digits) = type { precision = digits }
                if case .timestampTZ(let digits) = type { precision = digits }
                TypeText.time(moment.local.dayMicros, precision: precision, to: &scratch)
            }
            if type.storage == .int128 {
                let local = moment.local.micros ?? moment.instant
                appendOffset((local &- moment.instant) / 60_000_000, to: &scratch)
            }
            try output.write(scratch)
            return true
        }
    }

    /// `Z` or `+hh:mm`.
    static func appendOffset(_ minutes: Int64, to out: inout [UInt8]) {
        guard minutes != 0 else { return out.append(UInt8(ascii: "Z")) }
        out.append(UInt8(ascii: minutes < 0 ? "-" : "+"))
        TypeText.integer(abs(minutes) / 60, width: 2, to: &out)
        out.append(UInt8(ascii: ":"))
        TypeText.integer(abs(minutes) % 60, width: 2, to: &out)
    }
}
