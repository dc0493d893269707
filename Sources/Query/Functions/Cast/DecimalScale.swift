import Columnar

/// Powers of ten and rescaling of unscaled decimals in 128 bits.
package enum DecimalScale {
    /// 10^0 to 10^38, all that fit 128 signed bits.
    private static let powers: [Int128] = {
        var result: [Int128] = [1]
        for _ in 1...38 { result.append(result[result.count - 1] * 10) }
        return result
    }()

    /// `10^exponent`; the exponent must be 0...38.
    package static func power(_ exponent: Int) -> Int128 { powers[exponent] }

    /// `value / 10^digits`, halves away from zero; 0 where the power does not fit.
    package static func divideHalfUp(_ value: Int128, digits: Int) -> Int128 {
        guard digits > 0 else { return value }
        guard digits <= 38 else { return 0 }
        return divideHalfUp(value, by: powers[digits])
    }

    /// `value / divisor`, halves away from zero; the divisor must be positive.
    package static func divideHalfUp(_ value: Int128, by divisor: Int128) -> Int128 {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        let rest = remainder.magnitude
        if rest >= divisor.magnitude - rest { return quotient + (value < 0 ? -1 : 1) }
        return quotient
    }

    /// The value at another scale, halves away from zero; nil when it does not fit 128 bits.
    package static func rescale(_ value: Int128, from: Int, to: Int) -> Int128? {
        if to <= from { return divideHalfUp(value, digits: from - to) }
        guard to - from <= 38 else { return value == 0 ? 0 : nil }
        let (result, overflow) = value.multipliedReportingOverflow(by: powers[to - from])
        return overflow ? nil : result
    }

    /// Whether an unscaled value has at most `precision` digits.
    package static func fits(_ value: Int128, precision: Int) -> Bool {
        value.magnitude < powers[min(precision, 38)].magnitude
    }

    /// Precision and scale of a decimal type; integers count as scale 0.
    static func of(_ type: DataType) -> (precision: Int, scale: Int) {
        switch type {
        case .decimal(let precision, let scale): (precision, scale)
        case .tinyint: (3, 0)
        case .smallint: (5, 0)
        case .integer: (10, 0)
        default: (19, 0)
        }
    }
}
