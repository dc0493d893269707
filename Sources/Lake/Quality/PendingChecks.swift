import Columnar

/// Holds what a run is about to make of a table against unique and references, before anything is written.
///
/// Under `quarantine`, the files of this run's rows that break a check are set aside: their old rows stay,
/// which may break it in turn, so it is asked again until nothing is left to set aside. A file that did
/// not change, but whose row takes over a key, is never set aside. Files of many records have no such
/// checks.
struct PendingChecks {
    let table: LakeTable
    let checks: TableChecks
    /// Checks, by position, that wait for the end of the run: references that close a circle.
    let deferred: Set<Int>
    let keySeed: UInt64
    let database: Database
    let pool: BufferPool

    /// What a run goes on with.
    struct Settled {
        var staged: ResolvedRows
        var touches: Touches
        var conflicts: KeyConflicts.Outcome
        /// By position in `TableDefinition.checks`.
        var outcomes: [Int: CheckOutcome] = [:]
        var setAside = SetAsideFiles()
    }

    private var definition: TableDefinition { table.definition }

    /// Settles keys, then checks, until no more file is set aside.
    ///
    /// - conflicts: stages what other files say of keys that left or are staged, but for those staged from some paths.
    func settle(
        _ area: StagingArea,
        conflicts: (_ touches: Touches, _ paths: Set<String>) throws(LakeError)
            -> KeyConflicts.Outcome
    ) throws(LakeError) -> Settled {
        var touches = area.touches
        var setAside = SetAsideFiles()
        var dropped: [Int: [String]] = [:]
        var turnedDown: Set<String> = []
        var heirs: Set<String> = []
        while true {
            let found = try conflicts(touches, turnedDown.union(heirs))
            // Rows that were staged for a key which is no longer at stake.
            let stale = heirs.subtracting(found.heirs)
            heirs.formUnion(found.heirs)
            var settled = Settled(
                staged: try area.rows.resolve(
                    without: turnedDown.union(stale),
                    remembersKeys: table.iceberg.currentSnapshot != nil, pool: pool),
                touches: touches, conflicts: found)
            let reasons = try test(&settled, &dropped)
            guard !reasons.isEmpty else {
                settled.setAside = setAside
                return settled
            }
            turnedDown.formUnion(reasons.keys)
            let kept = try setAside.add(reasons, source: table.source, database: database)
            touches.leftKeys.subtract(kept)
            for path in reasons.keys {
                touches.departed.remove(Touches.hash(ofPath: path, seed: keySeed))
            }
        }
    }

    /// Tests all checks; returns the files to set aside, with reasons.
    private func test(
        _ settled: inout Settled, _ dropped: inout [Int: [String]]
    ) throws(LakeError) -> [String: String] {
        var reasons: [String: String] = [:]
        for (index, check) in definition.checks.enumerated()
        where !check.isOfRows && !deferred.contains(index) {
            guard let found = try find(check, &settled, index) else { continue }
            let before = dropped[index] ?? []
            let fresh = found.staged.filter { !settled.conflicts.heirs.contains($0) }
            if check.onFailure == .quarantine, !fresh.isEmpty {
                let reason = "breaks the check \(check.name(in: definition))"
                for path in fresh { reasons[path] = reasons[path] ?? reason }
                dropped[index] = before + fresh
                continue
            }
            settled.outcomes[index] = CheckOutcome(
                check, of: definition, violations: found.rows + before.count,
                paths: found.live + found.staged + before)
        }
        return reasons
    }

    /// Tests one check: rows that break it, and the raw paths of live and of staged ones.
    ///
    /// nil, and the outcome noted, if there was nothing to test.
    private func find(
        _ check: QualityCheck, _ settled: inout Settled, _ index: Int
    ) throws(LakeError) -> (rows: Int, live: [String], staged: [String])? {
        if checks.holdsByKey(check) {
            settled.outcomes[index] = CheckOutcome(
                check, of: definition, detail: "a table holds each key once")
            return nil
        }
        if let reason = try checks.leadsNowhere(check) {
            settled.outcomes[index] = CheckOutcome(
                check, of: definition, status: .impossible, detail: reason)
            return nil
        }
        var isReferredChanged = false
        switch check.rule {
        case .unique: break
        case .references(_, let other, _):
            isReferredChanged = checks.referred.changed.contains(other)
        default: return nil
        }
        guard isReferredChanged || settled.staged.count > 0 || !settled.touches.old.isEmpty else {
            settled.outcomes[index] = CheckOutcome(
                check, of: definition, status: .skipped, detail: "nothing has changed")
            return nil
        }
        let rows = try CheckedRows(
            table.iceberg.currentSnapshot, schema: table.schema,
            pending: CheckedRows.Pending(
                staged: settled.staged,
                replaced: ReplacedRows(
                    table, staged: settled.staged, departed: settled.touches.departed,
                    departedRecords: settled.touches.departedRecords, keySeed: keySeed),
                positions: table.positions), pool: pool)
        guard let found = try checks.find(check, in: rows) else { return nil }
        if let reason = found.unread {
            settled.outcomes[index] = CheckOutcome(
                check, of: definition, status: .impossible, detail: reason)
            return nil
        }
        do throws(ColumnarError) {
            let staged = try rows.paths(
                of: found.staged.map { .staged(batch: Int($0.batch), row: Int($0.row)) })
            return (found.violations, try rows.paths(of: found.live), staged)
        } catch {
            throw .columnar(error)
        }
    }
}
