import Columnar

/// Gives fields their ids, and keeps them when a table's columns change.
///
/// Source: iceberg.apache.org/spec, "Column Projection" and "Schema Evolution": columns are found by id,
/// ids are never used twice, and an old file lacks what was added later.
extension Schema {
    /// The same schema with fresh ids from `firstID`, top level first, then nested, as peers number.
    package func assigningIDs(from firstID: Int = 1) -> Schema {
        var next = firstID
        return Schema(numbered(fields, &next))
    }

    /// This schema with `wanted`'s changes: new optional columns behind the old ones, docs, promotions.
    ///
    /// Columns that `wanted` lacks stay. `lastColumnID` rises with every new field. Throws
    /// `unsupported` for a change of type that would make old files unreadable.
    package func evolved(
        to wanted: Schema, lastColumnID: inout Int, table: String
    ) throws(LakeError) -> Schema {
        Schema(try evolve(fields, to: wanted.fields, &lastColumnID, table, path: ""))
    }
}

private func numbered(_ fields: [Field], _ next: inout Int) -> [Field] {
    var fields = fields
    for index in fields.indices {
        fields[index].id = next
        next += 1
    }
    for index in fields.indices {
        fields[index].children = numberedParts(of: fields[index], &next)
    }
    return fields
}

private func numberedParts(of field: Field, _ next: inout Int) -> [Field] {
    let parts = field.partsOrDefault
    guard case .map = field.type, var entry = parts.first else { return numbered(parts, &next) }
    // The pair of a map is no field of Iceberg's: only key and value have ids.
    entry.children = numbered(entry.partsOrDefault, &next)
    return [entry]
}

extension Field {
    /// The children, or, where a schema was made from types alone, nullable ones for them.
    package var partsOrDefault: [Field] {
        if !children.isEmpty { return children }
        switch type {
        case .array(let element): return [Field(name: "element", type: element)]
        case .map(let key, let value):
            let entry = [
                Field(name: "key", type: key, isNullable: false),
                Field(name: "value", type: value),
            ]
            let type = type.children[0]
            return [Field(name: "key_value", type: type, isNullable: false, children: entry)]
        case .row(let parts):
            return parts.enumerated().map {
                Field(name: $1.name ?? "field\($0)", type: $1.type)
            }
        default: return []
        }
    }
}

private func evolve(
    _ old: [Field], to wanted: [Field], _ last: inout Int, _ table: String, path: String
) throws(LakeError) -> [Field] {
    var result = old
    for new in wanted {
        guard let index = old.firstIndex(where: { $0.name == new.name }) else {
            guard new.isNullable else {
                throw change(table, path + new.name, "a new column must be nullable")
            }
            var next = last + 1
            let fields = numbered([new], &next)
            last = next - 1
            result += fields
            continue
        }
        result[index] = try evolve(old[index], to: new, &last, table, path: path)
    }
    return result
}

private func evolve(
    _ old: Field, to new: Field, _ last: inout Int, _ table: String, path: String
) throws(LakeError) -> Field {
    var field = old
    field.doc = new.doc ?? old.doc
    field.isNullable = old.isNullable || new.isNullable
    let place = "\(path)\(old.name)."
    switch (old.type, new.type) {
    case (.row, .row):
        field.children = try evolve(
            old.children, to: new.partsOrDefault, &last, table, path: place)
        field.type = .row(field.children.map { RowField(name: $0.name, type: $0.type) })
    case (.array, .array):
        field.children = [
            try evolve(old.children[0], to: new.partsOrDefault[0], &last, table, path: place)
        ]
        field.type = .array(field.children[0].type)
    case (.map, .map):
        var entry = old.children[0]
        let parts = new.partsOrDefault[0].partsOrDefault
        for part in 0..<2 {
            entry.children[part] = try evolve(
                entry.children[part], to: parts[part], &last, table, path: place)
        }
        field.type = .map(key: entry.children[0].type, value: entry.children[1].type)
        entry.type = field.type.children[0]
        field.children = [entry]
    default:
        let from = SchemaJSON.primitiveName(old.type)
        let to = SchemaJSON.primitiveName(new.type)
        if old.type.isNested || new.type.isNested || from != to {
            guard !old.type.isNested, !new.type.isNested, isPromotion(old.type, new.type) else {
                throw change(table, path + old.name, "\(old.type) cannot become \(new.type)")
            }
            field.type = new.type
        }
    }
    return field
}

private func isPromotion(_ old: DataType, _ new: DataType) -> Bool {
    switch (old, new) {
    case (.tinyint, .bigint), (.smallint, .bigint), (.integer, .bigint), (.real, .double): true
    case (.decimal(let p, let s), .decimal(let q, let t)): s == t && q >= p
    default: false
    }
}

private func change(_ table: String, _ column: String, _ reason: String) -> LakeError {
    .unsupported(
        .init(path: table, column: column), feature: "this change of schema: \(reason)")
}
