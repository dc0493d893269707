import Columnar

/// Dates, times and timestamps as literals write them: `2020-05-01 12:34:56.789 +02:00`.
enum TemporalText {
    /// A zone behind a timestamp.
    enum Zone: Hashable {
        case none
        /// Minutes east of UTC.
        case offset(Int)
        case named(String)
    }

    /// Days since 1970-01-01 of `[+-]year-month-day`.
    static func days(_ text: String) -> Int64? {
        var reader = Reader(text)
        guard let days = reader.date(), reader.isAtEnd else { return nil }
        return days
    }

    /// Microseconds of the day and digits of the fraction of `hour:minute[:second[.fraction]]`.
    static func time(_ text: String) -> (micros: Int64, precision: Int)? {
        var reader = Reader(text)
        guard let time = reader.time(), reader.isAtEnd else { return nil }
        return time
    }

    /// Local microseconds, digits of the fraction, and the zone of a timestamp.
    static func timestamp(_ text: String) -> (micros: Int64, precision: Int, zone: Zone)? {
        var reader = Reader(text)
        guard let days = reader.date() else { return nil }
        var time: (micros: Int64, precision: Int) = (0, 0)
        if !reader.isAtEnd {
            guard reader.take(" ") else { return nil }
            if reader.isAtDigit {
                guard let parsed = reader.time() else { return nil }
                time = parsed
                _ = reader.take(" ")
            }
        }
        guard let zone = reader.zone() else { return nil }
        let (micros, overflow) = days.multipliedReportingOverflow(by: CivilTime.microsPerDay)
        if overflow { return nil }
        return (micros + time.micros, time.precision, zone)
    }

    private struct Reader {
        private let bytes: [UInt8]
        private var position = 0

        init(_ text: String) {
            bytes = Array(text.utf8)
        }

        var isAtEnd: Bool { position == bytes.count }
        var isAtDigit: Bool { position < bytes.count && (48...57).contains(bytes[position]) }

        mutating func take(_ character: Unicode.Scalar) -> Bool {
            guard position < bytes.count, bytes[position] == UInt8(ascii: character) else {
                return false
            }
            position += 1
            return true
        }

        mutating func number(maxDigits: Int) -> Int64? {
            var value: Int64 = 0
            let start = position
            while isAtDigit, position - start < maxDigits {
                value = value * 10 + Int64(bytes[position] - 48)
                position += 1
            }
            return position > start ? value : nil
        }

        mutating func date() -> Int64? {
            let isNegative = take("-")
            if !isNegative { _ = take("+") }
            guard let year = number(maxDigits: 6), take("-"), let month = number(maxDigits: 2),
                take("-"), let day = number(maxDigits: 2), (1...12).contains(month)
            else { return nil }
            let signed = isNegative ? -year : year
            guard day >= 1, day <= CivilTime.daysInMonth(year: signed, month: Int(month)) else {
                return nil
            }
            return CivilTime.days(year: signed, month: Int(month), day: Int(day))
        }

        mutating func time() -> (micros: Int64, precision: Int)? {
            guard let hour = number(maxDigits: 2), take(":"), let minute = number(maxDigits: 2),
                hour < 24, minute < 60
            else { return nil }
            var micros = (hour * 60 + minute) * 60 * CivilTime.microsPerSecond
            guard take(":") else { return (micros, 0) }
            guard let second = number(maxDigits: 2), second < 60 else { return nil }
            micros += second * CivilTime.microsPerSecond
            guard take(".") else { return (micros, 0) }
            let start = position
            guard var fraction = number(maxDigits: 6), !isAtDigit else { return nil }
            let precision = position - start
            for _ in precision..<6 { fraction *= 10 }
            return (micros + fraction, precision)
        }

        /// The rest as a zone: nothing, `UTC`, `Z`, an offset, or a name.
        mutating func zone() -> Zone? {
            let rest = String(decoding: bytes[position...], as: UTF8.self)
            if rest.isEmpty { return Zone.none }
            if rest.uppercased() == "UTC" || rest == "Z" || rest == "GMT" { return .offset(0) }
            let isNegative = take("-")
            guard isNegative || take("+") else { return .named(rest) }
            guard let hours = number(maxDigits: 2), take(":"), let minutes = number(maxDigits: 2),
                isAtEnd, hours <= 14, minutes < 60, hours * 60 + minutes <= 840
            else { return nil }
            let offset = Int(hours * 60 + minutes)
            return .offset(isNegative ? -offset : offset)
        }
    }
}
