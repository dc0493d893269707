/// SQL types of physical columns, both ways.
///
/// https://github.com/apache/parquet-format/blob/master/LogicalTypes.md
enum LeafType {
    /// The SQL type that a file's leaf has; an annotation that does not fit its carrier is ignored.
    static func sqlType(
        of element: SchemaElement, location: FileLocation
    ) throws(ColumnarError) -> DataType {
        guard let physical = element.type else { preconditionFailure("a leaf has a type") }
        if physical == .fixedLengthByteArray && element.typeLength == 0 {
            throw .corrupt(location, reason: "schema: \(element.name) has fixed length 0")
        }
        let logical = annotation(of: element)
        if case .decimal(let scale, let precision)? = logical {
            return try decimal(element, scale, precision, location: location)
        }
        switch (physical, logical) {
        case (_, .unknown): return .unknown
        case (.boolean, _): return .boolean
        case (.int32, .date): return .date
        case (.int32, .time(_, .millis)): return .time(precision: 3)
        case (.int32, .integer(let bits, let isSigned)):
            switch (bits, isSigned) {
            case (8, true): return .tinyint
            case (16, true), (8, false): return .smallint
            case (32, false): return .bigint
            default: return .integer
            }
        case (.int32, _): return .integer
        case (.int64, .time): return .time(precision: 6)
        case (.int64, .timestamp(let isUTC, let unit)),
            (.fixedLengthByteArray, .timestamp(let isUTC, let unit)):
            let precision = unit == .millis ? 3 : 6
            return isUTC ? .timestampTZ(precision: precision) : .timestamp(precision: precision)
        case (.int64, .integer(64, false)): return .decimal(precision: 20, scale: 0)
        case (.int64, _): return .bigint
        case (.int96, _): return .timestamp(precision: 6)
        case (.float, _): return .real
        case (.double, _): return .double
        case (.byteArray, .string), (.byteArray, .enumeration): return .text
        case (.byteArray, .json): return .json
        case (.fixedLengthByteArray, .uuid): return .uuid
        case (.fixedLengthByteArray, .float16): return .real
        case (.byteArray, _), (.fixedLengthByteArray, _): return .varbinary
        }
    }

    private static func decimal(
        _ element: SchemaElement, _ scale: Int, _ precision: Int, location: FileLocation
    ) throws(ColumnarError) -> DataType {
        guard precision > 0, scale >= 0, scale <= precision else {
            throw .corrupt(
                location, reason: "schema: \(element.name): decimal(\(precision),\(scale))")
        }
        guard precision <= 38 else {
            throw .unsupported(
                location, feature: "column \(element.name): decimal(\(precision),\(scale))")
        }
        return .decimal(precision: precision, scale: scale)
    }

    /// The logical type of a leaf; nil if there is none, or if its carrier cannot hold it.
    static func annotation(of element: SchemaElement) -> LogicalType? {
        guard let logical = stated(element), let physical = element.type else { return nil }
        return carries(physical, logical, typeLength: element.typeLength) ? logical : nil
    }

    /// Which physical types the specification lets a logical type annotate.
    private static func carries(
        _ physical: PhysicalType, _ logical: LogicalType, typeLength: Int
    ) -> Bool {
        switch (logical, physical) {
        case (.unknown, _): true
        case (.string, .byteArray), (.enumeration, .byteArray), (.json, .byteArray),
            (.bson, .byteArray), (.date, .int32), (.time(_, .millis), .int32),
            (.time(_, .micros), .int64), (.time(_, .nanos), .int64), (.timestamp, .int64),
            (.decimal, .int32), (.decimal, .int64), (.decimal, .byteArray),
            (.decimal, .fixedLengthByteArray):
            true
        case (.integer(let bits, _), .int32): bits == 8 || bits == 16 || bits == 32
        case (.integer(let bits, _), .int64): bits == 64
        case (.timestamp, .fixedLengthByteArray), (.interval, .fixedLengthByteArray):
            typeLength == 12
        case (.uuid, .fixedLengthByteArray): typeLength == 16
        case (.float16, .fixedLengthByteArray): typeLength == 2
        default: false
        }
    }

    /// What the file says, in the newer annotation or else in the older one.
    private static func stated(_ element: SchemaElement) -> LogicalType? {
        if let logical = element.logical, logical != .other { return logical }
        switch element.converted {
        case nil: return nil
        case .utf8: return .string
        case .map, .mapKeyValue: return .map
        case .list: return .list
        case .enumeration: return .enumeration
        case .decimal: return .decimal(scale: element.scale, precision: element.precision)
        case .date: return .date
        case .timeMillis: return .time(isUTC: true, .millis)
        case .timeMicros: return .time(isUTC: true, .micros)
        case .timestampMillis: return .timestamp(isUTC: true, .millis)
        case .timestampMicros: return .timestamp(isUTC: true, .micros)
        case .uint8: return .integer(bits: 8, isSigned: false)
        case .uint16: return .integer(bits: 16, isSigned: false)
        case .uint32: return .integer(bits: 32, isSigned: false)
        case .uint64: return .integer(bits: 64, isSigned: false)
        case .int8: return .integer(bits: 8, isSigned: true)
        case .int16: return .integer(bits: 16, isSigned: true)
        case .int32: return .integer(bits: 32, isSigned: true)
        case .int64: return .integer(bits: 64, isSigned: true)
        case .json: return .json
        case .bson: return .bson
        case .interval: return .interval
        }
    }

    /// The element that carries a SQL type; `throws` for types that have no place in a file.
    ///
    /// JSON is annotated as JSON only outside Iceberg tables (no field id): there its type is string.
    static func element(
        for field: Field, path: String
    ) throws(ColumnarError) -> SchemaElement {
        var element = SchemaElement(name: field.name)
        element.repetition = field.isNullable ? .optional : .required
        element.fieldID = field.id
        func carry(_ type: PhysicalType, _ logical: LogicalType?, _ converted: ConvertedType?) {
            element.type = type
            element.logical = logical
            element.converted = converted
        }
        switch field.type {
        case .boolean: carry(.boolean, nil, nil)
        case .tinyint: carry(.int32, .integer(bits: 8, isSigned: true), .int8)
        case .smallint: carry(.int32, .integer(bits: 16, isSigned: true), .int16)
        case .integer: carry(.int32, nil, nil)
        case .bigint: carry(.int64, nil, nil)
        case .real: carry(.float, nil, nil)
        case .double: carry(.double, nil, nil)
        case .date: carry(.int32, .date, .date)
        case .time: carry(.int64, .time(isUTC: false, .micros), nil)
        case .timestamp: carry(.int64, .timestamp(isUTC: false, .micros), nil)
        case .timestampTZ: carry(.int64, .timestamp(isUTC: true, .micros), .timestampMicros)
        case .varchar, .char: carry(.byteArray, .string, .utf8)
        case .varbinary: carry(.byteArray, nil, nil)
        case .json:
            if field.id == nil {
                carry(.byteArray, .json, .json)
            } else {
                carry(.byteArray, .string, .utf8)
            }
        case .uuid:
            carry(.fixedLengthByteArray, .uuid, nil)
            element.typeLength = 16
        case .unknown: carry(.boolean, .unknown, nil)
        case .decimal(let precision, let scale):
            let logical = LogicalType.decimal(scale: scale, precision: precision)
            if precision <= 9 {
                carry(.int32, logical, .decimal)
            } else if precision <= 18 {
                carry(.int64, logical, .decimal)
            } else {
                carry(.fixedLengthByteArray, logical, .decimal)
                element.typeLength = decimalBytes(precision: precision)
            }
        case .intervalDayToSecond, .intervalYearToMonth:
            carry(.fixedLengthByteArray, nil, .interval)
            element.typeLength = 12
        case .function, .array, .map, .row:
            throw .unsupported(
                FileLocation(path: path, column: field.name),
                feature: "writing type \(field.type) to Parquet")
        }
        return element
    }

    /// The least bytes that hold every unscaled value of a precision in two's complement.
    static func decimalBytes(precision: Int) -> Int {
        var limit = Int128(1)
        for _ in 0..<precision { limit *= 10 }
        var bytes = 1
        while bytes < 16, limit > Int128(1) << Int128(8 * bytes - 1) { bytes += 1 }
        return bytes
    }
}
