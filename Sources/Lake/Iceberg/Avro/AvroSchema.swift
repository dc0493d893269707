import Columnar

/// The shape of Avro data: what the writer of a file wrote, as its header says.
///
/// Source: avro.apache.org/docs/1.11.1/specification, "Schema Declaration". Iceberg adds `field-id`
/// to record fields; fields are found by it, so any order and any missing field can be read.
package indirect enum AvroSchema: Sendable {
    case null, boolean, int, long, float, double, bytes, string
    case fixed(sizeBytes: Int)
    case enumeration(symbols: [String])
    case array(AvroSchema)
    case map(AvroSchema)
    case union([AvroSchema])
    case record([AvroField])
}

/// One field of an Avro record.
package struct AvroField: Sendable {
    package let name: String
    /// Iceberg's `field-id`; nil in other people's files.
    package let id: Int?
    package let schema: AvroSchema
}

extension AvroSchema {
    /// Parses the JSON of a file header's `avro.schema`.
    package static func parse(_ json: JSONValue, path: String) throws(LakeError) -> AvroSchema {
        var parser = AvroSchemaParser(path: path)
        return try parser.schema(json, depth: 0)
    }

    /// The branch of an optional that holds values: `["null", T]` is T.
    package var present: AvroSchema {
        guard case .union(let branches) = self else { return self }
        for branch in branches {
            if case .null = branch { continue }
            return branch
        }
        return .null
    }

    /// The fewest bytes that one value takes; 0 only for null, empty records and empty fixed values.
    package var minimumBytes: Int {
        switch self {
        case .null: 0
        case .boolean, .int, .long, .bytes, .string, .enumeration, .array, .map, .union: 1
        case .float: 4
        case .double: 8
        case .fixed(let size): size
        case .record(let fields): fields.contains { $0.schema.minimumBytes > 0 } ? 1 : 0
        }
    }
}

/// Parses schema JSON; remembers named fixed types and enums, which a later mention only names.
///
/// Records that are mentioned by name are refused: they make a schema exponential or endless, and no
/// Iceberg writer needs them.
private struct AvroSchemaParser {
    let path: String
    private var named: [String: AvroSchema] = [:]

    init(path: String) {
        self.path = path
    }

    mutating func schema(_ json: JSONValue, depth: Int) throws(LakeError) -> AvroSchema {
        guard depth < Limits.nestingDepth else {
            throw .limit(
                name: "nesting depth", value: depth, limit: Limits.nestingDepth,
                location: .init(path: path))
        }
        if let name = json.string { return try primitive(name) }
        if let branches = json.array {
            var schemas: [AvroSchema] = []
            for branch in branches { schemas.append(try schema(branch, depth: depth + 1)) }
            return .union(schemas)
        }
        guard let type = json["type"] else { throw corrupt("a schema without \"type\"") }
        guard let name = type.string else { return try schema(type, depth: depth + 1) }
        return try complex(name, json, depth: depth)
    }

    private mutating func complex(
        _ type: String, _ json: JSONValue, depth: Int
    ) throws(LakeError) -> AvroSchema {
        switch type {
        case "record":
            var fields: [AvroField] = []
            for field in json["fields"]?.array ?? [] {
                guard let name = field["name"]?.string, let type = field["type"] else {
                    throw corrupt("a record field without name or type")
                }
                let id = field["field-id"]?.integer.flatMap { Int(exactly: $0) }
                fields.append(
                    AvroField(name: name, id: id, schema: try schema(type, depth: depth + 1)))
            }
            return .record(fields)
        case "array", "map":
            guard let items = json[type == "array" ? "items" : "values"] else {
                throw corrupt("an \(type) without its item type")
            }
            let item = try schema(items, depth: depth + 1)
            return type == "array" ? .array(item) : .map(item)
        case "fixed":
            guard let size = json["size"]?.integer, size >= 0, size <= Int64(Int32.max) else {
                throw corrupt("a fixed type without a size")
            }
            return remember(.fixed(sizeBytes: Int(size)), json)
        case "enum":
            var symbols: [String] = []
            for symbol in json["symbols"]?.array ?? [] { symbols.append(symbol.string ?? "") }
            return remember(.enumeration(symbols: symbols), json)
        default:
            return try primitive(type)
        }
    }

    private mutating func remember(_ schema: AvroSchema, _ json: JSONValue) -> AvroSchema {
        if let name = json["name"]?.string { named[name] = schema }
        return schema
    }

    private func primitive(_ name: String) throws(LakeError) -> AvroSchema {
        switch name {
        case "null": return .null
        case "boolean": return .boolean
        case "int": return .int
        case "long": return .long
        case "float": return .float
        case "double": return .double
        case "bytes": return .bytes
        case "string": return .string
        default:
            guard let schema = named[name] else { throw corrupt("unknown type \"\(name)\"") }
            return schema
        }
    }

    private func corrupt(_ reason: String) -> LakeError {
        .corrupt(.init(path: path), reason: "Avro schema: \(reason)")
    }
}
