import Columnar

/// Reads every live row of a table that raw files feed, as far as the state must know of it.
struct LiveRows {
    let table: LakeTable
    let keySeed: UInt64
    let workers: Int
    let pool: BufferPool
    let isCancelled: @Sendable () -> Bool

    /// Enters all rows into a ledger, which is sealed then; returns their number.
    func enter(into ledger: RowLedger) throws(LakeError) -> Int {
        let files = try table.liveFiles()
        guard let hashes = RowHashes(table.definition, schema: table.schema) else {
            throw .corrupt(
                FileLocation(path: table.definition.name), reason: "the table has no column _extra")
        }
        try Workers.forEach(files.count, workers: workers) { (index) throws(LakeError) in
            let path = try table.iceberg.location.resolve(files[index].file.file.path)
            try read(path, partition: files[index].partition, hashes, into: ledger)
        }
        try ledger.seal()
        return files.reduce(0) { $0 + Int($1.file.file.recordCount) }
    }

    private func read(
        _ path: String, partition: Int32?, _ hashes: RowHashes, into ledger: RowLedger
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
                try ledger.add(try rows(of: batch, wanted, partition: partition, hashes))
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
