/// Writes one Parquet file, a row group at a time; the file appears under its name when it is finished.
///
/// Holds one row group of staged values, at most `rowGroupBytes` of them. If a call throws, or the writer
/// goes before `finish`, the temporary file is removed and nothing appears.
package final class ParquetWriter {
    private let schema: Schema
    private let options: ParquetWriterOptions
    private let pool: BufferPool
    private let tree: SchemaTree
    private let file: OutputFile
    private let leaves: [LeafStaging]
    private let meter: StagingMeter
    private var encoder: ChunkEncoder
    private let shredder: Shredder
    private var metadata = FileMetadata()
    private var indexes: [[(column: ColumnIndex?, offset: OffsetIndex)]] = []
    private var bounds: [BoundsCollector]
    private var stagedRows = 0
    /// Why nothing more can be written.
    private var failure: ColumnarError?

    /// Rows that are shredded at a time; fewer where they are so large that they would not fit.
    private static let pieceRows = 8_192

    /// Creates the temporary file beside `path`.
    package init(
        path: String, schema: Schema, options: ParquetWriterOptions = ParquetWriterOptions(),
        pool: BufferPool
    ) throws(ColumnarError) {
        self.schema = schema
        self.options = options
        self.pool = pool
        let location = FileLocation(path: path)
        guard schema.count > 0 else {
            throw .unsupported(location, feature: "a Parquet file without columns")
        }
        guard schema.count <= Limits.tableColumns else {
            throw .limit(
                name: "tableColumns", value: schema.count, limit: Limits.tableColumns,
                location: location)
        }
        metadata.schema = try SchemaTree.elements(for: schema, path: path)
        tree = try SchemaTree(elements: metadata.schema, location: location)
        metadata.columnOrders = Array(repeating: .typeDefined, count: tree.leaves.count)
        metadata.createdBy = options.createdBy
        metadata.keyValues = options.keyValueMetadata
        meter = StagingMeter(limitBytes: max(options.rowGroupBytes, 1))
        var leaves: [LeafStaging] = []
        for leaf in tree.leaves {
            leaves.append(try LeafStaging(leaf: leaf, path: path, meter: meter, pool: pool))
        }
        self.leaves = leaves
        bounds = Array(repeating: BoundsCollector(), count: leaves.count)
        encoder = try ChunkEncoder(
            options: options, filterLeaves: Self.filterLeaves(tree, options), path: path, pool: pool
        )
        shredder = Shredder(pool: pool, path: path, meter: meter)
        file = try OutputFile(path: path)
        try writeMagic()
    }

    /// The leaves that queries look for values in: their pages stay small.
    private static func filterLeaves(
        _ tree: SchemaTree, _ options: ParquetWriterOptions
    ) -> Set<String> {
        var names = Set(options.bloomColumns)
        for column in options.sortingColumns where tree.columns.indices.contains(column.column) {
            names.insert(tree.columns[column.column].name)
        }
        return names
    }

    /// Rows written so far.
    package var rowCount: Int { metadata.rowCount + stagedRows }

    /// Bytes of finished row groups.
    package var writtenBytes: Int { file.sizeBytes }

    /// Appends the selected rows of a batch, whose columns follow the schema.
    package func write(_ batch: Batch) throws(ColumnarError) {
        precondition(batch.columns.count == schema.count)
        try orFail { () throws(ColumnarError) in
            let rows = try selectedRows(batch)
            var done = 0
            while done < rows.count {
                done += try stage(batch, rows.buffer, done..<rows.count)
            }
        }
    }

    /// Runs a step; if it throws, the temporary file goes and every later step throws the same.
    private func orFail<Result>(
        _ step: () throws(ColumnarError) -> Result
    ) throws(ColumnarError) -> Result {
        if let failure { throw failure }
        do throws(ColumnarError) {
            return try step()
        } catch {
            failure = error
            file.abandon()
            throw error
        }
    }

    /// Stages the first rows of `range` that fit, at least one, and writes the row group when it is full.
    private func stage(
        _ batch: Batch, _ rows: Buffer, _ range: Range<Int>
    ) throws(ColumnarError) -> Int {
        let room = max(options.rowGroupRows, 1) - stagedRows
        var take = min(range.count, room, Self.pieceRows)
        while try !shred(batch, rows, range.lowerBound..<range.lowerBound + take) {
            if take > 1 {
                take /= 2
            } else if stagedRows > 0 {
                try writeRowGroup()
            } else {
                meter.isLimited = false
            }
        }
        stagedRows += take
        if stagedRows >= options.rowGroupRows || !meter.isLimited { try writeRowGroup() }
        meter.isLimited = true
        return take
    }

    /// False if the rows do not fit the row group, which is then as it was.
    private func shred(
        _ batch: Batch, _ rows: Buffer, _ range: Range<Int>
    ) throws(ColumnarError) -> Bool {
        let frame = try ShredFrame(count: range.count, pool: pool)
        let positions = rows.span(of: UInt32.self, start: range.lowerBound, count: range.count)
        for i in positions.indices { frame.positionBase[i] = positions[i] }
        frame.definitionBase.update(repeating: 0, count: range.count)
        frame.repetitionBase.update(repeating: 0, count: range.count)
        let marks = leaves.map(\.mark)
        for (column, node) in zip(batch.columns, tree.columns) {
            guard try shredder.shred(column, node, frame, into: leaves) else {
                for (leaf, mark) in zip(leaves, marks) { leaf.rollBack(to: mark) }
                return false
            }
        }
        return true
    }

    /// Row numbers of the living rows.
    private func selectedRows(
        _ batch: Batch
    ) throws(ColumnarError) -> (buffer: Buffer, count: Int) {
        let buffer = try pool.allocate(UInt32.self, count: batch.count)
        let rows = buffer.base.assumingMemoryBound(to: UInt32.self)
        switch batch.selection {
        case .all:
            for i in 0..<batch.count { rows[i] = UInt32(truncatingIfNeeded: i) }
            return (buffer, batch.count)
        case .bits(let bits):
            var count = 0
            for i in 0..<batch.count where bits[i] {
                rows[count] = UInt32(truncatingIfNeeded: i)
                count += 1
            }
            return (buffer, count)
        case .rows(let list):
            let source = list.span()
            for i in source.indices { rows[i] = UInt32(source[i]) }
            return (buffer, list.count)
        }
    }

    private func writeRowGroup() throws(ColumnarError) {
        var group = RowGroupMetadata()
        group.rowCount = stagedRows
        group.fileOffset = file.sizeBytes
        group.ordinal = metadata.rowGroups.count
        group.sortingColumns = options.sortingColumns.compactMap { column in
            guard tree.columns.indices.contains(column.column),
                case .leaf(let leaf) = tree.columns[column.column].kind
            else { return nil }
            return SortingColumn(
                leaf: leaf, isDescending: column.isDescending, nullsFirst: column.nullsFirst)
        }
        var blooms: [(leaf: Int, filter: BloomFilter)] = []
        var pages: [(column: ColumnIndex?, offset: OffsetIndex)] = []
        for (index, staging) in leaves.enumerated() {
            let chunk = try encoder.encode(staging, into: file)
            group.uncompressedBytes += chunk.metadata.uncompressedBytes
            group.compressedBytes += chunk.metadata.compressedBytes
            group.columns.append(chunk.metadata)
            bounds[index].merge(chunk.bounds, staging.leaf.node.element)
            pages.append((chunk.columnIndex, chunk.offsetIndex))
            if let bloom = chunk.bloom { blooms.append((index, bloom)) }
            staging.removeAll()
        }
        for bloom in blooms {
            group.columns[bloom.leaf].bloomFilterOffset = file.sizeBytes
            let bytes = bloom.filter.written()
            group.columns[bloom.leaf].bloomFilterBytes = bytes.count
            group.columns[bloom.leaf].seal?.bloomFilter = bytes.withUnsafeBytes {
                ChunkSeal.sums(
                    bloomFilter: $0, headBytes: bytes.count - bloom.filter.words.count * 4)
            }
            try write(bytes)
        }
        indexes.append(pages)
        metadata.rowGroups.append(group)
        metadata.rowCount += stagedRows
        stagedRows = 0
    }

    private func write(_ bytes: [UInt8]) throws(ColumnarError) {
        var writer = try ByteWriter(pool: pool, capacity: bytes.count)
        try writer.append(bytes)
        defer { withExtendedLifetime(writer.buffer) {} }
        try file.write(writer.bytes)
    }

    private func writeMagic() throws(ColumnarError) {
        try write(withUnsafeBytes(of: Footer.magic) { Array($0) })
    }

    /// Writes what is staged, the indexes and the footer, and makes the file durable and visible.
    package func finish() throws(ColumnarError) -> ParquetFileSummary {
        try orFail { () throws(ColumnarError) in
            try writeEnd()
            return summary()
        }
    }

    private func writeEnd() throws(ColumnarError) {
        if stagedRows > 0 { try writeRowGroup() }
        for group in metadata.rowGroups.indices {
            for (leaf, index) in indexes[group].enumerated() {
                guard let column = index.column else { continue }
                metadata.rowGroups[group].columns[leaf].columnIndexOffset = file.sizeBytes
                let bytes = column.written(tree.leaves[leaf].node.element)
                metadata.rowGroups[group].columns[leaf].columnIndexBytes = bytes.count
                metadata.rowGroups[group].columns[leaf].seal?.columnIndex = ChunkSeal.sum(bytes)
                try write(bytes)
            }
        }
        for group in metadata.rowGroups.indices {
            for (leaf, index) in indexes[group].enumerated() {
                metadata.rowGroups[group].columns[leaf].offsetIndexOffset = file.sizeBytes
                let bytes = index.offset.written()
                metadata.rowGroups[group].columns[leaf].offsetIndexBytes = bytes.count
                metadata.rowGroups[group].columns[leaf].seal?.offsetIndex = ChunkSeal.sum(bytes)
                try write(bytes)
            }
        }
        if options.sealsFile {
            metadata.keyValues.append((ChunkSeals.key, ChunkSeals.text(metadata.rowGroups)))
            metadata.keyValues.append((FooterSeal.key, FooterSeal.blank))
        }
        var thrift = ThriftWriter()
        metadata.write(to: &thrift)
        var footer = thrift.bytes
        if options.sealsFile { FooterSeal.seal(&footer) }
        let length = UInt32(truncatingIfNeeded: footer.count)
        try write(footer + withUnsafeBytes(of: length) { Array($0) })
        try writeMagic()
        try file.commit()
    }

    private func summary() -> ParquetFileSummary {
        var columns: [ParquetFileSummary.LeafColumn] = []
        for (index, leaf) in tree.leaves.enumerated() {
            let node = leaf.node
            var column = ParquetFileSummary.LeafColumn(
                fieldID: node.fieldID, path: leaf.path, isInList: leaf.maxRepetition > 0,
                type: node.type)
            for group in metadata.rowGroups {
                column.compressedBytes += group.columns[index].compressedBytes
                column.valueCount += group.columns[index].valueCount
                column.nullCount += group.columns[index].statistics?.nullCount ?? 0
            }
            column.nanCount = bounds[index].nanCount
            let decoder = BoundDecoder(
                node: node, type: node.type, location: FileLocation(path: file.path))
            column.lower = bounds[index].lower.flatMap { decoder.value($0) }
            column.upper = bounds[index].upper.flatMap { decoder.value($0) }
            columns.append(column)
        }
        return ParquetFileSummary(
            path: file.path, sizeBytes: file.sizeBytes, rowCount: metadata.rowCount,
            splitOffsets: metadata.rowGroups.compactMap { $0.fileOffset.map { Int64($0) } },
            columns: columns)
    }
}
