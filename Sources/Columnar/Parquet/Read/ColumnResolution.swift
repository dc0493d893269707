/// How a table's column is read from one file: which leaves, converted how, what is missing.
indirect enum ReadPlan: Sendable {
    /// Not in the file: NULL.
    case missing(DataType)
    case leaf(Int, SchemaNode, ValueConversion, DataType)
    case list(SchemaNode, ReadPlan, DataType)
    case map(SchemaNode, key: ReadPlan, value: ReadPlan, DataType)
    case row(SchemaNode, [ReadPlan], DataType)
}

/// Matches a table's columns with a file's: by field id where both have them, else by name.
struct ColumnResolution {
    let location: FileLocation

    /// The plan of one wanted column; `leaves` as in `ScanColumn`.
    func plan(
        _ field: Field, in nodes: [SchemaNode], leaves: [[Int]]?
    ) throws(ColumnarError) -> ReadPlan {
        guard let node = Self.match(name: field.name, id: field.id, in: nodes) else {
            return .missing(field.type)
        }
        return try plan(field, node, leaves: leaves)
    }

    /// The node with this id, or else with this name, or else with this name in another case.
    static func match(name: String, id: Int?, in nodes: [SchemaNode]) -> SchemaNode? {
        if let id, nodes.contains(where: { $0.fieldID != nil }) {
            return nodes.first { $0.fieldID == id }
        }
        if let exact = nodes.first(where: { $0.name == name }) { return exact }
        let folded = name.lowercased()
        return nodes.first { $0.name.lowercased() == folded }
    }

    private func plan(
        _ field: Field, _ node: SchemaNode, leaves: [[Int]]?
    ) throws(ColumnarError) -> ReadPlan {
        switch (field.type, node.kind) {
        case (.row(let fields), .row):
            var plans: [ReadPlan] = []
            for (i, part) in fields.enumerated() {
                let child = Self.child(i, of: field, name: part.name ?? "field\(i)", part.type)
                guard let rest = Self.leaves(leaves, below: i) else {
                    plans.append(.missing(part.type))
                    continue
                }
                let found =
                    part.name == nil && i < node.children.count
                    ? node.children[i]
                    : Self.match(name: child.name, id: child.id, in: node.children)
                guard let found else {
                    plans.append(.missing(part.type))
                    continue
                }
                plans.append(try plan(child, found, leaves: rest.isEmpty ? nil : rest))
            }
            return .row(node, plans, field.type)
        case (.array(let element), .list):
            let child = Self.child(0, of: field, name: "element", element)
            let rest = leaves.flatMap { Self.leaves($0, below: 0) }
            return .list(
                node, try plan(child, node.children[0], leaves: rest?.isEmpty == true ? nil : rest),
                field.type)
        case (.map(let keyType, let valueType), .map):
            let parts = field.children.count == 1 ? field.children[0] : field
            let key = Self.child(0, of: parts, name: "key", keyType)
            let value = Self.child(1, of: parts, name: "value", valueType)
            return .map(
                node, key: try plan(key, node.children[0], leaves: nil),
                value: try plan(value, node.children[1], leaves: nil), field.type)
        case (_, .leaf) where node.type == .unknown && field.type != .unknown:
            // Nothing but NULL in the file: the same as no column.
            return .missing(field.type)
        case (_, .leaf(let index)):
            guard
                let conversion = ValueConversion.between(node.element, node.type, field.type)
            else { throw mismatch(field, node) }
            return .leaf(index, node, conversion, field.type)
        default: throw mismatch(field, node)
        }
    }

    private func mismatch(_ field: Field, _ node: SchemaNode) -> ColumnarError {
        var place = location
        place.column = node.name
        return .unsupported(place, feature: "reading \(node.type) as \(field.type)")
    }

    private static func child(
        _ i: Int, of field: Field, name: String, _ type: DataType
    ) -> Field {
        guard i < field.children.count else { return Field(name: name, type: type) }
        return Field(
            name: name, type: type, id: field.children[i].id, children: field.children[i].children)
    }

    /// The wanted paths below child `i`; nil: nothing of it is wanted, empty: all of it.
    private static func leaves(_ leaves: [[Int]]?, below i: Int) -> [[Int]]? {
        guard let leaves else { return [] }
        var rest: [[Int]] = []
        for path in leaves {
            guard let first = path.first else { return [] }
            if first == i {
                if path.count == 1 { return [] }
                rest.append(Array(path.dropFirst()))
            }
        }
        return rest.isEmpty ? nil : rest
    }
}

extension ReadPlan {
    /// The leaf at a path of children through rows, with its file node; nil if it is not in the file.
    func leaf(at path: ArraySlice<Int>) -> (index: Int, node: SchemaNode, type: DataType)? {
        switch self {
        case .leaf(let index, let node, _, let type) where path.isEmpty:
            return (index, node, type)
        case .row(_, let children, _):
            guard let first = path.first, children.indices.contains(first) else { return nil }
            return children[first].leaf(at: path.dropFirst())
        default: return nil
        }
    }

    /// True if the path leads to something that this file does not have.
    func isMissing(at path: ArraySlice<Int>) -> Bool {
        switch self {
        case .missing: return true
        case .row(_, let children, _):
            guard let first = path.first, children.indices.contains(first) else { return false }
            return children[first].isMissing(at: path.dropFirst())
        default: return false
        }
    }
}
