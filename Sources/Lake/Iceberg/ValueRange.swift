import Columnar

/// What is known of a set of values: bounds and whether NULLs, NaNs or anything else can be among them.
struct ValueRange {
    /// Nil: unknown.
    var lower: Value?
    var upper: Value?
    var mayBeNull = true
    /// Any value that is not NULL.
    var mayBePresent = true
    /// Bounds say nothing of NaN, which some engines sort above everything.
    var mayBeNaN = false

    /// A column's values in a file.
    init(_ file: DataFile, _ field: Field) {
        lower = file.lowerBound(of: field)
        upper = file.upperBound(of: field)
        let nulls = file.nullCount(of: field)
        mayBeNull = nulls.map { $0 != 0 } ?? true
        if let nulls, let values = file.valueCount(of: field) { mayBePresent = nulls < values }
        switch field.type {
        case .real, .double: mayBeNaN = file.nanCount(of: field).map { $0 != 0 } ?? true
        default: break
        }
    }

    /// A partition's only value.
    init(partition value: Value) {
        lower = value
        upper = value
        mayBeNull = value.isNull
        mayBePresent = !value.isNull
        mayBeNaN = value.isNaN
    }

    /// The values of a partition field over a manifest.
    init(_ summary: PartitionSummary, type: DataType) {
        lower = summary.lower.flatMap { SingleValue.decode($0[...], as: type) }
        upper = summary.upper.flatMap { SingleValue.decode($0[...], as: type) }
        mayBeNull = summary.containsNull
        mayBeNaN = summary.containsNaN ?? true
    }

    /// True unless no value of the range stands like this to the constant.
    ///
    /// A NULL or NaN constant, or one of another kind than the bounds, is left to the filter.
    func mayMatch(_ comparison: ScanComparison, _ constant: Value, type: DataType) -> Bool {
        let low = lower?.compare(constant, type: type)
        let high = upper?.compare(constant, type: type)
        switch comparison {
        case .equal: return low != .after && high != .before
        case .notEqual: return mayBeNaN || low != .same || high != .same
        case .less: return low != .after && low != .same
        case .lessOrEqual: return low != .after
        case .greater: return mayBeNaN || high != .before && high != .same
        case .greaterOrEqual: return mayBeNaN || high != .before
        }
    }
}
