/// What happens to a leaf's values between the page and the column: closed, one switch per page.
enum ValueConversion: Hashable, Sendable {
    /// Values are kept, `width` bytes each.
    case copy(width: Int)
    case bits
    /// BYTE_ARRAY and FLBA as slices of bytes.
    case text
    case fixedText
    /// Sign-extended and scaled.
    case int32ToInt64(factor: Int64)
    case uint32ToInt64
    case int32ToInt128
    case int32ToDouble
    case int64Times(Int64)
    case int64FloorDividedBy(Int64)
    case int64ToInt128
    case uint64ToInt128
    case int64ToDouble
    /// To `ZonedTime` in UTC: microseconds are the stored value times the factor, or over the divisor.
    case instant(factor: Int64, divisor: Int64)
    case int96ToMicros
    case int96ToInstant
    /// Little-endian 96-bit counts of a unit.
    case wideToMicros(TimeUnit)
    case wideToInstant(TimeUnit)
    case floatToDouble
    case float16ToFloat
    case float16ToDouble
    /// Big-endian two's complement.
    case bigEndianToInt64
    case bigEndianToInt128
    case byteArrayToInt64
    case byteArrayToInt128
    case uuid
    /// To a type of another kind that another file of the dataset has.
    case widened(ExactCarrier, WiderTarget)
    /// UNKNOWN: nothing but NULL.
    case allNull

    /// How a leaf becomes a column of `target`; nil if there is no lossless way.
    ///
    /// An annotation may lie about its carrier: what is chosen is held against the physical type.
    static func between(_ element: SchemaElement, _ source: DataType, _ target: DataType)
        -> ValueConversion?
    {
        guard let found = chosen(element, source, target), found.reads(element) else { return nil }
        return found
    }

    /// Whether an element's physical values are what this conversion takes.
    private func reads(_ element: SchemaElement) -> Bool {
        switch self {
        case .copy(let width): element.type?.width(typeLength: element.typeLength) == width
        case .bits: element.type == .boolean
        case .text, .byteArrayToInt64, .byteArrayToInt128: element.type == .byteArray
        case .fixedText, .bigEndianToInt64, .bigEndianToInt128:
            element.type == .fixedLengthByteArray
        case .int32ToInt64, .uint32ToInt64, .int32ToInt128, .int32ToDouble: element.type == .int32
        case .int64Times, .int64FloorDividedBy, .int64ToInt128, .uint64ToInt128, .int64ToDouble,
            .instant:
            element.type == .int64
        case .int96ToMicros, .int96ToInstant: element.type == .int96
        case .wideToMicros, .wideToInstant:
            element.type == .fixedLengthByteArray && element.typeLength == 12
        case .floatToDouble: element.type == .float
        case .float16ToFloat, .float16ToDouble:
            element.type == .fixedLengthByteArray && element.typeLength == 2
        case .uuid: element.type == .fixedLengthByteArray && element.typeLength == 16
        case .widened(let carrier, _): carrier.isCarried(by: element)
        case .allNull: true
        }
    }

    private static func chosen(_ element: SchemaElement, _ source: DataType, _ target: DataType)
        -> ValueConversion?
    {
        guard let physical = element.type else { return nil }
        if source == .unknown { return .allNull }
        let logical = LeafType.annotation(of: element)
        switch (source, target) {
        case (.boolean, .boolean): return .bits
        case (.real, .real):
            return physical == .float ? .copy(width: 4) : .float16ToFloat
        case (.real, .double):
            return physical == .float ? .floatToDouble : .float16ToDouble
        case (.double, .double): return .copy(width: 8)
        case (.decimal(let p1, let s1), .decimal(let p2, let s2)):
            guard s1 == s2, p1 <= p2 else { return widened(physical, logical, source, target) }
            return decimal(physical, logical, isWide: p2 > 18)
        case (.uuid, .uuid): return .uuid
        case (.varchar, .varchar), (.varchar, .char), (.varchar, .json), (.json, .json),
            (.json, .varchar), (.varchar, .varbinary), (.varbinary, .varbinary),
            (.varbinary, .varchar), (.varbinary, .json), (.varbinary, .char):
            return physical == .byteArray ? .text : .fixedText
        case (.date, .date): return .copy(width: 4)
        default: break
        }
        return integers(physical, logical, source, target) ?? times(physical, logical, target)
            ?? widened(physical, logical, source, target)
    }

    private static func decimal(
        _ physical: PhysicalType, _ logical: LogicalType?, isWide: Bool
    ) -> ValueConversion? {
        switch physical {
        case .int32: return isWide ? .int32ToInt128 : .int32ToInt64(factor: 1)
        case .int64:
            if case .integer(64, false)? = logical { return .uint64ToInt128 }
            return isWide ? .int64ToInt128 : .copy(width: 8)
        case .byteArray: return isWide ? .byteArrayToInt128 : .byteArrayToInt64
        case .fixedLengthByteArray: return isWide ? .bigEndianToInt128 : .bigEndianToInt64
        default: return nil
        }
    }

    private static func integers(
        _ physical: PhysicalType, _ logical: LogicalType?, _ source: DataType, _ target: DataType
    ) -> ValueConversion? {
        guard source.isInteger else { return nil }
        let rank: [DataType] = [.tinyint, .smallint, .integer, .bigint]
        if let from = rank.firstIndex(of: source), let to = rank.firstIndex(of: target) {
            guard from <= to else { return nil }
            if physical == .int64 { return .copy(width: 8) }
            if target != .bigint { return .copy(width: 4) }
            if case .integer(32, false)? = logical { return .uint32ToInt64 }
            return .int32ToInt64(factor: 1)
        }
        guard target == .double else { return nil }
        if case .integer(32, false)? = logical { return nil }
        return physical == .int32 ? .int32ToDouble : .int64ToDouble
    }

    private static func times(
        _ physical: PhysicalType, _ logical: LogicalType?, _ target: DataType
    ) -> ValueConversion? {
        switch (logical, target) {
        case (.time(_, let unit), .time):
            switch unit {
            case .millis: return .int32ToInt64(factor: 1000)
            case .micros: return .copy(width: 8)
            case .nanos: return .int64FloorDividedBy(1000)
            }
        case (.timestamp(_, let unit), .timestamp) where physical == .fixedLengthByteArray:
            return .wideToMicros(unit)
        case (.timestamp(_, let unit), .timestampTZ) where physical == .fixedLengthByteArray:
            return .wideToInstant(unit)
        case (.timestamp(_, let unit), .timestamp):
            switch unit {
            case .millis: return .int64Times(1000)
            case .micros: return .copy(width: 8)
            case .nanos: return .int64FloorDividedBy(1000)
            }
        case (.timestamp(_, let unit), .timestampTZ):
            return .instant(
                factor: unit == .millis ? 1000 : 1, divisor: unit == .nanos ? 1000 : 1)
        case (_, .timestamp): return physical == .int96 ? .int96ToMicros : nil
        case (_, .timestampTZ): return physical == .int96 ? .int96ToInstant : nil
        default: return nil
        }
    }

    /// Bytes of one converted value; 0 for bits and text.
    var targetWidth: Int {
        switch self {
        case .copy(let width): width
        case .widened(_, let target): target.width
        case .bits, .text, .fixedText, .allNull: 0
        case .float16ToFloat: 4
        case .int32ToInt64, .uint32ToInt64, .int32ToDouble, .int64Times, .int64FloorDividedBy,
            .int64ToDouble, .int96ToMicros, .wideToMicros, .floatToDouble, .float16ToDouble,
            .bigEndianToInt64,
            .byteArrayToInt64:
            8
        case .int32ToInt128, .int64ToInt128, .uint64ToInt128, .instant, .int96ToInstant,
            .wideToInstant,
            .bigEndianToInt128, .byteArrayToInt128, .uuid:
            16
        }
    }

    /// Whether the physical values are BYTE_ARRAYs.
    var readsByteArrays: Bool {
        switch self {
        case .text, .byteArrayToInt64, .byteArrayToInt128, .widened(.byteArray, _): true
        default: false
        }
    }
}
