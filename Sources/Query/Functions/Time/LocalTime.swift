import Columnar

/// A local date and time of day, taken apart just far enough for calendar arithmetic.
struct LocalTime: Equatable {
    /// Since 1970-01-01.
    var days: Int64
    /// Microseconds of the day.
    var dayMicros: Int64

    init(days: Int64, dayMicros: Int64 = 0) {
        self.days = days
        self.dayMicros = dayMicros
    }

    init(micros: Int64) {
        days = CivilTime.floorDays(micros: micros)
        dayMicros = micros.floorModulo(CivilTime.microsPerDay)
    }

    /// Microseconds since 1970; nil past 64 bits.
    var micros: Int64? {
        let (day, o1) = days.multipliedReportingOverflow(by: CivilTime.microsPerDay)
        let (sum, o2) = day.addingReportingOverflow(dayMicros)
        return o1 || o2 ? nil : sum
    }

    var date: (year: Int64, month: Int, day: Int) { CivilTime.date(fromDays: days) }

    /// 1 = Monday, 7 = Sunday.
    var weekday: Int64 { (days + 3).floorModulo(7) + 1 }

    /// 1 to 366.
    var dayOfYear: Int64 { days - CivilTime.days(year: date.year, month: 1, day: 1) + 1 }

    /// ISO 8601 week: weeks begin on Monday, the first one holds 4 January.
    var isoWeek: (year: Int64, week: Int64) {
        let thursday = days - (weekday - 1) + 3
        let year = CivilTime.date(fromDays: thursday).year
        let first = CivilTime.days(year: year, month: 1, day: 1)
        return (year, (thursday - first) / 7 + 1)
    }

    var hour: Int64 { dayMicros / 3_600_000_000 }
    var minute: Int64 { dayMicros / 60_000_000 % 60 }
    var second: Int64 { dayMicros / 1_000_000 % 60 }

    /// The same time of day so many months later; days past the month's end are clamped to it.
    func adding(months: Int64) -> LocalTime? {
        let (year, month, day) = date
        let (total, overflow) = (year * 12 + Int64(month - 1)).addingReportingOverflow(months)
        guard !overflow, abs(max(total, -.max)) < 12 * 10_000_000 else { return nil }
        let newYear = total.floorDivided(by: 12)
        let newMonth = Int(total.floorModulo(12)) + 1
        let last = CivilTime.daysInMonth(year: newYear, month: newMonth)
        var result = self
        result.days = CivilTime.days(year: newYear, month: newMonth, day: min(day, last))
        return result
    }

    /// Whole months from this time to a later one, as Joda counts them.
    private func monthsUntilLater(_ later: LocalTime) -> Int64 {
        let (y1, m1, d1) = date
        let (y2, m2, d2) = later.date
        var months = (y2 - y1) * 12 + Int64(m2 - m1)
        var day = d1
        if d2 == CivilTime.daysInMonth(year: y2, month: m2), d1 > d2 { day = d2 }
        if (d2, later.dayMicros) < (day, dayMicros) { months -= 1 }
        return months
    }

    func months(until other: LocalTime) -> Int64 {
        if (other.days, other.dayMicros) < (days, dayMicros) {
            return -other.monthsUntilLater(self)
        }
        return monthsUntilLater(other)
    }
}
