import Columnar

/// A compiled format of dates: MySQL's `%Y-%m-%d` or Joda's `yyyy-MM-dd`, one list of items for both.
struct DateFormat: Sendable {
    enum Field: Sendable {
        case year, yearOfTwoDigits, weekYear, month, day, dayOfYear, week, weekday
        /// 0-23, 1-24, 0-11, 1-12.
        case hour, clockHour, halfHour, clockHalfHour
        case minute, second
    }

    enum Item: Sendable {
        case literal([UInt8])
        /// Printed with at least `width` digits; read with at most `most`.
        case number(Field, width: Int, most: Int)
        /// Digits after the second.
        case fraction(width: Int, most: Int)
        case monthName(isShort: Bool)
        case weekdayName(isShort: Bool)
        case halfOfDay
        /// `+0200`, `+02:00`, or the zone's name.
        case offset(hasColon: Bool)
        case zoneName
    }

    let items: [Item]

    /// MySQL specifiers, those that Trino's date_parse and date_format take.
    static func mysql(_ format: Bytes) throws(QueryError) -> DateFormat {
        var items: [Item] = []
        var literal: [UInt8] = []
        var at = 0
        while at < format.count {
            let byte = format[at]
            at += 1
            guard byte == UInt8(ascii: "%"), at < format.count else {
                literal.append(byte)
                continue
            }
            let specifier = Unicode.Scalar(format[at])
            at += 1
            guard let found = try mysqlItems(specifier) else {
                literal.append(UInt8(truncatingIfNeeded: specifier.value))
                continue
            }
            if !literal.isEmpty { items.append(.literal(literal)) }
            literal = []
            items += found
        }
        if !literal.isEmpty { items.append(.literal(literal)) }
        return DateFormat(items: items)
    }

    private static func number(_ field: Field, _ width: Int, _ most: Int) -> [Item] {
        [.number(field, width: width, most: most)]
    }

    /// The items of one specifier; nil stands for the character itself.
    private static func mysqlItems(_ specifier: Unicode.Scalar) throws(QueryError) -> [Item]? {
        let colon = Item.literal([UInt8(ascii: ":")])
        switch specifier {
        case "a": return [.weekdayName(isShort: true)]
        case "b": return [.monthName(isShort: true)]
        case "c": return number(.month, 1, 2)
        case "d": return number(.day, 2, 2)
        case "e": return number(.day, 1, 2)
        case "f": return [.fraction(width: 6, most: 9)]
        case "H": return number(.hour, 2, 2)
        case "h", "I": return number(.clockHalfHour, 2, 2)
        case "i": return number(.minute, 2, 2)
        case "j": return number(.dayOfYear, 3, 3)
        case "k": return number(.hour, 1, 2)
        case "l": return number(.clockHalfHour, 1, 2)
        case "M": return [.monthName(isShort: false)]
        case "m": return number(.month, 2, 2)
        case "p": return [.halfOfDay]
        case "r":
            return number(.clockHalfHour, 2, 2) + [colon] + number(.minute, 2, 2) + [colon]
                + number(.second, 2, 2) + [.literal([0x20]), .halfOfDay]
        case "S", "s": return number(.second, 2, 2)
        case "T":
            return number(.hour, 2, 2) + [colon] + number(.minute, 2, 2) + [colon]
                + number(.second, 2, 2)
        case "v": return number(.week, 2, 2)
        case "W": return [.weekdayName(isShort: false)]
        case "x": return number(.weekYear, 4, 4)
        case "Y": return number(.year, 4, 4)
        case "y": return number(.yearOfTwoDigits, 2, 2)
        case "D", "U", "u", "V", "w", "X":
            throw .argument("%\(specifier) not currently supported in the date format string")
        default: return nil
        }
    }

    /// Joda-Time patterns: runs of letters, quoted literals.
    static func joda(_ format: Bytes) throws(QueryError) -> DateFormat {
        var items: [Item] = []
        var at = 0
        while at < format.count {
            let byte = format[at]
            if (0x61...0x7A).contains(byte | 0x20) {
                var end = at
                while end < format.count, format[end] == byte { end += 1 }
                items.append(try jodaItem(Unicode.Scalar(byte), count: end - at))
                at = end
            } else if byte == UInt8(ascii: "'") {
                items.append(.literal(quoted(format, &at)))
            } else {
                items.append(.literal([byte]))
                at += 1
            }
        }
        guard !items.isEmpty else { throw .argument("Invalid pattern specification") }
        return DateFormat(items: items)
    }

    /// `'text'`, in which `''` is a quote; `''` alone is one too.
    private static func quoted(_ format: Bytes, _ at: inout Int) -> [UInt8] {
        let quote = UInt8(ascii: "'")
        var out: [UInt8] = []
        at += 1
        if at < format.count, format[at] == quote {
            at += 1
            return [quote]
        }
        while at < format.count {
            if format[at] == quote {
                at += 1
                guard at < format.count, format[at] == quote else { return out }
            }
            out.append(format[at])
            at += 1
        }
        return out
    }

    private static func jodaItem(
        _ letter: Unicode.Scalar, count: Int
    ) throws(QueryError) -> Item {
        func field(_ field: Field, _ most: Int = 2) -> Item {
            .number(field, width: count, most: max(count, most))
        }
        switch letter {
        case "y", "Y":
            return count == 2
                ? .number(.yearOfTwoDigits, width: 2, most: 2) : field(.year, 9)
        case "x": return field(.weekYear, 9)
        case "M":
            return count >= 3 ? .monthName(isShort: count == 3) : field(.month)
        case "d": return field(.day)
        case "D": return field(.dayOfYear, 3)
        case "w": return field(.week)
        case "e": return field(.weekday, 1)
        case "E": return .weekdayName(isShort: count < 4)
        case "a": return .halfOfDay
        case "H": return field(.hour)
        case "k": return field(.clockHour)
        case "K": return field(.halfHour)
        case "h": return field(.clockHalfHour)
        case "m": return field(.minute)
        case "s": return field(.second)
        case "S": return .fraction(width: count, most: count)
        case "Z": return count >= 3 ? .zoneName : .offset(hasColon: count == 2)
        case "z": return .zoneName
        default: throw .argument("Illegal pattern component: \(letter)")
        }
    }

    static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September",
        "October", "November", "December",
    ]
    static let weekdays = [
        "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
    ]
}
