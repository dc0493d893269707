import Columnar
import Synchronization

/// One table's temporary copies in a restore run: what is there, what should be, and the commit between them.
struct TableCopies {
    let run: RestoreRun
    let ledger: RequestLedger
    let runID: Int64

    /// One partition's work.
    private struct Task: Sendable {
        var step: RestoreRun.Step
        var partition: RestorePartition
        /// The copies that are there.
        var copies: [LiveFile]
        var askers: [CopyWriter.Asker]
        /// Of the copy that is to be there.
        var expiresMicros: Int64
        /// Below the table's folder.
        var name: String
    }

    /// Rows of the partitions whose keys are held in memory at a time: 64 bytes each, and a pass over the state.
    private static let groupRows: Int64 = 2_000_000

    /// Does the table's part up to its commit; on an error none of its files is left.
    func part(
        _ definition: TableDefinition, source: Int64, _ ledger: inout RequestLedger,
        _ report: inout RestoreReport
    ) throws(LakeError) -> RestoreRun.Part {
        let table = try LakeTable(
            definition, source: source, catalog: SQLCatalog(run.database), lake: run.lake,
            identity: run.identity)
        var part = RestoreRun.Part(table: table)
        let list = try RestoredFiles.list(run.database, source: source)
        let filed = Dictionary(grouping: list, by: \.partition)
        let copyPaths = Set(list.map(\.path))
        let live = try table.liveFiles()
        let cold = Dictionary(
            grouping: try ColdFiles.list(run.database, source: source), by: \.partition)
        let paths = try livePaths(live.filter { !copyPaths.contains($0.file.file.path) }, table)
        let tasks = try tasks(
            table, filed: filed, cold: cold, live: paths,
            copies: Dictionary(
                grouping: live.filter { copyPaths.contains($0.file.file.path) },
                by: \.partition
            ).mapValues { $0.map(\.file) })
        let isCancelled = cancelled
        let rows = ColdRows(
            table: table, tier: try ColdTier(lake: run.lake, database: run.database),
            lake: run.lake, keySeed: run.keySeed, pool: run.pool, isCancelled: isCancelled)
        let standing = StandingRows(
            rows: rows, database: run.database, livePaths: paths, coldFiles: cold,
            suppressions: try Suppressions(run.database, run.definitions),
            workers: run.options.workers)
        do throws(LakeError) {
            let written = try write(tasks, rows, standing, &part)
            try settle(tasks, written, filed: filed, &part, &ledger, &report)
        } catch {
            for path in part.written { try? DurableFile.remove(path) }
            throw error
        }
        return part
    }

    private var cancelled: @Sendable () -> Bool {
        let progress = run.options.progress
        return { progress?.isCancelled == true }
    }

    private func livePaths(
        _ files: [(partition: Int32?, file: LiveFile)], _ table: LakeTable
    ) throws(LakeError) -> [Int32?: [String]] {
        var paths: [Int32?: [String]] = [:]
        for item in files {
            paths[item.partition, default: []].append(
                try table.iceberg.location.resolve(item.file.file.path))
        }
        return paths
    }

    /// What is to be done, in order of partition.
    private func tasks(
        _ table: LakeTable, filed: [Int32?: [RestoredFiles.Record]],
        cold: [Int32?: [ColdFiles.Record]],
        live: [Int32?: [String]], copies: [Int32?: [LiveFile]]
    ) throws(LakeError) -> [Task] {
        var tasks: [Task] = []
        let values = Set(cold.keys).union(filed.keys).sorted {
            PartitionOrder.rank($0) < PartitionOrder.rank($1)
        }
        for value in values {
            let files = cold[value] ?? []
            let since = files.map(\.sequence).min() ?? .max
            let askers = ledger.askers(
                source: table.source, partition: value, archivedSince: since)
            let own = copies[value] ?? []
            let records = filed[value] ?? []
            let requests = askers.alive.map { ledger.requests[$0] }
            let expires = requests.compactMap(\.expiresMicros).max() ?? 0
            let filter = ScopeFilter(requests.map(\.scope), table)
            let step: RestoreRun.Step
            if askers.isNew {
                step = .restore
            } else if records.isEmpty {
                continue
            } else if askers.alive.isEmpty {
                step = .remove
            } else if askers.hasEnded, !filter.isWhole {
                step = .narrow
            } else if records.contains(where: { $0.expiresMicros != expires }) {
                step = .prolong
            } else {
                continue
            }
            tasks.append(
                Task(
                    step: step,
                    partition: RestorePartition(
                        value: value,
                        files: files.sorted { ($0.sequence, $0.id) > ($1.sequence, $1.id) },
                        live: live[value] ?? [], filter: filter),
                    copies: own,
                    askers: askers.alive.map {
                        CopyWriter.Asker(
                            request: $0,
                            filter: ScopeFilter([ledger.requests[$0].scope], table))
                    }, expiresMicros: expires, name: fileName(tasks.count, value, table)))
        }
        return tasks
    }

    private func fileName(_ number: Int, _ value: Int32?, _ table: LakeTable) -> String {
        let folder = table.folderName(of: value)
        let digits = String(number)
        let padded = String(repeating: "0", count: max(0, 5 - digits.count)) + digits
        return
            "data/\(folder.isEmpty ? "" : folder + "/")\(run.identity.uuid)-\(padded).parquet"
    }

    /// Writes the copies, some partitions at a time.
    private func write(
        _ tasks: [Task], _ rows: ColdRows, _ standing: StandingRows,
        _ part: inout RestoreRun.Part
    ) throws(LakeError) -> [CopyWriter.Copy?] {
        let copies = Mutex<[CopyWriter.Copy?]>(Array(repeating: nil, count: tasks.count))
        let files = WrittenFiles()
        defer { part.written = files.paths }
        let writer = CopyWriter(rows: rows)
        var start = 0
        while start < tasks.count {
            var (end, count) = (start, Int64(0))
            while end < tasks.count, end == start || count < Self.groupRows {
                if tasks[end].step == .restore { count += tasks[end].partition.rowCount }
                end += 1
            }
            let group = Array(start..<end)
            let restored = group.filter { tasks[$0].step == .restore }
            let keys = try standing.find(restored.map { tasks[$0].partition })
            let keysByTask = Dictionary(uniqueKeysWithValues: zip(restored, keys))
            try Workers.forEach(group.count, workers: run.options.workers) {
                (position) throws(LakeError) in
                let index = group[position]
                let task = tasks[index]
                var copy: CopyWriter.Copy?
                switch task.step {
                case .restore:
                    copy = try writer.write(
                        task.partition, standing: keysByTask[index] ?? [:], askers: task.askers,
                        name: task.name)
                case .narrow:
                    copy = try writer.narrow(
                        task.copies, of: task.partition.value, to: task.partition.filter,
                        name: task.name)
                case .remove, .prolong: return
                }
                if let path = copy?.path { files.add(path) }
                copies.withLock { $0[index] = copy }
            }
            start = end
        }
        return copies.withLock { $0 }
    }

    /// Prepares the table's commit, and notes what it comes to.
    private func settle(
        _ tasks: [Task], _ written: [CopyWriter.Copy?],
        filed: [Int32?: [RestoredFiles.Record]],
        _ part: inout RestoreRun.Part, _ ledger: inout RequestLedger,
        _ report: inout RestoreReport
    ) throws(LakeError) {
        let table = part.table
        var change = TableChange(
            operation: .append, summary: ["lake.run": run.identity.uuid])
        for (task, copy) in zip(tasks, written) {
            let records = filed[task.partition.value] ?? []
            if task.step == .prolong {
                for record in records {
                    var record = record
                    record.expiresMicros = task.expiresMicros
                    part.added.append(record)
                }
                continue
            }
            part.removed += records.map(\.path)
            change.removed += task.copies
            report.copiesRemoved += task.step == .remove ? task.copies.count : 0
            guard let copy else { continue }
            change.added.append(copy.file)
            part.added.append(
                RestoredFiles.Record(
                    path: copy.file.path, source: table.source, partition: task.partition.value,
                    rowCount: copy.file.recordCount, sizeBytes: copy.file.fileSizeBytes,
                    expiresMicros: task.expiresMicros))
            ledger.count(rows: copy.rowsByRequest, of: copy.file)
            guard task.step == .restore else { continue }
            report.partitionsRestored += 1
            report.rowsRestored &+= copy.file.recordCount
            report.bytesWritten &+= copy.file.fileSizeBytes
        }
        guard !change.added.isEmpty || !change.removed.isEmpty else { return }
        if !change.removed.isEmpty { change.operation = .overwrite }
        var random = run.identity.random(stream: UInt64(bitPattern: table.source))
        part.commit = try TableCommit.prepare(
            change, on: table.iceberg, metadata: table.metadata, policy: run.options.retention,
            nowMillis: run.identity.startedMicros / 1_000,
            commitID: run.identity.commitID(source: table.source), random: &random)
    }
}
