import Columnar

/// Reads values in Avro's binary encoding from one block, checking every length against the block.
///
/// The encoding is drawn at `AvroEncoder`. Each reader takes the writer's schema and resolves it:
/// optional or not, int or long, string or bytes. Errors: `corrupt` with the offset in the block.
package struct AvroCursor {
    private let bytes: [UInt8]
    package private(set) var offset = 0
    private let path: String

    package init(_ bytes: [UInt8], path: String) {
        self.bytes = bytes
        self.path = path
    }

    package var isAtEnd: Bool { offset == bytes.count }
    package var remainingBytes: Int { bytes.count - offset }

    package func corrupt(_ reason: String) -> LakeError {
        .corrupt(.init(path: path, offset: offset), reason: "Avro: \(reason)")
    }

    // MARK: Encoded values

    /// An int or a long.
    package mutating func rawLong() throws(LakeError) -> Int64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            guard offset < bytes.count else { throw corrupt("the data ends inside a number") }
            let byte = bytes[offset]
            offset += 1
            guard shift < 63 || byte <= 1 else { throw corrupt("a number beyond 64 bits") }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { break }
            shift += 7
        }
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }

    /// `count` bytes as they lie.
    package mutating func rawBytes(_ count: Int64) throws(LakeError) -> ArraySlice<UInt8> {
        guard count >= 0, count <= Int64(remainingBytes) else {
            throw corrupt("a length of \(count) with \(remainingBytes) bytes left")
        }
        let slice = bytes[offset..<offset + Int(count)]
        offset += Int(count)
        return slice
    }

    private mutating func rawBoolean() throws(LakeError) -> Bool {
        let byte = try rawBytes(1)
        guard let value = byte.first, value <= 1 else { throw corrupt("a boolean beyond 1") }
        return value == 1
    }

    /// The schema of the value that comes: a union's branch, or the schema itself.
    private mutating func resolve(_ schema: AvroSchema) throws(LakeError) -> AvroSchema {
        guard case .union(let branches) = schema else { return schema }
        let index = try rawLong()
        guard index >= 0, index < Int64(branches.count) else {
            throw corrupt("branch \(index) of a union of \(branches.count)")
        }
        // A union directly in a union is not Avro, so one step is enough.
        return branches[Int(index)]
    }

    // MARK: Values by schema

    /// An int or a long, or nil for null.
    package mutating func long(_ schema: AvroSchema) throws(LakeError) -> Int64? {
        switch try resolve(schema) {
        case .int, .long: return try rawLong()
        case .null: return nil
        default: throw corrupt("a number was expected")
        }
    }

    package mutating func boolean(_ schema: AvroSchema) throws(LakeError) -> Bool? {
        switch try resolve(schema) {
        case .boolean: return try rawBoolean()
        case .null: return nil
        default: throw corrupt("a boolean was expected")
        }
    }

    /// Bytes, a string's UTF-8, or a fixed value, or nil for null.
    package mutating func blob(_ schema: AvroSchema) throws(LakeError) -> ArraySlice<UInt8>? {
        switch try resolve(schema) {
        case .bytes, .string: return try rawBytes(rawLong())
        case .fixed(let size): return try rawBytes(Int64(size))
        case .null: return nil
        default: throw corrupt("bytes were expected")
        }
    }

    /// Text; invalid UTF-8 is corrupt.
    package mutating func string(_ schema: AvroSchema) throws(LakeError) -> String? {
        guard let slice = try blob(schema) else { return nil }
        guard let text = String(validating: slice, as: UTF8.self) else {
            throw corrupt("text that is not UTF-8")
        }
        return text
    }

    /// A scalar in whatever form it was written; nested values are corrupt.
    package mutating func scalar(_ schema: AvroSchema) throws(LakeError) -> AvroScalar {
        switch try resolve(schema) {
        case .null: return .null
        case .boolean: return .boolean(try rawBoolean())
        case .int, .long: return .long(try rawLong())
        case .float: return .blob(Array(try rawBytes(4)))
        case .double: return .blob(Array(try rawBytes(8)))
        case .bytes, .string: return .blob(Array(try rawBytes(rawLong())))
        case .fixed(let size): return .blob(Array(try rawBytes(Int64(size))))
        default: throw corrupt("a scalar was expected")
        }
    }

    /// Opens an array: the item schema and the first block's count; nil for null.
    package mutating func beginArray(
        _ schema: AvroSchema
    ) throws(LakeError) -> (item: AvroSchema, count: Int)? {
        switch try resolve(schema) {
        case .array(let item): return (item, try blockCount(item))
        case .null: return nil
        default: throw corrupt("an array was expected")
        }
    }

    /// The items in the next block of an array or map; 0 is the end.
    package mutating func blockCount(_ item: AvroSchema) throws(LakeError) -> Int {
        var count = try rawLong()
        if count < 0 {
            guard count > Int64.min else { throw corrupt("a block of \(count) items") }
            count = -count
            _ = try rawLong()
        }
        // Items without bytes could ask for endless work; nobody writes them.
        guard count <= Int64(remainingBytes), count == 0 || item.minimumBytes > 0 else {
            throw corrupt("a block of \(count) items with \(remainingBytes) bytes left")
        }
        return Int(count)
    }

    /// Passes over one value of any shape; depth is the schema's, which its parser bounds.
    package mutating func skip(_ schema: AvroSchema) throws(LakeError) {
        switch try resolve(schema) {
        case .null: break
        case .boolean: _ = try rawBytes(1)
        case .int, .long, .enumeration: _ = try rawLong()
        case .float: _ = try rawBytes(4)
        case .double: _ = try rawBytes(8)
        case .bytes, .string: _ = try rawBytes(rawLong())
        case .fixed(let size): _ = try rawBytes(Int64(size))
        case .array(let item): try skipBlocks(item, hasKeys: false)
        case .map(let item): try skipBlocks(item, hasKeys: true)
        case .record(let fields): for field in fields { try skip(field.schema) }
        case .union: throw corrupt("a union in a union")
        }
    }

    private mutating func skipBlocks(_ item: AvroSchema, hasKeys: Bool) throws(LakeError) {
        while true {
            let count = try blockCount(hasKeys ? .string : item)
            if count == 0 { return }
            for _ in 0..<count {
                if hasKeys { _ = try rawBytes(rawLong()) }
                try skip(item)
            }
        }
    }
}

/// A scalar as Avro wrote it, before the table's type says what it means.
package enum AvroScalar: Hashable, Sendable {
    case null
    case boolean(Bool)
    case long(Int64)
    /// Text, bytes, fixed values; floats and doubles as their little-endian bytes.
    case blob([UInt8])
}
