import Columnar

/// Divides the rows of one file among several new ones, in their order, and proves that none got lost.
///
/// Each new file is read back from the disk: its rows and their keys must be the ones that were meant for
/// it, and all parts together, with what expires, the ones of the source.
struct RowSplit {
    let table: LakeTable
    let verdict: Lifecycle.Verdict
    let storageClass: StorageClass?
    let keySeed: UInt64
    let pool: BufferPool
    let isCancelled: @Sendable () -> Bool

    /// A file to be written.
    struct Part {
        /// Which rows go there; nil: those that stay.
        var action: RetentionRule.Action?
        /// Absolute.
        var path: String
        /// As a snapshot spells it.
        var stored: String
        /// nil: it is named by the snapshot.
        var storageClass: StorageClass?
    }

    /// How many rows, and which: the sum of their keys' hashes.
    private struct Tally: Hashable {
        var rows: Int64 = 0
        var low: UInt64 = 0
        var high: UInt64 = 0

        mutating func add(_ key: ContentHash) {
            rows += 1
            low &+= key.low
            high &+= key.high
        }
    }

    /// The fates in the order of parts.
    static func fates(_ census: [RetentionRule.Action?: Int64]) -> [RetentionRule.Action?] {
        census.keys.sorted { a, b in
            guard let b else { return false }
            return a.map { $0 < b } ?? true
        }
    }

    /// Writes the parts; `rows` is what the plan counted of each fate.
    func run(
        _ path: String, rows: [RetentionRule.Action?: Int64], into parts: [Part]
    ) throws(LakeError) -> [(part: Part, file: DataFile)] {
        for part in parts {
            if let folder = DurableFile.parent(of: part.path) {
                try DurableFile.makeFolder(folder)
            }
        }
        var tallies: [RetentionRule.Action?: Tally] = [:]
        let all = Array(table.schema.fields.indices)
        let options = ParquetWriterOptions(of: table)
        let (pool, schema) = (pool, table.schema)
        let writers: [ParquetWriter]
        do throws(ColumnarError) {
            var opened: [ParquetWriter] = []
            for part in parts {
                opened.append(
                    try ParquetWriter(path: part.path, schema: schema, options: options, pool: pool)
                )
            }
            writers = opened
        } catch {
            throw .columnar(error)
        }
        try RowFates(verdict, table, pool: pool, isCancelled: isCancelled).forEach(
            in: path, columns: all
        ) { (batch, actions) throws(ColumnarError) in
            let keys = try keys(of: batch)
            var rowsOf = [[UInt32]](repeating: [], count: parts.count)
            for row in 0..<batch.count {
                let action = SweepPlanner.further(actions[row], than: storageClass)
                tallies[action, default: Tally()].add(keys[row])
                guard let part = parts.firstIndex(where: { $0.action == action }) else { continue }
                rowsOf[part].append(UInt32(row))
            }
            for (writer, rows) in zip(writers, rowsOf) where !rows.isEmpty {
                var columns: [Column] = []
                for column in batch.columns[..<all.count] {
                    columns.append(try column.gathered(at: rows.span, pool: pool))
                }
                try writer.write(Batch(columns: columns, count: rows.count))
            }
        }
        guard tallies.mapValues(\.rows) == rows else {
            throw .corrupt(
                .init(path: path), reason: "its rows are not those that the plan has counted")
        }
        var files: [(part: Part, file: DataFile)] = []
        for (part, writer) in zip(parts, writers) {
            let summary: ParquetFileSummary
            do throws(ColumnarError) {
                summary = try writer.finish()
            } catch {
                throw .columnar(error)
            }
            try expect(tallies[part.action] ?? Tally(), in: part.path)
            files.append(
                (
                    part,
                    DataFile(
                        summary, path: part.stored, specID: table.metadata.defaultSpecID,
                        partition: [], sortOrderID: table.metadata.defaultSortOrderID)
                ))
        }
        return files
    }

    private func keys(of batch: Batch) throws(ColumnarError) -> [ContentHash] {
        try RowKeys.hashes(
            of: table.keyColumns.map { batch.columns[$0] }, count: batch.count, seed: keySeed,
            pool: pool)
    }

    /// Reads a new file back, as the disk has it.
    private func expect(_ tally: Tally, in path: String) throws(LakeError) {
        _ = try ColdCopy(isCancelled: isCancelled).facts(of: path)
        var found = Tally()
        do throws(ColumnarError) {
            try table.forEachBatch(
                of: path, columns: Array(table.schema.fields.indices), pool: pool, isCancelled
            ) { (batch) throws(ColumnarError) in
                for key in try keys(of: batch) { found.add(key) }
            }
        } catch {
            throw .columnar(error)
        }
        guard found == tally else {
            throw .corrupt(
                .init(path: path), reason: "what is read back is not what was written")
        }
    }
}
