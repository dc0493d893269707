import Columnar

/// `InstantFormat` as one byte, for plans.
enum InstantFormatCode: UInt8 {
    case auto, iso8601, rfc822, epochSeconds, epochMilliseconds, epochMicroseconds

    init(_ format: InstantFormat) {
        switch format {
        case .auto: self = .auto
        case .iso8601: self = .iso8601
        case .rfc822: self = .rfc822
        case .epochSeconds: self = .epochSeconds
        case .epochMilliseconds: self = .epochMilliseconds
        case .epochMicroseconds: self = .epochMicroseconds
        }
    }
}

/// Reads instants as social APIs write them, to microseconds since 1970-01-01T00:00 UTC.
///
///     ISO 8601   2021-02-20T17:05:52+0000   2021-02-20 17:05:52.123456+08:00   2021-02-20T17:05Z   2021-02-20
///     RFC 822    Sat, 20 Feb 2021 17:05:52 +0000   Sat Feb 20 17:05:52 +0000 2021
///     epoch      1613840752   1613840752.25   1613840752000
///
/// Without an offset the text is taken as UTC. Digits past the microsecond are cut. Second 60 is the next
/// minute's first. An epoch without a unit has the unit that puts it before the year 5138.
enum InstantText {
    static func micros(
        _ text: UnsafeRawBufferPointer, format: InstantFormatCode
    ) -> Int64? {
        instant(text, format: format)?.micros
    }

    /// The same, and whether the text says how far its clock is from UTC; epochs do.
    static func instant(
        _ text: UnsafeRawBufferPointer, format: InstantFormatCode
    ) -> (micros: Int64, hasOffset: Bool)? {
        var reader = InstantReader(text)
        let micros = micros(&reader, text, format)
        return micros.map { ($0, reader.hasOffset) }
    }

    @inline(__always)
    private static func micros(
        _ reader: inout InstantReader, _ text: UnsafeRawBufferPointer, _ format: InstantFormatCode
    ) -> Int64? {
        reader.skipSpaces()
        guard let first = reader.peek else { return nil }
        switch format {
        case .iso8601: return reader.iso8601()
        case .rfc822: return reader.rfc822()
        case .epochSeconds, .epochMilliseconds, .epochMicroseconds:
            return reader.epoch(format)
        case .auto:
            if first == UInt8(ascii: "-") { return reader.epoch(format) }
            if !(0x30...0x39).contains(first) { return reader.rfc822() }
            if text.count > 4, text[4] == UInt8(ascii: "-") { return reader.iso8601() }
            if let epoch = reader.epoch(format) { return epoch }
            reader = InstantReader(text)
            reader.skipSpaces()
            return reader.rfc822()
        }
    }

    /// An integer epoch.
    static func micros(epoch value: Int64, format: InstantFormatCode) -> Int64? {
        let scale: Int64
        switch format {
        case .epochSeconds: scale = 1_000_000
        case .epochMilliseconds: scale = 1_000
        case .epochMicroseconds: scale = 1
        case .iso8601, .rfc822: return nil
        case .auto:
            switch value.magnitude {
            case ..<100_000_000_000: scale = 1_000_000
            case ..<100_000_000_000_000: scale = 1_000
            case ..<100_000_000_000_000_000: scale = 1
            default: return nil
            }
        }
        let (micros, overflows) = value.multipliedReportingOverflow(by: scale)
        return overflows ? nil : micros
    }

    /// An epoch with a fraction; rounded to the microsecond.
    static func micros(epoch value: Double, format: InstantFormatCode) -> Int64? {
        let scale: Double
        switch format {
        case .epochSeconds: scale = 1e6
        case .epochMilliseconds: scale = 1e3
        case .epochMicroseconds: scale = 1
        case .iso8601, .rfc822: return nil
        case .auto:
            let size = value.magnitude
            guard size < 1e17 else { return nil }
            scale = size < 1e11 ? 1e6 : size < 1e14 ? 1e3 : 1
        }
        return Int64(exactly: (value * scale).rounded())
    }
}

/// The parts of `InstantText`'s forms, read from left to right.
private struct InstantReader {
    private let text: UnsafeRawBufferPointer
    private var cursor = 0
    /// Whether an offset from UTC was read.
    private(set) var hasOffset = false

    init(_ text: UnsafeRawBufferPointer) {
        self.text = text
    }

    var peek: UInt8? { cursor < text.count ? text[cursor] : nil }

    mutating func skipSpaces() {
        while peek == 0x20 { cursor += 1 }
    }

    mutating func epoch(_ format: InstantFormatCode) -> Int64? {
        hasOffset = true
        var end = text.count
        while end > cursor, text[end - 1] == 0x20 { end -= 1 }
        let rest = UnsafeRawBufferPointer(rebasing: text[cursor..<end])
        if let integer = NumberText.int64(rest) {
            return InstantText.micros(epoch: integer, format: format)
        }
        return NumberText.double(rest).flatMap { InstantText.micros(epoch: $0, format: format) }
    }

    mutating func iso8601() -> Int64? {
        guard let year = number(4, 4), take(UInt8(ascii: "-")), let month = number(2, 2),
            take(UInt8(ascii: "-")), let day = number(2, 2)
        else { return nil }
        var seconds: Int64 = 0
        var fraction: Int64 = 0
        var offset: Int64 = 0
        if let separator = peek, separator | 0x20 == UInt8(ascii: "t") || separator == 0x20,
            cursor + 1 < text.count, text[cursor + 1] != 0x20
        {
            cursor += 1
            guard let time = clock(needsSeconds: false) else { return nil }
            (seconds, fraction) = time
            if peek == 0x20 { cursor += 1 }
            guard let zone = zone() else { return nil }
            offset = zone
        }
        return instant(year, month, day, seconds - offset, fraction)
    }

    /// `Sat, 20 Feb 2021 17:05:52 +0000`, `20 Feb 2021 …` or `Sat Feb 20 17:05:52 +0000 2021`.
    mutating func rfc822() -> Int64? {
        if let byte = peek, !(0x30...0x39).contains(byte) {
            guard letters() == 3 else { return nil }
            _ = take(UInt8(ascii: ","))
            skipSpaces()
        }
        if let byte = peek, (0x30...0x39).contains(byte) {
            guard let day = number(1, 2), space(), let month = monthName(), space(),
                let year = number(4, 4), space(), let time = clock(needsSeconds: false), space(),
                let offset = zone()
            else { return nil }
            return instant(year, month, day, time.seconds - offset, time.fraction)
        }
        guard let month = monthName(), space(), let day = number(1, 2), space(),
            let time = clock(needsSeconds: true), space()
        else { return nil }
        var offset: Int64 = 0
        if let byte = peek, !(0x30...0x39).contains(byte) {
            guard let zone = zone(), space() else { return nil }
            offset = zone
        }
        guard let year = number(4, 4) else { return nil }
        return instant(year, month, day, time.seconds - offset, time.fraction)
    }

    private mutating func instant(
        _ year: Int64, _ month: Int64, _ day: Int64, _ seconds: Int64, _ fraction: Int64
    ) -> Int64? {
        skipSpaces()
        guard cursor == text.count, (1...12).contains(month), day >= 1,
            day <= CivilTime.daysInMonth(year: year, month: Int(month))
        else { return nil }
        let days = CivilTime.days(year: year, month: Int(month), day: Int(day))
        return (days * 86_400 + seconds) * CivilTime.microsPerSecond + fraction
    }

    private mutating func clock(
        needsSeconds: Bool
    ) -> (seconds: Int64, fraction: Int64)? {
        guard let hour = number(2, 2), hour <= 23, take(UInt8(ascii: ":")),
            let minute = number(2, 2), minute <= 59
        else { return nil }
        var second: Int64 = 0
        var fraction: Int64 = 0
        if take(UInt8(ascii: ":")) {
            guard let value = number(2, 2), value <= 60 else { return nil }
            second = value
            if take(UInt8(ascii: ".")) || take(UInt8(ascii: ",")) {
                guard let value = microseconds() else { return nil }
                fraction = value
            }
        } else if needsSeconds {
            return nil
        }
        return (hour * 3_600 + minute * 60 + second, fraction)
    }

    /// Digits of a fraction of a second; six count.
    private mutating func microseconds() -> Int64? {
        var value: Int64 = 0
        var digits = 0
        while let byte = peek, (0x30...0x39).contains(byte) {
            if digits < 6 { value = value * 10 + Int64(byte - 0x30) }
            digits += 1
            cursor += 1
        }
        guard digits > 0 else { return nil }
        while digits < 6 {
            value *= 10
            digits += 1
        }
        return value
    }

    /// `Z`, `UTC`, `GMT`, `+08:00`, `+0800`, `+08` or nothing: seconds east of UTC.
    private mutating func zone() -> Int64? {
        guard let byte = peek else { return 0 }
        hasOffset = true
        switch byte {
        case UInt8(ascii: "Z"), UInt8(ascii: "z"):
            cursor += 1
            return 0
        case UInt8(ascii: "+"), UInt8(ascii: "-"):
            cursor += 1
            guard let hours = number(2, 2), hours <= 23 else { return nil }
            var minutes: Int64 = 0
            let hasColon = take(UInt8(ascii: ":"))
            if let digit = peek, (0x30...0x39).contains(digit) {
                guard let value = number(2, 2), value <= 59 else { return nil }
                minutes = value
            } else if hasColon {
                return nil
            }
            let seconds = hours * 3_600 + minutes * 60
            return byte == UInt8(ascii: "-") ? -seconds : seconds
        case UInt8(ascii: "G"): return word("GMT") ? 0 : nil
        case UInt8(ascii: "U"): return word("UTC") || word("UT") ? 0 : nil
        default: return nil
        }
    }

    private mutating func number(_ least: Int, _ most: Int) -> Int64? {
        var value: Int64 = 0
        var digits = 0
        while digits < most, let byte = peek, byte &- 0x30 < 10 {
            value = value * 10 + Int64(byte - 0x30)
            digits += 1
            cursor += 1
        }
        return digits >= least ? value : nil
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard peek == byte else { return false }
        cursor += 1
        return true
    }

    private mutating func space() -> Bool {
        guard peek == 0x20 else { return false }
        skipSpaces()
        return true
    }

    private mutating func letters() -> Int {
        let start = cursor
        while let byte = peek, (0x61...0x7A).contains(byte | 0x20) { cursor += 1 }
        return cursor - start
    }

    private mutating func word(_ word: StaticString) -> Bool {
        let count = word.utf8CodeUnitCount
        guard cursor + count <= text.count else { return false }
        for i in 0..<count where text[cursor + i] != word.utf8Start[i] { return false }
        cursor += count
        return true
    }

    private mutating func monthName() -> Int64? {
        guard cursor + 3 <= text.count else { return nil }
        let names: StaticString = "janfebmaraprmayjunjulaugsepoctnovdec"
        for month in 0..<12 {
            var isEqual = true
            for i in 0..<3 where text[cursor + i] | 0x20 != names.utf8Start[month * 3 + i] {
                isEqual = false
            }
            if isEqual {
                cursor += 3
                return Int64(month + 1)
            }
        }
        return nil
    }
}
