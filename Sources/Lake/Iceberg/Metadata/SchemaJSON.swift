import Columnar

/// Iceberg's schema JSON to and from `Columnar.Field`.
///
/// Source: iceberg.apache.org/spec, appendix C "Schemas". SQL types that Iceberg lacks are written as
/// the one that holds their values (tinyint as int, varchar(n) and json as string, timestamps of any
/// precision as microseconds) and read back as that one.
enum SchemaJSON {
    static func writeFields(_ fields: [Field], to json: inout JSONWriter) {
        json.objects("fields", fields) { json, field in
            json.member("id", field.id ?? 0)
            json.member("name", field.name)
            json.key("required")
            json.boolean(!field.isNullable)
            json.key("type")
            writeType(of: field, to: &json)
            if let doc = field.doc { json.member("doc", doc) }
        }
    }

    private static func writeType(of field: Field, to json: inout JSONWriter) {
        switch field.type {
        case .array:
            json.beginObject()
            json.member("type", "list")
            writePart(field.children.first, name: "element", to: &json)
            json.endObject()
        case .map:
            let entry = field.children.first?.children ?? []
            json.beginObject()
            json.member("type", "map")
            json.member("key-id", entry.first?.id ?? 0)
            json.key("key")
            if let key = entry.first { writeType(of: key, to: &json) }
            writePart(entry.last, name: "value", to: &json)
            json.endObject()
        case .row:
            json.beginObject()
            json.member("type", "struct")
            writeFields(field.children, to: &json)
            json.endObject()
        default: json.string(primitiveName(field.type))
        }
    }

    private static func writePart(_ part: Field?, name: String, to json: inout JSONWriter) {
        guard let part else { return }
        json.member("\(name)-id", part.id ?? 0)
        json.key("\(name)-required")
        json.boolean(!part.isNullable)
        json.key(name)
        writeType(of: part, to: &json)
    }

    static func primitiveName(_ type: DataType) -> String {
        switch type {
        case .boolean: "boolean"
        case .tinyint, .smallint, .integer, .intervalYearToMonth: "int"
        case .bigint, .intervalDayToSecond: "long"
        case .real: "float"
        case .double: "double"
        case .decimal(let precision, let scale): "decimal(\(precision), \(scale))"
        case .varbinary: "binary"
        case .uuid: "uuid"
        case .date: "date"
        case .time: "time"
        case .timestamp: "timestamp"
        case .timestampTZ: "timestamptz"
        default: "string"
        }
    }

    /// Reads the `fields` of a struct.
    static func fields(_ json: MetadataJSON, depth: Int) throws(LakeError) -> [Field] {
        guard depth < Limits.nestingDepth else {
            throw .limit(
                name: "nesting depth", value: depth, limit: Limits.nestingDepth,
                location: .init(path: json.path))
        }
        var fields: [Field] = []
        for member in try json.array("fields") {
            // A default fills columns that old files lack; reading NULL instead would be wrong.
            if let name = member["initial-default"] {
                throw .unsupported(.init(path: name.path), feature: "column default values")
            }
            let name = try member.string("name")
            var field = try part(
                try member.member("type"), name: name, id: try member.id("id"), depth: depth + 1)
            field.isNullable = member["required"]?.value.boolean != true
            field.doc = member["doc"]?.value.string
            fields.append(field)
        }
        guard fields.count <= Limits.tableColumns else {
            throw .limit(
                name: "columns of a table", value: fields.count, limit: Limits.tableColumns,
                location: .init(path: json.path))
        }
        return fields
    }

    private static func part(
        _ json: MetadataJSON, name: String, id: Int, depth: Int
    ) throws(LakeError) -> Field {
        if let text = json.value.string {
            guard let type = primitive(text) else {
                throw .unsupported(.init(path: json.path), feature: "type \(text)")
            }
            return Field(name: name, type: type, id: id)
        }
        switch try json.string("type") {
        case "struct":
            let children = try fields(json, depth: depth)
            let parts = children.map { RowField(name: $0.name, type: $0.type) }
            return Field(name: name, type: .row(parts), id: id, children: children)
        case "list":
            let element = try nested(json, "element", depth: depth)
            return Field(name: name, type: .array(element.type), id: id, children: [element])
        case "map":
            var key = try nested(json, "key", depth: depth)
            key.isNullable = false
            let value = try nested(json, "value", depth: depth)
            let type = DataType.map(key: key.type, value: value.type)
            let entry = Field(
                name: "key_value", type: type.children[0], isNullable: false,
                children: [key, value])
            return Field(name: name, type: type, id: id, children: [entry])
        case let other:
            throw .unsupported(.init(path: json.path), feature: "type \(other)")
        }
    }

    /// A list's element or a map's key or value.
    private static func nested(
        _ json: MetadataJSON, _ name: String, depth: Int
    ) throws(LakeError) -> Field {
        guard depth < Limits.nestingDepth else {
            throw .limit(
                name: "nesting depth", value: depth, limit: Limits.nestingDepth,
                location: .init(path: json.path))
        }
        var field = try part(
            try json.member(name), name: name, id: try json.id("\(name)-id"), depth: depth + 1)
        field.isNullable = json["\(name)-required"]?.value.boolean != true
        return field
    }

    /// The SQL type of a primitive's name; nil for types that we do not read.
    private static func primitive(_ name: String) -> DataType? {
        switch name {
        case "boolean": return .boolean
        case "int": return .integer
        case "long": return .bigint
        case "float": return .real
        case "double": return .double
        case "date": return .date
        case "time": return .time(precision: 6)
        case "timestamp": return .timestamp(precision: 6)
        case "timestamptz": return .timestampTZ(precision: 6)
        case "string": return .text
        case "uuid": return .uuid
        case "binary": return .varbinary
        default: break
        }
        if name.hasPrefix("fixed["), name.hasSuffix("]") { return .varbinary }
        guard name.hasPrefix("decimal("), name.hasSuffix(")") else { return nil }
        let parts = name.dropFirst("decimal(".count).dropLast().split(separator: ",")
        guard parts.count == 2, let precision = Int(parts[0]),
            let scale = Int(parts[1].drop { $0 == " " }),
            (1...38).contains(precision), (0...precision).contains(scale)
        else { return nil }
        return .decimal(precision: precision, scale: scale)
    }
}
