import Columnar
import Synchronization

/// All rows that a run stages for one table, from all workers.
///
/// Workers add sealed batches in any order; what is read from here after `resolve` depends on the
/// rows alone, never on who staged them when. Beyond a budget, what is in memory is written to nameless
/// files; only keys, times and places stay: 28 bytes a row.
final class StagedRows: Sendable {
    private struct Held {
        var memory: [StagedBatch] = []
        var memoryBytes = 0
        var spilled: [StagedBatch] = []
    }

    private let held = Mutex(Held())
    private let layout: StagedLayout
    private let folder: String
    private let budgetBytes: Int

    /// - folder: where files are made, on the file system of the lake.
    init(layout: StagedLayout, folder: String, budgetBytes: Int) {
        self.layout = layout
        self.folder = folder
        self.budgetBytes = budgetBytes
    }

    /// Adds a batch; the worker that fills the budget writes what all have staged to disk.
    func add(_ batch: StagedBatch, pool: BufferPool) throws(LakeError) {
        let full: [StagedBatch] = held.withLock { held in
            held.memory.append(batch)
            held.memoryBytes += batch.heldBytes
            guard held.memoryBytes > budgetBytes else { return [] }
            defer {
                held.memory = []
                held.memoryBytes = 0
            }
            return held.memory
        }
        for batch in full {
            let spilled = try batch.spilled(to: folder, pool: pool)
            held.withLock { $0.spilled.append(spilled) }
        }
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
    func resolve(pool: BufferPool) throws(LakeError) -> ResolvedRows {
        let batches = held.withLock { $0.spilled + $0.memory }
        var winners: [ContentHash: StagedPlace] = [:]
        winners.reserveCapacity(batches.reduce(0) { $0 + $1.count })
        var losers = Set<StagedPlace>()
        for (number, batch) in batches.enumerated() {
            for row in 0..<batch.count {
                let place = StagedPlace(batch: Int32(number), row: Int32(row))
                guard let other = winners.updateValue(place, forKey: batch.keys[row]) else {
                    continue
                }
                if try isLater(place, than: other, batches, pool) {
                    losers.insert(other)
                } else {
                    winners[batch.keys[row]] = other
                    losers.insert(place)
                }
            }
        }
        return ResolvedRows(batches: batches, layout: layout, winners: winners, losers: losers)
    }

    /// Later mtime wins, then the greater path.
    private func isLater(
        _ a: StagedPlace, than b: StagedPlace, _ batches: [StagedBatch], _ pool: BufferPool
    ) throws(LakeError) -> Bool {
        let timeA = batches[Int(a.batch)].modifiedNanos[Int(a.row)]
        let timeB = batches[Int(b.batch)].modifiedNanos[Int(b.row)]
        if timeA != timeB { return timeA > timeB }
        return try path(b, batches, pool).lexicographicallyPrecedes(try path(a, batches, pool))
    }

    private func path(
        _ place: StagedPlace, _ batches: [StagedBatch], _ pool: BufferPool
    ) throws(LakeError) -> [UInt8] {
        var path: [UInt8] = []
        let row = Int(place.row)
        try batches[Int(place.batch)].forEach(in: row..<row + 1, pool: pool) { _, bytes in
            path = Array(bytes.path)
        }
        return path
    }
}

/// Where a staged row lies.
struct StagedPlace: Hashable, Sendable {
    var batch: Int32
    var row: Int32
}

/// How staged bytes become columns.
struct StagedLayout: Sendable {
    let definition: TableDefinition
    /// Of every row of the run.
    let ingestedAtMicros: Int64
}

/// Staged rows with one winner a key.
struct ResolvedRows: Sendable {
    let batches: [StagedBatch]
    private let layout: StagedLayout
    private let winners: [ContentHash: StagedPlace]
    private let losers: Set<StagedPlace>

    init(
        batches: [StagedBatch], layout: StagedLayout, winners: [ContentHash: StagedPlace],
        losers: Set<StagedPlace>
    ) {
        self.batches = batches
        self.layout = layout
        self.winners = winners
        self.losers = losers
    }

    /// Keys staged.
    var count: Int { winners.count }

    /// Rows that lost against another of the same key.
    var supersededCount: Int { losers.count }

    /// Whether a row with this key replaces the one in the table.
    func replaces(_ key: ContentHash) -> Bool { winners[key] != nil }

    /// All partitions with rows, rising.
    var partitions: [Int32?] {
        var seen = Set<Int32?>()
        for batch in batches { for part in batch.partitions { seen.insert(part.value) } }
        return seen.sorted { PartitionOrder.rank($0) < PartitionOrder.rank($1) }
    }

    /// Rows that each partition gets.
    var rowCounts: [Int32?: Int] {
        var counts: [Int32?: Int] = [:]
        for (number, batch) in batches.enumerated() {
            for part in batch.partitions {
                var rows = part.rows.count
                if !losers.isEmpty {
                    for row in part.rows
                    where losers.contains(StagedPlace(batch: Int32(number), row: Int32(row))) {
                        rows -= 1
                    }
                }
                counts[part.value, default: 0] += rows
            }
        }
        return counts
    }

    /// The winners of one partition as columns in the flattener's order; none if there are no rows.
    func columns(of partition: Int32?, pool: BufferPool) throws(LakeError) -> [[Column]] {
        let columns: RowColumns
        do throws(ColumnarError) {
            columns = try RowColumns(FlattenPlan(layout.definition), pool: pool)
        } catch {
            throw .columnar(error)
        }
        for (number, batch) in batches.enumerated() {
            guard let part = batch.partitions.first(where: { $0.value == partition }) else {
                continue
            }
            try batch.forEach(in: part.rows, pool: pool) { (row, bytes) throws(LakeError) in
                let place = StagedPlace(batch: Int32(number), row: Int32(row))
                if !losers.isEmpty, losers.contains(place) { return }
                do throws(ColumnarError) {
                    try columns.append(
                        stable: bytes.stable, volatile: bytes.volatile, path: bytes.path,
                        ingestedAtMicros: layout.ingestedAtMicros)
                } catch {
                    throw .columnar(error)
                }
            }
        }
        do throws(ColumnarError) {
            return columns.rowCount == 0 ? [] : [try columns.finish().columns]
        } catch {
            throw .columnar(error)
        }
    }
}
