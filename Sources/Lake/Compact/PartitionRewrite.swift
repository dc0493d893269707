import Columnar

/// Writes one partition anew: its live rows without the replaced ones, and the staged rows, in order.
struct PartitionRewrite {
    let table: LakeTable
    let staged: ResolvedRows
    /// Hashes of the paths whose file has another key than before, or is gone.
    let departed: Set<ContentHash>
    let departedRecords: Set<DepartedRecord>
    let keySeed: UInt64
    let pool: BufferPool
    /// Fills columns of the rows that stay; nil: they stay as they are.
    var fill: ExtraFill?
    /// What is archived, for copies of it.
    var archive: ArchivedPartitions?
    /// Asked for each batch: true ends the rewrite with `ColumnarError.cancelled`.
    let isCancelled: @Sendable () -> Bool

    /// What came of one partition.
    struct Outcome: Sendable {
        var partition: Int32?
        var target = CompactionPlan<LiveFile>.Target.snapshot
        var removed: [LiveFile] = []
        var added: DataFile?
        /// Absolute path of the new file.
        var path: String?
        var rowsBefore = 0
        var rowsDropped = 0
        var rowsStaged = 0
        /// Rows in which a column was filled from `_extra`.
        var rowsFilled = 0
        var bytesRead = 0
        var bytesWritten = 0
    }

    /// Rewrites; nil if nothing in the partition changes.
    ///
    /// - name: the new file's path below the table's folder.
    /// - counters: takes the rows whose counters are new, in the order of the new file; nil: nobody asks.
    func run(
        _ partition: CompactionPlan<LiveFile>.Partition, name: String,
        counters: inout CounterChanges?
    ) throws(LakeError) -> Outcome? {
        var outcome = Outcome(partition: partition.value, target: partition.target)
        var parts: [[Column]] = []
        for file in partition.files {
            parts += try survivors(of: file, &outcome, &counters)
            outcome.bytesRead += Int(file.file.fileSizeBytes)
        }
        // What this partition leaves in the pool is given back: the next one's buffers have other sizes.
        defer { pool.trim() }
        var fresh = try stagedParts(of: partition)
        outcome.rowsStaged = fresh.reduce(0) { $0 + $1[0].count }
        if outcome.rowsDropped + outcome.rowsStaged + outcome.rowsFilled == 0 { return nil }
        outcome.removed = partition.files
        parts += fresh
        guard !parts.isEmpty else { return outcome }
        // Column by column, so that each one's parts go once they are joined.
        var pieces = table.schema.fields.indices.map { index in parts.map { $0[index] } }
        parts = []
        fresh = []
        let path = "\(table.iceberg.location.folder)/\(name)"
        let file = try write(
            &pieces, carried: outcome.rowsBefore - outcome.rowsDropped, to: path, name: name,
            partition: partition.value, &counters)
        outcome.bytesWritten = Int(file.fileSizeBytes)
        outcome.added = file
        outcome.path = path
        return outcome
    }

    /// The rows of a live file that stay, batch by batch.
    private func survivors(
        of file: LiveFile, _ outcome: inout Outcome, _ counters: inout CounterChanges?
    ) throws(LakeError) -> [[Column]] {
        let path = try table.iceberg.location.resolve(file.file.path)
        do throws(ColumnarError) {
            let scan = try ParquetScan(
                files: [ParquetScanFile(path: path, fileIndex: 0)], schema: table.schema,
                request: ScanRequest(
                    columns: table.schema.fields.indices.map { ScanColumn(index: $0) }),
                // What is damaged must not be written anew, under a checksum of its own.
                pool: pool, options: ParquetReadOptions(verifiesChecksums: true))
            var parts: [[Column]] = []
            for morsel in 0..<scan.morselCount {
                var reader = try scan.open(morsel: morsel, pool: pool)
                while let batch = try reader.next(maxRows: Limits.batchRows) {
                    if isCancelled() { throw .cancelled }
                    let rows = try keptRows(of: batch, &counters)
                    outcome.rowsBefore += batch.count
                    outcome.rowsDropped += batch.count - rows.count
                    if rows.isEmpty { continue }
                    var columns: [Column] = []
                    for column in batch.columns {
                        let whole = try column.resolved()
                        columns.append(
                            rows.count == batch.count
                                ? whole : try whole.gathered(at: rows.span, pool: pool))
                    }
                    if let filled = try fill?.filled(columns, count: rows.count) {
                        columns = filled.columns
                        outcome.rowsFilled += filled.rows
                    }
                    parts.append(columns)
                }
            }
            return parts
        } catch {
            throw .columnar(error)
        }
    }

    private func keptRows(
        of batch: Batch, _ counters: inout CounterChanges?
    ) throws(ColumnarError) -> [UInt32] {
        let gone = ReplacedRows(
            table, staged: staged, departed: departed,
            departedRecords: departedRecords, keySeed: keySeed)
        let (rows, replaced, keys) = try gone.split(
            gone.columns.map { batch.columns[$0] }, count: batch.count, pool: pool)
        try counters?.remember(replaced, of: batch.columns, keys: keys)
        return rows
    }

    /// The staged rows in the columns of the data file.
    private func stagedParts(
        of partition: CompactionPlan<LiveFile>.Partition
    ) throws(LakeError) -> [[Column]] {
        guard partition.hasStagedRows else { return [] }
        let fresh = try staged.columns(of: partition.value, pool: pool)
        do throws(ColumnarError) {
            var parts: [[Column]] = []
            let placement = ColumnPlacement(
                flattened: table.definition.schema, table: table.schema)
            for columns in fresh {
                let placed = try placement.columns(of: columns, pool: pool)
                guard partition.target == .copy else {
                    parts.append(placed)
                    continue
                }
                if let asked = try askedFor(placed, of: partition.value) { parts.append(asked) }
            }
            return parts
        } catch {
            throw .columnar(error)
        }
    }

    /// The staged rows that a living request is for; nil if there are none.
    private func askedFor(
        _ columns: [Column], of partition: Int32?
    ) throws(ColumnarError) -> [Column]? {
        guard let filter = archive?.filter(of: partition, table) else { return nil }
        let rows = try filter.rows(count: columns[0].count, pool: pool) { columns[$0] }
        guard !rows.isEmpty else { return nil }
        if rows.count == columns[0].count { return columns }
        var asked: [Column] = []
        for column in columns {
            asked.append(try column.resolved().gathered(at: rows.span, pool: pool))
        }
        return asked
    }

    /// Joins the pieces of each column, sorts all rows together and writes them as one file; the first `carried` rows are old ones.
    func write(
        _ pieces: inout [[Column]], carried: Int, to path: String, name: String, partition: Int32?,
        _ counters: inout CounterChanges?
    ) throws(LakeError) -> DataFile {
        if let folder = DurableFile.parent(of: path) { try DurableFile.makeFolder(folder) }
        do throws(ColumnarError) {
            var columns: [Column] = []
            for index in table.schema.fields.indices {
                if isCancelled() { throw .cancelled }
                columns.append(try Column.concatenated(pieces[index], pool: pool))
                pieces[index] = []
            }
            let count = columns[0].count
            let keys = try SortKeys(
                columns: table.sortColumns.map { (columns[$0.column], $0.isDescending) },
                count: count, pool: pool)
            let order = keys.sortedRows(isCancelled: isCancelled)
            if isCancelled() { throw .cancelled }
            let changed = try counters?.changed(
                columns, keyColumns: table.keyColumns, start: carried, count: count - carried)
            let options = ParquetWriterOptions(of: table)
            let writer = try ParquetWriter(
                path: path, schema: table.schema, options: options, pool: pool)
            var start = 0
            while start < count {
                if isCancelled() { throw .cancelled }
                let end = min(count, start + Limits.batchRows)
                let rows = Array(order[start..<end])
                var batch: [Column] = []
                for column in columns {
                    batch.append(try column.gathered(at: rows.span, pool: pool))
                }
                try writer.write(Batch(columns: batch, count: rows.count))
                let fresh = rows.indices.filter {
                    Int(rows[$0]) >= carried && changed?[Int(rows[$0]) - carried] ?? true
                }
                try counters?.observe(fresh.map { UInt32($0) }, of: batch, count: rows.count)
                start = end
            }
            let summary = try writer.finish()
            return DataFile(
                summary, path: table.iceberg.location.stored(name),
                specID: table.metadata.defaultSpecID,
                partition: table.partition(of: partition),
                sortOrderID: table.metadata.defaultSortOrderID)
        } catch {
            throw .columnar(error)
        }
    }
}

extension ParquetWriterOptions {
    /// How a table's data files are written.
    init(of table: LakeTable) {
        self.init(table.definition.settings)
        sortingColumns = table.sortColumns.map {
            ParquetSortingColumn(column: $0.column, isDescending: $0.isDescending)
        }
        bloomColumns = table.keyColumns.map { table.schema.fields[$0].name }
    }

    /// What the schema file's settings say of files.
    init(_ settings: TableSettings) {
        self.init()
        profile = settings.profile
        level = settings.zstdLevel
        rowGroupRows = settings.rowGroupRows
        sealsFile = true
    }
}
