import Columnar

/// Reads a file of a table row by row and says what its rules and holds make of each one.
struct RowFates {
    private let table: LakeTable
    private let verdict: Lifecycle.Verdict
    private let pool: BufferPool
    private let isCancelled: @Sendable () -> Bool

    init(
        _ verdict: Lifecycle.Verdict, _ table: LakeTable, pool: BufferPool,
        isCancelled: @escaping @Sendable () -> Bool
    ) {
        self.verdict = verdict
        self.table = table
        self.pool = pool
        self.isCancelled = isCancelled
    }

    /// Hands out the file's batches with each row's action; nil: it stays.
    ///
    /// - columns: positions in the table's schema that the batches must hold, in this order, resolved; the
    ///   columns that rules ask for may follow them.
    func forEach(
        in path: String, columns wanted: [Int],
        _ body: (Batch, [RetentionRule.Action?]) throws(ColumnarError) -> Void
    ) throws(LakeError) {
        try forEachBatch(in: path, columns: wanted) { (batch, verdicts) throws(ColumnarError) in
            try body(
                batch, try verdicts.actions(of: batch.columns, count: batch.count, pool: pool))
        }
    }

    /// Counts a file's rows by what becomes of them, and by the hold that keeps them (its id).
    func census(
        in path: String
    ) throws(LakeError) -> (actions: [RetentionRule.Action?: Int64], held: [Int64: Int64]) {
        var actions: [RetentionRule.Action?: Int64] = [:]
        var held: [Int64: Int64] = [:]
        try forEachBatch(in: path, columns: []) { (batch, verdicts) throws(ColumnarError) in
            for fate in try verdicts.fates(of: batch.columns, count: batch.count, pool: pool) {
                switch fate {
                case .common: actions[verdict.common?.action, default: 0] += 1
                case .rule(let index): actions[verdict.conditional[index].action, default: 0] += 1
                case .held(let index):
                    actions[nil, default: 0] += 1
                    held[verdict.rowHolds[index].id, default: 0] += 1
                }
            }
        }
        return (actions, held)
    }

    private func forEachBatch(
        in path: String, columns wanted: [Int],
        _ body: (Batch, RowVerdicts) throws(ColumnarError) -> Void
    ) throws(LakeError) {
        let asked = RowVerdicts(verdict, table.definition, schema: table.schema).columns
        let columns = wanted + asked.filter { !wanted.contains($0) }
        // Rows are counted by a column: at least one must be read.
        let read = columns.isEmpty ? [table.keyColumns[0]] : columns
        let verdicts = RowVerdicts(
            verdict, table.definition, schema: Schema(read.map { table.schema.fields[$0] }))
        do throws(ColumnarError) {
            try table.forEachBatch(of: path, columns: read, pool: pool, isCancelled) {
                (batch) throws(ColumnarError) in
                try body(batch, verdicts)
            }
        } catch {
            throw .columnar(error)
        }
    }
}

extension LakeTable {
    /// Hands out some columns of one of the table's files, resolved, every page held against its checksum.
    func forEachBatch(
        of path: String, columns: [Int], pool: BufferPool, _ isCancelled: () -> Bool,
        _ body: (Batch) throws(ColumnarError) -> Void
    ) throws(ColumnarError) {
        let scan = try ParquetScan(
            files: [ParquetScanFile(path: path, fileIndex: 0)], schema: schema,
            request: ScanRequest(columns: columns.map { ScanColumn(index: $0) }),
            pool: pool, options: ParquetReadOptions(verifiesChecksums: true))
        for morsel in 0..<scan.morselCount {
            var reader = try scan.open(morsel: morsel, pool: pool)
            while let batch = try reader.next(maxRows: Limits.batchRows) {
                if isCancelled() { throw .cancelled }
                var resolved: [Column] = []
                for column in batch.columns { resolved.append(try column.resolved()) }
                try body(Batch(columns: resolved, count: batch.count))
            }
        }
    }
}
