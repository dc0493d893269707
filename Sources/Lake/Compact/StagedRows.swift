import Columnar
import Synchronization

/// All rows that a run stages for one table, from all workers.
///
/// Workers add sealed batches in any order; what is read from here after `resolve` depends on the
/// rows alone, never on who staged them when. Beyond a budget, what is in memory is written to nameless
/// files; only keys, times and places stay: 28 bytes a row, 36 of a file of many.
final class StagedRows: Sendable {
    private struct Held {
        var memory: [StagedBatch] = []
        var memoryBytes = 0
        var spilled: [StagedBatch] = []
    }

    private let held = Mutex(Held())
    /// Of tables whose files hold many records.
    let files = StagedFiles()
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
        var full: [StagedBatch] = held.withLock { held in
            held.memory.append(batch)
            held.memoryBytes += batch.heldBytes
            guard held.memoryBytes > budgetBytes else { return [] }
            defer {
                held.memory = []
                held.memoryBytes = 0
            }
            return held.memory
        }
        // One by one, so that the first one's memory serves the next rows.
        while let batch = full.popLast() {
            let spilled = try batch.spilled(to: folder, pool: pool)
            held.withLock { $0.spilled.append(spilled) }
        }
    }

    /// The low halves of the keys staged so far, but for these raw paths: what the state remembers of a key.
    func shortKeys(
        without paths: Set<String>, pool: BufferPool
    ) throws(LakeError) -> Set<UInt64> {
        var keys: Set<UInt64> = []
        for batch in held.withLock({ $0.spilled + $0.memory }) {
            let excluded = try batch.rows(of: paths, pool: pool)
            for (row, key) in batch.keys.enumerated() where !excluded.contains(row) {
                keys.insert(key.low)
            }
        }
        return keys
    }

    /// The latest staged record of each key; of files of many records.
    func claims() -> RecordClaims {
        let batches = held.withLock { $0.spilled + $0.memory }
        let verdict = files.verdict
        var claims = RecordClaims(paths: verdict.paths)
        for batch in batches where !batch.places.isEmpty {
            for row in 0..<batch.count {
                let (key, place) = (batch.keys[row].low, batch.places[row])
                if verdict.withdraws(place, key: key) { continue }
                claims.add(
                    .init(modifiedNanos: batch.modifiedNanos[row], file: place.file), key: key)
            }
        }
        return claims
    }

    /// Ends the staging: finds the winner of each key among the rows that are not of these raw paths.
    func resolve(
        without paths: Set<String> = [], pool: BufferPool
    ) throws(LakeError) -> ResolvedRows {
        let batches = held.withLock { $0.spilled + $0.memory }
        let verdict = files.verdict
        var winners: [ContentHash: StagedPlace] = [:]
        winners.reserveCapacity(batches.reduce(0) { $0 + $1.count })
        var losers = Set<StagedPlace>()
        var withdrawnCount = 0
        for (number, batch) in batches.enumerated() {
            let mayLeave = !batch.places.isEmpty && !verdict.isPlain
            let excluded = try batch.rows(of: paths, pool: pool)
            for row in 0..<batch.count {
                let place = StagedPlace(batch: Int32(number), row: Int32(row))
                if !excluded.isEmpty && excluded.contains(row)
                    || mayLeave
                        && verdict.withdraws(batch.places[row], key: batch.keys[row].low)
                {
                    losers.insert(place)
                    withdrawnCount += 1
                    continue
                }
                guard let other = winners.updateValue(place, forKey: batch.keys[row]) else {
                    continue
                }
                if try isLater(place, than: other, batches, verdict.paths, pool) {
                    losers.insert(other)
                } else {
                    winners[batch.keys[row]] = other
                    losers.insert(place)
                }
            }
        }
        return ResolvedRows(
            batches: batches, layout: layout, winners: winners, losers: losers,
            supersededCount: losers.count - withdrawnCount)
    }

    /// Of one file the later record wins, of several the later mtime, then the greater path.
    private func isLater(
        _ a: StagedPlace, than b: StagedPlace, _ batches: [StagedBatch], _ paths: [String],
        _ pool: BufferPool
    ) throws(LakeError) -> Bool {
        let (batchA, batchB) = (batches[Int(a.batch)], batches[Int(b.batch)])
        let (rowA, rowB) = (Int(a.row), Int(b.row))
        let timeA = batchA.modifiedNanos[rowA]
        let timeB = batchB.modifiedNanos[rowB]
        if timeA != timeB { return timeA > timeB }
        if !batchA.places.isEmpty, !batchB.places.isEmpty {
            let (placeA, placeB) = (batchA.places[rowA], batchB.places[rowB])
            if placeA.file == placeB.file { return placeA.ordinal > placeB.ordinal }
            let (pathA, pathB) = (paths[Int(placeA.file)].utf8, paths[Int(placeB.file)].utf8)
            return pathB.lexicographicallyPrecedes(pathA)
        }
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
    /// Rows that do not count: superseded, or taken back.
    private let losers: Set<StagedPlace>
    /// Rows that lost against another of the same key.
    let supersededCount: Int

    init(
        batches: [StagedBatch], layout: StagedLayout, winners: [ContentHash: StagedPlace],
        losers: Set<StagedPlace>, supersededCount: Int
    ) {
        self.batches = batches
        self.layout = layout
        self.winners = winners
        self.losers = losers
        self.supersededCount = supersededCount
    }

    /// Keys staged.
    var count: Int { winners.count }

    /// Whether a row with this key replaces the one in the table.
    func replaces(_ key: ContentHash) -> Bool { winners[key] != nil }

    /// All partitions with rows that count, rising.
    var partitions: [Int32?] {
        var seen = Set<Int32?>()
        for (number, batch) in batches.enumerated() {
            for part in batch.partitions where !seen.contains(part.value) {
                if losers.isEmpty || part.rows.contains(where: { counts(number, $0) }) {
                    seen.insert(part.value)
                }
            }
        }
        return seen.sorted { PartitionOrder.rank($0) < PartitionOrder.rank($1) }
    }

    /// Rows that each partition gets.
    var rowCounts: [Int32?: Int] {
        var counts: [Int32?: Int] = [:]
        for (number, batch) in batches.enumerated() {
            for part in batch.partitions {
                let rows =
                    losers.isEmpty
                    ? part.rows.count : part.rows.count(where: { self.counts(number, $0) })
                counts[part.value, default: 0] += rows
            }
        }
        return counts
    }

    /// Whether a row is in the table afterwards.
    private func counts(_ batch: Int, _ row: Int) -> Bool {
        !losers.contains(StagedPlace(batch: Int32(batch), row: Int32(row)))
    }

    /// The winners of one partition as columns in the flattener's order; none if there are no rows.
    func columns(of partition: Int32?, pool: BufferPool) throws(LakeError) -> [[Column]] {
        let columns = try rowColumns(pool)
        do throws(ColumnarError) {
            try columns.reserve(
                rows: batches.reduce(0) { $0 + ($1.partition(partition)?.rows.count ?? 0) })
        } catch {
            throw .columnar(error)
        }
        for (number, batch) in batches.enumerated() {
            guard let part = batch.partition(partition) else { continue }
            _ = try append(part.rows, of: number, to: columns, pool)
        }
        do throws(ColumnarError) {
            return columns.rowCount == 0 ? [] : [try columns.finish().columns]
        } catch {
            throw .columnar(error)
        }
    }

    /// The winners of one batch as columns in the flattener's order, and the row number of each.
    func columns(
        ofBatch number: Int, pool: BufferPool
    ) throws(LakeError) -> (columns: [Column], rows: [Int]) {
        let columns = try rowColumns(pool)
        let rows = try append(0..<batches[number].count, of: number, to: columns, pool)
        do throws(ColumnarError) {
            return (try columns.finish().columns, rows)
        } catch {
            throw .columnar(error)
        }
    }

    private func rowColumns(_ pool: BufferPool) throws(LakeError) -> RowColumns {
        do throws(ColumnarError) {
            return try RowColumns(FlattenPlan(layout.definition), pool: pool)
        } catch {
            throw .columnar(error)
        }
    }

    /// Appends the winners among some rows; returns their numbers.
    private func append(
        _ rows: Range<Int>, of number: Int, to columns: RowColumns, _ pool: BufferPool
    ) throws(LakeError) -> [Int] {
        var taken: [Int] = []
        taken.reserveCapacity(rows.count)
        try batches[number].forEach(in: rows, pool: pool) { (row, bytes) throws(LakeError) in
            if !losers.isEmpty, !counts(number, row) { return }
            taken.append(row)
            do throws(ColumnarError) {
                try columns.append(
                    stable: bytes.stable, volatile: bytes.volatile, path: bytes.path,
                    ingestedAtMicros: layout.ingestedAtMicros)
            } catch {
                throw .columnar(error)
            }
        }
        return taken
    }
}
