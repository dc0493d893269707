/// What the footer says about one column chunk.
package struct ParquetChunkFacts: Sendable {
    /// Names from the top-level column down, joined by dots.
    package let column: String
    /// The leaf's SQL type.
    package let type: DataType
    package let physicalType: String
    package let codec: String
    /// In the order of the footer, levels' encodings included.
    package let encodings: [String]
    /// Values with NULLs.
    package let valueCount: Int
    /// nil: not stored.
    package let nullCount: Int?
    package let distinctCount: Int?
    package let compressedBytes: Int
    package let uncompressedBytes: Int
    /// Where the first page begins in the file.
    package let offset: Int
    /// Bounds as values of `type`; nil: not stored, or not to be trusted.
    package let lower: Value?
    package let upper: Value?
    /// Whether both bounds are values that occur; cut texts are not.
    package let hasExactBounds: Bool
    package let hasDictionary: Bool
    /// Data pages; nil where neither encoding statistics nor an offset index count them.
    package let pageCount: Int?
    package let columnIndexBytes: Int?
    package let offsetIndexBytes: Int?
    /// Where the Bloom filter lies; nil: none.
    package let bloomFilterOffset: Int?
    /// Bytes of the Bloom filter with its header, where the footer says.
    package let bloomFilterBytes: Int?
}

/// What the footer says about one row group.
package struct ParquetRowGroupFacts: Sendable {
    package let rowCount: Int
    package let compressedBytes: Int
    package let uncompressedBytes: Int
    /// The order that the writer claims: `name`, `name DESC`, with `NULLS FIRST` where so.
    package let order: [String]
    package let columns: [ParquetChunkFacts]
}

extension ParquetFile {
    /// The version of the format that the file claims.
    package var formatVersion: Int { metadata.version }

    /// What the footer says about each row group.
    package var rowGroups: [ParquetRowGroupFacts] {
        metadata.rowGroups.indices.map { rowGroup($0) }
    }

    private func rowGroup(_ index: Int) -> ParquetRowGroupFacts {
        let group = metadata.rowGroups[index]
        let location = FileLocation(path: path, rowGroup: index)
        var columns: [ParquetChunkFacts] = []
        for (position, (chunk, leaf)) in zip(group.columns, tree.leaves).enumerated() {
            let order =
                position < metadata.columnOrders.count ? metadata.columnOrders[position] : nil
            columns.append(
                ParquetChunkFacts(chunk: chunk, leaf: leaf, order: order, location: location))
        }
        let order = group.sortingColumns.map { column in
            let name =
                tree.leaves.indices.contains(column.leaf) ? tree.leaves[column.leaf].name : "?"
            return name + (column.isDescending ? " DESC" : "")
                + (column.nullsFirst ? " NULLS FIRST" : "")
        }
        return ParquetRowGroupFacts(
            rowCount: group.rowCount,
            compressedBytes: columns.reduce(0) { $0 + $1.compressedBytes },
            uncompressedBytes: columns.reduce(0) { $0 &+ $1.uncompressedBytes },
            order: order, columns: columns)
    }
}

extension ParquetChunkFacts {
    init(
        chunk: ColumnChunkMetadata, leaf: SchemaLeaf, order: ColumnOrder?, location: FileLocation
    ) {
        let node = leaf.node
        let bounds = ColumnBounds(
            chunk: chunk, node: node, type: node.type, order: order, location: location)
        column = leaf.name
        type = node.type
        physicalType = chunk.type.text(length: node.element.typeLength)
        codec = Codec(rawValue: chunk.codec)?.name ?? "codec \(chunk.codec)"
        encodings = chunk.encodings.map { ValueEncoding.text($0) }
        valueCount = chunk.valueCount
        nullCount = bounds.nullCount
        distinctCount = chunk.statistics?.distinctCount
        compressedBytes = chunk.compressedBytes
        uncompressedBytes = chunk.uncompressedBytes
        offset = chunk.startOffset
        lower = bounds.lower
        upper = bounds.upper
        hasExactBounds = bounds.areExact
        let data = chunk.encodingStats.filter {
            $0.pageType == PageType.data.rawValue || $0.pageType == PageType.dataV2.rawValue
        }
        let isCoded = chunk.encodings.contains {
            $0 == ValueEncoding.rleDictionary.rawValue
                || $0 == ValueEncoding.plainDictionary.rawValue
        }
        hasDictionary = chunk.startOffset < chunk.dataPageOffset || isCoded
        pageCount = data.isEmpty ? nil : data.reduce(0) { $0 &+ $1.count }
        columnIndexBytes = chunk.columnIndexOffset == nil ? nil : chunk.columnIndexBytes
        offsetIndexBytes = chunk.offsetIndexOffset == nil ? nil : chunk.offsetIndexBytes
        bloomFilterOffset = chunk.bloomFilterOffset
        bloomFilterBytes = chunk.bloomFilterBytes
    }
}
