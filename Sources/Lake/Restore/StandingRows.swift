import Columnar
import Synchronization

/// One partition of a restore.
struct RestorePartition: Sendable {
    var value: Int32?
    /// Cold files, the latest first.
    var files: [ColdFiles.Record] = []
    /// Absolute paths of the live files whose rows are there to stay.
    var live: [String] = []
    /// What the living requests ask for.
    var filter: ScopeFilter

    var rowCount: Int64 { files.reduce(0) { $0 &+ $1.rowCount } }
}

/// Which archived rows stand: the latest version of each key that the raw state still vouches for.
///
/// An archived file alone never says that a row is: it may have changed since, moved, or gone. A row stands if
///
/// - no later file of its partition, and no live one, has its key;
/// - its raw file is remembered with a row of this key in this partition, which has not expired;
/// - no other raw file's row with the key is live, or was archived later;
/// - its account is not suppressed (`ReturnGate`).
///
/// One pass over the state answers for all partitions.
struct StandingRows {
    let rows: ColdRows
    let database: Database
    /// Live files of all partitions that are there to stay, absolute.
    let livePaths: [Int32?: [String]]
    /// All cold files of the table by partition.
    let coldFiles: [Int32?: [ColdFiles.Record]]
    let suppressions: Suppressions
    let workers: Int

    /// An archived row that is asked for.
    private struct Candidate: Sendable {
        var key: ContentHash
        /// The raw path's short hash, as in `Touches`.
        var path: UInt64
        /// Of its partition and, in there, of its file.
        var partition: Int32
        var file: Int32
        var stands = false
    }

    /// For each partition: the number of the file that each standing key is to be read from.
    func find(_ partitions: [RestorePartition]) throws(LakeError) -> [[ContentHash: Int]] {
        let found = Mutex<[[Candidate]]>(Array(repeating: [], count: partitions.count))
        let (cold, suppressions) = (rows, suppressions)
        try Workers.forEach(partitions.count, workers: workers) { (index) throws(LakeError) in
            let rows = try Self.latest(
                of: partitions[index], number: Int32(index), cold, suppressions)
            found.withLock { $0[index] = rows }
        }
        var candidates = found.withLock { $0.flatMap { $0 } }
        candidates.sort { ($0.key.low, $0.path) < ($1.key.low, $1.path) }
        try weigh(&candidates, partitions)
        var standing = [[ContentHash: Int]](repeating: [:], count: partitions.count)
        for candidate in candidates where candidate.stands {
            standing[Int(candidate.partition)][candidate.key] = Int(candidate.file)
        }
        return standing
    }

    /// The latest rows of a partition that are asked for, whatever the state says of them.
    private static func latest(
        of partition: RestorePartition, number: Int32, _ rows: ColdRows,
        _ suppressions: Suppressions
    ) throws(LakeError) -> [Candidate] {
        let table = rows.table
        var taken: Set<ContentHash> = []
        for path in partition.live { taken.formUnion(try rows.keys(path)) }
        var found: [Candidate] = []
        let filter = partition.filter
        let predicates = filter.predicates
        var gate = ReturnGate(table, suppressions)
        let wanted = Set(
            table.keyColumns + [table.pathColumn] + filter.columns
                + [gate.accountColumn].compactMap { $0 }
        ).sorted()
        func column(_ index: Int, of batch: Batch) -> Column {
            // Each one asked for is among them.
            batch.columns[wanted.firstIndex(of: index) ?? 0]
        }
        for (index, file) in partition.files.enumerated() {
            let path = rows.path(of: file)
            let isLast = index == partition.files.count - 1
            if predicates.isEmpty { try rows.verify(file) }
            var own: [ContentHash] = []
            try rows.read(path, columns: wanted, predicates: predicates) {
                (batch) throws(ColumnarError) in
                let keys = try rows.hashes(
                    table.keyColumns.map { column($0, of: batch) }, count: batch.count)
                if predicates.isEmpty, !isLast { own += keys }
                guard
                    case .text(let paths) = try column(table.pathColumn, of: batch).resolved()
                        .flattened(pool: rows.pool)
                else { return }
                let asked = try filter.rows(count: batch.count, pool: rows.pool) {
                    column($0, of: batch)
                }
                let account = try gate.accountColumn.map { (index) throws(ColumnarError) in
                    try column(index, of: batch).resolved().flattened(pool: rows.pool)
                }
                for row in asked where !taken.contains(keys[Int(row)]) {
                    guard
                        gate.admits(
                            path: paths.bytes(at: Int(row)), account: account, row: Int(row))
                    else { continue }
                    let name = ContentHash(paths.bytes(at: Int(row)), seed: rows.keySeed)
                    found.append(
                        Candidate(
                            key: keys[Int(row)], path: name.low, partition: number,
                            file: Int32(index)))
                }
            }
            if isLast { break }
            // A later version that is not asked for hides an earlier one all the same.
            if !predicates.isEmpty { own = try rows.keys(path) }
            taken.formUnion(own)
        }
        return found
    }

    // MARK: The state

    /// Decides which candidates stand; they come sorted by key.
    private func weigh(
        _ candidates: inout [Candidate], _ partitions: [RestorePartition]
    ) throws(LakeError) {
        guard !candidates.isEmpty else { return }
        var starts: [UInt64: Int] = [:]
        for index in candidates.indices.reversed() { starts[candidates[index].key.low] = index }
        /// Where other files than a candidate's own have, or had, a row with its key.
        var rivals: [Int: Set<Int32?>] = [:]
        try forEachClaim(of: { starts[$0] != nil }) { (key, path, partition) in
            var index = starts[key] ?? candidates.count
            while index < candidates.count, candidates[index].key.low == key {
                let own = partitions[Int(candidates[index].partition)].value
                if candidates[index].path == path, own == partition {
                    candidates[index].stands = true
                } else if candidates[index].path != path {
                    rivals[index, default: []].insert(partition)
                }
                index += 1
            }
        }
        let contested = rivals.keys.filter { candidates[$0].stands }.sorted()
        guard !contested.isEmpty else { return }
        let keys = Set(contested.map { candidates[$0].key })
        var latest: [Int32?: [ContentHash: Int64]] = [:]
        for index in contested {
            let candidate = candidates[index]
            let partition = partitions[Int(candidate.partition)]
            let sequence = partition.files[Int(candidate.file)].sequence
            for rival in rivals[index] ?? [] where rival != partition.value {
                if latest[rival] == nil { latest[rival] = try versions(of: keys, in: rival) }
                if let other = latest[rival]?[candidate.key], other > sequence {
                    candidates[index].stands = false
                }
            }
        }
    }

    /// When the rows with some keys in a partition were archived; those that are live come last of all.
    private func versions(
        of keys: Set<ContentHash>, in partition: Int32?
    ) throws(LakeError) -> [ContentHash: Int64] {
        var versions: [ContentHash: Int64] = [:]
        for file in coldFiles[partition] ?? [] {
            for key in try rows.keys(rows.path(of: file)) where keys.contains(key) {
                versions[key] = max(versions[key] ?? .min, file.sequence)
            }
        }
        for path in livePaths[partition] ?? [] {
            for key in try rows.keys(path) where keys.contains(key) { versions[key] = .max }
        }
        return versions
    }

    /// Tells of every remembered row whose key is asked for: short hashes of key and raw path, the partition.
    private func forEachClaim(
        of isWanted: (UInt64) -> Bool, _ body: (UInt64, UInt64, Int32?) -> Void
    ) throws(LakeError) {
        let table = rows.table
        let seed = rows.keySeed
        if table.definition.raw.format.holdsMany {
            let reader = RecordFiles.Reader(database.path, source: table.source)
            var last = ""
            while let file = try reader.next(after: last) {
                if rows.isCancelled() { throw .columnar(.cancelled) }
                let path = Touches.hash(ofPath: file.path, seed: seed).low
                for entry in file.entries.entries where isWanted(entry.key) {
                    body(entry.key, path, file.entries.partition(of: entry))
                }
                last = file.path
            }
            return
        }
        let cursor = try RawFiles.Cursor(database, source: table.source)
        var entries = RawFileChunk.Entries()
        while let row = try cursor.peek() {
            cursor.advance()
            if rows.isCancelled() { throw .columnar(.cancelled) }
            entries.removeAll()
            let isIntact = row.entries.withUnsafeBytes { entries.append(chunk: $0) }
            guard isIntact else { throw RawFileChunk.damaged(folder: row.folder) }
            for index in 0..<entries.count {
                let state = entries.states[index]
                guard state.flags.contains(.hasRow), !state.flags.contains(.isExpired),
                    isWanted(state.keyHash)
                else { continue }
                let path = (row.folder + entries.name(index)).withUnsafeBytes {
                    ContentHash($0, seed: seed)
                }
                body(state.keyHash, path.low, state.partition)
            }
        }
    }
}
