/// Folder names `key=value` as columns, as Hive, Spark, DuckDB and Athena lay datasets out.
///
/// Keys and values are percent-decoded; `__HIVE_DEFAULT_PARTITION__` is NULL. A key's type is what every
/// one of its values reads as, as in DuckDB: bigint (`5`, but `05` is text), else date (`2025-06-30`),
/// else timestamp(6) (`2025-06-30 12:00:00.5`), else varchar. NULLs alone are varchar.
struct HivePartition: Sendable {
    static let defaultValue = "__HIVE_DEFAULT_PARTITION__"

    /// One `key=value`; nil is NULL.
    struct Pair: Hashable, Sendable {
        var key: String
        var value: String?
    }

    /// The pairs in a path's folders, outermost first; of a key that occurs twice the outer one counts.
    static func pairs(in path: String) -> [Pair] {
        var pairs: [Pair] = []
        for part in path.split(separator: "/").dropLast() {
            guard let equals = part.firstIndex(of: "="), equals != part.startIndex else { continue }
            let value = decoded(part[part.index(after: equals)...])
            let pair = Pair(
                key: decoded(part[..<equals]),
                value: value == defaultValue ? nil : value)
            if !pairs.contains(where: { $0.key == pair.key }) { pairs.append(pair) }
        }
        return pairs
    }

    /// `%20` to the byte; what is no escape stays.
    private static func decoded(_ text: Substring) -> String {
        guard text.utf8.contains(UInt8(ascii: "%")) else { return String(text) }
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        var i = 0
        while i < bytes.count {
            if bytes[i] == UInt8(ascii: "%"), i + 2 < bytes.count,
                let high = digit(bytes[i + 1]), let low = digit(bytes[i + 2])
            {
                result.append(high << 4 | low)
                i += 3
            } else {
                result.append(bytes[i])
                i += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        Character(UnicodeScalar(byte)).hexDigitValue.map { UInt8($0) }
    }

    // MARK: Types

    /// The narrowest type that reads every value.
    static func type(of values: some Sequence<String?>) -> DataType {
        var candidates: [DataType] = [.bigint, .date, .timestamp(precision: 6)]
        var isEmpty = true
        for case let text? in values {
            isEmpty = false
            candidates.removeAll { value(text, as: $0) == nil }
            if candidates.isEmpty { break }
        }
        return isEmpty ? .text : candidates.first ?? .text
    }

    /// A value as `type`; nil if it does not read as that.
    static func value(_ text: String?, as type: DataType) -> Value? {
        guard let text else { return .null }
        switch type {
        case .bigint:
            let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
            let isPadded = digits.utf8.count > 1 && digits.hasPrefix("0")
            return text.hasPrefix("+") || isPadded ? nil : Int64(text).map { .int($0) }
        case .date: return days(Array(text.utf8)[...]).map { .int($0) }
        case .timestamp: return micros(text).map { .int($0) }
        default: return .text(text)
        }
    }

    /// Days since 1970 of `2025-06-30`.
    private static func days(_ text: ArraySlice<UInt8>) -> Int64? {
        let parts = text.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].count == 4, let year = number(parts[0]),
            let month = number(parts[1], atMost: 12), let day = number(parts[2], atMost: 31),
            month >= 1, day >= 1,
            day <= CivilTime.daysInMonth(year: Int64(year), month: month)
        else { return nil }
        return CivilTime.days(year: Int64(year), month: month, day: day)
    }

    /// Microseconds since 1970 of `2025-06-30 12:00[:00[.123456]]`; `T` may stand for the blank.
    private static func micros(_ text: String) -> Int64? {
        let bytes = Array(text.utf8)
        guard bytes.count > 10, bytes[10] == UInt8(ascii: " ") || bytes[10] == UInt8(ascii: "T"),
            let days = days(bytes[..<10])
        else { return nil }
        let parts = bytes[11...].split(
            separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count), let hour = number(parts[0], atMost: 23),
            let minute = number(parts[1], atMost: 59)
        else { return nil }
        var micros = (hour * 60 + minute) * 60_000_000
        if parts.count == 3 {
            let second = parts[2].split(
                separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
            guard let whole = number(second[0], atMost: 59) else { return nil }
            micros += whole * 1_000_000
            if second.count == 2 {
                guard (1...6).contains(second[1].count), let fraction = number(second[1]) else {
                    return nil
                }
                micros += fraction * [100_000, 10_000, 1_000, 100, 10, 1][second[1].count - 1]
            }
        }
        return days * CivilTime.microsPerDay + Int64(micros)
    }

    /// One to six digits as a number.
    private static func number(_ digits: ArraySlice<UInt8>, atMost limit: Int = .max) -> Int? {
        guard (1...6).contains(digits.count) else { return nil }
        var value = 0
        for digit in digits {
            guard (48...57).contains(digit) else { return nil }
            value = value * 10 + Int(digit - 48)
        }
        return value <= limit ? value : nil
    }
}
