/// Calendar arithmetic in days and microseconds, proleptic Gregorian, no Foundation.
///
/// Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms" (days_from_civil).
package enum CivilTime {
    package static let microsPerDay: Int64 = 86_400_000_000
    package static let microsPerSecond: Int64 = 1_000_000

    /// Year, month 1...12 and day 1...31 of a day number since 1970-01-01.
    package static func date(fromDays days: Int64) -> (year: Int64, month: Int, day: Int) {
        let z = days + 719_468
        let era = (z >= 0 ? z : z - 146_096) / 146_097
        let dayOfEra = z - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let day = Int(dayOfYear - (153 * shifted + 2) / 5 + 1)
        let month = Int(shifted < 10 ? shifted + 3 : shifted - 9)
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    /// The day number since 1970-01-01 of a civil date; the month must be 1...12.
    package static func days(year: Int64, month: Int, day: Int) -> Int64 {
        let y = month <= 2 ? year - 1 : year
        let era = (y >= 0 ? y : y - 399) / 400
        let yearOfEra = y - era * 400
        let monthShift = Int64(month > 2 ? month - 3 : month + 9)
        let dayOfYear = (153 * monthShift + 2) / 5 + Int64(day) - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    package static func isLeap(_ year: Int64) -> Bool {
        year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    }

    /// Days in a month, 28...31.
    package static func daysInMonth(year: Int64, month: Int) -> Int {
        switch month {
        case 4, 6, 9, 11: 30
        case 2: isLeap(year) ? 29 : 28
        default: 31
        }
    }

    /// The day number of an instant in microseconds, rounding towards the past.
    package static func floorDays(micros: Int64) -> Int64 {
        let quotient = micros / microsPerDay
        return micros % microsPerDay < 0 ? quotient - 1 : quotient
    }
}
