import Columnar

extension BoundExpression {
    /// The same value as another type: literals change at once, the rest gets a cast.
    func coerced(to target: DataType) -> BoundExpression {
        if type == target { return self }
        if case .literal(let value, let source) = self,
            let converted = Self.converted(value, from: source, to: target)
        {
            return .literal(converted, target)
        }
        return .cast(self, to: target, isTry: false, nil)
    }

    /// A literal's value in a wider type; nil where the cast must compute it.
    private static func converted(
        _ value: Value, from source: DataType, to target: DataType
    ) -> Value? {
        if value == .null { return .null }
        switch (source, target) {
        case (.varchar(let length), .varchar(let limit)):
            guard let limit else { return value }
            return (length ?? Int.max) <= limit ? value : nil
        case (.date, .timestamp):
            guard case .int(let days) = value else { return nil }
            let (micros, overflow) = days.multipliedReportingOverflow(by: CivilTime.microsPerDay)
            return overflow ? nil : .int(micros)
        case (.timestamp(let p), .timestamp(let q)), (.timestampTZ(let p), .timestampTZ(let q)):
            return p <= q ? value : nil
        case (.time(let p), .time(let q)): return p <= q ? value : nil
        default: break
        }
        guard source.isInteger, case .int(let number) = value else {
            return decimalConverted(value, from: source, to: target)
        }
        switch target {
        case .smallint, .integer, .bigint: return value
        case .double: return .double(Double(number))
        case .real: return .float(Float(number))
        case .decimal: return scaled(Int128(number), by: 0, to: target)
        default: return nil
        }
    }

    private static func decimalConverted(
        _ value: Value, from source: DataType, to target: DataType
    ) -> Value? {
        guard case .decimal(_, let scale) = source else { return nil }
        let unscaled: Int128
        switch value {
        case .int(let number): unscaled = Int128(number)
        case .int128(let number): unscaled = number
        default: return nil
        }
        switch target {
        case .decimal: return scaled(unscaled, by: scale, to: target)
        case .double where unscaled.magnitude < 1 << 53 && scale <= 22:
            // Both are exact doubles, so that the quotient is the nearest one.
            var power = 1.0
            for _ in 0..<scale { power *= 10 }
            return .double(Double(unscaled) / power)
        default: return nil
        }
    }

    /// A decimal's unscaled value at a larger scale; nil if digits would be lost.
    private static func scaled(_ unscaled: Int128, by scale: Int, to target: DataType) -> Value? {
        guard case .decimal(let precision, let targetScale) = target, targetScale >= scale else {
            return nil
        }
        var result = unscaled
        for _ in scale..<targetScale {
            let (product, overflow) = result.multipliedReportingOverflow(by: 10)
            if overflow { return nil }
            result = product
        }
        var limit: Int128 = 1
        for _ in 0..<precision { limit *= 10 }
        guard result > -limit, result < limit else { return nil }
        guard precision <= 18 else { return .int128(result) }
        return Int64(exactly: result).map { .int($0) }
    }
}
