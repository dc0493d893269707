import Columnar

/// Collects JSON values as a column of one SQL type; a value that does not fit is NULL and noted.
class JSONSink {
    let type: DataType
    let failure: JSONCastFailure

    init(type: DataType, failure: JSONCastFailure) {
        self.type = type
        self.failure = failure
    }

    func append(_ element: JSONElement) throws(QueryError) {
        preconditionFailure("a sink for each type")
    }

    func appendNull() throws(QueryError) { preconditionFailure("a sink for each type") }

    func finish() throws(QueryError) -> Column { preconditionFailure("a sink for each type") }

    static func make(
        _ type: DataType, pool: BufferPool, capacity: Int, failure: JSONCastFailure
    ) throws(QueryError) -> JSONSink {
        switch type {
        case .boolean:
            return try JSONScalarSink<Bool>(type, pool, capacity, failure, JSONScalar.boolean)
        case .tinyint, .smallint, .integer, .bigint:
            return try JSONScalarSink<Int64>(type, pool, capacity, failure) {
                JSONScalar.integer($0, type)
            }
        case .real: return try JSONScalarSink<Float>(type, pool, capacity, failure, JSONScalar.real)
        case .double:
            return try JSONScalarSink<Double>(type, pool, capacity, failure, JSONScalar.double)
        case .decimal(let precision, let scale):
            return try JSONScalarSink<Int128>(type, pool, capacity, failure) {
                JSONScalar.decimal($0, precision: precision, scale: scale)
            }
        case .array(let element):
            let child = try make(element, pool: pool, capacity: capacity, failure: failure)
            return try JSONListSink(type, pool, capacity, failure, child)
        case .map(let key, let value):
            let keys = try make(key, pool: pool, capacity: capacity, failure: failure)
            let values = try make(value, pool: pool, capacity: capacity, failure: failure)
            return try JSONMapSink(type, pool, capacity, failure, keys, values)
        case .row(let fields):
            var children: [JSONSink] = []
            for field in fields {
                children.append(
                    try make(field.type, pool: pool, capacity: capacity, failure: failure))
            }
            return JSONRowSink(type, pool, failure, fields, children)
        default: return try JSONTextSink(type, pool, capacity, failure)
        }
    }

    /// Notes that a value does not fit and adds a NULL.
    func reject(_ element: JSONElement) throws(QueryError) {
        let text = element.string ?? String(decoding: element.jsonText(), as: UTF8.self)
        failure.note(.badCast("Cannot cast '\(text)' to \(type)"))
        try appendNull()
    }
}

/// Numbers and booleans.
final class JSONScalarSink<Value: RowResult>: JSONSink {
    private var output: Value.Output?
    private let convert: (JSONElement) -> Value?

    init(
        _ type: DataType, _ pool: BufferPool, _ capacity: Int, _ failure: JSONCastFailure,
        _ convert: @escaping (JSONElement) -> Value?
    ) throws(QueryError) {
        output = try Value.Output(type: type, pool: pool, capacity: capacity)
        self.convert = convert
        super.init(type: type, failure: failure)
    }

    override func append(_ element: JSONElement) throws(QueryError) {
        if element.isNull { return try appendNull() }
        guard let value = convert(element) else { return try reject(element) }
        try output?.append(value)
    }

    override func appendNull() throws(QueryError) { try output?.appendNull() }

    override func finish() throws(QueryError) -> Column {
        guard let output = output.take() else { preconditionFailure("a sink is finished once") }
        return try output.finish()
    }
}

/// Text: strings as they are, numbers and booleans as casts write them; or any value as JSON text.
final class JSONTextSink: JSONSink {
    private var output: TextOutput?

    init(
        _ type: DataType, _ pool: BufferPool, _ capacity: Int, _ failure: JSONCastFailure
    ) throws(QueryError) {
        output = try TextOutput(pool: pool, capacity: capacity)
        super.init(type: type, failure: failure)
    }

    override func append(_ element: JSONElement) throws(QueryError) {
        if type == .json {
            try output?.write(element.jsonText())
        } else if element.isNull {
            return try appendNull()
        } else if case .varchar(let length) = type, let text = JSONScalar.text(element) {
            try text.withBytes { (bytes) throws(QueryError) in
                let end = length.flatMap { bytes.offset(skipping: $0) } ?? bytes.count
                try output?.write(bytes.part(0..<end))
            }
        } else {
            return try reject(element)
        }
        try output?.endValue()
    }

    override func appendNull() throws(QueryError) { try output?.appendNull() }

    override func finish() throws(QueryError) -> Column {
        guard let output = output.take() else { preconditionFailure("a sink is finished once") }
        return try output.finish()
    }
}

extension [UInt8] {
    /// The bytes as a view, for functions that throw query errors.
    func withBytes<R>(_ body: (Bytes) throws(QueryError) -> R) throws(QueryError) -> R {
        let result: Swift.Result<R, QueryError> = withUnsafeBytes { bytes in
            do throws(QueryError) { return .success(try body(bytes)) } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }
}

/// JSON scalars as Swift values, by the rules of Trino's casts; nil when they do not fit.
enum JSONScalar {
    static func boolean(_ element: JSONElement) -> Bool? {
        switch element.kind {
        case .true: true
        case .false: false
        case .int64: element.int64Bits != 0
        case .uint64: true
        case .double: element.doubleBits != 0
        case .string: NumberParse.boolean(element.stringBytes)
        default: nil
        }
    }

    static func integer(_ element: JSONElement, _ type: DataType) -> Int64? {
        let value: Int64? =
            switch element.kind {
            case .true: 1
            case .false: 0
            case .int64: element.int64Bits
            case .double:
                Int64(exactly: element.doubleBits.rounded(.toNearestOrAwayFromZero))
            case .string: NumberParse.integer(element.stringBytes)
            default: nil
            }
        guard let value, NumberCast.range(type).contains(value) else { return nil }
        return value
    }

    static func double(_ element: JSONElement) -> Double? {
        switch element.kind {
        case .true: 1
        case .false: 0
        case .string: NumberParse.double(element.stringBytes)
        default: element.double
        }
    }

    static func real(_ element: JSONElement) -> Float? {
        if element.kind == .string { return NumberParse.float(element.stringBytes) }
        return double(element).map { Float($0) }
    }

    static func decimal(_ element: JSONElement, precision: Int, scale: Int) -> Int128? {
        let text: String
        switch element.kind {
        case .true: text = "1"
        case .false: text = "0"
        case .int64: text = "\(element.int64Bits)"
        case .uint64: text = "\(element.uint64Bits)"
        case .double: text = element.doubleBits.description
        case .string: text = element.string ?? ""
        default: return nil
        }
        return Array(text.utf8).withUnsafeBytes {
            NumberParse.Decimal($0)?.unscaled(precision: precision, scale: scale)
        }
    }

    /// A scalar as varchar; nil for arrays and objects.
    static func text(_ element: JSONElement) -> [UInt8]? {
        var out: [UInt8] = []
        switch element.kind {
        case .string: out = Array(element.stringBytes)
        case .double: TypeText.scientific(element.doubleBits, to: &out)
        case .array, .object: return nil
        default: out = element.jsonText()
        }
        return out
    }
}
