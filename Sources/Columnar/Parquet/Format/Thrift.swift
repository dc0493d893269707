/// Thrift's compact protocol, as far as Parquet's footer and headers need it.
///
/// https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
///
///     field header   ┌─────────┬──────┐   delta 0: the id follows as a zigzag varint
///                    │ delta:4 │ type │   a struct ends with the byte 0
///     list header    ┌─────────┬──────┐   size 15: the size follows as a varint
///                    │ size: 4 │ type │
enum ThriftType: UInt8 {
    case boolTrue = 1
    case boolFalse = 2
    case i8 = 3
    case i16 = 4
    case i32 = 5
    case i64 = 6
    case double = 7
    case binary = 8
    case list = 9
    case set = 10
    case map = 11
    case structure = 12
}

/// One field's header.
struct ThriftField {
    let id: Int
    let type: ThriftType
}

/// Reads structs field by field; unknown fields are skipped, wrong types refused.
struct ThriftReader {
    private(set) var bytes: ByteReader

    init(_ bytes: ByteReader) {
        self.bytes = bytes
    }

    func corrupt(_ reason: String) -> ColumnarError { bytes.corrupt(reason) }

    /// The next field of the current struct, nil at its end; `last` is the id before, 0 at first.
    mutating func field(after last: inout Int) throws(ColumnarError) -> ThriftField? {
        let head = try bytes.byte()
        if head == 0 { return nil }
        guard let type = ThriftType(rawValue: head & 15) else {
            throw corrupt("unknown thrift type \(head & 15)")
        }
        if head >> 4 == 0 {
            let id = try bytes.zigzag()
            guard id >= Int16.min, id <= Int16.max else { throw corrupt("thrift field id \(id)") }
            last = Int(id)
        } else {
            last += Int(head >> 4)
        }
        return ThriftField(id: last, type: type)
    }

    private func expect(_ type: ThriftType, _ field: ThriftField) throws(ColumnarError) {
        guard field.type == type else {
            throw corrupt("thrift field \(field.id) is \(field.type), not \(type)")
        }
    }

    func bool(_ field: ThriftField) throws(ColumnarError) -> Bool {
        switch field.type {
        case .boolTrue: return true
        case .boolFalse: return false
        default: throw corrupt("thrift field \(field.id) is \(field.type), not a bool")
        }
    }

    /// Any integer up to 64 bits: writers are not consistent about widths.
    mutating func integer(_ field: ThriftField) throws(ColumnarError) -> Int {
        switch field.type {
        case .i8: return Int(Int8(bitPattern: try bytes.byte()))
        case .i16, .i32, .i64: return Int(try bytes.zigzag())
        default: throw corrupt("thrift field \(field.id) is \(field.type), not an integer")
        }
    }

    /// A count or size: an integer that must not be negative.
    mutating func count(_ field: ThriftField) throws(ColumnarError) -> Int {
        let value = try integer(field)
        guard value >= 0 else { throw corrupt("thrift field \(field.id) is negative: \(value)") }
        return value
    }

    mutating func rawBinary(_ field: ThriftField) throws(ColumnarError) -> [UInt8] {
        try expect(.binary, field)
        return Array(try bytes.take(try bytes.length()))
    }

    mutating func string(_ field: ThriftField) throws(ColumnarError) -> String {
        try expect(.binary, field)
        return String(decoding: try bytes.take(try bytes.length()), as: UTF8.self)
    }

    func enter(_ field: ThriftField) throws(ColumnarError) {
        try expect(.structure, field)
    }

    /// The size of a list of this element type; never more than the bytes that are left.
    mutating func list(
        _ field: ThriftField, of type: ThriftType
    ) throws(ColumnarError) -> Int {
        try expect(.list, field)
        let (count, actual) = try listHeader()
        let isBool = type == .boolTrue && (actual == .boolFalse || actual == .boolTrue)
        guard count == 0 || actual == type || isBool else {
            throw corrupt("a list of \(actual), not of \(type)")
        }
        return count
    }

    private mutating func listHeader() throws(ColumnarError) -> (Int, ThriftType) {
        let head = try bytes.byte()
        var count = Int(head >> 4)
        if count == 15 { count = try bytes.length() }
        guard count <= bytes.remaining, count <= Limits.thriftContainerCount else {
            throw corrupt("a list of \(count) elements in \(bytes.remaining) bytes")
        }
        guard let type = ThriftType(rawValue: head & 15) else {
            if count == 0 { return (0, .boolTrue) }
            throw corrupt("unknown thrift type \(head & 15)")
        }
        return (count, type)
    }

    mutating func elementInteger() throws(ColumnarError) -> Int { Int(try bytes.zigzag()) }

    mutating func elementBool() throws(ColumnarError) -> Bool { try bytes.byte() == 1 }

    mutating func elementBinary() throws(ColumnarError) -> [UInt8] {
        Array(try bytes.take(try bytes.length()))
    }

    /// Skips a field's value.
    mutating func skip(_ field: ThriftField) throws(ColumnarError) {
        try skip(field.type, depth: 0)
    }

    private mutating func skip(_ type: ThriftType, depth: Int) throws(ColumnarError) {
        guard depth < Limits.nestingDepth else { throw corrupt("thrift nesting is too deep") }
        switch type {
        case .boolTrue, .boolFalse: break
        case .i8: _ = try bytes.byte()
        case .i16, .i32, .i64: _ = try bytes.varint()
        case .double: _ = try bytes.take(8)
        case .binary: _ = try bytes.take(try bytes.length())
        case .list, .set:
            let (count, element) = try listHeader()
            for _ in 0..<count { try skipElement(element, depth: depth + 1) }
        case .map:
            let count = try bytes.length()
            guard count > 0 else { return }
            let types = try bytes.byte()
            guard count <= bytes.remaining, let key = ThriftType(rawValue: types >> 4),
                let value = ThriftType(rawValue: types & 15)
            else { throw corrupt("a bad thrift map") }
            for _ in 0..<count {
                try skipElement(key, depth: depth + 1)
                try skipElement(value, depth: depth + 1)
            }
        case .structure:
            var last = 0
            while let field = try field(after: &last) { try skip(field.type, depth: depth + 1) }
        }
    }

    private mutating func skipElement(
        _ type: ThriftType, depth: Int
    ) throws(ColumnarError) {
        switch type {
        case .boolTrue, .boolFalse: _ = try bytes.byte()
        default: try skip(type, depth: depth)
        }
    }
}

/// Writes structs field by field; ids must rise within a struct.
struct ThriftWriter {
    private(set) var bytes: [UInt8] = []
    private var lastIDs = [0]

    private mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    private mutating func zigzag(_ value: Int) {
        varint(UInt64(bitPattern: Int64(value &<< 1 ^ value >> 63)))
    }

    private mutating func header(_ id: Int, _ type: ThriftType) {
        let delta = id - lastIDs[lastIDs.count - 1]
        if delta > 0 && delta < 16 {
            bytes.append(UInt8(delta) << 4 | type.rawValue)
        } else {
            bytes.append(type.rawValue)
            zigzag(id)
        }
        lastIDs[lastIDs.count - 1] = id
    }

    mutating func bool(_ id: Int, _ value: Bool) {
        header(id, value ? .boolTrue : .boolFalse)
    }

    mutating func i8(_ id: Int, _ value: Int) {
        header(id, .i8)
        bytes.append(UInt8(truncatingIfNeeded: value))
    }

    mutating func i16(_ id: Int, _ value: Int) {
        header(id, .i16)
        zigzag(value)
    }

    mutating func i32(_ id: Int, _ value: Int) {
        header(id, .i32)
        zigzag(value)
    }

    mutating func i64(_ id: Int, _ value: Int) {
        header(id, .i64)
        zigzag(value)
    }

    mutating func binary(_ id: Int, _ value: some Collection<UInt8>) {
        header(id, .binary)
        elementBinary(value)
    }

    mutating func string(_ id: Int, _ value: String) {
        binary(id, value.utf8)
    }

    mutating func list(_ id: Int, of type: ThriftType, count: Int) {
        header(id, .list)
        if count < 15 {
            bytes.append(UInt8(count) << 4 | type.rawValue)
        } else {
            bytes.append(0xF0 | type.rawValue)
            varint(UInt64(count))
        }
    }

    mutating func elementInteger(_ value: Int) { zigzag(value) }

    /// A list of 64-bit integers.
    mutating func integers(_ id: Int, _ values: [Int]) {
        list(id, of: .i64, count: values.count)
        for value in values { zigzag(value) }
    }

    mutating func elementBool(_ value: Bool) { bytes.append(value ? 1 : 2) }

    mutating func elementBinary(_ value: some Collection<UInt8>) {
        varint(UInt64(value.count))
        bytes.append(contentsOf: value)
    }

    /// Opens a struct-valued field; close it with `end`.
    mutating func begin(_ id: Int) {
        header(id, .structure)
        lastIDs.append(0)
    }

    /// Opens a struct that is a list's element; close it with `end`.
    mutating func beginElement() {
        lastIDs.append(0)
    }

    mutating func end() {
        bytes.append(0)
        lastIDs.removeLast()
    }

    /// Ends the outermost struct.
    mutating func finish() {
        bytes.append(0)
    }

    /// An empty struct: how unions name a member without parameters.
    mutating func empty(_ id: Int) {
        begin(id)
        end()
    }
}
