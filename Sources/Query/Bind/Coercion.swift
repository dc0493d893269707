import Columnar

/// The implicit conversions of the dialect, in one place.
///
/// Source: Trino 401 `TypeCoercion`, `DecimalOperators`.
enum Coercion {
    /// The narrowest type that both convert to, or nil.
    static func commonSuperType(_ a: DataType, _ b: DataType) -> DataType? {
        if a == b { return a }
        switch (a, b) {
        case (.unknown, _): return b
        case (_, .unknown): return a
        case _ where a.isNumeric && b.isNumeric: return commonNumeric(a, b)
        case (.varchar(let m), .varchar(let n)): return .varchar(length: longer(m, n))
        case (.char(let m), .char(let n)): return .char(length: max(m, n))
        case (.char(let m), .varchar(let n)), (.varchar(let n), .char(let m)):
            return .varchar(length: longer(m, n))
        case (.time(let p), .time(let q)): return .time(precision: max(p, q))
        case (.date, .timestamp), (.date, .timestampTZ): return b
        case (.timestamp, .date), (.timestampTZ, .date): return a
        case (.timestamp(let p), .timestamp(let q)): return .timestamp(precision: max(p, q))
        case (.timestamp(let p), .timestampTZ(let q)), (.timestampTZ(let p), .timestamp(let q)),
            (.timestampTZ(let p), .timestampTZ(let q)):
            return .timestampTZ(precision: max(p, q))
        default: return commonNested(a, b)
        }
    }

    /// The narrowest type that all convert to, or the two that have none.
    static func commonSuperType(
        of types: [DataType]
    ) -> Result<DataType, NoCommonType> {
        var result = DataType.unknown
        for type in types {
            guard let next = commonSuperType(result, type) else {
                return .failure(NoCommonType(first: result, second: type))
            }
            result = next
        }
        return .success(result)
    }

    /// Two types without a common super type.
    struct NoCommonType: Error {
        var first: DataType
        var second: DataType
    }

    /// Whether a value of one type is accepted where another is wanted.
    static func isImplicit(from: DataType, to: DataType) -> Bool {
        commonSuperType(from, to) == to
    }

    private static func longer(_ m: Int?, _ n: Int?) -> Int? {
        guard let m, let n else { return nil }
        return max(m, n)
    }

    private static func commonNumeric(_ a: DataType, _ b: DataType) -> DataType {
        if a == .double || b == .double { return .double }
        if a == .real || b == .real { return .real }
        if a.isInteger, b.isInteger { return integerRank(a) >= integerRank(b) ? a : b }
        let (p1, s1) = decimalShape(a)
        let (p2, s2) = decimalShape(b)
        let scale = max(s1, s2)
        return .decimal(precision: min(38, max(p1 - s1, p2 - s2) + scale), scale: scale)
    }

    private static func commonNested(_ a: DataType, _ b: DataType) -> DataType? {
        switch (a, b) {
        case (.array(let x), .array(let y)): return commonSuperType(x, y).map { .array($0) }
        case (.map(let k1, let v1), .map(let k2, let v2)):
            guard let key = commonSuperType(k1, k2), let value = commonSuperType(v1, v2) else {
                return nil
            }
            return .map(key: key, value: value)
        case (.row(let f1), .row(let f2)):
            guard f1.count == f2.count else { return nil }
            var fields: [RowField] = []
            for (x, y) in zip(f1, f2) {
                guard let type = commonSuperType(x.type, y.type) else { return nil }
                fields.append(RowField(name: x.name == y.name ? x.name : nil, type: type))
            }
            return .row(fields)
        default: return nil
        }
    }

    private static func integerRank(_ type: DataType) -> Int {
        switch type {
        case .tinyint: 0
        case .smallint: 1
        case .integer: 2
        default: 3
        }
    }

    // MARK: Decimals

    /// Precision and scale of a decimal, or of the decimal that holds an integer type.
    static func decimalShape(_ type: DataType) -> (precision: Int, scale: Int) {
        switch type {
        case .decimal(let precision, let scale): (precision, scale)
        case .tinyint: (3, 0)
        case .smallint: (5, 0)
        case .integer: (10, 0)
        default: (19, 0)
        }
    }

    /// The decimal type that holds every value of an integer type; decimals stay.
    static func decimal(holding type: DataType) -> DataType {
        let (precision, scale) = decimalShape(type)
        return .decimal(precision: precision, scale: scale)
    }

    /// The result of decimal arithmetic in version 401: division keeps the larger scale.
    static func decimalResult(
        _ op: ArithmeticOperator, _ a: DataType, _ b: DataType
    ) -> DataType {
        let (p1, s1) = decimalShape(a)
        let (p2, s2) = decimalShape(b)
        switch op {
        case .add, .subtract:
            let scale = max(s1, s2)
            let precision = min(38, 1 + scale + max(p1 - s1, p2 - s2))
            return .decimal(precision: precision, scale: scale)
        case .multiply:
            return .decimal(precision: min(38, p1 + p2), scale: s1 + s2)
        case .divide:
            let precision = min(38, p1 + s2 + max(0, s2 - s1))
            return .decimal(precision: max(1, precision, max(s1, s2)), scale: max(s1, s2))
        case .modulus:
            let scale = max(s1, s2)
            return .decimal(precision: max(1, min(p1 - s1, p2 - s2) + scale), scale: scale)
        }
    }

    // MARK: Explicit casts

    /// Whether CAST between two types exists at all.
    static func isCastable(from: DataType, to: DataType) -> Bool {
        if isImplicit(from: from, to: to) { return true }
        switch (from, to) {
        case (.unknown, _): return true
        case (_, .json): return from.isCastableToJSON
        case (.json, _): return to.isCastableToJSON
        case (.array(let x), .array(let y)): return isCastable(from: x, to: y)
        case (.map(let k1, let v1), .map(let k2, let v2)):
            return isCastable(from: k1, to: k2) && isCastable(from: v1, to: v2)
        case (.row(let f1), .row(let f2)):
            return f1.count == f2.count
                && zip(f1, f2).allSatisfy { isCastable(from: $0.type, to: $1.type) }
        default: break
        }
        if from.isNested || to.isNested { return false }
        if from.isNumberLike, to.isNumberLike || to.isText { return true }
        if from.isText { return to.isNumberLike || to.isText || to.isTemporal || to == .uuid }
        if from.isTemporal {
            if to.isText { return true }
            switch (from, to) {
            case (.time, .date), (.date, .time): return false
            default: return to.isTemporal
            }
        }
        switch (from, to) {
        case (.intervalDayToSecond, _), (.intervalYearToMonth, _): return to.isText
        case (.uuid, _): return to.isText || to == .varbinary
        case (.varbinary, .uuid): return true
        default: return false
        }
    }
}

extension DataType {
    fileprivate var isNumberLike: Bool { isNumeric || self == .boolean }

    var isTemporal: Bool {
        switch self {
        case .date, .time, .timestamp, .timestampTZ: true
        default: false
        }
    }

    var isInterval: Bool { self == .intervalDayToSecond || self == .intervalYearToMonth }

    fileprivate var isCastableToJSON: Bool {
        switch self {
        case .array(let element): element.isCastableToJSON
        case .map(let key, let value): !key.isNested && value.isCastableToJSON
        case .row(let fields): fields.allSatisfy { $0.type.isCastableToJSON }
        case .unknown, .json, .date, .timestamp, .boolean, .varchar, .char: true
        default: isNumeric
        }
    }

    /// Whether `=` is defined.
    var isComparable: Bool {
        switch self {
        case .function: false
        case .array(let element): element.isComparable
        case .map(let key, let value): key.isComparable && value.isComparable
        case .row(let fields): fields.allSatisfy { $0.type.isComparable }
        default: true
        }
    }

    /// Whether `<` and ORDER BY are defined.
    var isOrderable: Bool {
        switch self {
        case .map, .json, .function: false
        case .array(let element): element.isOrderable
        case .row(let fields): fields.allSatisfy { $0.type.isOrderable }
        default: true
        }
    }
}
