/// Reads a file in every way that a query could, and holds the answers against each other.
enum FileReading {
    /// What one reading may hold; far below the fuzzer's own cap, so that a leak of counting shows.
    private static let budgetBytes = 64 << 20
    /// Rows that one reading looks at: a few bytes may honestly declare millions.
    private static let rowLimit = 20_000

    /// Everything: metadata, pruning, all columns with three batch sizes.
    static func all(_ path: String) {
        do throws(ColumnarError) {
            let file = try ParquetFile.open(path: path)
            prune(file)
            inspect(file)
            let sizes = [8192, 13, 300]
            let answers = sizes.map { rows(file, batchRows: $0) }
            // A limit may be met at another row, and a checksum refuses what can be read.
            let whole = answers.enumerated().filter { index, answer in
                answer != .stopped && (sizes[index] != 300 || answer != .refused)
            }.map(\.element)
            precondition(
                whole.dropFirst().allSatisfy { $0 == whole[0] },
                "batch sizes \(sizes) gave \(answers)")
        } catch { return }
    }

    /// Everything that the inspection commands print, and the verification with checksums.
    private static func inspect(_ file: ParquetFile) {
        _ = (file.schemaText, file.rowGroups)
        do throws(ColumnarError) {
            _ = try file.columnSummaries()
            let pool = BufferPool(budget: MemoryBudget(limitBytes: budgetBytes))
            // Verification reads all rows.
            guard file.rowCount <= rowLimit else { return }
            _ = try ParquetVerification.verify(path: file.path, pool: pool)
        } catch { return }
    }

    /// What a reading came to.
    private enum Answer: Equatable {
        case rows(digest: [UInt64])
        case refused
        /// By a limit of this harness.
        case stopped
    }

    private static func rows(_ file: ParquetFile, batchRows: Int) -> Answer {
        do throws(ColumnarError) {
            let pool = BufferPool(budget: MemoryBudget(limitBytes: budgetBytes))
            let options = ParquetReadOptions(verifiesChecksums: batchRows == 300)
            let scan = try scan(file, predicates: [], pool: pool, options: options)
            var digest = RowDigest(columnCount: columnCount(file))
            for morsel in 0..<scan.morselCount {
                var reader = try scan.open(morsel: morsel, pool: pool)
                while let batch = try reader.next(maxRows: batchRows) {
                    try digest.add(batch)
                    if digest.rowCount >= rowLimit { return .stopped }
                }
            }
            return .rows(digest: digest.values)
        } catch {
            if case .memoryLimit = error { return .stopped }
            return .refused
        }
    }

    /// Columns that are read of files that have many.
    private static func columnCount(_ file: ParquetFile) -> Int { min(file.schema.count, 64) }

    private static func scan(
        _ file: ParquetFile, predicates: [ScanPredicate], pool: BufferPool,
        options: ParquetReadOptions = ParquetReadOptions()
    ) throws(ColumnarError) -> ParquetScan {
        let columns = (0..<columnCount(file)).map { ScanColumn(index: $0) }
        return try ParquetScan(
            files: [ParquetScanFile(path: file.path, fileIndex: 0)], schema: file.schema,
            request: ScanRequest(columns: columns, predicates: predicates), pool: pool,
            options: options)
    }

    /// Scans with a predicate on each of the first columns.
    private static func prune(_ file: ParquetFile) {
        for (index, field) in file.schema.fields.enumerated().prefix(8) {
            let path = ScanColumnPath(index: index)
            var predicates: [ScanPredicate] = [.isNull(path), .isNotNull(path)]
            if let value = constant(field.type) {
                predicates += [
                    .compare(path, .equal, value), .compare(path, .less, value),
                    .compare(path, .greaterOrEqual, value), .isIn(path, [value]),
                ]
            }
            for predicate in predicates { pruned(file, predicate) }
        }
    }

    private static func pruned(_ file: ParquetFile, _ predicate: ScanPredicate) {
        do throws(ColumnarError) {
            let pool = BufferPool(budget: MemoryBudget(limitBytes: budgetBytes))
            let scan = try scan(file, predicates: [predicate], pool: pool)
            var digest = RowDigest(columnCount: columnCount(file))
            for morsel in 0..<scan.morselCount {
                var reader = try scan.open(morsel: morsel, pool: pool)
                while let batch = try reader.next(maxRows: 1000) {
                    try digest.add(batch)
                    if digest.rowCount >= 2000 { return }
                }
            }
        } catch { return }
    }

    /// A value that seeds are likely to have near.
    private static func constant(_ type: DataType) -> Value? {
        switch type.storage {
        case .bit: .boolean(true)
        case .int32, .int64: .int(3)
        case .float32: .float(1.5)
        case .float64: .double(1.5)
        case .int128: .int128(3)
        case .text: type == .varbinary ? .binary([97]) : .text("b")
        default: nil
        }
    }
}
