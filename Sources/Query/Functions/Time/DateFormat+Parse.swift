import Columnar

/// Reading times by a compiled format, with Joda's messages.
extension DateFormat {
    /// What a text said, field by field.
    struct Parsed {
        var year: Int64?
        var month, day, dayOfYear, hour, half, minute, second: Int?
        var weekYear: Int64?
        var week, weekday: Int?
        var isAfternoon: Bool?
        var micros: Int64 = 0
        var offsetMinutes: Int?
        var zone: [UInt8]?
    }

    /// Throws INVALID_FUNCTION_ARGUMENT: `Invalid format: "x" is malformed at "y"`.
    func parse(_ text: Bytes) throws(QueryError) -> (local: LocalTime, parsed: Parsed) {
        var scanner = TimeParse.Scanner(text)
        var parsed = Parsed()
        for (i, item) in items.enumerated() {
            let start = scanner.at
            let isAdjacent = i + 1 < items.count && items[i + 1].isNumeric
            guard read(item, &scanner, &parsed, isAdjacent: isAdjacent) else {
                throw Self.malformed(text, at: start)
            }
        }
        guard scanner.isAtEnd else { throw Self.malformed(text, at: scanner.at) }
        return (try parsed.time(text), parsed)
    }

    private static func malformed(_ text: Bytes, at: Int) -> QueryError {
        let quoted = "\"\(text.message)\""
        if at == 0 { return .argument("Invalid format: \(quoted)") }
        if at >= text.count { return .argument("Invalid format: \(quoted) is too short") }
        let rest = text.part(at..<text.count).message
        return .argument("Invalid format: \(quoted) is malformed at \"\(rest)\"")
    }

    private func read(
        _ item: Item, _ scanner: inout TimeParse.Scanner, _ parsed: inout Parsed,
        isAdjacent: Bool
    ) -> Bool {
        switch item {
        case .literal(let bytes):
            return bytes.allSatisfy { byte in
                guard let next = scanner.peek, Self.folded(next) == Self.folded(byte) else {
                    return false
                }
                return scanner.take(next)
            }
        case .number(let field, let width, let most):
            return readNumber(field, &scanner, &parsed, most: isAdjacent ? width : most)
        case .fraction(_, let most): return Self.readFraction(&scanner, &parsed, most: most)
        case .monthName:
            return Self.readName(Self.months, &scanner).map { parsed.month = $0 } != nil
        case .weekdayName:
            return Self.readName(Self.weekdays, &scanner).map { parsed.weekday = $0 } != nil
        case .halfOfDay:
            guard let first = scanner.peek, scanner.at + 1 < scanner.text.count,
                Self.folded(scanner.text[scanner.at + 1]) == UInt8(ascii: "m")
            else { return false }
            let letter = Self.folded(first)
            guard letter == UInt8(ascii: "a") || letter == UInt8(ascii: "p") else { return false }
            parsed.isAfternoon = letter == UInt8(ascii: "p")
            scanner.at += 2
            return true
        case .offset: return Self.readOffset(&scanner, &parsed)
        case .zoneName: return Self.readZone(&scanner, &parsed)
        }
    }

    private func readNumber(
        _ field: Field, _ scanner: inout TimeParse.Scanner, _ parsed: inout Parsed, most: Int
    ) -> Bool {
        let isYear = field == .year || field == .weekYear
        let isNegative = isYear && scanner.take("-")
        guard let value = scanner.digits(1, min(most, 9)) else { return false }
        switch field {
        case .year: parsed.year = Int64(isNegative ? -value : value)
        // Joda's pivot: two digits are 1970 to 2069.
        case .yearOfTwoDigits: parsed.year = Int64(value >= 70 ? 1900 + value : 2000 + value)
        case .weekYear: parsed.weekYear = Int64(isNegative ? -value : value)
        case .month: parsed.month = value
        case .day: parsed.day = value
        case .dayOfYear: parsed.dayOfYear = value
        case .week: parsed.week = value
        case .weekday: parsed.weekday = value
        case .hour: parsed.hour = value
        case .clockHour: parsed.hour = value == 24 ? 0 : value
        case .halfHour: parsed.half = value
        case .clockHalfHour: parsed.half = value == 12 ? 0 : value
        case .minute: parsed.minute = value
        case .second: parsed.second = value
        }
        return true
    }

    private static func folded(_ byte: UInt8) -> UInt8 {
        (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
    }

    private static func readFraction(
        _ scanner: inout TimeParse.Scanner, _ parsed: inout Parsed, most: Int
    ) -> Bool {
        let start = scanner.at
        guard let value = scanner.digits(1, min(most, 9)) else { return false }
        var nanos = Int64(value)
        for _ in (scanner.at - start)..<9 { nanos *= 10 }
        parsed.micros = nanos / 1000
        return true
    }

    /// A full or short English name in any case, as its number from 1.
    private static func readName(
        _ names: [String], _ scanner: inout TimeParse.Scanner
    ) -> Int? {
        let rest = scanner.text.part(scanner.at..<scanner.text.count)
        for (i, name) in names.enumerated() {
            let bytes = Array(name.utf8)
            for length in [bytes.count, 3] where rest.count >= length {
                let isEqual = (0..<length).allSatisfy { folded(rest[$0]) == folded(bytes[$0]) }
                if isEqual {
                    scanner.at += length
                    return i + 1
                }
            }
        }
        return nil
    }

    private static func readOffset(
        _ scanner: inout TimeParse.Scanner, _ parsed: inout Parsed
    ) -> Bool {
        if scanner.take("Z") || scanner.take("z") {
            parsed.offsetMinutes = 0
            return true
        }
        let isNegative = scanner.take("-")
        guard isNegative || scanner.take("+"), let hours = scanner.digits(2, 2) else {
            return false
        }
        _ = scanner.take(":")
        let minutes = scanner.digits(2, 2) ?? 0
        guard minutes < 60 else { return false }
        let total = hours * 60 + minutes
        parsed.offsetMinutes = isNegative ? -total : total
        return true
    }

    private static func readZone(
        _ scanner: inout TimeParse.Scanner, _ parsed: inout Parsed
    ) -> Bool {
        var name: [UInt8] = []
        while let byte = scanner.peek, byte > 0x20, byte != UInt8(ascii: ",") {
            name.append(byte)
            scanner.at += 1
        }
        parsed.zone = name
        return !name.isEmpty
    }
}

extension DateFormat.Item {
    /// Whether the item reads digits, so that digits before it must be counted.
    fileprivate var isNumeric: Bool {
        switch self {
        case .number, .fraction: true
        default: false
        }
    }
}

extension DateFormat.Parsed {
    /// The time that the fields say; what they do not say is 1970-01-01 00:00.
    fileprivate func time(_ text: Bytes) throws(QueryError) -> LocalTime {
        func check(
            _ value: Int?, _ name: String, _ range: ClosedRange<Int>
        ) throws(QueryError) {
            guard let value, !range.contains(value) else { return }
            throw .argument(
                "Cannot parse \"\(text.message)\": Value \(value) for \(name) must be in the range "
                    + "[\(range.lowerBound),\(range.upperBound)]")
        }
        let year = year ?? 1970
        try check(month, "monthOfYear", 1...12)
        let last = CivilTime.daysInMonth(year: year, month: month ?? 1)
        try check(day, "dayOfMonth", 1...last)
        try check(dayOfYear, "dayOfYear", 1...(CivilTime.isLeap(year) ? 366 : 365))
        try check(hour, "hourOfDay", 0...23)
        try check(half, "clockhourOfHalfday", 0...11)
        try check(minute, "minuteOfHour", 0...59)
        try check(second, "secondOfMinute", 0...59)
        try check(week, "weekOfWeekyear", 1...53)
        try check(weekday, "dayOfWeek", 1...7)
        var days = CivilTime.days(year: year, month: month ?? 1, day: day ?? 1)
        if let dayOfYear {
            days = CivilTime.days(year: year, month: 1, day: 1) + Int64(dayOfYear - 1)
        } else if weekYear != nil || week != nil {
            let fourth = LocalTime(
                days: CivilTime.days(year: weekYear ?? year, month: 1, day: 4))
            let monday = fourth.days - (fourth.weekday - 1)
            days = monday + Int64(((week ?? 1) - 1) * 7 + (weekday ?? 1) - 1)
        }
        var hours = hour ?? 0
        if let half { hours = half + (isAfternoon ?? false ? 12 : 0) }
        let seconds = Int64((hours * 60 + (minute ?? 0)) * 60 + (second ?? 0))
        return LocalTime(days: days, dayMicros: seconds * 1_000_000 + micros)
    }
}
