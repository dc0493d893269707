import Columnar

/// Writing times by a compiled format.
extension DateFormat {
    func append(_ moment: Moment, to out: inout [UInt8]) {
        let local = moment.local
        for item in items {
            switch item {
            case .literal(let bytes): out.append(contentsOf: bytes)
            case .number(let field, let width, _):
                TypeText.integer(Self.value(field, local), width: width, to: &out)
            case .fraction(let width, _):
                var digits: [UInt8] = []
                TypeText.integer(local.dayMicros % 1_000_000, width: 6, to: &digits)
                for i in 0..<width { out.append(i < 6 ? digits[i] : 0x30) }
            case .monthName(let isShort):
                Self.name(Self.months[local.date.month - 1], isShort, to: &out)
            case .weekdayName(let isShort):
                Self.name(Self.weekdays[Int(local.weekday) - 1], isShort, to: &out)
            case .halfOfDay: TypeText.ascii(local.hour < 12 ? "AM" : "PM", to: &out)
            case .offset(let hasColon):
                let minutes = ((local.micros ?? moment.instant) &- moment.instant) / 60_000_000
                out.append(UInt8(ascii: minutes < 0 ? "-" : "+"))
                TypeText.integer(abs(minutes) / 60, width: 2, to: &out)
                if hasColon { out.append(UInt8(ascii: ":")) }
                TypeText.integer(abs(minutes) % 60, width: 2, to: &out)
            case .zoneName: TypeText.ascii(ZoneTable.name(moment.zoneKey), to: &out)
            }
        }
    }

    private static func name(_ name: String, _ isShort: Bool, to out: inout [UInt8]) {
        out.append(contentsOf: isShort ? Array(name.utf8.prefix(3)) : Array(name.utf8))
    }

    private static func value(_ field: Field, _ local: LocalTime) -> Int64 {
        let half = local.hour % 12
        return switch field {
        case .year: local.date.year
        case .yearOfTwoDigits: local.date.year.floorModulo(100)
        case .weekYear: local.isoWeek.year
        case .month: Int64(local.date.month)
        case .day: Int64(local.date.day)
        case .dayOfYear: local.dayOfYear
        case .week: local.isoWeek.week
        case .weekday: local.weekday
        case .hour: local.hour
        case .clockHour: local.hour == 0 ? 24 : local.hour
        case .halfHour: half
        case .clockHalfHour: half == 0 ? 12 : half
        case .minute: local.minute
        case .second: local.second
        }
    }
}
