/// Puts lists, maps and rows together from the levels of their leaves (Dremel's assembly, a column at a time).
///
/// An entry of a leaf is a slot of node N if its repetition level is at most `N.repetition` and its
/// definition level at least `N.slotDefinition`: one linear pass per node over the first leaf below it.
struct NestedAssembly {
    let rowCount: Int
    let location: FileLocation
    let pool: BufferPool

    private func corrupt(_ node: SchemaNode, _ reason: String) -> ColumnarError {
        var place = location
        place.column = node.name
        return .corrupt(place, reason: reason)
    }

    /// The column of a node with as many rows as the row group.
    func column(_ node: ReadNode) throws(ColumnarError) -> Column {
        let column = try build(node)
        guard column.count == rowCount else {
            throw corrupt(node.schema, "\(column.count) rows of \(rowCount)")
        }
        return column
    }

    private func build(_ node: ReadNode) throws(ColumnarError) -> Column {
        switch node.kind {
        case .leaf(let decoder):
            try decoder.decodeAll()
            return try decoder.column(start: 0, count: decoder.slotCount)
        case .missing: preconditionFailure("the parent makes NULLs for missing children")
        case .list(let child): return try list(node, child)
        case .map(let key, let value): return try map(node, key, value)
        case .row(let children): return try row(node, children)
        }
    }

    /// The levels that speak for a node.
    private func levels(_ node: ReadNode) throws(ColumnarError) -> LeafLevels {
        guard let decoder = node.anyLeaf else {
            throw .unsupported(location, feature: "a group without a readable column")
        }
        try decoder.decodeAll()
        guard let levels = decoder.levels else { preconditionFailure("nested leaves keep levels") }
        return levels
    }

    private func list(_ node: ReadNode, _ child: ReadNode) throws(ColumnarError) -> Column {
        let (offsets, count, validity, total) = try offsets(of: node)
        let column = try children([child], count: total)[0]
        return .list(ListColumn(offsets: offsets, count: count, child: column, validity: validity))
    }

    private func map(
        _ node: ReadNode, _ key: ReadNode, _ value: ReadNode
    ) throws(ColumnarError) -> Column {
        let (offsets, count, validity, total) = try offsets(of: node)
        let entries = RowColumn(
            children: try children([key, value], count: total), count: total, validity: nil)
        return .list(
            ListColumn(offsets: offsets, count: count, child: .row(entries), validity: validity))
    }

    /// Offsets, slots, validity and the number of child slots of a list or map.
    private func offsets(
        of node: ReadNode
    ) throws(ColumnarError) -> (Buffer, count: Int, Bitmap?, total: Int) {
        let schema = node.schema
        let levels = try levels(node)
        guard let repetitions = levels.repetitionBase else { preconditionFailure("lists repeat") }
        let definitions = levels.definitionBase
        let slotRepetition = UInt8(schema.repetition)
        let slotDefinition = UInt8(schema.slotDefinition)
        let entryDefinition = UInt8(schema.definition + 1)
        let buffer = try pool.allocate(UInt32.self, count: levels.count + 1)
        let offsets = buffer.base.assumingMemoryBound(to: UInt32.self)
        var validity = ValidityBuilder()
        var slots = 0
        var total: UInt32 = 0
        for i in 0..<levels.count {
            let definition = definitions[i]
            if repetitions[i] <= slotRepetition && definition >= slotDefinition {
                offsets[slots] = total
                slots &+= 1
                validity.append(Int(definition) >= schema.definition)
            }
            if repetitions[i] <= slotRepetition &+ 1 && definition >= entryDefinition {
                total &+= 1
            }
        }
        offsets[slots] = total
        // Entries in front of the first slot would belong to no list.
        guard slots > 0 || total == 0 else { throw corrupt(schema, "entries without a list") }
        return (buffer, slots, try validity.finish(pool: pool), Int(total))
    }

    private func row(_ node: ReadNode, _ parts: [ReadNode]) throws(ColumnarError) -> Column {
        let schema = node.schema
        let levels = try levels(node)
        let definitions = levels.definitionBase
        let repetitions = levels.repetitionBase
        var validity = ValidityBuilder()
        for i in 0..<levels.count {
            let isSlot =
                Int(repetitions?[i] ?? 0) <= schema.repetition
                && Int(definitions[i]) >= schema.slotDefinition
            if isSlot { validity.append(Int(definitions[i]) >= schema.definition) }
        }
        let count = validity.count
        return .row(
            RowColumn(
                children: try children(parts, count: count), count: count,
                validity: try validity.finish(pool: pool)))
    }

    /// The children of one parent, which must agree on how many slots there are.
    private func children(
        _ nodes: [ReadNode], count: Int
    ) throws(ColumnarError) -> [Column] {
        var columns: [Column] = []
        for node in nodes {
            if case .missing = node.kind {
                columns.append(try NullColumn.of(node.type, count: count, pool: pool))
                continue
            }
            let column = try build(node)
            guard column.count == count else {
                throw corrupt(node.schema, "\(column.count) values for \(count) parents")
            }
            columns.append(column)
        }
        return columns
    }
}

/// Constant NULL of any type.
enum NullColumn {
    static func of(_ type: DataType, count: Int, pool: BufferPool) throws(ColumnarError) -> Column {
        .constant(ConstantColumn(try Column.from([.null], type: type, pool: pool), count: count))
    }
}
