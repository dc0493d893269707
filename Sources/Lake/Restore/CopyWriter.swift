import Columnar

/// Writes one partition's temporary copy: a data file like any other, of archived rows that were asked back.
struct CopyWriter {
    let rows: ColdRows
    /// One request, to count its rows.
    struct Asker: Sendable {
        var request: Int
        var filter: ScopeFilter
    }

    /// A copy that was written.
    struct Copy: Sendable {
        var file: DataFile
        /// Absolute.
        var path: String
        /// Rows by `Asker.request`.
        var rowsByRequest: [Int: Int64] = [:]
    }

    private var table: LakeTable { rows.table }

    /// Writes the rows of cold files that stand; nil if there are none.
    ///
    /// - standing: by key, the number of the file to read it from.
    /// - name: below the table's folder.
    func write(
        _ partition: RestorePartition, standing: [ContentHash: Int], askers: [Asker],
        name: String
    ) throws(LakeError) -> Copy? {
        var parts: [[Column]] = []
        var counts: [Int: Int64] = [:]
        let needed = Set(standing.values)
        for (number, file) in partition.files.enumerated() where needed.contains(number) {
            try rows.read(
                rows.path(of: file), columns: Array(table.schema.fields.indices),
                predicates: partition.filter.predicates
            ) { (batch) throws(ColumnarError) in
                let keys = try rows.hashes(
                    table.keyColumns.map { batch.columns[$0] }, count: batch.count)
                let kept = (0..<UInt32(batch.count)).filter { standing[keys[Int($0)]] == number }
                try take(kept, of: batch, askers, &parts, &counts)
            }
        }
        return try write(&parts, counts, partition.value, name)
    }

    /// Writes those rows of copies that are still asked for; nil if there are none.
    func narrow(
        _ copies: [LiveFile], of partition: Int32?, to filter: ScopeFilter, name: String
    ) throws(LakeError) -> Copy? {
        var parts: [[Column]] = []
        var counts: [Int: Int64] = [:]
        for copy in copies {
            try rows.read(
                try table.iceberg.location.resolve(copy.file.path),
                columns: Array(table.schema.fields.indices)
            ) { (batch) throws(ColumnarError) in
                let kept = try filter.rows(count: batch.count, pool: rows.pool) {
                    batch.columns[$0]
                }
                try take(kept, of: batch, [], &parts, &counts)
            }
        }
        return try write(&parts, counts, partition, name)
    }

    private func take(
        _ kept: [UInt32], of batch: Batch, _ askers: [Asker], _ parts: inout [[Column]],
        _ counts: inout [Int: Int64]
    ) throws(ColumnarError) {
        guard !kept.isEmpty else { return }
        var columns: [Column] = []
        for column in batch.columns {
            let whole = try column.resolved()
            columns.append(
                kept.count == batch.count
                    ? whole : try whole.gathered(at: kept.span, pool: rows.pool))
        }
        for asker in askers {
            let own = try asker.filter.rows(count: kept.count, pool: rows.pool) { columns[$0] }
            counts[asker.request, default: 0] += Int64(own.count)
        }
        parts.append(columns)
    }

    private func write(
        _ parts: inout [[Column]], _ counts: [Int: Int64], _ partition: Int32?, _ name: String
    ) throws(LakeError) -> Copy? {
        guard !parts.isEmpty else { return nil }
        defer { rows.pool.trim() }
        var pieces = table.schema.fields.indices.map { index in parts.map { $0[index] } }
        parts = []
        var counters: CounterChanges?
        let path = "\(table.iceberg.location.folder)/\(name)"
        let layout = StagedLayout(definition: table.definition, ingestedAtMicros: 0)
        let rewrite = PartitionRewrite(
            table: table,
            staged: ResolvedRows(
                batches: [], layout: layout, count: 0, keys: nil,
                losers: StagedRowMarks(batchCount: 0), supersededCount: 0),
            departed: [], departedRecords: [], keySeed: rows.keySeed, pool: rows.pool,
            isCancelled: rows.isCancelled)
        let file = try rewrite.write(
            &pieces, carried: 0, to: path, name: name, partition: partition, &counters)
        return Copy(file: file, path: path, rowsByRequest: counts)
    }
}
