import Columnar

/// What a sweep has done, or would do.
package struct SweepReport: Hashable, Sendable {
    /// Partitions, files, rows and bytes.
    package struct Amount: Hashable, Sendable {
        package var partitions = 0
        package var files = 0
        package var rows: Int64 = 0
        package var bytes: Int64 = 0

        package init() {}

        mutating func add(_ partition: SweepPlan.Partition) {
            partitions += 1
            for file in partition.work {
                files += 1
                rows += file.rows - file.rows(nil)
                bytes += file.sizeBytes
            }
        }
    }

    /// What one rule does to a table.
    package struct Step: Hashable, Sendable {
        /// `GLACIER_IR`, `GLACIER`, `DEEP_ARCHIVE`, `EXPIRE`, or `CARRY` for amendments.
        package var action: String
        package var rule: String
        package var amount = Amount()
        /// Names of the first and the last partition.
        package var first: String
        package var last: String
    }

    /// What a hold has kept.
    package struct Held: Hashable, Sendable {
        package var hold: Int64
        package var reason: String
        package var partitions: Int
        package var rows: Int64 = 0
    }

    /// A file that could not be moved.
    package struct Damaged: Hashable, Sendable {
        package var partition: String
        package var reason: String
    }

    /// What becomes of a table's raw files.
    package struct Raw: Hashable, Sendable {
        /// Into packs, and their bytes.
        package var packed = 0
        package var packedBytes: Int64 = 0
        package var packs = 0
        /// Packs of another class now.
        package var packsMoved = 0
        /// In the raw folder again with the bytes that a pack has.
        package var returned = 0
        /// Due, but written to lately; held; changed since the last compaction or during the sweep.
        package var waiting = 0
        package var held = 0
        package var changed = 0
        /// Whose rows expire and that may lie in the raw folder; of those, the ones that were removed.
        package var expired = 0
        package var removed = 0
        /// Files that left packs with their expired rows.
        package var dropped = 0

        package init() {}
    }

    /// What became of raw files that lie in packs now.
    package struct Sources: Hashable, Sendable {
        package var removed = 0
        package var removedBytes: Int64 = 0
        /// Changed since they were packed: they stay, and are news.
        package var kept = 0
        /// The system refused to remove them.
        package var refused = 0

        package init() {}

        init(_ counts: PackedSources.Counts) {
            removed = counts.removed
            removedBytes = counts.removedBytes
            kept = counts.kept
            refused = counts.refused
        }

        mutating func add(_ other: Sources) {
            removed += other.removed
            removedBytes += other.removedBytes
            kept += other.kept
            refused += other.refused
        }
    }

    /// One table's part.
    package struct Table: Hashable, Sendable {
        package var name: String
        package var steps: [Step] = []
        package var held: [Held] = []
        package var waiting = Amount()
        /// Rows of the snapshot, before and after.
        package var rowsBefore: Int64 = 0
        package var rowsAfter: Int64 = 0
        /// Rows that no rule reaches: they have no time.
        package var undatedRows: Int64 = 0
        package var bytesWritten: Int64 = 0
        package var damaged: [Damaged] = []
        /// Another table that reads the same raw files, which therefore stay.
        package var sharesRawWith: String?
        package var raw = Raw()

        package init(name: String) {
            self.name = name
        }
    }

    /// 0 in a dry run, which is not filed.
    package var runID: Int64
    package var uuid: String
    package var startedMicros: Int64
    package var isDryRun = false
    package var planID: String
    package var tables: [Table] = []
    package var packedSources = Sources()
    /// Why sources of what is committed were not all removed.
    package var unfinished: String?
    package var totalNanos: UInt64 = 0

    /// Whether something due was left for another reason than the caller's: the exit code says so.
    package var isPartial: Bool {
        tables.contains { !$0.damaged.isEmpty } || packedSources.refused > 0
            || unfinished != nil
    }

    init(_ plan: SweepPlan, runID: Int64, identity: RunIdentity) {
        self.runID = runID
        uuid = identity.uuid
        startedMicros = identity.startedMicros
        planID = plan.id
        tables = plan.tables.map { Table($0) }
    }
}

extension SweepReport.Table {
    init(_ plan: SweepPlan.Table) {
        self.init(name: plan.name)
        held = plan.held
        waiting = plan.waiting
        rowsBefore = plan.rows
        rowsAfter = plan.rows - plan.leavingRows
        undatedRows = plan.undatedRows
        damaged = plan.damaged
        sharesRawWith = plan.sharesRawWith
        if let counts = plan.raw?.counts {
            raw.packed = counts.packed
            raw.packedBytes = counts.packedBytes
            raw.returned = counts.returned
            raw.waiting = counts.waiting
            raw.held = counts.held
            raw.changed = counts.changed
        }
        raw.packsMoved = plan.packs.count
        for partition in plan.partitions {
            var counted: Set<Int> = []
            for file in partition.work {
                for (action, rows) in file.fates {
                    guard let action else { continue }
                    add(
                        action.name, file.verdict.rule(of: action) ?? "", partition, rows,
                        share(rows, of: file), &counted)
                }
                if file.isToBeCarried, file.isWhole(nil) {
                    add("CARRY", "", partition, file.rows, file.sizeBytes, &counted)
                }
            }
        }
        steps.sort { ($0.action, $0.rule) < ($1.action, $1.rule) }
    }

    private func share(_ rows: Int64, of file: SweepPlan.File) -> Int64 {
        guard file.rows > 0, rows < file.rows else { return file.sizeBytes }
        return Int64(Double(file.sizeBytes) * (Double(rows) / Double(file.rows)))
    }

    private mutating func add(
        _ action: String, _ rule: String, _ partition: SweepPlan.Partition, _ rows: Int64,
        _ bytes: Int64, _ counted: inout Set<Int>
    ) {
        let text = String(partition.name.drop { $0 != "=" }.dropFirst())
        let found = steps.firstIndex { $0.action == action && $0.rule == rule }
        if found == nil {
            steps.append(
                SweepReport.Step(action: action, rule: rule, first: text, last: text))
        }
        let index = found ?? steps.count - 1
        if counted.insert(index).inserted { steps[index].amount.partitions += 1 }
        steps[index].amount.files += 1
        steps[index].amount.rows += rows
        steps[index].amount.bytes += bytes
        steps[index].last = text
    }
}

extension Lifecycle.Verdict {
    /// The rule that does this to rows.
    func rule(of action: RetentionRule.Action) -> String? {
        (conditional + [common].compactMap { $0 }).first { $0.action == action }?.id
    }
}
