/// A column's name, type and identity.
package struct Field: Hashable, Sendable {
    package var name: String
    package var type: DataType
    package var isNullable: Bool
    /// Iceberg field id; nil where the schema is not an Iceberg table's.
    package var id: Int?
    /// Ids and nullability of nested parts, in `DataType.children` order; empty for scalars.
    package var children: [Field]
    package var doc: String?

    package init(
        name: String, type: DataType, isNullable: Bool = true, id: Int? = nil,
        children: [Field] = [], doc: String? = nil
    ) {
        self.name = name
        self.type = type
        self.isNullable = isNullable
        self.id = id
        self.children = children
        self.doc = doc
    }
}

/// An ordered list of fields; look-up by exact or case-blind name.
package struct Schema: Hashable, Sendable {
    package var fields: [Field]

    package init(_ fields: [Field]) {
        self.fields = fields
    }

    package var count: Int { fields.count }

    /// The position of the field with exactly this name.
    package func index(of name: String) -> Int? {
        fields.firstIndex { $0.name == name }
    }
}
