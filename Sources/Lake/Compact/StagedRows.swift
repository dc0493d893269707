import Columnar
import Synchronization

/// Flattened rows, sealed: gathered so that each partition's rows lie together.
final class StagedBatch: Sendable {
    /// Where the columns are.
    enum Storage: Sendable {
        case memory([Column])
        /// A Parquet file with the rows of one partition (`StagingFile`).
        case file(StagingFile)
    }

    let storage: Storage
    let count: Int
    /// Bytes of the raw files that the rows come from: what the rows take in memory, nearly.
    let rawBytes: Int
    /// Of each row's key.
    let keys: [ContentHash]
    /// The raw file's mtime of each row, for rows with equal keys.
    let modifiedNanos: [Int64]
    /// Rising partition values with their rows; nil is the one partition of an unpartitioned table.
    let partitions: [(value: Int32?, rows: Range<Int>)]

    init(
        storage: Storage, count: Int, rawBytes: Int, keys: [ContentHash],
        modifiedNanos: [Int64], partitions: [(value: Int32?, rows: Range<Int>)]
    ) {
        self.storage = storage
        self.count = count
        self.rawBytes = rawBytes
        self.keys = keys
        self.modifiedNanos = modifiedNanos
        self.partitions = partitions
    }

    /// All columns, read back if they are in a file.
    func columns(pool: BufferPool) throws(ColumnarError) -> [Column] {
        switch storage {
        case .memory(let columns): columns
        case .file(let file): try file.read(pool: pool)
        }
    }
}

/// What is known of a staged row besides its columns.
struct StagedRow {
    var key: ContentHash
    var modifiedNanos: Int64
    var partition: Int32?
}

extension StagedBatch {
    /// Seals the rows of a flattened batch; `rows` has one element a row.
    convenience init(
        sealing batch: Batch, rows: [StagedRow], rawBytes: Int, pool: BufferPool
    ) throws(ColumnarError) {
        precondition(batch.count == rows.count)
        var order = Array(rows.indices)
        // Stable, so that rows of a folder stay together within their partition.
        order.sort { Self.rank(rows[$0].partition) < Self.rank(rows[$1].partition) }
        var partitions: [(value: Int32?, rows: Range<Int>)] = []
        for (position, row) in order.enumerated() {
            if let last = partitions.last, last.value == rows[row].partition {
                partitions[partitions.count - 1].rows = last.rows.lowerBound..<position + 1
            } else {
                partitions.append((rows[row].partition, position..<position + 1))
            }
        }
        let indices = order.map { UInt32($0) }
        var columns: [Column] = []
        for column in batch.columns {
            columns.append(
                partitions.count == 1
                    ? column : try column.gathered(at: indices.span, pool: pool))
        }
        self.init(
            storage: .memory(columns), count: rows.count, rawBytes: rawBytes,
            keys: order.map { rows[$0].key }, modifiedNanos: order.map { rows[$0].modifiedNanos },
            partitions: partitions)
    }

    private static func rank(_ value: Int32?) -> Int64 {
        value.map { Int64($0) } ?? .min
    }
}

/// All rows that a run stages for one table, from all workers.
///
/// Workers add sealed batches in any order; what is read from here after `resolve` depends on the
/// rows alone, never on who staged them when. Beyond a budget, what is in memory is written to staging
/// files, one a partition; only keys and times stay: 64 bytes a row.
final class StagedRows: Sendable {
    private struct Held {
        var memory: [StagedBatch] = []
        var memoryBytes = 0
        var spilled: [StagedBatch] = []
        var spillCount = 0
    }

    private let held = Mutex(Held())
    /// Position of `_raw_path` among the columns: the last word between equal keys.
    private let pathColumn: Int
    private let spill: StagingSpill
    private let budgetBytes: Int

    init(pathColumn: Int, budgetBytes: Int, spill: StagingSpill) {
        self.pathColumn = pathColumn
        self.budgetBytes = budgetBytes
        self.spill = spill
    }

    /// Adds a batch; the worker that fills the budget writes what all have staged to disk.
    func add(_ batch: StagedBatch, pool: BufferPool) throws(ColumnarError) {
        let full: (batches: [StagedBatch], number: Int)? = held.withLock { held in
            held.memory.append(batch)
            held.memoryBytes += batch.rawBytes
            guard held.memoryBytes > budgetBytes else { return nil }
            defer {
                held.memory = []
                held.memoryBytes = 0
                held.spillCount += 1
            }
            return (held.memory, held.spillCount)
        }
        guard let full else { return }
        let spilled = try spill.write(full.batches, number: full.number, pool: pool)
        held.withLock { $0.spilled += spilled }
    }

    /// The low halves of all keys staged so far: what the state remembers of a key.
    var shortKeys: Set<UInt64> {
        held.withLock { held in
            var keys: Set<UInt64> = []
            for batch in held.spilled + held.memory {
                for key in batch.keys { keys.insert(key.low) }
            }
            return keys
        }
    }

    /// Ends the staging: finds the winner of each key.
    func resolve(pool: BufferPool) throws(ColumnarError) -> ResolvedRows {
        let batches = held.withLock { $0.spilled + $0.memory }
        var winners: [ContentHash: StagedPlace] = [:]
        winners.reserveCapacity(batches.reduce(0) { $0 + $1.count })
        var superseded = 0
        for (number, batch) in batches.enumerated() {
            for row in 0..<batch.count {
                let place = StagedPlace(batch: Int32(number), row: Int32(row))
                guard let other = winners.updateValue(place, forKey: batch.keys[row]) else {
                    continue
                }
                superseded += 1
                if try !isLater(place, than: other, batches, pool) {
                    winners[batch.keys[row]] = other
                }
            }
        }
        return ResolvedRows(batches: batches, winners: winners, supersededCount: superseded)
    }

    /// Later mtime wins, then the greater path.
    private func isLater(
        _ a: StagedPlace, than b: StagedPlace, _ batches: [StagedBatch], _ pool: BufferPool
    ) throws(ColumnarError) -> Bool {
        let timeA = batches[Int(a.batch)].modifiedNanos[Int(a.row)]
        let timeB = batches[Int(b.batch)].modifiedNanos[Int(b.row)]
        if timeA != timeB { return timeA > timeB }
        return try path(b, batches, pool).lexicographicallyPrecedes(try path(a, batches, pool))
    }

    private func path(
        _ place: StagedPlace, _ batches: [StagedBatch], _ pool: BufferPool
    ) throws(ColumnarError) -> [UInt8] {
        let column = try batches[Int(place.batch)].columns(pool: pool)[pathColumn]
        guard case .text(let text) = try column.value(at: Int(place.row), type: .text) else {
            return []
        }
        return Array(text.utf8)
    }
}

/// Where a staged row lies.
struct StagedPlace: Hashable, Sendable {
    var batch: Int32
    var row: Int32
}

/// Staged rows with one winner a key.
struct ResolvedRows: Sendable {
    let batches: [StagedBatch]
    private let winners: [ContentHash: StagedPlace]
    /// Rows that lost against another of the same key.
    let supersededCount: Int

    init(
        batches: [StagedBatch], winners: [ContentHash: StagedPlace], supersededCount: Int
    ) {
        self.batches = batches
        self.winners = winners
        self.supersededCount = supersededCount
    }

    /// Keys staged.
    var count: Int { winners.count }

    /// Whether a row with this key replaces the one in the table.
    func replaces(_ key: ContentHash) -> Bool { winners[key] != nil }

    /// All partitions with rows, rising.
    var partitions: [Int32?] {
        var seen = Set<Int32?>()
        for batch in batches { for part in batch.partitions { seen.insert(part.value) } }
        return seen.sorted { ($0.map { Int64($0) } ?? .min) < ($1.map { Int64($0) } ?? .min) }
    }

    /// The winners of one partition, batch by batch, as columns.
    func columns(
        of partition: Int32?, pool: BufferPool
    ) throws(ColumnarError) -> [[Column]] {
        var parts: [[Column]] = []
        for (number, batch) in batches.enumerated() {
            guard let part = batch.partitions.first(where: { $0.value == partition }) else {
                continue
            }
            var rows: [UInt32] = []
            rows.reserveCapacity(part.rows.count)
            for row in part.rows {
                let place = StagedPlace(batch: Int32(number), row: Int32(row))
                if winners[batch.keys[row]] == place { rows.append(UInt32(row)) }
            }
            if rows.isEmpty { continue }
            var columns: [Column] = []
            for column in try batch.columns(pool: pool) {
                columns.append(
                    rows.count == part.rows.count
                        ? try column.sliced(
                            start: part.rows.lowerBound, count: rows.count, pool: pool)
                        : try column.gathered(at: rows.span, pool: pool))
            }
            parts.append(columns)
        }
        return parts
    }
}
