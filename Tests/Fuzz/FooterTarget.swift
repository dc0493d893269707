/// The footer: thrift, schema tree, checks of row groups, statistics as bounds.
enum FooterTarget: FuzzTarget {
    private static let location = FileLocation(path: "footer")

    static func run(_ input: UnsafeRawBufferPointer) {
        do throws(ColumnarError) {
            var thrift = ThriftReader(ByteReader(input, location: location))
            let footer = try FileMetadata(reading: &thrift)
            let tree = try SchemaTree(elements: footer.schema, location: location)
            precondition(tree.schema.count == tree.columns.count)
            for leaf in tree.leaves { precondition(leaf.maxDefinition >= leaf.maxRepetition) }
            try Footer.check(footer, tree: tree, fileBytes: 1 << 20, location: location)
            bounds(footer, tree)
        } catch { return }
    }

    private static func bounds(_ footer: FileMetadata, _ tree: SchemaTree) {
        for group in footer.rowGroups {
            for (index, (chunk, leaf)) in zip(group.columns, tree.leaves).enumerated() {
                let order = index < footer.columnOrders.count ? footer.columnOrders[index] : nil
                let bounds = ColumnBounds(
                    chunk: chunk, node: leaf.node, type: leaf.node.type, order: order,
                    location: location)
                if bounds.mayBeNotNull, let lower = bounds.lower {
                    precondition(bounds.mayMatch(.lessOrEqual, lower))
                }
                if let upper = bounds.upper { _ = bounds.mayMatch(.greater, upper) }
            }
        }
    }
}
