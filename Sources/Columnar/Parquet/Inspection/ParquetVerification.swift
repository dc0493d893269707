/// Reads everything that a file holds and compares it with everything that the file says about itself.
///
/// Pages are walked, checksummed and their levels decoded on one way; values come from the scan that
/// queries use, so that what is verified is what a query would see.
package struct ParquetVerification {
    private let file: ParquetFile
    private let pool: BufferPool
    private static let batchRows = 8192

    /// The verdict on one file; throws only if the operating system refuses, or memory ends.
    package static func verify(
        path: String, pool: BufferPool
    ) throws(ColumnarError) -> ParquetVerdict {
        var verdict = ParquetVerdict(path: path)
        do throws(ColumnarError) {
            let file = try ParquetFile.open(path: path)
            try ParquetVerification(file: file, pool: pool).run(&verdict)
        } catch {
            switch error {
            case .io, .memoryLimit, .cancelled: throw error
            default: verdict.add(error, at: FileLocation(path: path))
            }
        }
        return verdict
    }

    private init(file: ParquetFile, pool: BufferPool) {
        self.file = file
        self.pool = pool
    }

    private func run(_ verdict: inout ParquetVerdict) throws(ColumnarError) {
        verdict.rowGroupCount = file.rowGroupCount
        verdict.rowCount = file.rowCount
        verdict.columnCount = file.tree.leaves.count
        let location = FileLocation(path: file.path)
        if file.metadata.rowCount != file.rowCount {
            verdict.add(
                .counts, location,
                "\(file.rowCount) rows in row groups, the footer says \(file.metadata.rowCount)")
        }
        checkOverlap(&verdict)
        let input = try file.reopen()
        try checkMagic(input, &verdict)
        for (index, node) in file.tree.columns.enumerated() {
            for rowGroup in file.metadata.rowGroups.indices {
                try check(column: index, node, rowGroup, input, &verdict)
            }
        }
        try OrderCheck(file: file, pool: pool).check(&verdict)
    }

    private func checkMagic(
        _ input: InputFile, _ verdict: inout ParquetVerdict
    ) throws(ColumnarError) {
        let head = try input.read(offset: 0, count: 4, pool: pool)
        if head.base.loadUnaligned(as: UInt32.self) != Footer.magic {
            verdict.add(
                .unreadable, FileLocation(path: file.path, offset: 0),
                "the file does not begin with PAR1")
        }
        withExtendedLifetime(head) {}
    }

    /// Chunks that share bytes: each is read again, so that a small file could stand for a huge one.
    private func checkOverlap(_ verdict: inout ParquetVerdict) {
        var chunks: [(bytes: Range<Int>, location: FileLocation)] = []
        for (index, group) in file.metadata.rowGroups.enumerated() {
            for (chunk, leaf) in zip(group.columns, file.tree.leaves)
            where chunk.compressedBytes > 0 {
                let start = chunk.startOffset
                chunks.append(
                    (
                        start..<start + chunk.compressedBytes,
                        FileLocation(path: file.path, rowGroup: index, column: leaf.name)
                    ))
            }
        }
        chunks.sort { $0.bytes.lowerBound < $1.bytes.lowerBound }
        for (a, b) in zip(chunks, chunks.dropFirst()) where a.bytes.overlaps(b.bytes) {
            verdict.add(.counts, b.location, "the chunk shares bytes with \(a.location)")
        }
    }

    private func check(
        column: Int, _ node: SchemaNode, _ rowGroup: Int, _ input: InputFile,
        _ verdict: inout ParquetVerdict
    ) throws(ColumnarError) {
        var checks: [LeafCheck] = []
        for path in LeafPath.all(below: node) {
            var place = FileLocation(path: file.path, rowGroup: rowGroup)
            place.column = file.tree.leaves[path.leaf].name
            do throws(ColumnarError) {
                checks.append(
                    try LeafCheck(
                        file: file, input: input, rowGroup: rowGroup, path: path, pool: pool,
                        verdict: &verdict))
            } catch {
                if case .io = error { throw error }
                verdict.add(error, at: place)
            }
        }
        do throws(ColumnarError) {
            try read(column: column, rowGroup) { (values, rows) throws(ColumnarError) in
                for index in checks.indices { try checks[index].add(values, rows: rows) }
            }
            for check in checks { check.finish(input, pool, &verdict) }
        } catch {
            if case .io = error { throw error }
            // The levels' walk has met the same page already.
            if checks.count == LeafPath.all(below: node).count {
                verdict.add(error, at: FileLocation(path: file.path, rowGroup: rowGroup))
            }
        }
    }

    /// Hands out one column of one row group batch by batch, with its rows in the row group.
    private func read(
        column: Int, _ rowGroup: Int,
        _ body: (Column, Range<Int>) throws(ColumnarError) -> Void
    ) throws(ColumnarError) {
        guard file.rowGroupRows[rowGroup] > 0 else { return }
        let plan = try ColumnResolution(location: FileLocation(path: file.path)).plan(
            file.schema.fields[column], in: file.tree.columns, leaves: nil)
        let group = RowGroupReader(
            input: try file.reopen(), file: file, index: rowGroup, pool: pool,
            counters: ScanCounters(), options: ParquetReadOptions())
        let source = RowGroupColumn(plan: plan, group: group)
        var start = 0
        while start < group.rowCount {
            let count = min(Self.batchRows, group.rowCount - start)
            try body(
                try source.column(start: start, count: count, selection: .all),
                start..<start + count)
            start += count
        }
    }
}
