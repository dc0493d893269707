import Columnar

/// Reads rows of files that lie outside of their table's snapshot, and of others in the same way.
///
/// A file that is read as a whole is held against its SHA-256 first; of others the footer's seal and the
/// pages that are read are verified. So what is damaged is an error, never rows.
struct ColdRows: Sendable {
    let table: LakeTable
    let tier: ColdTier
    let lake: String
    let keySeed: UInt64
    let pool: BufferPool
    let isCancelled: @Sendable () -> Bool

    /// Where a file lies now.
    func path(of file: ColdFiles.Record) -> String {
        switch file.place {
        case .lake: "\(lake)/\(file.path)"
        case .cold: tier.absolute(file.path)
        }
    }

    /// Throws `corrupt` if a file is not, byte for byte, what was archived.
    func verify(_ file: ColdFiles.Record) throws(LakeError) {
        let path = path(of: file)
        let (digest, sizeBytes) = try SHA256.digest(ofFileAt: path)
        guard digest == file.sha256, sizeBytes == file.sizeBytes else {
            throw .corrupt(
                FileLocation(path: path),
                reason: "its bytes are not the ones that were archived (SHA-256)")
        }
    }

    /// Reads some columns of a file, by their positions in the table's schema, batch by batch.
    func read(
        _ path: String, columns: [Int], predicates: [ScanPredicate] = [],
        _ body: (Batch) throws(ColumnarError) -> Void
    ) throws(LakeError) {
        do throws(ColumnarError) {
            let scan = try ParquetScan(
                files: [ParquetScanFile(path: path, fileIndex: 0)], schema: table.schema,
                request: ScanRequest(
                    columns: columns.map { ScanColumn(index: $0) }, predicates: predicates),
                pool: pool, options: ParquetReadOptions(verifiesChecksums: true))
            for morsel in 0..<scan.morselCount {
                var reader = try scan.open(morsel: morsel, pool: pool)
                while let batch = try reader.next(maxRows: Limits.batchRows) {
                    if isCancelled() { throw .cancelled }
                    try body(batch)
                }
            }
        } catch {
            throw .columnar(error)
        }
    }

    /// The keys of all rows of a file.
    func keys(_ path: String) throws(LakeError) -> [ContentHash] {
        var keys: [ContentHash] = []
        try read(path, columns: table.keyColumns) { (batch) throws(ColumnarError) in
            keys += try hashes(batch.columns, count: batch.count)
        }
        return keys
    }

    /// The key of each row, of the table's key columns.
    func hashes(_ columns: [Column], count: Int) throws(ColumnarError) -> [ContentHash] {
        var resolved: [Column] = []
        for column in columns { resolved.append(try column.resolved()) }
        return try RowKeys.hashes(of: resolved, count: count, seed: keySeed, pool: pool)
    }
}
