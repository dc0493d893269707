/// Dates and instants in ISO 8601's order, as text files write them.
///
///     2021-02-20   2021-02-20 17:05   2021-02-20T17:05:52.123456   2021-02-20 17:05:52+08:00   …52Z   …52 UTC
///
/// Years have four digits; a fraction of more digits than microseconds have is not taken unless they are zeros.
struct WrittenTime {
    enum Form { case date, local, zoned }

    var form: Form
    /// Days since 1970-01-01 of the date as written.
    var days: Int64
    /// UTC for `zoned`, else as written; since 1970-01-01.
    var micros: Int64
    /// Digits of the fraction, without zeros past the sixth.
    var fractionDigits: Int
    /// East of UTC.
    var offsetMinutes: Int

    /// An instant with its offset, in the bits of `ZonedTime`; offsets go as far as Trino's do.
    var zoned: ZonedTime {
        let key = UInt16(clamping: Int(ZonedTime.utcKey) + offsetMinutes)
        return ZonedTime(micros: micros, zoneKey: key)
    }

    private static let longestOffsetMinutes = 14 * 60

    /// nil when the text is anything else.
    init?(_ text: UnsafeRawBufferPointer) {
        guard text.count >= 10, text.count <= 40, text[4] == UInt8(ascii: "-"),
            text[7] == UInt8(ascii: "-"), let year = Self.digits(text, 0, 4),
            let month = Self.digits(text, 5, 2), let day = Self.digits(text, 8, 2),
            (1...12).contains(month), day >= 1,
            day <= CivilTime.daysInMonth(year: Int64(year), month: month)
        else { return nil }
        days = CivilTime.days(year: Int64(year), month: month, day: day)
        micros = days * CivilTime.microsPerDay
        form = .date
        fractionDigits = 0
        offsetMinutes = 0
        if text.count == 10 { return }
        guard text[10] == 0x20 || text[10] | 0x20 == UInt8(ascii: "t"), text.count >= 16,
            text[13] == UInt8(ascii: ":"), let hour = Self.digits(text, 11, 2), hour < 24,
            let minute = Self.digits(text, 14, 2), minute < 60
        else { return nil }
        form = .local
        var seconds = Int64(hour * 3600 + minute * 60)
        var at = 16
        if at < text.count, text[at] == UInt8(ascii: ":") {
            guard let second = Self.digits(text, at + 1, 2), second < 60 else { return nil }
            seconds += Int64(second)
            at += 3
            if at < text.count, text[at] == UInt8(ascii: ".") {
                guard let fraction = takeFraction(text, from: at + 1) else { return nil }
                at = fraction.end
                micros += fraction.micros
            }
        }
        micros += seconds * CivilTime.microsPerSecond
        guard at < text.count else { return }
        guard let offset = Self.offset(text, from: at) else { return nil }
        form = .zoned
        offsetMinutes = offset
        micros -= Int64(offset) * 60 * CivilTime.microsPerSecond
    }

    private mutating func takeFraction(
        _ text: UnsafeRawBufferPointer, from start: Int
    ) -> (end: Int, micros: Int64)? {
        var at = start
        var value: Int64 = 0
        while at < text.count, text[at] &- 0x30 < 10 {
            if at - start < 6 {
                value = value * 10 + Int64(text[at] - 0x30)
            } else if text[at] != 0x30 {
                return nil
            }
            at += 1
        }
        guard at > start else { return nil }
        fractionDigits = min(at - start, 6)
        for _ in fractionDigits..<6 { value *= 10 }
        return (at, value)
    }

    /// `Z`, ` UTC`, `+08`, `+0800`, `+08:00`: minutes east of UTC; it must end the text.
    private static func offset(_ text: UnsafeRawBufferPointer, from start: Int) -> Int? {
        var at = start
        if text[at] == 0x20 { at += 1 }
        let left = text.count - at
        guard left > 0 else { return nil }
        if left == 1, text[at] | 0x20 == UInt8(ascii: "z") { return 0 }
        if left == 3, text[at] == UInt8(ascii: "U"), text[at + 1] == UInt8(ascii: "T"),
            text[at + 2] == UInt8(ascii: "C")
        {
            return 0
        }
        let sign = text[at]
        guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"),
            let hours = digits(text, at + 1, 2)
        else { return nil }
        var minutes = 0
        if left != 3 {
            let hasColon = left == 6 && text[at + 3] == UInt8(ascii: ":")
            guard hasColon || left == 5, let taken = digits(text, at + (hasColon ? 4 : 3), 2),
                taken < 60
            else { return nil }
            minutes = taken
        }
        let total = hours * 60 + minutes
        guard total <= longestOffsetMinutes else { return nil }
        return sign == UInt8(ascii: "-") ? -total : total
    }

    /// Exactly `count` digits; nil when they are not there.
    private static func digits(
        _ text: UnsafeRawBufferPointer, _ start: Int, _ count: Int
    ) -> Int? {
        guard start + count <= text.count else { return nil }
        var value = 0
        for i in start..<start + count {
            let digit = text[i] &- 0x30
            guard digit < 10 else { return nil }
            value = value * 10 + Int(digit)
        }
        return value
    }
}
