/// Conversions that only a union of files asks for: a column that is wider in another file.
///
/// One value at a time through 128 bits: rare, so exactness comes before speed.
extension ValueConversion {
    /// How exact numbers and dates lie in a page.
    enum ExactCarrier: Hashable, Sendable {
        case int32, uint32, int64, uint64
        /// Big-endian two's complement of fixed length.
        case bigEndian
        case byteArray

        /// Whether a leaf's physical type is this carrier.
        func isCarried(by element: SchemaElement) -> Bool {
            switch self {
            case .int32, .uint32: element.type == .int32
            case .int64, .uint64: element.type == .int64
            case .bigEndian: element.type == .fixedLengthByteArray
            case .byteArray: element.type == .byteArray
            }
        }
    }

    /// What becomes of them.
    enum WiderTarget: Hashable, Sendable {
        /// An unscaled decimal of 64 bits, after multiplying.
        case decimal64(factor: Int128)
        /// An unscaled decimal of 128 bits, after multiplying.
        case decimal128(factor: Int128)
        case double(divisor: Double)
        /// Days to microseconds.
        case timestamp
        /// Days to `ZonedTime` in UTC.
        case instant

        var width: Int {
            switch self {
            case .decimal64, .double, .timestamp: 8
            case .decimal128, .instant: 16
            }
        }
    }

    /// A wider number or time of another kind; nil if that is none.
    static func widened(
        _ physical: PhysicalType, _ logical: LogicalType?, _ source: DataType, _ target: DataType
    ) -> ValueConversion? {
        if source == .date {
            switch target {
            case .timestamp: return .widened(.int32, .timestamp)
            case .timestampTZ: return .widened(.int32, .instant)
            default: return nil
            }
        }
        guard let carrier = carrier(physical, logical), let (precision, scale) = source.asDecimal
        else { return nil }
        switch target {
        case .double:
            return .widened(carrier, .double(divisor: Double(power(of: scale))))
        case .decimal(let wider, let newScale):
            guard newScale >= scale, wider - newScale >= precision - scale else { return nil }
            let factor = power(of: newScale - scale)
            return .widened(
                carrier, wider > 18 ? .decimal128(factor: factor) : .decimal64(factor: factor))
        default: return nil
        }
    }

    private static func carrier(_ physical: PhysicalType, _ logical: LogicalType?) -> ExactCarrier?
    {
        switch (physical, logical) {
        case (.int32, .integer(32, false)): .uint32
        case (.int32, _): .int32
        case (.int64, .integer(64, false)): .uint64
        case (.int64, _): .int64
        case (.fixedLengthByteArray, _): .bigEndian
        case (.byteArray, _): .byteArray
        default: nil
        }
    }

    /// Ten to the power of a scale, at most 38.
    private static func power(of scale: Int) -> Int128 {
        var result: Int128 = 1
        for _ in 0..<scale { result *= 10 }
        return result
    }

    /// Converts values of fixed width; false if one does not fit.
    static func widen(
        _ source: UnsafeRawPointer, sourceWidth: Int, count: Int, _ carrier: ExactCarrier,
        _ wider: WiderTarget, into target: UnsafeMutableRawPointer
    ) -> Bool {
        for i in 0..<count {
            let place = source + i &* sourceWidth
            let value: Int128?
            switch carrier {
            case .int32: value = Int128(place.loadUnaligned(as: Int32.self))
            case .uint32: value = Int128(place.loadUnaligned(as: UInt32.self))
            case .int64: value = Int128(place.loadUnaligned(as: Int64.self))
            case .uint64: value = Int128(place.loadUnaligned(as: UInt64.self))
            case .bigEndian, .byteArray:
                value = bigEndian(UnsafeRawBufferPointer(start: place, count: sourceWidth))
            }
            guard let value, store(value, wider, at: i, into: target) else { return false }
        }
        return true
    }

    /// Stores one value; false if it does not fit.
    static func store(
        _ value: Int128, _ wider: WiderTarget, at i: Int, into target: UnsafeMutableRawPointer
    ) -> Bool {
        switch wider {
        case .double(let divisor):
            target.storeBytes(of: Double(value) / divisor, toByteOffset: i &* 8, as: Double.self)
        case .decimal64(let factor):
            let (product, overflow) = value.multipliedReportingOverflow(by: factor)
            guard !overflow, let narrow = Int64(exactly: product) else { return false }
            target.storeBytes(of: narrow, toByteOffset: i &* 8, as: Int64.self)
        case .decimal128(let factor):
            let (product, overflow) = value.multipliedReportingOverflow(by: factor)
            guard !overflow else { return false }
            target.storeBytes(of: product, toByteOffset: i &* 16, as: Int128.self)
        case .timestamp, .instant:
            let (product, overflow) = value.multipliedReportingOverflow(
                by: Int128(CivilTime.microsPerDay))
            guard !overflow, let micros = Int64(exactly: product) else { return false }
            if wider == .timestamp {
                target.storeBytes(of: micros, toByteOffset: i &* 8, as: Int64.self)
            } else {
                target.storeBytes(
                    of: ZonedTime(micros: micros).bits, toByteOffset: i &* 16, as: Int128.self)
            }
        }
        return true
    }
}

extension DataType {
    /// The decimal that an exact number is; nil for floating point and others.
    var asDecimal: (precision: Int, scale: Int)? {
        switch self {
        case .tinyint: (3, 0)
        case .smallint: (5, 0)
        case .integer: (10, 0)
        case .bigint: (19, 0)
        case .decimal(let precision, let scale): (precision, scale)
        default: nil
        }
    }
}
