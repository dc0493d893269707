/// Builds the tree from the footer's depth-first list of elements.
extension SchemaTree {
    init(elements: [SchemaElement], location: FileLocation) throws(ColumnarError) {
        var builder = SchemaTreeBuilder(elements: elements, location: location)
        guard let root = elements.first else {
            throw .corrupt(location, reason: "the schema is empty")
        }
        builder.position = 1
        var columns: [SchemaNode] = []
        for _ in 0..<root.childCount {
            columns.append(try builder.node(NodeLevels(), path: []))
        }
        guard builder.position == elements.count else {
            throw .corrupt(location, reason: "the schema has elements outside its root")
        }
        self.columns = columns
        leaves = builder.leaves
    }
}

private struct SchemaTreeBuilder {
    let elements: [SchemaElement]
    let location: FileLocation
    var position = 0
    var leaves: [SchemaLeaf] = []

    init(elements: [SchemaElement], location: FileLocation) {
        self.elements = elements
        self.location = location
    }

    func corrupt(_ reason: String) -> ColumnarError {
        .corrupt(location, reason: "schema: \(reason)")
    }

    mutating func next(path: [String]) throws(ColumnarError) -> SchemaElement {
        guard position < elements.count else { throw corrupt("fewer elements than declared") }
        guard path.count < Limits.nestingDepth else {
            throw .limit(
                name: "nestingDepth", value: path.count, limit: Limits.nestingDepth,
                location: location)
        }
        defer { position += 1 }
        return elements[position]
    }

    /// The node at the current position: a repeated one without annotation is a list of itself.
    mutating func node(
        _ levels: NodeLevels, path: [String]
    ) throws(ColumnarError) -> SchemaNode {
        let element = try next(path: path)
        let path = path + [element.name]
        switch element.repetition ?? .required {
        case .required:
            return try body(element, levels, isNullable: false, path: path)
        case .optional:
            return try body(element, levels.optional(), isNullable: true, path: path)
        case .repeated:
            let child = try body(element, levels.repeated(), isNullable: false, path: path)
            return list(element, levels, isNullable: false, child: child)
        }
    }

    /// What an element is, at the levels where it is present.
    private mutating func body(
        _ element: SchemaElement, _ levels: NodeLevels, isNullable: Bool, path: [String]
    ) throws(ColumnarError) -> SchemaNode {
        if element.type == nil, element.childCount == 1, position < elements.count,
            elements[position].repetition == .repeated
        {
            switch (element.logical, element.converted) {
            case (.list, _), (nil, .list):
                return try annotatedList(element, levels, isNullable: isNullable, path: path)
            case (.map, _), (nil, .map), (nil, .mapKeyValue):
                let entry = elements[position]
                if entry.type == nil, entry.childCount == 2 {
                    return try map(element, levels, isNullable: isNullable, path: path)
                }
                return try annotatedList(element, levels, isNullable: isNullable, path: path)
            default: break
            }
        }
        return try plainBody(element, levels, isNullable: isNullable, path: path)
    }

    /// A leaf or a row.
    private mutating func plainBody(
        _ element: SchemaElement, _ levels: NodeLevels, isNullable: Bool, path: [String]
    ) throws(ColumnarError) -> SchemaNode {
        guard levels.definition <= 255, levels.repetition <= 255 else {
            throw corrupt("more than 255 levels")
        }
        if element.type != nil {
            let index = leaves.count
            let node = SchemaNode(
                name: element.name, kind: .leaf(index),
                type: try LeafType.sqlType(of: element, location: location),
                isNullable: isNullable, fieldID: element.fieldID, levels: levels, children: [],
                element: element, firstLeaf: index)
            leaves.append(SchemaLeaf(node: node, path: path))
            return node
        }
        guard element.childCount > 0 else { throw corrupt("group \(element.name) is empty") }
        guard element.childCount <= elements.count - position else {
            throw corrupt("group \(element.name) declares \(element.childCount) children")
        }
        let first = leaves.count
        var children: [SchemaNode] = []
        for _ in 0..<element.childCount { children.append(try node(levels, path: path)) }
        let fields = children.map { RowField(name: $0.name, type: $0.type) }
        return SchemaNode(
            name: element.name, kind: .row, type: .row(fields), isNullable: isNullable,
            fieldID: element.fieldID, levels: levels, children: children, element: element,
            firstLeaf: first)
    }

    private func list(
        _ element: SchemaElement, _ levels: NodeLevels, isNullable: Bool, child: SchemaNode
    ) -> SchemaNode {
        SchemaNode(
            name: element.name, kind: .list, type: .array(child.type), isNullable: isNullable,
            fieldID: element.fieldID, levels: levels, children: [child], element: element,
            firstLeaf: child.firstLeaf)
    }

    /// LIST in three levels, or in two by the rules for old writers.
    private mutating func annotatedList(
        _ element: SchemaElement, _ levels: NodeLevels, isNullable: Bool, path: [String]
    ) throws(ColumnarError) -> SchemaNode {
        let repeated = try next(path: path)
        let inner = levels.repeated()
        let path = path + [repeated.name]
        let isElement =
            repeated.type != nil || repeated.childCount != 1
            || repeated.name == "array" || repeated.name == element.name + "_tuple"
            || (position < elements.count && elements[position].repetition == .repeated)
        let child =
            isElement
            ? try body(repeated, inner, isNullable: false, path: path)
            : try node(inner, path: path)
        return list(element, levels, isNullable: isNullable, child: child)
    }

    private mutating func map(
        _ element: SchemaElement, _ levels: NodeLevels, isNullable: Bool, path: [String]
    ) throws(ColumnarError) -> SchemaNode {
        let repeated = try next(path: path)
        let inner = levels.repeated()
        let path = path + [repeated.name]
        let key = try node(inner, path: path)
        let value = try node(inner, path: path)
        return SchemaNode(
            name: element.name, kind: .map, type: .map(key: key.type, value: value.type),
            isNullable: isNullable, fieldID: element.fieldID, levels: levels,
            children: [key, value], element: element, firstLeaf: key.firstLeaf)
    }
}
