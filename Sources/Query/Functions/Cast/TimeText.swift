import Columnar

/// The text forms of dates, times, instants and intervals.
extension TypeText {
    /// `2020-05-01`; years past 9999 with a plus, before 0 with a minus.
    package static func date(_ days: Int64, to out: inout [UInt8]) {
        let (year, month, day) = CivilTime.date(fromDays: days)
        if year > 9999 { out.append(UInt8(ascii: "+")) }
        integer(year, width: 4, to: &out)
        out.append(UInt8(ascii: "-"))
        integer(month, width: 2, to: &out)
        out.append(UInt8(ascii: "-"))
        integer(day, width: 2, to: &out)
    }

    /// `12:34:56.789`; `micros` of the day.
    package static func time(_ micros: Int64, precision: Int, to out: inout [UInt8]) {
        let seconds = micros / CivilTime.microsPerSecond
        integer(seconds / 3600, width: 2, to: &out)
        out.append(UInt8(ascii: ":"))
        integer(seconds / 60 % 60, width: 2, to: &out)
        out.append(UInt8(ascii: ":"))
        integer(seconds % 60, width: 2, to: &out)
        guard precision > 0 else { return }
        out.append(UInt8(ascii: "."))
        let fraction = micros % CivilTime.microsPerSecond
        integer(
            fraction / TimePrecision.unit(min(precision, 6)), width: min(precision, 6), to: &out)
    }

    /// `2020-05-01 12:34:56.789`.
    package static func timestamp(_ micros: Int64, precision: Int, to out: inout [UInt8]) {
        let days = CivilTime.floorDays(micros: micros)
        date(days, to: &out)
        out.append(UInt8(ascii: " "))
        time(micros.floorModulo(CivilTime.microsPerDay), precision: precision, to: &out)
    }

    /// `2020-05-01 12:34:56.789 Europe/Berlin`, in local time.
    package static func timestampTZ(_ bits: Int128, precision: Int, to out: inout [UInt8]) {
        let zoned = ZonedTime(bits: bits)
        var cursor = ZoneCursor()
        timestamp(
            cursor.local(zoned.micros, zoneKey: zoned.zoneKey), precision: precision, to: &out)
        out.append(UInt8(ascii: " "))
        ascii(ZoneTable.name(zoned.zoneKey), to: &out)
    }

    /// `2 03:04:05.678` from milliseconds.
    package static func dayToSecond(_ millis: Int64, to out: inout [UInt8]) {
        if millis < 0 { out.append(UInt8(ascii: "-")) }
        let total = millis.magnitude
        integer(total / 86_400_000, to: &out)
        out.append(UInt8(ascii: " "))
        time(Int64(total % 86_400_000) * 1000, precision: 3, to: &out)
    }

    /// `1-2` from months.
    package static func yearToMonth(_ months: Int64, to out: inout [UInt8]) {
        if months < 0 { out.append(UInt8(ascii: "-")) }
        integer(months.magnitude / 12, to: &out)
        out.append(UInt8(ascii: "-"))
        integer(months.magnitude % 12, to: &out)
    }
}

/// Fraction digits of times and timestamps.
enum TimePrecision {
    /// Microseconds of the last digit of a precision 0 to 6.
    static func unit(_ precision: Int) -> Int64 {
        switch precision {
        case 0: 1_000_000
        case 1: 100_000
        case 2: 10_000
        case 3: 1_000
        case 4: 100
        case 5: 10
        default: 1
        }
    }

    /// Microseconds at a lower precision, halves up, as Trino casts.
    static func round(_ micros: Int64, to precision: Int) -> Int64 {
        let unit = unit(precision)
        guard unit > 1 else { return micros }
        let rest = micros.floorModulo(unit)
        return rest * 2 >= unit ? micros &+ (unit - rest) : micros &- rest
    }
}
