/// An unevaluated sum of two doubles, about 106 bits: sums that do not depend on the order of rows.
///
/// Source: T. J. Dekker, "A floating-point technique for extending the available precision" (1971);
/// D. E. Knuth's TwoSum. Infinities and NaN live in `high`.
struct DoubleDouble: BitwiseCopyable, Sendable {
    var high: Double
    var low: Double

    static let zero = DoubleDouble(high: 0, low: 0)

    @inline(__always)
    mutating func add(_ value: Double) {
        let sum = high + value
        let part = sum - high
        let error = (high - (sum - part)) + (value - part)
        let tail = low + error
        high = sum + tail
        low = tail - (high - sum)
    }

    @inline(__always)
    mutating func add(_ other: DoubleDouble) {
        add(other.high)
        add(other.low)
    }

    /// Adds `a * b` without losing the product's low half.
    @inline(__always)
    mutating func addProduct(_ a: Double, _ b: Double) {
        let product = a * b
        add(product)
        let error = (-product).addingProduct(a, b)
        if product.isFinite { add(error) }
    }

    /// The nearest double.
    var value: Double { low.isFinite ? high + low : high }

    static func - (a: DoubleDouble, b: DoubleDouble) -> DoubleDouble {
        var result = a
        result.add(-b.high)
        result.add(-b.low)
        return result
    }

    static func * (a: DoubleDouble, b: DoubleDouble) -> DoubleDouble {
        let product = a.high * b.high
        guard product.isFinite else { return DoubleDouble(high: product, low: 0) }
        var result = DoubleDouble(
            high: product, low: (-product).addingProduct(a.high, b.high))
        result.add(a.high * b.low)
        result.add(a.low * b.high)
        return result
    }

    static func / (a: DoubleDouble, b: Double) -> DoubleDouble {
        let first = a.high / b
        guard first.isFinite else { return DoubleDouble(high: first, low: 0) }
        let rest = a - DoubleDouble(high: first, low: 0) * DoubleDouble(high: b, low: 0)
        var result = DoubleDouble(high: first, low: 0)
        result.add(rest.value / b)
        return result
    }
}
