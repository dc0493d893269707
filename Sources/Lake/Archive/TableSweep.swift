import Columnar
import Synchronization

/// One table's part of a sweep: every file of the plan written, verified, and prepared for the transaction.
struct TableSweep {
    let plan: SweepPlan.Table
    let archive: FileArchive
    let database: Database
    let identity: RunIdentity
    let options: CompactionOptions
    let planID: String
    /// Packs raw files; nil where there is no raw folder.
    let packing: RawPacking?

    /// What a table brings to the run's transaction.
    struct Prepared {
        var plan: SweepPlan.Table
        var commit: PreparedCommit?
        var filed: [ColdFiles.Record] = []
        var moved: [ColdFiles.Record] = []
        var forgotten: [ColdFiles.Record] = []
        /// Of rows that have expired.
        var expired: ExpiredRawFiles
        var journal: StateJournal
        var packing: RawPacking?
        var packed: RawPacking.Written?
        var report: SweepReport.Table
    }

    /// Does all of it; what is left of it on an error bears the run's name.
    func run() throws(LakeError) -> Prepared {
        var outcomes = try files()
        var report = SweepReport.Table(plan)
        var damaged: Set<Int32> = []
        for (partition, outcome) in outcomes {
            report.bytesWritten += outcome.bytesWritten
            guard let damage = outcome.damage else { continue }
            damaged.insert(partition.value)
            report.damaged.append(.init(partition: partition.name, reason: damage))
        }
        outcomes.removeAll { $0.outcome.damage != nil }
        var prepared = Prepared(
            plan: plan, filed: outcomes.flatMap(\.outcome.filed),
            moved: outcomes.compactMap(\.outcome.moved),
            forgotten: outcomes.compactMap(\.outcome.forgotten),
            expired: ExpiredRawFiles(source: plan.source, keySeed: archive.keySeed),
            journal: StateJournal(folder: archive.lake), report: report)
        // A partition of which something could not be read keeps its raw files.
        for partition in plan.partitions where !damaged.contains(partition.value) {
            try expire(partition, &prepared.expired)
        }
        let definition = plan.table.definition
        if !definition.raw.format.holdsMany, !definition.retention.isEmpty {
            prepared.report.raw.expired = try prepared.expired.mark(
                database, into: prepared.journal)
        }
        if let packing, let raw = plan.raw, !raw.counts.isEmpty {
            let written = try packing.write(raw)
            (prepared.packing, prepared.packed) = (packing, written)
            prepared.report.raw.packs = written.packs.count
            prepared.report.raw.changed += written.changed
            for pack in written.packs { prepared.report.bytesWritten += pack.sizeBytes }
        }
        prepared.commit = try commit(outcomes.map(\.outcome))
        let metadata = prepared.commit?.metadata ?? plan.table.iceberg.metadata
        prepared.report.rowsAfter = LakeTable.rows(of: metadata)
        return prepared
    }

    private func files() throws(LakeError) -> [(
        partition: SweepPlan.Partition, outcome: FileArchive.Outcome
    )] {
        var work: [(partition: SweepPlan.Partition, file: SweepPlan.File)] = []
        for partition in plan.partitions { work += partition.work.map { (partition, $0) } }
        let results = Mutex<[FileArchive.Outcome?]>(Array(repeating: nil, count: work.count))
        let done = Atomic<Int>(0)
        let (archive, progress, name, items) = (archive, options.progress, plan.name, work)
        try Workers.forEach(items.count, workers: options.workers) {
            (index) throws(LakeError) in
            if progress?.isCancelled == true { throw .columnar(.cancelled) }
            let outcome = try archive.run(
                items[index].file, of: items[index].partition, number: index)
            results.withLock { $0[index] = outcome }
            let count = done.wrappingAdd(1, ordering: .relaxed).newValue
            progress?.rewriting(table: name, done: count, total: items.count)
        }
        return zip(work, results.withLock { $0 }).compactMap { item, outcome in
            outcome.map { (item.partition, $0) }
        }
    }

    private func commit(
        _ outcomes: [FileArchive.Outcome]
    ) throws(LakeError) -> PreparedCommit? {
        let added = outcomes.flatMap(\.added)
        let removed = outcomes.compactMap(\.removed) + plan.endingCopies
        guard !added.isEmpty || !removed.isEmpty else { return nil }
        let rows = { (files: [DataFile]) in files.reduce(0) { $0 &+ $1.recordCount } }
        let operation: SnapshotOperation =
            added.isEmpty
            ? .delete : rows(added) == rows(removed.map(\.file)) ? .replace : .overwrite
        let table = plan.table
        // Only new files have columns that the table did not have.
        let isRewritten = outcomes.contains { $0.removed != nil && !$0.added.isEmpty }
        var random = identity.random(stream: UInt64(bitPattern: plan.source))
        return try TableCommit.prepare(
            TableChange(
                operation: operation, added: added, removed: removed,
                summary: ["lake.run": identity.uuid, "lake.plan": planID]),
            on: table.iceberg, metadata: isRewritten ? table.metadata : nil,
            policy: options.retention, nowMillis: identity.startedMicros / 1_000,
            commitID: identity.commitID(source: plan.source), random: &random)
    }

    /// Finds the raw files whose rows expire with a partition.
    private func expire(
        _ partition: SweepPlan.Partition, _ expired: inout ExpiredRawFiles
    ) throws(LakeError) {
        if partition.expires {
            expired.partitions.insert(partition.value)
            return
        }
        guard partition.expiresPartly else { return }
        var going: Set<ContentHash> = []
        var staying: Set<ContentHash> = []
        for file in partition.files {
            let fates = RowFates(
                file.verdict, plan.table, pool: archive.pool, isCancelled: archive.isCancelled)
            try fates.forEach(in: file.path, columns: [plan.table.pathColumn]) {
                (batch, actions) throws(ColumnarError) in
                guard case .text(let paths) = try batch.columns[0].flattened(pool: archive.pool)
                else { return }
                for row in 0..<batch.count {
                    let hash = ContentHash(paths.bytes(at: row), seed: archive.keySeed)
                    if actions[row] == .expire {
                        going.insert(hash)
                    } else {
                        staying.insert(hash)
                    }
                }
            }
        }
        // A version of the row that stays keeps the raw file.
        for path in going.subtracting(staying) { expired.paths[path] = partition.value }
    }
}
