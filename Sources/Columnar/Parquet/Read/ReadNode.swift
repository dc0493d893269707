/// A plan with its chunks read: one per (row group, column), made when the column is first needed.
final class ReadNode {
    enum Kind {
        case missing
        case leaf(ColumnChunkDecoder)
        case list(ReadNode)
        case map(ReadNode, ReadNode)
        case row([ReadNode])
    }

    let kind: Kind
    let type: DataType
    private let node: SchemaNode?
    /// A decoder whose levels speak for this node.
    let anyLeaf: ColumnChunkDecoder?

    /// The file's node; only missing nodes have none, and nobody asks them.
    var schema: SchemaNode {
        guard let node else { preconditionFailure("a missing column has no schema node") }
        return node
    }

    init(_ plan: ReadPlan, _ group: RowGroupReader, isNested: Bool) throws(ColumnarError) {
        var found: ColumnChunkDecoder?
        switch plan {
        case .missing(let type):
            self.type = type
            node = nil
            kind = .missing
        case .leaf(let index, let node, let conversion, let type):
            self.type = type
            self.node = node
            let decoder = try group.decoder(
                leaf: index, conversion: conversion, type: type, keepsLevels: isNested)
            found = decoder
            kind = .leaf(decoder)
        case .list(let node, let child, let type):
            self.type = type
            self.node = node
            let child = try ReadNode(child, group, isNested: true)
            found = child.anyLeaf
            kind = .list(child)
        case .map(let node, let key, let value, let type):
            self.type = type
            self.node = node
            let key = try ReadNode(key, group, isNested: true)
            found = key.anyLeaf
            kind = .map(key, try ReadNode(value, group, isNested: true))
        case .row(let node, let plans, let type):
            self.type = type
            self.node = node
            var children: [ReadNode] = []
            for plan in plans { children.append(try ReadNode(plan, group, isNested: true)) }
            found = children.lazy.compactMap(\.anyLeaf).first
            kind = .row(children)
        }
        if found == nil, let node {
            // Nothing below is wanted, but whether the group itself is NULL is.
            found = try group.levelDecoder(leaf: node.firstLeaf)
        }
        anyLeaf = found
    }
}
