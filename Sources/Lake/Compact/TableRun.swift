import Columnar
import Synchronization

/// One table's part of a run: scan, plan, rewrite, prepare; nothing of it is visible yet.
struct TableRun {
    let table: LakeTable
    /// Where the counters of changed rows go, if the table has counters.
    let metrics: MetricsTable?
    /// The tables that came before in this run.
    let referred: ReferredTables
    /// Checks, by position, that wait until all tables are prepared.
    let deferredChecks: Set<Int>
    let root: RawRootHandle
    let identity: RunIdentity
    /// 0 in a dry run, which is not filed.
    var runID: Int64 = 0
    let keySeed: UInt64
    let lake: String
    let database: Database
    let options: CompactionOptions
    let pool: BufferPool
    /// The paths to look at; nil for all.
    var changed: ChangedPaths.List?
    /// Accounts whose files and records are not taken.
    var suppressions = Suppressions()

    /// What a table brings to the run's transaction.
    struct Prepared {
        let table: LakeTable
        let journal: StateJournal
        let scan: ScanResult
        /// To be applied after the journal's edits.
        let amendments: [RawFileAmendment]
        /// Files that checks of the whole table turned down.
        let setAside: SetAsideFiles
        /// What became of quality checks, by position in the definition.
        var outcomes: [Int: CheckOutcome]
        /// The table's and its metrics table's; none for one that stays as it is.
        let commits: [PreparedCommit]
        /// What changes outside of the snapshots.
        let archive: ArchiveChange
        /// Absolute paths of new data files, to be removed if the run fails.
        let dataPaths: [String]
        var report: RunReport.Table
    }

    /// Does all of it; on an error no data file of this table is left.
    func run() throws(LakeError) -> Prepared {
        var report = RunReport.Table(name: table.definition.name)
        options.progress?.scanning(table: table.definition.name)
        var clock = options.nanos()
        func lap() -> UInt64 {
            let now = options.nanos()
            defer { clock = now }
            return now &- clock
        }
        let journal = StateJournal(folder: lake)
        let area = stagingArea()
        let sources = recordSources(journal)
        var scan = try scan(into: area, sources)
        report.timings.scanNanos = lap()
        try options.maxMissing.check(
            missing: scan.counts.vanished, table: table.definition.name, source: table.source,
            database: database)
        let checks = tableChecks
        var outcomes = try Self.demand(rowOutcomes(area))
        let settled = try settle(area, sources)
        outcomes.merge(try Self.demand(settled.outcomes)) { first, _ in first }
        settled.setAside.correct(&scan, root: root)
        let staged = settled.staged
        let archived = try archivedPartitions()
        let plan = try plan(settled, archived)
        // Rewriting wants buffers of other sizes than scanning has left.
        pool.trim()
        report.timings.planNanos = lap()
        let written = WrittenFiles()
        do throws(LakeError) {
            let extra = options.fillsFromExtra ? ExtraFill(table, pool: pool) : nil
            let (rewritten, observed) = try rewrite(
                plan, archived, staged, settled.touches, extra, written)
            if let tally = extra?.checks.tally {
                outcomes.merge(try Self.demand(rowOutcomes(area, filled: tally))) { $1 }
            }
            let archive = try archiveChange(rewritten, archived)
            report.timings.rewriteNanos = lap()
            let commit = try prepare(rewritten)
            let observedCommit = try prepareMetrics(observed, after: commit)
            report.timings.prepareNanos = lap()
            let snapshot = (commit?.published() ?? table.iceberg).currentSnapshot
            outcomes.merge(try Self.demand(try final(checks, snapshot))) { first, _ in first }
            fill(&report, scan: scan, area: area, staged: staged, outcomes: rewritten)
            report.rowsTotal = rowsTotal(commit)
            report.rowsObserved = observed?.rows ?? 0
            return Prepared(
                table: table, journal: journal, scan: scan,
                amendments: settled.conflicts.amendments, setAside: settled.setAside,
                outcomes: outcomes,
                commits: [commit, observedCommit].compactMap { $0 }, archive: archive,
                dataPaths: written.paths, report: report)
        } catch {
            for path in written.paths { try? DurableFile.remove(path) }
            throw error
        }
    }

    func stagingArea() -> StagingArea {
        StagingArea(
            rows: StagedRows(
                layout: StagedLayout(
                    definition: table.definition, ingestedAtMicros: identity.startedMicros),
                folder: lake, budgetBytes: options.stagingBytes))
    }

    func recordSources(_ journal: StateJournal) -> RecordSources {
        RecordSources(
            root: root, remembered: RecordFiles.Reader(database.path, source: table.source),
            journal: journal,
            cold: ColdRawFiles(
                lake: lake, databasePath: database.path, source: table.source, pool: pool))
    }

    func scan(
        into area: StagingArea, _ sources: RecordSources
    ) throws(LakeError) -> ScanResult {
        let scan = RawScan(
            root: root, layout: table.definition.raw,
            clock: ScanClock(
                nowNanos: identity.startedMicros.multipliedReportingOverflow(by: 1_000)
                    .partialValue,
                settleNanos: options.settleNanos, inFlightNanos: options.inFlightNanos),
            pool: pool, audit: RawAudit(percent: options.auditPercent, seed: identity.seed),
            forgetsVanished: table.definition.settings.onDelete == .delete, changed: changed)
        let (table, micros, seed) = (table, identity.startedMicros, keySeed)
        let (pool, progress, suppressions) = (pool, options.progress, suppressions)
        return try scan.run(
            database: database, source: table.source, workers: options.workers,
            ioThreads: options.ioThreads, journal: sources.journal,
            makeSink: { (_) throws(LakeError) in
                try RowIntake(
                    definition: table.definition, keySeed: seed, ingestedAtMicros: micros,
                    target: area, sources: sources, suppressions: suppressions, pool: pool,
                    isCancelled: { progress?.isCancelled == true })
            },
            finish: { (intake) throws(LakeError) in try intake.finish() },
            advanced: { (counts) throws(LakeError) in
                progress?.scanned(counts)
                if progress?.isCancelled == true { throw .columnar(.cancelled) }
            })
    }

    /// Settles keys and the checks of the whole table on what is staged.
    func settle(
        _ area: StagingArea, _ sources: RecordSources
    ) throws(LakeError) -> PendingChecks.Settled {
        try PendingChecks(
            table: table, checks: tableChecks, deferred: deferredChecks, keySeed: keySeed,
            database: database, pool: pool
        ).settle(area) { (touches, setAside) throws(LakeError) in
            try conflicts(touches, without: setAside, area, sources)
        }
    }

    /// Stages what other files say of keys that are at stake; those staged from some paths are not.
    private func conflicts(
        _ touches: Touches, without paths: Set<String>, _ area: StagingArea,
        _ sources: RecordSources
    ) throws(LakeError) -> KeyConflicts.Outcome {
        let progress = options.progress
        let makeIntake = { () throws(LakeError) -> RowIntake in
            try RowIntake(
                definition: table.definition, keySeed: keySeed,
                ingestedAtMicros: identity.startedMicros, target: area, sources: sources,
                suppressions: suppressions, pool: pool,
                isCancelled: { progress?.isCancelled == true })
        }
        var conflicts = KeyConflicts.Outcome()
        if table.definition.raw.format.holdsMany {
            conflicts.partitions = try RecordConflicts(
                sources: sources, staged: area.rows, touches: area.touches,
                keySeed: keySeed, pool: pool
            ).settle(makeIntake: makeIntake)
        } else {
            conflicts = try KeyConflicts(
                root: root, source: table.source, database: database,
                keys: { () throws(LakeError) in
                    try area.rows.shortKeys(without: paths, pool: pool).union(touches.leftKeys)
                },
                settled: touches.settled, keySeed: keySeed, cold: sources.cold,
                definition: table.definition, pool: pool
            ).settle(makeIntake: makeIntake)
        }
        return conflicts
    }

    func plan(
        _ settled: PendingChecks.Settled, _ archived: ArchivedPartitions
    ) throws(LakeError) -> CompactionPlan<LiveFile> {
        var old = settled.touches.old.union(settled.conflicts.partitions)
        let fills = options.fillsFromExtra
        let isQuiet = settled.staged.count == 0 && old.isEmpty && !fills
        let files = isQuiet ? [] : try table.liveFiles()
        if fills {
            let fill = ExtraFill(table, pool: pool)
            old.formUnion(files.filter { fill.mayFill($0.file.file) }.map(\.partition))
        }
        return CompactionPlan(
            staged: settled.staged.partitions, old: old,
            files: files.filter { archived.copies[$0.file.file.path] == nil },
            copies: files.filter { archived.copies[$0.file.file.path] != nil },
            archived: Set(archived.partitions.keys))
    }

    private var tableChecks: TableChecks {
        let progress = options.progress
        return TableChecks(
            definition: table.definition, schema: table.schema,
            hashes: ValueHashes(
                seed: keySeed, workers: options.workers, limit: options.checkHashes,
                isCancelled: { progress?.isCancelled == true }),
            referred: referred, pool: pool)
    }

    /// Passes outcomes on, unless a check that must not fail has.
    static func demand(
        _ outcomes: [Int: CheckOutcome]
    ) throws(LakeError) -> [Int: CheckOutcome] {
        let failed = outcomes.sorted { $0.key < $1.key }.map(\.value).filter {
            $0.status == .violated && $0.onFailure == .fail
        }
        guard failed.isEmpty else { throw .checksFailed(failed) }
        return outcomes
    }

    /// The checks of the rows that the run has taken, and of values that it has filled in.
    func rowOutcomes(_ area: StagingArea, filled: CheckTally? = nil) -> [Int: CheckOutcome] {
        let definition = table.definition
        var tally = area.tally ?? CheckTally(checkCount: definition.checks.count)
        if let filled { tally += filled }
        return tally.outcomes(of: definition, isRun: true)
    }

    /// The checks of the table's new state.
    private func final(
        _ checks: TableChecks, _ snapshot: TableSnapshot?
    ) throws(LakeError) -> [Int: CheckOutcome] {
        let archivedRows = try ColdFiles.rowCount(database, source: table.source)
        var outcomes: [Int: CheckOutcome] = [:]
        for (index, check) in table.definition.checks.enumerated() {
            outcomes[index] = try checks.test(
                check, on: snapshot, archivedRows: archivedRows,
                nowMicros: identity.startedMicros)
        }
        return outcomes
    }

    private func rewrite(
        _ plan: CompactionPlan<LiveFile>, _ archived: ArchivedPartitions,
        _ staged: ResolvedRows, _ touches: Touches, _ fill: ExtraFill?,
        _ written: WrittenFiles
    ) throws(LakeError) -> ([PartitionRewrite.Outcome], MetricsAppender.Appended?) {
        let progress = options.progress
        let rewrite = PartitionRewrite(
            table: table, staged: staged, departed: touches.departed,
            departedRecords: touches.departedRecords, keySeed: keySeed, pool: pool,
            fill: fill, archive: archived, isCancelled: { progress?.isCancelled == true })
        let results = Mutex<[PartitionRewrite.Outcome?]>(
            Array(repeating: nil, count: plan.partitions.count))
        let done = Atomic<Int>(0)
        let (name, total) = (table.definition.name, plan.partitions.count)
        let names = plan.partitions.enumerated().map { fileName($0.offset, $0.element) }
        let partitions = plan.partitions
        let (metrics, keySeed, micros, pool) = (metrics, keySeed, identity.startedMicros, pool)
        let appender = metrics.map { MetricsAppender(table: $0, identity: identity, pool: pool) }
        try Workers.forEach(total, workers: options.workers) { (index) throws(LakeError) in
            do throws(LakeError) {
                // A copy's rows are observed with the amendment that they are of.
                let observed = partitions[index].target == .copy ? nil : metrics
                var counters = observed.map {
                    CounterChanges(
                        table: $0, keySeed: keySeed, observedMicros: micros, pool: pool)
                }
                let outcome = try rewrite.run(
                    partitions[index], name: names[index], counters: &counters)
                if let path = outcome?.path { written.add(path) }
                results.withLock { $0[index] = outcome }
                try appender?.append(counters?.observations ?? [], at: index)
            } catch {
                appender?.abandon()
                throw error
            }
            let count = done.wrappingAdd(1, ordering: .relaxed).newValue
            progress?.rewriting(table: name, done: count, total: total)
        }
        let observed = try appender?.finish()
        if observed != nil, let appender { written.add(appender.path) }
        return (results.withLock { $0.compactMap { $0 } }, observed)
    }

    /// `data/posted_at_day=2026-01-02/<run>-00007.parquet`: the run's name tells leftovers from others.
    private func fileName(
        _ number: Int, _ partition: CompactionPlan<LiveFile>.Partition
    ) -> String {
        let folder = table.folderName(of: partition.value)
        let digits = String(number)
        let padded = String(repeating: "0", count: max(0, 5 - digits.count)) + digits
        if partition.target == .amendment {
            return "\(ArchiveChange.folder)/\(identity.uuid)-\(padded).parquet"
        }
        return "data/\(folder.isEmpty ? "" : folder + "/")\(identity.uuid)-\(padded).parquet"
    }

    private func prepare(
        _ outcomes: [PartitionRewrite.Outcome]
    ) throws(LakeError) -> PreparedCommit? {
        let added = outcomes.filter { $0.target != .amendment }.compactMap(\.added)
        let removed = outcomes.flatMap(\.removed)
        let isEvolved = table.metadata != table.iceberg.metadata
        guard table.isNew || isEvolved || !added.isEmpty || !removed.isEmpty else { return nil }
        var random = identity.random(stream: UInt64(bitPattern: table.source))
        return try TableCommit.prepare(
            TableChange(
                operation: removed.isEmpty ? .append : .overwrite, added: added, removed: removed,
                summary: ["lake.run": identity.uuid]),
            on: table.iceberg, metadata: table.metadata, policy: options.retention,
            nowMillis: identity.startedMicros / 1_000,
            commitID: identity.commitID(source: table.source), random: &random)
    }

    /// The commit to the metrics table; `commit` is the base table's, which takes the blame if this fails.
    private func prepareMetrics(
        _ observed: MetricsAppender.Appended?, after commit: PreparedCommit?
    ) throws(LakeError) -> PreparedCommit? {
        guard let metrics else { return nil }
        let isEvolved = metrics.metadata != metrics.iceberg.metadata
        guard metrics.isNew || isEvolved || observed != nil else { return nil }
        var random = identity.random(stream: UInt64(bitPattern: metrics.source))
        do throws(LakeError) {
            return try TableCommit.prepare(
                TableChange(
                    operation: observed?.removed.isEmpty ?? true ? .append : .overwrite,
                    added: observed.map { [$0.added] } ?? [], removed: observed?.removed ?? [],
                    summary: ["lake.run": identity.uuid]),
                on: metrics.iceberg, metadata: metrics.metadata, policy: options.retention,
                nowMillis: identity.startedMicros / 1_000,
                commitID: identity.commitID(source: metrics.source), random: &random)
        } catch {
            try? commit?.discard()
            throw error
        }
    }

    private func rowsTotal(_ commit: PreparedCommit?) -> Int64 {
        commit.map { LakeTable.rows(of: $0.metadata) } ?? table.rowsTotal
    }

    private func fill(
        _ report: inout RunReport.Table, scan: ScanResult, area: StagingArea,
        staged: ResolvedRows, outcomes: [PartitionRewrite.Outcome]
    ) {
        fillFindings(&report, scan: scan, area: area, staged: staged)
        report.newColumns = table.newColumns
        for outcome in outcomes {
            switch outcome.target {
            case .snapshot:
                report.partitionsRewritten += 1
                report.rowsWritten += outcome.rowsStaged
                report.rowsFilled += outcome.rowsFilled
                report.rowsCarried += outcome.rowsBefore - outcome.rowsDropped
            case .amendment: report.rowsAmended += outcome.rowsStaged
            case .copy: break
            }
            report.bytesRead += outcome.bytesRead
            report.bytesWritten += outcome.bytesWritten
        }
    }

    /// What the scan found, whether or not it is acted upon.
    func fillFindings(
        _ report: inout RunReport.Table, scan: ScanResult, area: StagingArea,
        staged: ResolvedRows
    ) {
        report.files = scan.counts
        report.quarantined = scan.quarantined
        report.unreadable = scan.unreadable
        report.inFlight = scan.inFlight
        report.recordsSuppressed = area.touches.suppressedRecords
        report.rowsSuperseded = staged.supersededCount
        for (index, count) in area.drift.enumerated() where count > 0 {
            report.drift.append(
                RunReport.Drift(column: table.definition.columns[index].name, count: count))
        }
    }
}

/// The data files that a run has written so far.
final class WrittenFiles: Sendable {
    private let held = Mutex<[String]>([])

    func add(_ path: String) {
        held.withLock { $0.append(path) }
    }

    var paths: [String] { held.withLock { $0 } }
}
