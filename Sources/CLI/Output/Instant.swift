import Columnar
import Query

/// Instants of runs and snapshots as people read them.
enum Instant {
    /// `2025-06-30 08:05:09 UTC`; `never` for none.
    static func text(millis: Int64?) -> String {
        guard let millis else { return "never" }
        return ValueText.format(.int(millis / 1_000 * 1_000_000), .timestamp(precision: 0)) + " UTC"
    }

    /// `2025-06-30` of days since 1970.
    static func day(_ days: Int32) -> String { ValueText.format(.int(Int64(days)), .date) }

    static func text(micros: Int64) -> String { text(millis: micros / 1_000) }

    /// Microseconds since 1970 of `2026-01-31` or `2026-01-31T12:00:00Z` (also with a space), UTC; nil of anything else.
    static func micros(_ text: String) -> Int64? {
        let bytes = Array(text.utf8)
        func number(_ start: Int, _ count: Int) -> Int64? {
            let digits = bytes[start..<start + count]
            guard digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
            return Int64(String(decoding: digits, as: UTF8.self))
        }
        guard bytes.count == 10 || bytes.count == 19 || bytes.count == 20 && bytes[19] == 0x5A,
            bytes[4] == 0x2D, bytes[7] == 0x2D, let year = number(0, 4),
            let month = number(5, 2), (1...12).contains(month), let day = number(8, 2), day >= 1,
            day <= CivilTime.daysInMonth(year: year, month: Int(month))
        else { return nil }
        let days = CivilTime.days(year: year, month: Int(month), day: Int(day))
        guard bytes.count > 10 else { return days * CivilTime.microsPerDay }
        guard [0x54, 0x74, 0x20].contains(bytes[10]), bytes[13] == 0x3A, bytes[16] == 0x3A,
            let hour = number(11, 2), hour < 24, let minute = number(14, 2), minute < 60,
            let second = number(17, 2), second < 60
        else { return nil }
        let seconds = (hour * 60 + minute) * 60 + second
        return days * CivilTime.microsPerDay + seconds * CivilTime.microsPerSecond
    }
}
