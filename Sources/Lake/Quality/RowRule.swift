import Columnar
import Glibc

/// One check of a single value, compiled against `RowEncoding`; NULL passes all but `not_null`.
///
/// A text that a pattern gives up on (PCRE2's match limit) counts as breaking it.
struct RowRule {
    private enum Test {
        case notNull
        case accepted(AcceptedTexts)
        case int32(ClosedRange<Int32>?)
        case int64(ClosedRange<Int64>?)
        case float32(ClosedRange<Double>)
        case float64(ClosedRange<Double>)
        case pattern(RegularExpression.Matcher)
    }

    private let test: Test

    /// nil if the check is not one of rows.
    init?(_ check: QualityCheck, of definition: TableDefinition) throws(LakeError) {
        switch check.rule {
        case .notNull: test = .notNull
        case .acceptedValues(_, let values): test = .accepted(AcceptedTexts(values))
        case .range(let column, let minimum, let maximum):
            test = Self.range(definition.columns[column].type, minimum, maximum)
        case .pattern(_, let pattern):
            var text = pattern
            let expression = text.withUTF8 { bytes in
                try? RegularExpression(UnsafeRawBufferPointer(bytes))
            }
            guard let expression, let matcher = RegularExpression.Matcher(expression) else {
                throw .corrupt(
                    FileLocation(path: definition.name), reason: "the pattern \(pattern) is invalid"
                )
            }
            test = .pattern(matcher)
        case .unique, .references, .minimumRows, .freshness: return nil
        }
    }

    private static func range(_ type: DataType, _ minimum: Double?, _ maximum: Double?) -> Test {
        let (low, high) = (minimum ?? -.infinity, maximum ?? .infinity)
        switch type {
        case .integer: return .int32(integers(low, high))
        case .bigint: return .int64(integers(low, high))
        case .real: return .float32(low...max(low, high))
        default: return .float64(low...max(low, high))
        }
    }

    /// The integers between two bounds; nil if there are none.
    private static func integers<T: FixedWidthInteger>(
        _ low: Double, _ high: Double
    ) -> ClosedRange<T>? {
        // The bounds of a type as doubles: 2^63 is one more than the greatest Int64.
        let least = -Double(sign: .plus, exponent: T.bitWidth - 1, significand: 1)
        guard low < -least, high >= least else { return nil }
        let first = low <= least ? T.min : T(low.rounded(.up))
        let last = high >= -least ? T.max : T(high.rounded(.down))
        return first <= last ? first...last : nil
    }

    /// Whether a value breaks the check; `value` points at its NULL mark.
    @inline(__always)
    func isBroken(by value: UnsafeRawPointer) -> Bool {
        guard value.load(as: UInt8.self) != 0 else {
            if case .notNull = test { return true }
            return false
        }
        let body = value + 1
        switch test {
        case .notNull: return false
        case .accepted(let texts): return !texts.contains(Self.text(at: body))
        case .int32(let range):
            return !(range?.contains(body.loadUnaligned(as: Int32.self)) ?? false)
        case .int64(let range):
            return !(range?.contains(body.loadUnaligned(as: Int64.self)) ?? false)
        case .float32(let range):
            return !range.contains(Double(Float(bitPattern: body.loadUnaligned(as: UInt32.self))))
        case .float64(let range):
            return !range.contains(Double(bitPattern: body.loadUnaligned(as: UInt64.self)))
        case .pattern(let matcher):
            return !((try? matcher.find(Self.text(at: body))) ?? false)
        }
    }

    /// A value that breaks the check, for a reason: cut after 60 characters.
    func sample(of value: UnsafeRawPointer) -> String {
        guard value.load(as: UInt8.self) != 0 else { return "NULL" }
        let body = value + 1
        switch test {
        case .notNull: return "a value"
        case .int32: return "\(body.loadUnaligned(as: Int32.self))"
        case .int64: return "\(body.loadUnaligned(as: Int64.self))"
        case .float32: return "\(Float(bitPattern: body.loadUnaligned(as: UInt32.self)))"
        case .float64: return "\(Double(bitPattern: body.loadUnaligned(as: UInt64.self)))"
        case .accepted, .pattern:
            let text = String(decoding: Self.text(at: body).prefix(300), as: UTF8.self)
            return "\"" + (text.count > 60 ? text.prefix(60) + "…" : text) + "\""
        }
    }

    private static func text(at body: UnsafeRawPointer) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(
            start: body + 4, count: Int(body.loadUnaligned(as: UInt32.self)))
    }
}

/// The texts that a column may hold, found by bisection: ordered by length, then by bytes.
private struct AcceptedTexts {
    private let bytes: FixedTable<UInt8>
    private let ends: FixedTable<Int>

    init(_ texts: [String]) {
        let sorted = Set(texts.map { Array($0.utf8) }).sorted { a, b in
            a.count != b.count ? a.count < b.count : a.lexicographicallyPrecedes(b)
        }
        bytes = FixedTable(sorted.flatMap { $0 })
        var ends = [0]
        for text in sorted { ends.append((ends.last ?? 0) + text.count) }
        self.ends = FixedTable(ends)
    }

    func contains(_ text: UnsafeRawBufferPointer) -> Bool {
        var low = 0
        var high = ends.count - 1
        while low < high {
            let middle = (low + high) / 2
            let start = ends.base[middle]
            let count = ends.base[middle + 1] - start
            var order = text.count - count
            if order == 0, count > 0, let first = text.baseAddress {
                order = Int(memcmp(first, bytes.base + start, count))
            }
            if order == 0 { return true }
            if order < 0 { high = middle } else { low = middle + 1 }
        }
        return false
    }
}
