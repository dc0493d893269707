import Columnar

/// Dates, times and instants out of UTF-8 bytes, by the patterns of Trino's casts.
enum TimeParse {
    /// A walk over bytes that takes digits and marks.
    struct Scanner {
        let text: Bytes
        var at = 0

        init(_ text: Bytes) { self.text = text }

        var isAtEnd: Bool { at == text.count }
        var peek: UInt8? { at < text.count ? text[at] : nil }

        mutating func take(_ byte: UInt8) -> Bool {
            guard peek == byte else { return false }
            at += 1
            return true
        }

        mutating func take(_ character: Unicode.Scalar) -> Bool {
            take(UInt8(ascii: character))
        }

        /// A number of `least` to `most` digits; nil, nothing taken, when there are fewer.
        mutating func digits(_ least: Int, _ most: Int) -> Int? {
            var value = 0
            var taken = 0
            while taken < most, at + taken < text.count {
                let digit = Int(text[at + taken]) - 0x30
                guard (0...9).contains(digit) else { break }
                value = value * 10 + digit
                taken += 1
            }
            guard taken >= least else { return nil }
            at += taken
            return value
        }

        mutating func skipSpaces() {
            while let byte = peek, byte == 0x20 || (0x09...0x0D).contains(byte) { at += 1 }
        }

        /// The fraction after a point in units of 10^-12 s, any number of digits (12 count).
        mutating func picoseconds() -> Int64? {
            var value: Int64 = 0
            var taken = 0
            while let byte = peek, (0x30...0x39).contains(byte) {
                if taken < 12 { value = value * 10 + Int64(byte - 0x30) }
                taken += 1
                at += 1
            }
            guard taken > 0 else { return nil }
            for _ in min(taken, 12)..<12 { value *= 10 }
            return value
        }

        /// `[+-]yyyy-m-d` as days.
        mutating func date() -> Int64? {
            let isNegative = take("-")
            if !isNegative { _ = take("+") }
            guard let year = digits(4, 6), take("-"), let month = digits(1, 2), take("-"),
                let day = digits(1, 2)
            else { return nil }
            return TimeParse.days(Int64(isNegative ? -year : year), month, day)
        }

        /// `h:m[:s[.f]]` as picoseconds of the day.
        mutating func time() -> Int128? {
            guard let hour = digits(1, 2), take(":"), let minute = digits(1, 2), hour < 24,
                minute < 60
            else { return nil }
            var second = 0
            var fraction: Int64 = 0
            if take(":") {
                guard let seconds = digits(1, 2), seconds < 60 else { return nil }
                second = seconds
                if take(".") {
                    guard let pico = picoseconds() else { return nil }
                    fraction = pico
                }
            }
            return Int128((hour * 60 + minute) * 60 + second) * 1_000_000_000_000 + Int128(fraction)
        }
    }

    /// Days of a civil date that exists; nil for 31 April and the like.
    static func days(_ year: Int64, _ month: Int, _ day: Int) -> Int64? {
        guard (1...12).contains(month), day >= 1,
            day <= CivilTime.daysInMonth(year: year, month: month)
        else { return nil }
        return CivilTime.days(year: year, month: month, day: day)
    }

    /// A date alone, spaces around it allowed.
    static func date(_ text: Bytes) -> Int64? {
        var scanner = Scanner(text.part(SubstringFunctions.trimmed(text) { $0 <= 0x20 }))
        guard let days = scanner.date(), scanner.isAtEnd else { return nil }
        return Int32(exactly: days).map { Int64($0) }
    }

    /// `h:m[:s[.f]]` in microseconds of the day at a precision; 24:00 by rounding becomes 00:00.
    static func time(_ text: Bytes, precision: Int) -> Int64? {
        var scanner = Scanner(text)
        guard let pico = scanner.time(), scanner.isAtEnd else { return nil }
        return round(pico, precision: precision) % CivilTime.microsPerDay
    }

    /// A timestamp with or without zone.
    struct Stamp {
        var localMicros: Int64
        /// The text of the zone, if there is one.
        var zone: Bytes?
    }

    /// `yyyy-m-d[ [h:m[:s[.f]]][zone]]`, rounded half up to a precision.
    static func timestamp(_ text: Bytes, precision: Int) -> Stamp? {
        var scanner = Scanner(text)
        guard let days = scanner.date(), abs(days) < 100_000_000 else { return nil }
        var stamp = Stamp(localMicros: days * CivilTime.microsPerDay, zone: nil)
        if scanner.isAtEnd { return stamp }
        guard scanner.take(" ") else { return nil }
        let timeStart = scanner.at
        if let pico = scanner.time() {
            stamp.localMicros += round(pico, precision: precision)
        } else {
            scanner.at = timeStart
        }
        scanner.skipSpaces()
        if !scanner.isAtEnd { stamp.zone = text.part(scanner.at..<text.count) }
        return stamp
    }

    /// Picoseconds as microseconds at a precision, halves up.
    private static func round(_ pico: Int128, precision: Int) -> Int64 {
        let unit = Int128(TimePrecision.unit(min(precision, 6))) * 1_000_000
        let units = (pico + unit / 2) / unit
        return Int64(truncatingIfNeeded: units * unit / 1_000_000)
    }
}
