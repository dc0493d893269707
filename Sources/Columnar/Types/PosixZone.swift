/// A POSIX TZ rule, `CET-1CEST,M3.5.0,M10.5.0/3`: the yearly change of clocks for ever.
///
/// Source: POSIX.1-2017 §8.3 and RFC 8536 §3.3 (hours up to 167, negative ones too).
struct PosixZone: Sendable {
    /// When in a year the clock changes.
    private enum Day: Sendable {
        /// 1...365, 29 February never counted.
        case julian(Int)
        /// 0...365, 29 February counted.
        case zeroBased(Int)
        /// The w-th (5: last) weekday d of month m, 0 = Sunday.
        case monthly(month: Int, week: Int, weekday: Int)
    }

    private struct Change: Sendable {
        let day: Day
        let seconds: Int64
    }

    private let standard: Int64
    private let daylight: (offset: Int64, start: Change, end: Change)?

    init?(_ text: [UInt8]) {
        var parser = Parser(text)
        guard parser.name(), let west = parser.time() else { return nil }
        standard = -west
        if parser.isAtEnd {
            daylight = nil
            return
        }
        guard parser.name() else { return nil }
        let offset = parser.peek == UInt8(ascii: ",") ? standard + 3600 : parser.time().map { -$0 }
        guard let offset, let start = parser.change(), let end = parser.change() else { return nil }
        daylight = (offset, start, end)
    }

    /// Seconds east of UTC at an instant.
    func offset(atSeconds seconds: Int64) -> Int64 {
        guard let daylight else { return standard }
        let days = CivilTime.floorDays(micros: seconds.clampedToMicros)
        let year = CivilTime.date(fromDays: days).year
        let start = Self.seconds(daylight.start, year: year) - standard
        let end = Self.seconds(daylight.end, year: year) - daylight.offset
        let isDaylight =
            start < end ? seconds >= start && seconds < end : seconds >= start || seconds < end
        return isDaylight ? daylight.offset : standard
    }

    private static func seconds(_ change: Change, year: Int64) -> Int64 {
        let first = CivilTime.days(year: year, month: 1, day: 1)
        let day: Int64
        switch change.day {
        case .julian(let number):
            day = first + Int64(number - 1) + (CivilTime.isLeap(year) && number > 59 ? 1 : 0)
        case .zeroBased(let number): day = first + Int64(number)
        case .monthly(let month, let week, let weekday):
            let monthStart = CivilTime.days(year: year, month: month, day: 1)
            let startWeekday = Int((monthStart % 7 + 11) % 7)
            var number = (weekday - startWeekday + 7) % 7 + (week - 1) * 7
            if number >= CivilTime.daysInMonth(year: year, month: month) { number -= 7 }
            day = monthStart + Int64(number)
        }
        return day * 86_400 + change.seconds
    }

    private struct Parser {
        private let text: [UInt8]
        private var cursor = 0

        init(_ text: [UInt8]) { self.text = text }

        var isAtEnd: Bool { cursor == text.count }
        var peek: UInt8? { cursor < text.count ? text[cursor] : nil }

        mutating func take(_ byte: UInt8) -> Bool {
            guard peek == byte else { return false }
            cursor += 1
            return true
        }

        /// `CET` or `<+03>`.
        mutating func name() -> Bool {
            let start = cursor
            if take(UInt8(ascii: "<")) {
                while let byte = peek, byte != UInt8(ascii: ">") {
                    _ = byte
                    cursor += 1
                }
                return take(UInt8(ascii: ">"))
            }
            while let byte = peek, byte | 0x20 >= UInt8(ascii: "a"),
                byte | 0x20 <= UInt8(ascii: "z")
            {
                cursor += 1
            }
            return cursor > start
        }

        mutating func number() -> Int? {
            var value: Int?
            while let byte = peek, byte >= 0x30, byte <= 0x39, (value ?? 0) < 1000 {
                value = (value ?? 0) * 10 + Int(byte - 0x30)
                cursor += 1
            }
            return value
        }

        /// `[+-]hh[:mm[:ss]]` in seconds.
        mutating func time() -> Int64? {
            let isNegative = take(UInt8(ascii: "-"))
            if !isNegative { _ = take(UInt8(ascii: "+")) }
            guard let hours = number() else { return nil }
            var total = Int64(hours) * 3600
            if take(UInt8(ascii: ":")) {
                guard let minutes = number() else { return nil }
                total += Int64(minutes) * 60
                if take(UInt8(ascii: ":")) {
                    guard let seconds = number() else { return nil }
                    total += Int64(seconds)
                }
            }
            return isNegative ? -total : total
        }

        /// `,M3.5.0/2`, `,J60` or `,59`.
        mutating func change() -> Change? {
            guard take(UInt8(ascii: ",")) else { return nil }
            let day: Day
            if take(UInt8(ascii: "M")) {
                guard let month = number(), take(UInt8(ascii: ".")), let week = number(),
                    take(UInt8(ascii: ".")), let weekday = number(),
                    (1...12).contains(month), (1...5).contains(week), (0...6).contains(weekday)
                else { return nil }
                day = .monthly(month: month, week: week, weekday: weekday)
            } else if take(UInt8(ascii: "J")) {
                guard let number = number(), (1...365).contains(number) else { return nil }
                day = .julian(number)
            } else {
                guard let number = number(), (0...365).contains(number) else { return nil }
                day = .zeroBased(number)
            }
            guard take(UInt8(ascii: "/")) else { return Change(day: day, seconds: 7200) }
            guard let seconds = time() else { return nil }
            return Change(day: day, seconds: seconds)
        }
    }
}

extension Int64 {
    /// Seconds as microseconds, at the ends of the range where they do not fit.
    fileprivate var clampedToMicros: Int64 {
        let (micros, overflow) = multipliedReportingOverflow(by: CivilTime.microsPerSecond)
        return overflow ? (self < 0 ? .min : .max) : micros
    }
}
