import Columnar

/// Holds every partition of every table against its rules and holds, and says what a sweep would do.
///
/// The rules are held against the first instant of a day, so that a plan is the same all day long. Rules
/// with conditions, and holds on accounts and keys, are held against each row: the plan knows how many.
struct SweepPlanner {
    let lake: String
    let database: Database
    let cold: ColdTier
    let definitions: [TableDefinition]
    /// nil: a lake without raw data.
    let root: RawRootHandle?
    let keySeed: UInt64
    let identity: RunIdentity
    let options: SweepOptions
    let pool: BufferPool

    /// Plans for a day; throws `tableNotFound` if the options ask for a table that is none.
    func plan(day: Int32) throws(LakeError) -> SweepPlan {
        let catalog = SQLCatalog(database)
        let wanted = definitions.filter { options.table == nil || $0.name == options.table }
        if let name = options.table, wanted.isEmpty { throw .tableNotFound(name) }
        var tables: [SweepPlan.Table] = []
        var lifecycles: [Lifecycle] = []
        let holds = try Holds.list(database)
        for definition in wanted {
            guard try catalog.load(definition.name) != nil,
                let source = try Sources.known(definition.name, database)
            else { continue }
            let lifecycle = Lifecycle(
                definition, source: source, holds: holds,
                nowMicros: Int64(day) * CivilTime.microsPerDay)
            tables.append(try table(definition, source, lifecycle, catalog))
            lifecycles.append(lifecycle)
        }
        cap(&tables)
        for index in tables.indices { try planRaw(&tables[index], lifecycles[index], day: day) }
        return SweepPlan(day: day, tables: tables)
    }

    private func table(
        _ definition: TableDefinition, _ source: Int64, _ lifecycle: Lifecycle,
        _ catalog: SQLCatalog
    ) throws(LakeError) -> SweepPlan.Table {
        let table = try LakeTable(
            definition, source: source, catalog: catalog, lake: lake, identity: identity)
        var plan = SweepPlan.Table(name: definition.name, source: source, table: table)
        plan.rows = LakeTable.rows(of: table.iceberg.metadata)
        // What was asked back is not swept straight away again, nor what has changed in it meanwhile.
        let copies = try RestoredFiles.list(database, source: source)
        let restored = Set(copies.map(\.path))
        var copied: [Int32: [LiveFile]] = [:]
        let asked = Set(
            copies.filter { identity.startedMicros < $0.expiresMicros }.map(\.partition))
        var live: [Int32: [LiveFile]] = [:]
        for (partition, file) in try table.liveFiles() {
            guard !restored.contains(file.file.path) else {
                if let partition { copied[partition, default: []].append(file) }
                continue
            }
            guard let partition else {
                plan.undatedRows += file.file.recordCount
                continue
            }
            live[partition, default: []].append(file)
        }
        if lifecycle.rules.isEmpty { plan.undatedRows = 0 }
        plan.packs = try packMoves(source, lifecycle)
        var archived: [Int32: [ColdFiles.Record]] = [:]
        for record in try ColdFiles.list(database, source: source) {
            plan.archivedRows &+= record.rowCount
            if let partition = record.partition { archived[partition, default: []].append(record) }
        }
        for value in Set(live.keys).union(archived.keys).sorted() {
            try options.run.checkCancelled()
            var partition: SweepPlan.Partition
            do throws(LakeError) {
                partition = try self.partition(
                    value, live[value] ?? [], archived[value] ?? [], lifecycle, table)
                if partition.expires {
                    plan.endingCopies += copied[value] ?? []
                } else if asked.contains(value) {
                    partition = try self.partition(
                        value, [], archived[value] ?? [], lifecycle, table)
                }
            } catch .corrupt(let location, let reason) {
                plan.damaged.append(
                    .init(partition: table.folderName(of: value), reason: "\(location): \(reason)"))
                continue
            } catch .columnar(.corrupt(let location, let reason)) {
                plan.damaged.append(
                    .init(partition: table.folderName(of: value), reason: "\(location): \(reason)"))
                continue
            }
            addHeld(partition, to: &plan)
            if !partition.work.isEmpty { plan.partitions.append(partition) }
        }
        return plan
    }

    private func partition(
        _ value: Int32, _ live: [LiveFile], _ archived: [ColdFiles.Record],
        _ lifecycle: Lifecycle, _ table: LakeTable
    ) throws(LakeError) -> SweepPlan.Partition {
        var partition = SweepPlan.Partition(
            value: value, name: table.folderName(of: value), files: [])
        let hot = lifecycle.verdict(
            partition: value, sizeBytes: live.reduce(0) { $0 &+ $1.file.fileSizeBytes })
        for file in live {
            let path = try table.iceberg.location.resolve(file.file.path)
            partition.files.append(
                try planned(
                    SweepPlan.File(
                        origin: .live(file), path: path, rows: file.file.recordCount,
                        sizeBytes: file.file.fileSizeBytes,
                        storageClass: cold.holds(path) ? .glacierIR : nil, fates: [:],
                        verdict: hot), table))
        }
        let later = lifecycle.verdict(
            partition: value, sizeBytes: archived.reduce(0) { $0 &+ $1.sizeBytes })
        for record in archived {
            let path =
                record.place == .cold
                ? cold.absolute(record.path) : "\(lake)/\(record.path)"
            partition.files.append(
                try planned(
                    SweepPlan.File(
                        origin: .cold(record), path: path, rows: record.rowCount,
                        sizeBytes: record.sizeBytes, storageClass: record.storageClass,
                        fates: [:], verdict: later), table))
        }
        return partition
    }

    /// The file with what becomes of its rows.
    private func planned(
        _ file: SweepPlan.File, _ table: LakeTable
    ) throws(LakeError) -> SweepPlan.File {
        var file = file
        let verdict = file.verdict
        if verdict.isUniform || verdict.isEmpty {
            file.fates = [Self.further(verdict.common?.action, than: file.storageClass): file.rows]
            return file
        }
        let (actions, held) = try RowFates(verdict, table, pool: pool, isCancelled: isCancelled)
            .census(in: file.path)
        var census: [RetentionRule.Action?: Int64] = [:]
        for (action, rows) in actions {
            census[Self.further(action, than: file.storageClass), default: 0] += rows
        }
        file.held = held
        let found = census.values.reduce(0, +)
        guard found == file.rows else {
            throw .corrupt(
                .init(path: file.path),
                reason: "it has \(found) rows, the table says \(file.rows)")
        }
        file.fates = census
        return file
    }

    /// Packs all of whose partitions share a class that is further than theirs.
    private func packMoves(
        _ source: Int64, _ lifecycle: Lifecycle
    ) throws(LakeError) -> [SweepPlan.PackMove] {
        guard !lifecycle.rules.isEmpty else { return [] }
        var moves: [SweepPlan.PackMove] = []
        for pack in try Packs.list(database, source: source) {
            guard let first = pack.firstPartition, let last = pack.lastPartition, first <= last
            else { continue }
            var least: RetentionRule.Action?
            var isDue = true
            for value in first...last where isDue {
                let verdict = lifecycle.verdict(partition: value, sizeBytes: pack.rawBytes)
                guard verdict.isUniform, let action = verdict.common?.action else {
                    isDue = false
                    continue
                }
                least = least.map { min($0, action) } ?? action
            }
            guard isDue, case .transition(let storage)? = least,
                .transition(storage) > RetentionRule.Action.transition(pack.storageClass)
            else { continue }
            moves.append(SweepPlan.PackMove(pack: pack, storageClass: storage))
        }
        return moves
    }

    /// How raw files of a table are packed; `now` is what their quiet period is held against.
    func packing(_ table: LakeTable, nowMicros: Int64) -> RawPacking? {
        guard let root else { return nil }
        return RawPacking(
            table: table, database: database, root: root, tier: cold,
            identity: RunIdentity(startedMicros: nowMicros, seed: identity.seed),
            keySeed: keySeed,
            quietMicros: Int64(table.definition.settings.quietDays) * CivilTime.microsPerDay,
            workers: options.run.workers, pool: pool, isCancelled: isCancelled)
    }

    private func planRaw(
        _ plan: inout SweepPlan.Table, _ lifecycle: Lifecycle, day: Int32
    ) throws(LakeError) {
        guard !lifecycle.rules.isEmpty,
            let packing = packing(plan.table, nowMicros: lifecycle.nowMicros)
        else { return }
        let layout = plan.table.definition.raw
        plan.sharesRawWith =
            definitions.first { $0.name != plan.name && $0.raw.mayShareFiles(with: layout) }?.name
        guard plan.sharesRawWith == nil else { return }
        plan.raw = try packing.plan(
            RawFates(
                table: plan.table, lifecycle: lifecycle, lake: lake, tier: cold,
                database: database, firstWaiting: plan.firstWaiting, keySeed: keySeed,
                pool: pool, isCancelled: isCancelled))
    }

    var isCancelled: @Sendable () -> Bool {
        let progress = options.run.progress
        return { progress?.isCancelled == true }
    }

    /// An action, unless it leads to where the rows are already, or back.
    static func further(
        _ action: RetentionRule.Action?, than storage: StorageClass?
    ) -> RetentionRule.Action? {
        guard let action, let storage else { return action }
        return action > .transition(storage) ? action : nil
    }

    /// Tells of partitions that a hold keeps from what is due.
    private func addHeld(_ partition: SweepPlan.Partition, to plan: inout SweepPlan.Table) {
        var found: [Int64: SweepReport.Held] = [:]
        for file in partition.files {
            let held = file.verdict.hold.map { [$0.id: file.rows] } ?? file.held
            for hold in [file.verdict.hold].compactMap({ $0 }) + file.verdict.rowHolds {
                guard let rows = held[hold.id], rows > 0 else { continue }
                found[
                    hold.id,
                    default: SweepReport.Held(hold: hold.id, reason: hold.reason, partitions: 1)
                ].rows += rows
            }
        }
        for held in found.values {
            guard let index = plan.held.firstIndex(where: { $0.hold == held.hold }) else {
                plan.held.append(held)
                continue
            }
            plan.held[index].partitions += held.partitions
            plan.held[index].rows += held.rows
        }
        plan.held.sort { $0.hold < $1.hold }
    }

    /// Leaves for another sweep what the caps do not let through: whole partitions, the oldest go first.
    private func cap(_ tables: inout [SweepPlan.Table]) {
        guard options.maxFiles != nil || options.maxBytes != nil else { return }
        var files = options.maxFiles ?? .max
        var bytes = options.maxBytes ?? .max
        for index in tables.indices {
            var kept: [SweepPlan.Partition] = []
            for partition in tables[index].partitions {
                let count = partition.work.count
                let size = partition.work.reduce(0) { $0 &+ $1.sizeBytes }
                guard tables[index].waiting.partitions == 0, count <= files, size <= bytes else {
                    tables[index].waiting.add(partition)
                    tables[index].firstWaiting = tables[index].firstWaiting ?? partition.value
                    continue
                }
                files -= count
                bytes -= size
                kept.append(partition)
            }
            tables[index].partitions = kept
        }
    }
}
