/// One row group of one open file: where decoders come from.
final class RowGroupReader: Sendable {
    let input: InputFile
    let file: ParquetFile
    let index: Int
    let pool: BufferPool
    let counters: ScanCounters
    let options: ParquetReadOptions
    let pageIndexes: PageIndexReader
    let allowance: DecodingAllowance
    /// The rows that will be asked for; pages without any of them are not read.
    let rows: RowRanges

    init(
        input: InputFile, file: ParquetFile, index: Int, pool: BufferPool, counters: ScanCounters,
        options: ParquetReadOptions
    ) {
        self.input = input
        self.file = file
        self.index = index
        self.pool = pool
        self.counters = counters
        self.options = options
        let rowGroup = file.metadata.rowGroups[index]
        allowance = DecodingAllowance(fileBytes: file.sizeBytes)
        rows = .all(rowGroup.rowCount)
        pageIndexes = PageIndexReader(
            input: input, rowGroup: rowGroup,
            location: FileLocation(path: file.path, rowGroup: index), pool: pool,
            counters: counters)
    }

    /// The same row group, of which only some rows are wanted.
    init(_ whole: RowGroupReader, rows: RowRanges) {
        input = whole.input
        file = whole.file
        index = whole.index
        pool = whole.pool
        counters = whole.counters
        options = whole.options
        pageIndexes = whole.pageIndexes
        allowance = whole.allowance
        self.rows = rows
    }

    var rowCount: Int { file.metadata.rowGroups[index].rowCount }

    var location: FileLocation { FileLocation(path: file.path, rowGroup: index) }

    func decoder(
        leaf: Int, conversion: ValueConversion, type: DataType, keepsLevels: Bool
    ) throws(ColumnarError) -> ColumnChunkDecoder {
        let schemaLeaf = file.tree.leaves[leaf]
        var place = location
        place.column = schemaLeaf.name
        let chunk = file.metadata.rowGroups[index].columns[leaf]
        guard !chunk.isEncrypted else {
            throw .unsupported(place, feature: "reading an encrypted column")
        }
        let isSimple =
            !keepsLevels && schemaLeaf.maxRepetition == 0 && schemaLeaf.maxDefinition <= 1
        return try ColumnChunkDecoder(
            pages: try pages(leaf, chunk, location: place, someSuffice: isSimple), chunk: chunk,
            leaf: schemaLeaf, conversion: conversion, type: type, keepsLevels: !isSimple,
            location: place, pool: pool, counters: counters, allowance: allowance)
    }

    /// The chunk's pages; only those with wanted rows if some suffice and the file says where they lie.
    private func pages(
        _ leaf: Int, _ chunk: ColumnChunkMetadata, location: FileLocation, someSuffice: Bool
    ) throws(ColumnarError) -> ChunkPages {
        if someSuffice, rows.rowCount < rowCount, let index = try pageIndexes.offsetIndex(leaf),
            let some = try ChunkPages(
                file: input, chunk: chunk, index: index, rows: rows, rowCount: rowCount,
                location: location, pool: pool, options: options)
        {
            counters.bytesRead.wrappingAdd(some.byteCount, ordering: .relaxed)
            counters.pagesPruned.wrappingAdd(
                index.pages.count - some.pages.count, ordering: .relaxed)
            return some
        }
        counters.bytesRead.wrappingAdd(chunk.compressedBytes, ordering: .relaxed)
        return try ChunkPages(
            file: input, chunk: chunk, location: location, pool: pool, options: options)
    }

    /// A decoder that is wanted for its levels.
    func levelDecoder(leaf: Int) throws(ColumnarError) -> ColumnChunkDecoder {
        let node = file.tree.leaves[leaf].node
        guard let conversion = ValueConversion.between(node.element, node.type, node.type) else {
            throw .unsupported(location, feature: "reading \(node.type)")
        }
        return try decoder(
            leaf: leaf, conversion: conversion, type: node.type, keepsLevels: true)
    }
}
