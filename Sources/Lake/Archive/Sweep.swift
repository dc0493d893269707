import Columnar

/// Moves what is past retention into the cold tier, and lets go what has expired; everything or nothing.
///
/// ```
///  lock ─► leftovers ─► plan ─► file the run ─► copies written, synced, read back, compared
///       ─► BEGIN  catalog pointers, cold files, raw file state, run record  COMMIT ─► sources removed
/// ```
/// Before COMMIT the copies are orphans with the run's name; after it the originals are: Parquet goes when
/// no snapshot and no reader needs it any more, raw files at once.
struct Sweep {
    let lake: String
    let database: Database
    let definitions: [TableDefinition]
    let cold: ColdTier
    /// nil: a lake without raw data.
    let root: RawRootHandle?
    let keySeed: UInt64
    let identity: RunIdentity
    let options: SweepOptions
    let pool: BufferPool

    /// Plans, and carries it out unless only the plan is asked for; the caller holds the lake's lock.
    func run() throws(LakeError) -> SweepReport {
        let begun = options.run.nanos()
        let today = Int32(clamping: CivilTime.floorDays(micros: identity.startedMicros))
        if options.isDryRun {
            var report = SweepReport(
                try planner.plan(day: try planDay(today)), runID: 0, identity: identity)
            report.isDryRun = true
            report.totalNanos = options.run.nanos() &- begun
            return report
        }
        let day = try planDay(today)
        try checkClock()
        try Leftovers(lake: lake, database: database).collect(
            nowMicros: identity.startedMicros, graceMicros: options.run.graceMicros)
        try VersionHints(lake: lake, database: database).mend()
        try removeUnfiledPacks()
        if let root { try PackedSources.resume(lake: lake, database: database, root: root) }
        try RestoredCopies.settle(
            RestoreRun(
                lake: lake, database: database, definitions: definitions, keySeed: keySeed,
                identity: identity, options: options.run, pool: pool))
        let plan = try planner.plan(day: day)
        try check(plan)
        if !plan.isEmpty { try cold.prepare(isKnown: try isKnown(plan)) }
        let runID = try Runs.start(database, identity: identity, kind: .sweep)
        var report = SweepReport(plan, runID: runID, identity: identity)
        var prepared: [TableSweep.Prepared] = []
        do throws(LakeError) {
            for table in plan.tables { prepared.append(try sweep(table, plan, runID)) }
            report.tables = prepared.map(\.report)
            options.run.progress?.committing()
            try publish(prepared, plan, &report, begun: begun)
        } catch {
            Leftovers(lake: lake, database: database).undo(
                RunFailure(
                    runID: runID, uuid: identity.uuid, startedMicros: identity.startedMicros,
                    error: options.run.errorText(error)),
                atMicros: finishedMicros(begun: begun))
            throw error
        }
        for table in prepared { try? table.commit?.writeVersionHint() }
        do throws(LakeError) {
            try removeSources(prepared, &report)
        } catch {
            // What was to be is committed; the rest of the cleaning is the next sweep's.
            report.unfinished = options.run.errorText(error)
        }
        report.totalNanos = options.run.nanos() &- begun
        try? Runs.amend(
            database, id: runID, atMicros: finishedMicros(begun: begun),
            report: String(decoding: report.json(), as: UTF8.self))
        return report
    }

    private var planner: SweepPlanner {
        SweepPlanner(
            lake: lake, database: database, cold: cold, definitions: definitions, root: root,
            keySeed: keySeed, identity: identity, options: options, pool: pool)
    }

    /// Removes what the last sweep left if it was killed after its transaction, while packs were written
    /// anew without their expired files: nothing names the new ones.
    private func removeUnfiledPacks() throws(LakeError) {
        guard let last = try Runs.lastSweep(database), (try? cold.isMounted()) == true else {
            return
        }
        var named = Set(try Packs.list(database).map { cold.absolute($0.path) })
        named.formUnion(try RetiredFiles.due(database, beforeMicros: .max))
        for path in try FolderNames.allFiles(below: cold.absolute(ColdTier.packFolder))
        where path.contains(last.uuid) && !named.contains(path) {
            try DurableFile.remove(path)
        }
    }

    // MARK: May it begin?

    /// The day to plan for: the asked plan's, else today.
    private func planDay(_ today: Int32) throws(LakeError) -> Int32 {
        guard let id = options.planID else { return today }
        guard let day = SweepPlan.day(ofID: id) else { throw .sweepRefused(.noPlan(id)) }
        guard day <= today else { throw .sweepRefused(.planOfFuture(id)) }
        return day
    }

    /// Refuses a clock that has jumped: by it everything would be due, or nothing.
    private func checkClock() throws(LakeError) {
        let now = identity.startedMicros
        guard !options.isForced,
            let last = try Runs.lastCommitted(database)?.startedMicros
        else { return }
        if now < last - SweepOptions.clockSlackMicros {
            throw .sweepRefused(.clockBehind(nowMicros: now, lastMicros: last))
        }
        if now - last > SweepOptions.clockLeapDays * CivilTime.microsPerDay {
            throw .sweepRefused(.clockLeap(nowMicros: now, lastMicros: last))
        }
    }

    private func check(_ plan: SweepPlan) throws(LakeError) {
        if let asked = options.planID {
            guard plan.id == asked else {
                throw .sweepRefused(
                    .planDiffers(asked: asked, now: plan.id, what: plan.difference(from: asked)))
            }
            return
        }
        for table in plan.tables {
            // What expires on the cold tier is weighed too: nothing else is as final.
            let expiring = table.expiringArchivedRows
            let total = expiring > 0 ? table.rows &+ table.archivedRows : table.rows
            guard total >= SweepOptions.freeRows else { continue }
            let leaving = table.leavingRows &+ expiring
            let (share, overflow) = leaving.multipliedReportingOverflow(by: 100)
            let (limit, _) = total.multipliedReportingOverflow(by: Int64(options.maxPercent))
            guard !overflow, share <= limit else {
                throw .sweepRefused(
                    .tooMuch(
                        table: table.name, rows: leaving, total: total,
                        percent: options.maxPercent, planID: plan.id))
            }
        }
    }

    /// Whether anything lies in the cold tier, so that its folder must be there.
    private func isKnown(_ plan: SweepPlan) throws(LakeError) -> Bool {
        if try cold.isKnown(database) { return true }
        return plan.tables.contains { table in
            table.partitions.contains { partition in
                partition.files.contains { $0.storageClass != nil }
            }
        }
    }

    // MARK: Doing it

    private func sweep(
        _ table: SweepPlan.Table, _ plan: SweepPlan, _ runID: Int64
    ) throws(LakeError) -> TableSweep.Prepared {
        try TableSweep(
            plan: table,
            archive: FileArchive(
                lake: lake, cold: cold, table: table.table, identity: identity, runID: runID,
                keySeed: keySeed, pool: pool, isCancelled: planner.isCancelled),
            database: database, identity: identity, options: options.run, planID: plan.id,
            packing: planner.packing(table.table, nowMicros: identity.startedMicros)
        ).run()
    }

    /// The one transaction of the sweep.
    private func publish(
        _ prepared: [TableSweep.Prepared], _ plan: SweepPlan, _ report: inout SweepReport,
        begun: UInt64
    ) throws(LakeError) {
        let now = identity.startedMicros
        var retired: [String] = []
        for table in prepared {
            if let commit = table.commit {
                retired += try ExpiredFiles.between(
                    commit.table, commit.published(), coldFolder: cold.path)
            }
            retired += try unnamed(table)
        }
        report.totalNanos = options.run.nanos() &- begun
        let (text, runID) = (String(decoding: report.json(), as: UTF8.self), report.runID)
        try database.transaction { () throws(LakeError) in
            let catalog = SQLCatalog(database)
            let editor = try RawFiles.Editor(database)
            for table in prepared {
                let source = table.plan.source
                try table.commit?.publish(in: catalog)
                for file in table.filed { try ColdFiles.add(database, file) }
                for file in table.moved {
                    try ColdFiles.move(
                        database, id: file.id, to: file.place, path: file.path, file.storageClass)
                }
                for file in table.forgotten { try ColdFiles.remove(database, id: file.id) }
                for copy in table.plan.endingCopies {
                    try RestoredFiles.remove(database, path: copy.file.path)
                }
                for move in table.plan.packs {
                    try Packs.setClass(database, id: move.pack.id, move.storageClass)
                }
                try table.journal.forEach(
                    files: { (edit) throws(LakeError) in
                        try editor.apply(edit, source: source)
                    },
                    records: { (_) throws(LakeError) in })
                if let packed = table.packed { try table.packing?.publish(packed) }
            }
            try RetiredFiles.add(
                database, paths: retired, atMicros: now,
                unless: ArchivedPaths(lake: lake, cold: cold, database: database))
            try options.run.checkCancelled()
            try Runs.commit(
                database, id: runID, atMicros: finishedMicros(begun: begun), report: text)
            try ColdCatalog.write(database, lake: lake, run: identity, changesTier: true)
        }
    }

    /// Files that are archived no more and that no snapshot names: readers may still have them open.
    private func unnamed(_ table: TableSweep.Prepared) throws(LakeError) -> [String] {
        var paths = Set(table.forgotten.map { absolute($0) })
        let origins = Dictionary(
            uniqueKeysWithValues: table.plan.partitions.flatMap(\.files).compactMap { file in
                if case .cold(let record) = file.origin { (record.id, record) } else { nil }
            })
        // An amendment that was carried away lies in two places.
        for file in table.moved {
            guard let origin = origins[file.id], origin.place != file.place else { continue }
            paths.insert(absolute(origin))
        }
        guard !paths.isEmpty else { return [] }
        let iceberg = table.commit?.published() ?? table.plan.table.iceberg
        return paths.subtracting(try ExpiredFiles.named(by: iceberg)).sorted()
    }

    private func absolute(_ record: ColdFiles.Record) -> String {
        record.place == .cold ? cold.absolute(record.path) : "\(lake)/\(record.path)"
    }

    private func finishedMicros(begun: UInt64) -> Int64 {
        let micros = Int64(clamping: (options.run.nanos() &- begun) / 1_000)
        return identity.startedMicros.addingReportingOverflow(micros).partialValue
    }

    /// Removes the sources of what is committed; what cannot be removed now is the next sweep's.
    private func removeSources(
        _ prepared: [TableSweep.Prepared], _ report: inout SweepReport
    ) throws(LakeError) {
        guard let root else { return }
        var sources = PackedSources(database: database, tier: cold, root: root)
        sources.isCancelled = planner.isCancelled
        if prepared.contains(where: { $0.packed != nil }) {
            report.packedSources = SweepReport.Sources(try sources.finish())
        }
        for (index, table) in prepared.enumerated() {
            let definition = table.plan.table.definition
            guard !definition.retention.isEmpty else { continue }
            if let raw = table.plan.raw {
                report.packedSources.add(SweepReport.Sources(try sources.removeReturned(of: raw)))
            }
            if table.plan.sharesRawWith != nil { continue }
            let removal = try ExpiredRawFiles.remove(
                database, source: table.plan.source, root: root, journalFolder: lake,
                isCancelled: planner.isCancelled)
            report.tables[index].raw.removed = removal.removed
            guard try cold.isMounted() else { continue }
            let dropped = try ExpiredPacks(
                database: database, tier: cold, identity: identity, pool: pool,
                isCancelled: planner.isCancelled
            ).drop(source: table.plan.source, definition: definition)
            report.tables[index].raw.dropped = dropped.files
            for pack in dropped.damaged {
                report.tables[index].damaged.append(
                    .init(partition: pack, reason: "the pack cannot be read"))
            }
        }
    }
}

extension Lake {
    /// Moves what is past retention to the cold tier, or says what would be moved.
    ///
    /// Throws `busy` while another process writes, `sweepRefused` if the clock, the amount or the asked plan
    /// do not agree with it, and `conflict` if other Iceberg clients commit again and again.
    package func sweep(
        identity: RunIdentity, options: SweepOptions, pool: BufferPool
    ) throws(LakeError) -> SweepReport {
        let lock =
            options.isDryRun
            ? try LakeLock.take(path, options.run.lock)
            : try takeLock(options.run.lock, makesRoom: true)
        defer { withExtendedLifetime(lock) {} }
        let isMarked = try Settings.get(.rawIsMarked, database) == "1"
        guard let seed = try Settings.get(.keySeed, database).flatMap({ UInt64($0, radix: 16) })
        else { throw .notALake(path: path, reason: "its key seed is missing") }
        let root = try rawRoot().map { (raw) throws(LakeError) in
            try RawRoot.open(raw, isMarked: isMarked)
        }
        var identity = identity
        var retries = 0
        while true {
            do throws(LakeError) {
                return try Sweep(
                    lake: path, database: database, definitions: definitions(),
                    cold: ColdTier(lake: path, database: database), root: root, keySeed: seed,
                    identity: identity, options: options, pool: pool
                ).run()
            } catch .conflict(let table) {
                guard retries < Limits.commitRetries else { throw .conflict(table: table) }
                identity = identity.next
                retries += 1
            }
        }
    }
}
