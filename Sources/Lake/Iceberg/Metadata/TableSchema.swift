import Columnar

/// A table's schema as Iceberg keeps it: an id, field ids, and its JSON exactly as first written.
///
/// Keeping the text means that a commit of ours never changes what it does not understand: defaults,
/// `fixed` types, doc lines.
package struct TableSchema: Hashable, Sendable {
    package let id: Int
    package let schema: Schema
    /// The columns of the key.
    package let identifierFieldIDs: [Int]
    /// Compact JSON.
    let json: [UInt8]

    /// A new schema; every field, nested ones too, must have its id (`Schema.assigningIDs`).
    package init(id: Int, schema: Schema, identifierFieldIDs: [Int] = []) {
        self.id = id
        self.schema = schema
        self.identifierFieldIDs = identifierFieldIDs
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("type", "struct")
        writer.member("schema-id", id)
        if !identifierFieldIDs.isEmpty {
            writer.key("identifier-field-ids")
            writer.beginArray()
            for fieldID in identifierFieldIDs { writer.integer(Int64(fieldID)) }
            writer.endArray()
        }
        SchemaJSON.writeFields(schema.fields, to: &writer)
        writer.endObject()
        json = writer.bytes
    }

    /// Reads one element of `schemas`.
    init(_ json: MetadataJSON) throws(LakeError) {
        id = try json.optionalID("schema-id") ?? 0
        schema = Schema(try SchemaJSON.fields(json, depth: 0))
        var keys: [Int] = []
        for element in try json.optionalArray("identifier-field-ids") ?? [] {
            guard let id = element.value.integer.flatMap({ Int32(exactly: $0) }) else {
                throw element.corrupt("an identifier field id must be an integer")
            }
            keys.append(Int(id))
        }
        identifierFieldIDs = keys
        var writer = JSONWriter()
        writer.value(json.value)
        self.json = writer.bytes
    }
}

extension Schema {
    /// The field of an id, at any depth.
    func field(id: Int) -> Field? {
        for field in fields {
            if let found = field.descendant(id: id) { return found }
        }
        return nil
    }

    /// The greatest field id, nested ones too; 0 for none.
    var lastFieldID: Int {
        fields.reduce(0) { max($0, $1.lastID) }
    }
}

extension Field {
    fileprivate func descendant(id: Int) -> Field? {
        if self.id == id { return self }
        for child in children {
            if let found = child.descendant(id: id) { return found }
        }
        return nil
    }

    fileprivate var lastID: Int {
        children.reduce(id ?? 0) { max($0, $1.lastID) }
    }
}
