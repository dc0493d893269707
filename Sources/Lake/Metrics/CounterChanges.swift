import Columnar

/// Which of a partition's fresh rows have other counters than the rows that they replace.
struct CounterChanges {
    let table: MetricsTable
    let keySeed: UInt64
    let observedMicros: Int64
    let pool: BufferPool
    /// Counters of the replaced rows, by key.
    private var replaced: [ContentHash: ContentHash] = [:]
    /// Rows to append, in the order of the partition's file.
    private(set) var observations: [Batch] = []

    init(table: MetricsTable, keySeed: UInt64, observedMicros: Int64, pool: BufferPool) {
        self.table = table
        self.keySeed = keySeed
        self.observedMicros = observedMicros
        self.pool = pool
    }

    /// Remembers the counters of rows that are replaced.
    mutating func remember(
        _ rows: [UInt32], of columns: [Column], keys: [ContentHash]
    ) throws(ColumnarError) {
        guard !rows.isEmpty else { return }
        var gone = columns
        for index in table.baseColumns {
            gone[index] = try columns[index].resolved().gathered(at: rows.span, pool: pool)
        }
        let hashes = try table.counterHashes(
            of: gone, count: rows.count, seed: keySeed, pool: pool)
        for (row, hash) in zip(rows, hashes) { replaced[keys[Int(row)]] = hash }
    }

    /// Whether each of the `count` rows from `start` goes into the metrics table; nil: all of them.
    func changed(
        _ columns: [Column], keyColumns: [Int], start: Int, count: Int
    ) throws(ColumnarError) -> [Bool]? {
        guard !replaced.isEmpty else { return nil }
        var fresh = columns
        for index in table.baseColumns {
            fresh[index] = try columns[index].sliced(start: start, count: count, pool: pool)
        }
        let keys = try RowKeys.hashes(
            of: keyColumns.map { fresh[$0] }, count: count, seed: keySeed, pool: pool)
        let hashes = try table.counterHashes(of: fresh, count: count, seed: keySeed, pool: pool)
        return (0..<count).map { replaced[keys[$0]] != hashes[$0] }
    }

    /// Takes the chosen rows of a batch of the partition's new file.
    mutating func observe(_ rows: [UInt32], of columns: [Column], count: Int) throws(ColumnarError)
    {
        guard !rows.isEmpty else { return }
        let batch = try table.observations(
            of: columns, count: count, atMicros: observedMicros, pool: pool)
        guard rows.count < count else {
            observations.append(batch)
            return
        }
        var chosen: [Column] = []
        for column in batch.columns {
            chosen.append(try column.gathered(at: rows.span, pool: pool))
        }
        observations.append(Batch(columns: chosen, count: rows.count))
    }
}
