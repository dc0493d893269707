import Columnar
import Synchronization

/// All rows that a run stages for one table, from all workers.
///
/// Workers add sealed batches in any order; what is read from here after `resolve` depends on the
/// rows alone, never on who staged them when. Once a budget is full, all that is and will be staged goes
/// to a nameless file, keys included: memory does not grow with the number of rows.
final class StagedRows: Sendable {
    private struct Held {
        var batches: [StagedBatch] = []
        var bytes = 0
        /// Where batches go since the budget was full.
        var file: SpillFile?
    }

    private let held = Mutex(Held())
    /// Of tables whose files hold many records.
    let files = StagedFiles()
    private let layout: StagedLayout
    private let folder: String
    private let budgetBytes: Int

    /// - folder: where the file is made, on the file system of the lake.
    init(layout: StagedLayout, folder: String, budgetBytes: Int) {
        self.layout = layout
        self.folder = folder
        self.budgetBytes = budgetBytes
    }

    /// Adds a batch; the worker that fills the budget writes what all have staged to disk.
    func add(_ batch: StagedBatch, pool: BufferPool) throws(LakeError) {
        var full = [batch]
        var isFirst = false
        let target: Result<SpillFile?, LakeError> = held.withLock { held in
            if let file = held.file { return .success(file) }
            held.batches.append(batch)
            held.bytes += batch.heldBytes
            guard held.bytes > budgetBytes else { return .success(nil) }
            do throws(LakeError) {
                held.file = try SpillFile(folder: folder)
            } catch {
                return .failure(error)
            }
            (full, held.batches, isFirst) = (held.batches, [], true)
            return .success(held.file)
        }
        guard let file = try target.get() else { return }
        // One by one, so that the first one's memory serves the next rows.
        while let batch = full.popLast() {
            let spilled = try batch.spilled(to: file, pool: pool)
            held.withLock { $0.batches.append(spilled) }
        }
        // From now on batches come and go: a full budget's buffers are not needed again.
        if isFirst { pool.trim() }
    }

    private var batches: [StagedBatch] { held.withLock { $0.batches } }

    /// The low halves of the keys staged so far, but for these raw paths: what the state remembers of a key.
    func shortKeys(
        without paths: Set<String>, pool: BufferPool
    ) throws(LakeError) -> Set<UInt64> {
        var keys: Set<UInt64> = []
        let batches = batches
        let excluded = try rows(of: paths, in: batches, pool)
        for (number, batch) in batches.enumerated() {
            var cursor = try StagedKeys.Cursor(batch.keys, pool: pool)
            while let key = try cursor.next() {
                if !excluded.contains(batch: number, row: Int(key.row)) { keys.insert(key.key.low) }
            }
        }
        return keys
    }

    private func rows(
        of paths: Set<String>, in batches: [StagedBatch], _ pool: BufferPool
    ) throws(LakeError) -> StagedRowMarks {
        var marks = StagedRowMarks(batchCount: batches.count)
        for (number, batch) in batches.enumerated() {
            try batch.forEach(of: paths, pool: pool) {
                marks.insert(batch: number, row: $0, rowCount: batch.count)
            }
        }
        return marks
    }

    /// The latest staged record of each key; of files of many records.
    func claims(pool: BufferPool) throws(LakeError) -> RecordClaims {
        let verdict = files.verdict
        var claims = RecordClaims(paths: verdict.paths)
        for batch in batches where batch.hasPlaces {
            var cursor = try StagedKeys.Cursor(batch.keys, pool: pool)
            while let row = try cursor.next() {
                if verdict.withdraws(row.place, key: row.key.low) { continue }
                claims.add(
                    .init(modifiedNanos: row.modifiedNanos, file: row.place.file),
                    key: row.key.low)
            }
        }
        return claims
    }

    /// Ends the staging: finds the winner of each key among the rows that are not of these raw paths.
    ///
    /// - remembersKeys: whether the table has rows, which may be asked whether one of these replaces them.
    func resolve(
        without paths: Set<String> = [], remembersKeys: Bool, pool: BufferPool
    ) throws(LakeError) -> ResolvedRows {
        let batches = batches
        let verdict = files.verdict
        var losers = try rows(of: paths, in: batches, pool)
        var keys = try keySet(batches, isWanted: remembersKeys, pool)
        var winner: (batch: Int, key: StagedKey)?
        var (count, supersededCount) = (0, 0)
        func lose(_ row: (batch: Int, key: StagedKey)) {
            losers.insert(
                batch: row.batch, row: Int(row.key.row), rowCount: batches[row.batch].count)
        }
        var merge = try StagedKeyMerge(batches.map(\.keys), pool: pool)
        while let next = try merge.next() {
            if losers.contains(batch: next.batch, row: Int(next.key.row)) { continue }
            if batches[next.batch].hasPlaces, !verdict.isPlain,
                verdict.withdraws(next.key.place, key: next.key.key.low)
            {
                lose(next)
                continue
            }
            guard let best = winner, best.key.key == next.key.key else {
                count += 1
                keys?.append(next.key.key)
                winner = next
                continue
            }
            supersededCount += 1
            if try isLater(next, than: best, batches, verdict.paths, pool) {
                lose(best)
                winner = next
            } else {
                lose(next)
            }
        }
        return ResolvedRows(
            batches: batches, layout: layout, count: count, keys: keys?.finish(), losers: losers,
            supersededCount: supersededCount)
    }

    private func keySet(
        _ batches: [StagedBatch], isWanted: Bool, _ pool: BufferPool
    ) throws(LakeError) -> StagedKeySet.Builder? {
        guard isWanted else { return nil }
        do throws(ColumnarError) {
            return try StagedKeySet.Builder(
                capacity: batches.reduce(0) { $0 + $1.count }, pool: pool)
        } catch {
            throw .columnar(error)
        }
    }

    /// Of one file the later record wins, of several the later mtime, then the greater path.
    private func isLater(
        _ a: (batch: Int, key: StagedKey), than b: (batch: Int, key: StagedKey),
        _ batches: [StagedBatch], _ paths: [String], _ pool: BufferPool
    ) throws(LakeError) -> Bool {
        let (keyA, keyB) = (a.key, b.key)
        if keyA.modifiedNanos != keyB.modifiedNanos {
            return keyA.modifiedNanos > keyB.modifiedNanos
        }
        if batches[a.batch].hasPlaces, batches[b.batch].hasPlaces {
            let (placeA, placeB) = (keyA.place, keyB.place)
            if placeA.file == placeB.file { return placeA.ordinal > placeB.ordinal }
            let (pathA, pathB) = (paths[Int(placeA.file)].utf8, paths[Int(placeB.file)].utf8)
            return pathB.lexicographicallyPrecedes(pathA)
        }
        let pathA = try batches[a.batch].path(start: keyA.start, pool: pool)
        let pathB = try batches[b.batch].path(start: keyB.start, pool: pool)
        return pathB.lexicographicallyPrecedes(pathA)
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
    /// Keys staged.
    let count: Int
    /// Those keys; nil if the table has no rows, and so nobody asks.
    private let keys: StagedKeySet?
    /// Rows that do not count: superseded, or taken back.
    private let losers: StagedRowMarks
    /// Rows that lost against another of the same key.
    let supersededCount: Int

    init(
        batches: [StagedBatch], layout: StagedLayout, count: Int, keys: StagedKeySet?,
        losers: StagedRowMarks, supersededCount: Int
    ) {
        self.batches = batches
        self.layout = layout
        self.count = count
        self.keys = keys
        self.losers = losers
        self.supersededCount = supersededCount
    }

    /// Whether a row with this key replaces the one in the table.
    func replaces(_ key: ContentHash) -> Bool { keys?.contains(key) ?? false }

    /// All partitions with rows that count, rising.
    var partitions: [Int32?] {
        rowCounts.filter { $0.value > 0 }.keys.sorted {
            PartitionOrder.rank($0) < PartitionOrder.rank($1)
        }
    }

    /// Rows that each partition gets.
    var rowCounts: [Int32?: Int] {
        var counts: [Int32?: Int] = [:]
        for (number, batch) in batches.enumerated() {
            for part in batch.parts {
                counts[part.value, default: 0] += losers.unmarked(of: part.rows, batch: number)
            }
        }
        return counts
    }

    /// The winners of one partition as columns in the flattener's order; none if there are no rows.
    func columns(of partition: Int32?, pool: BufferPool) throws(LakeError) -> [[Column]] {
        let columns = try rowColumns(pool)
        do throws(ColumnarError) {
            try columns.reserve(
                rows: batches.reduce(0) { $0 + ($1.part(of: partition)?.rows.count ?? 0) })
        } catch {
            throw .columnar(error)
        }
        for (number, batch) in batches.enumerated() {
            guard let part = batch.part(of: partition) else { continue }
            try append(part, of: number, to: columns, pool) { _ in }
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
        var rows: [Int] = []
        for part in batches[number].parts {
            try append(part, of: number, to: columns, pool) { rows.append($0) }
        }
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

    /// Appends the winners of a part, and says their numbers.
    private func append(
        _ part: StagedBatch.Part, of number: Int, to columns: RowColumns, _ pool: BufferPool,
        _ taken: (Int) -> Void
    ) throws(LakeError) {
        try batches[number].forEach(in: part, pool: pool) { (row, bytes) throws(LakeError) in
            if losers.contains(batch: number, row: row) { return }
            taken(row)
            do throws(ColumnarError) {
                try columns.append(
                    stable: bytes.stable, volatile: bytes.volatile, path: bytes.path,
                    ingestedAtMicros: layout.ingestedAtMicros)
            } catch {
                throw .columnar(error)
            }
        }
    }
}
