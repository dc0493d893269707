/// The elements that describe a table's schema, and the tree over them.
extension SchemaTree {
    /// Three-level lists, maps with `key_value`, field ids on every node but the repeated groups.
    static func elements(
        for schema: Schema, path: String
    ) throws(ColumnarError) -> [SchemaElement] {
        var elements = [SchemaElement(name: "schema", childCount: schema.count)]
        for field in schema.fields {
            try append(field, to: &elements, path: path, depth: 0)
        }
        return elements
    }

    private static func append(
        _ field: Field, to elements: inout [SchemaElement], path: String, depth: Int
    ) throws(ColumnarError) {
        guard depth < Limits.nestingDepth else {
            throw .limit(
                name: "nestingDepth", value: depth, limit: Limits.nestingDepth,
                location: FileLocation(path: path, column: field.name))
        }
        var group = SchemaElement(
            name: field.name, repetition: field.isNullable ? .optional : .required,
            fieldID: field.id)
        switch field.type {
        case .row(let fields):
            guard !fields.isEmpty else {
                throw .unsupported(
                    FileLocation(path: path, column: field.name), feature: "a row without fields")
            }
            group.childCount = fields.count
            elements.append(group)
            for (i, part) in fields.enumerated() {
                let child = Self.child(
                    i, of: field, name: part.name ?? "field\(i)", type: part.type)
                try append(child, to: &elements, path: path, depth: depth + 1)
            }
        case .array(let type):
            group.childCount = 1
            group.logical = .list
            group.converted = .list
            elements.append(group)
            elements.append(SchemaElement(name: "list", repetition: .repeated, childCount: 1))
            var child = Self.child(0, of: field, name: "element", type: type)
            child.name = "element"
            try append(child, to: &elements, path: path, depth: depth + 2)
        case .map(let keyType, let valueType):
            group.childCount = 1
            group.logical = .map
            group.converted = .map
            elements.append(group)
            elements.append(SchemaElement(name: "key_value", repetition: .repeated, childCount: 2))
            let parts = field.children.count == 1 ? field.children[0] : field
            var key = Self.child(0, of: parts, name: "key", type: keyType)
            key.name = "key"
            key.isNullable = false
            var value = Self.child(1, of: parts, name: "value", type: valueType)
            value.name = "value"
            try append(key, to: &elements, path: path, depth: depth + 2)
            try append(value, to: &elements, path: path, depth: depth + 2)
        default:
            elements.append(try LeafType.element(for: field, path: path))
        }
    }

    /// A nested part: its type from the type, its id and nullability from the field if it says.
    private static func child(_ i: Int, of field: Field, name: String, type: DataType) -> Field {
        guard i < field.children.count else { return Field(name: name, type: type) }
        var child = field.children[i]
        child.name = name
        child.type = type
        return child
    }
}
