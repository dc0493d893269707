/// Days and instants as ISO 8601 writes them, UTC.
extension CivilTime {
    /// `2026-01-31`; years of four digits and more.
    package static func text(ofDay day: Int32) -> String {
        let date = date(fromDays: Int64(day))
        return
            "\(padded(date.year, 4))-\(padded(Int64(date.month), 2))-\(padded(Int64(date.day), 2))"
    }

    /// `2026-01-31T04:05:06.000000Z`.
    package static func text(ofMicros micros: Int64) -> String {
        let days = floorDays(micros: micros)
        let rest = micros - days * microsPerDay
        let seconds = rest / microsPerSecond
        let clock = [seconds / 3_600, seconds / 60 % 60, seconds % 60].map { padded($0, 2) }
        return text(ofDay: Int32(clamping: days)) + "T" + clock.joined(separator: ":") + "."
            + padded(rest % microsPerSecond, 6) + "Z"
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number.magnitude)
        let zeros = String(repeating: "0", count: max(0, width - digits.count))
        return (number < 0 ? "-" : "") + zeros + digits
    }
}
