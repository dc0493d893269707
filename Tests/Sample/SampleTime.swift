import Columnar

/// Dates of the sample as the API writes them.
enum SampleTime {
    /// `2025-06-30` of a day number since 1970.
    static func date(_ day: Int) -> String {
        let civil = CivilTime.date(fromDays: Int64(day))
        return "\(civil.year)-\(padded(civil.month))-\(padded(civil.day))"
    }

    /// `2025-06-30T08:05:09`.
    static func text(day: Int, second: Int) -> String {
        date(day) + "T\(padded(second / 3_600)):\(padded(second / 60 % 60)):\(padded(second % 60))"
    }

    /// The day number of `YYYY-MM-DD`; nil for anything else.
    static func day(of text: String) -> Int? {
        let parts = text.split(separator: "-").compactMap { Int($0) }
        guard parts.count == 3, (1...12).contains(parts[1]), (1...31).contains(parts[2]) else {
            return nil
        }
        return Int(CivilTime.days(year: Int64(parts[0]), month: parts[1], day: parts[2]))
    }

    private static func padded(_ number: Int) -> String {
        number < 10 ? "0\(number)" : "\(number)"
    }
}
