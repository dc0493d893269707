/// One node of a file's schema with its levels; lists and maps of every writer's style look the same here.
///
/// Levels are Dremel's: a node is present where the definition level is at least `definition`; a value
/// with repetition level ≤ `repetition` begins a new occurrence.
/// https://github.com/apache/parquet-format/blob/master/LogicalTypes.md#nested-types
final class SchemaNode: Sendable {
    /// What a node is; children are in `SchemaNode.children`.
    enum Kind: Sendable {
        /// A column of values: its position among the leaves.
        case leaf(Int)
        case row
        /// One child: the element.
        case list
        /// Two children: key and value.
        case map
    }

    let name: String
    let kind: Kind
    let type: DataType
    let isNullable: Bool
    let fieldID: Int?
    /// The definition level from which this node is not NULL.
    let definition: Int
    /// The repetition level of the innermost list around this node, 0 outside lists.
    let repetition: Int
    /// The definition level from which the innermost list around this node has an entry here.
    let slotDefinition: Int
    let children: [SchemaNode]
    /// The element of a leaf.
    let element: SchemaElement
    /// The first leaf at or below this node: its levels speak for the node.
    let firstLeaf: Int

    init(
        name: String, kind: Kind, type: DataType, isNullable: Bool, fieldID: Int?,
        levels: NodeLevels, children: [SchemaNode], element: SchemaElement, firstLeaf: Int
    ) {
        self.name = name
        self.kind = kind
        self.type = type
        self.isNullable = isNullable
        self.fieldID = fieldID
        definition = levels.definition
        repetition = levels.repetition
        slotDefinition = levels.slotDefinition
        self.children = children
        self.element = element
        self.firstLeaf = firstLeaf
    }

    /// As a column of a schema.
    var field: Field {
        let parts = children.map(\.field)
        var nested = parts
        if case .map = kind {
            nested = [
                Field(
                    name: "key_value", type: type.children[0], isNullable: false, children: parts)
            ]
        }
        return Field(
            name: name, type: type, isNullable: isNullable, id: fieldID, children: nested)
    }
}

/// The levels of one node.
struct NodeLevels {
    var definition = 0
    var repetition = 0
    var slotDefinition = 0

    /// Inside a nullable node.
    func optional() -> NodeLevels {
        var next = self
        next.definition += 1
        return next
    }

    /// Inside a repeated node.
    func repeated() -> NodeLevels {
        NodeLevels(
            definition: definition + 1, repetition: repetition + 1, slotDefinition: definition + 1)
    }
}

/// One leaf with all that its pages need.
struct SchemaLeaf: Sendable {
    let node: SchemaNode
    /// Names from the root.
    let path: [String]
    var maxDefinition: Int { node.definition }
    var maxRepetition: Int { node.repetition }
    var name: String { path.joined(separator: ".") }
}

/// The whole schema of a file.
struct SchemaTree: Sendable {
    let columns: [SchemaNode]
    let leaves: [SchemaLeaf]

    var schema: Schema { Schema(columns.map(\.field)) }
}
