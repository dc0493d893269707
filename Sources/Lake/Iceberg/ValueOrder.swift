import Columnar

extension Value {
    /// The order of bounds: numbers by value, text and binary by unsigned bytes, false before true.
    ///
    /// Nil where there is none: NULL, NaN, nested or unequal kinds. Instants compare without their zone.
    package func compare(_ other: Value, type: DataType) -> ValueOrdering? {
        switch (self, other) {
        case (.boolean(let a), .boolean(let b)): return a == b ? .same : (b ? .before : .after)
        case (.int(let a), .int(let b)): return ValueOrdering(a, b)
        case (.int128(let a), .int128(let b)):
            guard case .timestampTZ = type else { return ValueOrdering(a, b) }
            return ValueOrdering(a >> 16, b >> 16)
        case (.float(let a), .float(let b)):
            return a.isNaN || b.isNaN ? nil : ValueOrdering(a, b)
        case (.double(let a), .double(let b)):
            return a.isNaN || b.isNaN ? nil : ValueOrdering(a, b)
        case (.text(let a), .text(let b)):
            // Swift compares strings by canonical equivalence; bounds are in UTF-8 order.
            if a.utf8.elementsEqual(b.utf8) { return .same }
            return a.utf8.lexicographicallyPrecedes(b.utf8) ? .before : .after
        case (.binary(let a), .binary(let b)):
            if a == b { return .same }
            return a.lexicographicallyPrecedes(b) ? .before : .after
        default: return nil
        }
    }

    /// The total order of partition values: NULL first.
    package func precedes(_ other: Value) -> Bool {
        if isNull || other.isNull { return isNull && !other.isNull }
        return compare(other, type: .unknown) == .before
    }

    package var isNaN: Bool {
        switch self {
        case .float(let value): value.isNaN
        case .double(let value): value.isNaN
        default: false
        }
    }
}

/// How two values stand to each other.
package enum ValueOrdering {
    case before, same, after

    package init<T: Comparable>(_ a: T, _ b: T) {
        self = a < b ? .before : (a == b ? .same : .after)
    }
}
