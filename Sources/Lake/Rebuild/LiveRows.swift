import Columnar
import Synchronization

/// A Parquet file with rows of a table outside of its snapshot.
struct ArchivedFile: Sendable {
    /// Absolute.
    var path: String
    var partition: Int32?
    /// The higher wins.
    var sequence: Int64
}

/// Reads every row of a table that raw files feed, as far as the state must know of it.
struct LiveRows {
    let table: LakeTable
    let keySeed: UInt64
    let workers: Int
    let pool: BufferPool
    let isCancelled: @Sendable () -> Bool

    /// Enters all live rows into a ledger, and those of archived files, and seals it.
    ///
    /// Throws `corrupt` for a live file that cannot be read; returns the archived ones that cannot.
    @discardableResult
    func enter(
        into ledger: RowLedger, archived: [ArchivedFile] = []
    ) throws(LakeError) -> [String] {
        let files = try table.liveFiles()
        let hashes = try rowHashes()
        try Workers.forEach(files.count, workers: workers) { (index) throws(LakeError) in
            let path = try table.iceberg.location.resolve(files[index].file.file.path)
            try read(path, partition: files[index].partition, rank: .max, hashes, into: ledger)
        }
        let damaged = try enter(archived, hashes, into: ledger)
        try ledger.seal()
        return damaged
    }

    /// Enters only the rows of archived files, and seals the ledger; returns those that cannot be read.
    func enter(
        onlyArchived files: [ArchivedFile], into ledger: RowLedger
    ) throws(LakeError) -> [String] {
        let damaged = try enter(files, try rowHashes(), into: ledger)
        try ledger.seal()
        return damaged
    }

    private func enter(
        _ files: [ArchivedFile], _ hashes: RowHashes, into ledger: RowLedger
    ) throws(LakeError) -> [String] {
        let damaged = Mutex<[String]>([])
        try Workers.forEach(files.count, workers: workers) { (index) throws(LakeError) in
            let file = files[index]
            do throws(LakeError) {
                try read(
                    file.path, partition: file.partition, rank: file.sequence, hashes,
                    into: ledger)
            } catch .columnar(.corrupt) {
                damaged.withLock { $0.append(file.path) }
            } catch .columnar(.io) {
                damaged.withLock { $0.append(file.path) }
            }
        }
        return damaged.withLock { $0 }.sorted()
    }

    private func rowHashes() throws(LakeError) -> RowHashes {
        guard let hashes = RowHashes(table.definition, schema: table.schema) else {
            throw .corrupt(
                FileLocation(path: table.definition.name), reason: "the table has no column _extra")
        }
        return hashes
    }

    private func read(
        _ path: String, partition: Int32?, rank: Int64, _ hashes: RowHashes,
        into ledger: RowLedger
    ) throws(LakeError) {
        let wanted = Set(hashes.columns + table.keyColumns + [table.pathColumn]).sorted()
        let scan: ParquetScan
        do throws(ColumnarError) {
            scan = try ParquetScan(
                files: [ParquetScanFile(path: path, fileIndex: 0)], schema: table.schema,
                request: ScanRequest(columns: wanted.map { ScanColumn(index: $0) }), pool: pool)
        } catch {
            throw .columnar(error)
        }
        for morsel in 0..<scan.morselCount {
            var reader: (any BatchReader)?
            while let batch = try next(scan, morsel, &reader) {
                if isCancelled() { throw .columnar(.cancelled) }
                var rows = try rows(of: batch, wanted, partition: partition, hashes)
                for index in rows.indices { rows[index].rank = rank }
                try ledger.add(rows)
            }
        }
    }

    private func next(
        _ scan: ParquetScan, _ morsel: Int, _ reader: inout (any BatchReader)?
    ) throws(LakeError) -> Batch? {
        do throws(ColumnarError) {
            if reader == nil { reader = try scan.open(morsel: morsel, pool: pool) }
            return try reader?.next(maxRows: Limits.batchRows)
        } catch {
            throw .columnar(error)
        }
    }

    private func rows(
        of batch: Batch, _ wanted: [Int], partition: Int32?, _ hashes: RowHashes
    ) throws(LakeError) -> [LedgerRow] {
        do throws(ColumnarError) {
            var columns: [Int: Column] = [:]
            for (position, column) in zip(wanted, batch.columns) {
                columns[position] = try column.resolved()
            }
            return try rows(of: columns, count: batch.count, partition: partition, hashes)
        } catch {
            throw .columnar(error)
        }
    }

    private func rows(
        of columns: [Int: Column], count: Int, partition: Int32?, _ hashes: RowHashes
    ) throws(ColumnarError) -> [LedgerRow] {
        let keys = try RowKeys.hashes(
            of: table.keyColumns.compactMap { columns[$0] }, count: count, seed: keySeed,
            pool: pool)
        let rowHashes = try hashes.hashes(of: columns, count: count, pool: pool)
        let paths = try columns[table.pathColumn]?.flattened(pool: pool)
        var rows: [LedgerRow] = []
        rows.reserveCapacity(count)
        for row in 0..<count {
            var path = ""
            if case .text(let texts)? = paths {
                path = String(decoding: texts.bytes(at: row), as: UTF8.self)
            }
            rows.append(
                LedgerRow(
                    path: path, key: keys[row], rowHash: rowHashes[row], partition: partition))
        }
        return rows
    }
}
