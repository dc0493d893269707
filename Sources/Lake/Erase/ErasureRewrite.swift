import Columnar

/// Writes one Parquet file anew without an account's rows, and proves that it holds the others.
struct ErasureRewrite: Sendable {
    let identity: RunIdentity
    let pool: BufferPool
    let isCancelled: @Sendable () -> Bool

    /// What the transaction has to know of one file.
    struct Outcome: Sendable {
        /// The line and the absolute path of the new file; nil if no row was left.
        var added: (file: DataFile, path: String, sha256: [UInt8])?
    }

    /// Writes what is left of a file beside it.
    ///
    /// - number: names the new file, with the run; unique in its folder.
    func run(
        _ file: ErasureSurvey.File, of table: ErasureSurvey.Table, number: Int
    ) throws(LakeError) -> Outcome {
        let old: DataFile
        switch file.origin {
        case .live(let live): old = live.file
        case .cold(_, let line): old = line
        case .past: return Outcome()
        }
        guard Int64(file.rows) < old.recordCount else { return Outcome() }
        let digits = String(number)
        let name =
            "\(identity.uuid)-\(String(repeating: "0", count: max(0, 5 - digits.count)))\(digits).parquet"
        let path = Self.sibling(of: file.path, name: name)
        let summary = try write(file, table, to: path)
        let expected = old.recordCount - Int64(file.rows)
        var new = DataFile(
            summary, path: Self.sibling(of: old.path, name: name), specID: old.specID,
            partition: old.partition, sortOrderID: old.sortOrderID)
        guard new.recordCount == expected else {
            throw .corrupt(
                .init(path: file.path),
                reason: "it has \(new.recordCount) rows of others, \(expected) are expected")
        }
        // Those of the file that was read, whatever its writer knew.
        if new.partition.isEmpty { new.partition = old.partition }
        let facts = try ColdCopy(isCancelled: isCancelled).facts(of: path)
        try expectOthers(expected, in: path, table)
        return Outcome(added: (new, path, facts.sha256))
    }

    /// Another name in the same folder.
    static func sibling(of path: String, name: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return name }
        return String(path[...slash]) + name
    }

    private func write(
        _ file: ErasureSurvey.File, _ table: ErasureSurvey.Table, to path: String
    ) throws(LakeError) -> ParquetFileSummary {
        let all = Array(table.schema.fields.indices)
        do throws(ColumnarError) {
            let writer = try ParquetWriter(
                path: path, schema: table.schema, options: options(table), pool: pool)
            try columnar { () throws(LakeError) in
                try ParquetRows(path: file.path, schema: table.schema, pool: pool).forEach(
                    all, isCancelled
                ) { (columns, count) throws(ColumnarError) in
                    let matches = try table.rows.matches(columns, count: count, pool: pool)
                    let kept = matches.indices.filter { !matches[$0] }.map { UInt32($0) }
                    guard !kept.isEmpty else { return }
                    var batch: [Column] = []
                    for index in all {
                        guard let column = columns[index] else { continue }
                        batch.append(
                            kept.count == count
                                ? column : try column.gathered(at: kept.span, pool: pool))
                    }
                    try writer.write(Batch(columns: batch, count: kept.count))
                }
            }
            return try writer.finish()
        } catch {
            throw .columnar(error)
        }
    }

    private func options(_ table: ErasureSurvey.Table) -> ParquetWriterOptions {
        var options = ParquetWriterOptions(table.definition.settings)
        options.bloomColumns = table.keyColumns.map { table.schema.fields[$0].name }
        guard !table.isMetrics else { return options }
        // The rows keep their order, so the file is sorted as the one before.
        let definition = table.definition
        options.sortingColumns = definition.sort.compactMap { rule in
            table.schema.index(of: definition.columns[rule.column].name).map {
                ParquetSortingColumn(column: $0, isDescending: rule.isDescending)
            }
        }
        return options
    }

    /// Reads the new file again: as many rows as are expected, none of the account.
    private func expectOthers(
        _ expected: Int64, in path: String, _ table: ErasureSurvey.Table
    ) throws(LakeError) {
        var rows: Int64 = 0
        var isClean = true
        try ParquetRows(path: path, schema: table.schema, pool: pool).forEach(
            Array(table.schema.fields.indices), isCancelled
        ) { (columns, count) throws(ColumnarError) in
            rows += Int64(count)
            let matches = try table.rows.matches(columns, count: count, pool: pool)
            isClean = isClean && !matches.contains(true)
        }
        guard rows == expected, isClean else {
            throw .corrupt(.init(path: path), reason: "what is read back is not what was written")
        }
    }

    /// Runs what throws the lake's errors where columns' are expected.
    private func columnar(_ body: () throws(LakeError) -> Void) throws(ColumnarError) {
        do throws(LakeError) {
            try body()
        } catch .columnar(let error) {
            throw error
        } catch .io(let operation, let path, let number) {
            throw .io(operation: operation, path: path, errorNumber: number)
        } catch {
            throw .corrupt(FileLocation(path: "\(identity.uuid)"), reason: "\(error)")
        }
    }
}
