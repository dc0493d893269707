import Columnar

/// The checks of one table that need more than one row: unique, references, minimum_rows, freshness.
struct TableChecks {
    let definition: TableDefinition
    /// The columns of the table's files.
    let schema: Schema
    let hashes: ValueHashes
    let referred: ReferredTables
    let pool: BufferPool

    /// A check's column in the files; nil if the table has not got it yet.
    func position(_ column: Int) -> Int? {
        schema.index(of: definition.columns[column].name)
    }

    /// Whether the columns hold a whole key, which a table has at most once.
    func holdsByKey(_ check: QualityCheck) -> Bool {
        guard case .unique(let columns) = check.rule else { return false }
        return Set(definition.keyColumns).isSubset(of: columns)
    }

    /// Whether a check refers to a table that is not there.
    func leadsNowhere(_ check: QualityCheck) throws(LakeError) -> String? {
        guard case .references(_, let name, _) = check.rule, name != definition.name,
            try referred.table(name) == nil
        else { return nil }
        return "there is no table \(name)"
    }

    /// Tests unique or references over rows; nil for other checks and for columns that are not there.
    func find(
        _ check: QualityCheck, in rows: CheckedRows
    ) throws(LakeError) -> ValueHashes.Found? {
        switch check.rule {
        case .unique(let columns):
            var positions: [Int] = []
            for column in columns {
                guard let position = position(column) else { return nil }
                positions.append(position)
            }
            do throws(ColumnarError) {
                return try hashes.duplicates(in: rows, columns: positions)
            } catch {
                throw .columnar(error)
            }
        case .references(let column, let table, let foreign):
            guard let position = position(column) else { return nil }
            var others: CheckedRows
            if table == definition.name {
                others = rows
            } else {
                let other = try referred.table(table)
                others = try CheckedRows(
                    other?.currentSnapshot, schema: other?.metadata.schema ?? Schema([]),
                    pool: pool)
            }
            guard let there = others.schema.index(of: foreign) else {
                let name = check.name(in: definition)
                throw .invalidCheck(
                    table: definition.name, check: name,
                    reason: "the table \(table) has no column \(foreign)")
            }
            func missing() throws(LakeError) -> ValueHashes.Found {
                do throws(ColumnarError) {
                    return try hashes.missing(
                        of: rows, column: position, in: others, column: there)
                } catch {
                    throw .columnar(error)
                }
            }
            var found = try missing()
            guard found.violations > 0 else { return found }
            switch try referred.archive(of: table) {
            case .empty: break
            case .unmounted(let tier):
                found.unread =
                    "archived rows of \(table) may have the values; "
                    + "the cold tier \(tier) is not mounted"
            case .files(let archived):
                others.add(archived)
                found = try missing()
            }
            return found
        case .notNull, .acceptedValues, .range, .pattern, .minimumRows, .freshness: return nil
        }
    }

    /// Tests unique or references over rows; nil as `find`.
    func outcome(
        _ check: QualityCheck, over rows: CheckedRows
    ) throws(LakeError) -> CheckOutcome? {
        if let reason = try leadsNowhere(check) {
            return CheckOutcome(check, of: definition, status: .impossible, detail: reason)
        }
        guard let found = try find(check, in: rows) else { return nil }
        if let reason = found.unread {
            return CheckOutcome(check, of: definition, status: .impossible, detail: reason)
        }
        do throws(ColumnarError) {
            return CheckOutcome(
                check, of: definition, violations: found.violations,
                paths: try rows.paths(of: found.live))
        } catch {
            throw .columnar(error)
        }
    }

    /// Tests minimum_rows and freshness over a state of the table; nil for other checks.
    ///
    /// A date counts as its first instant. A table without any value is not fresh. A table that waits for
    /// its first row is only warned of: nothing of it was lost, and it must not stop the others. Archived rows
    /// count: retention took them, they are not missing.
    func test(
        _ check: QualityCheck, on snapshot: TableSnapshot?, archivedRows: Int, nowMicros: Int64
    ) throws(LakeError) -> CheckOutcome? {
        switch check.rule {
        case .minimumRows(let minimum):
            let live = try rowCount(snapshot)
            let rows = live + archivedRows
            let archived = archivedRows == 0 ? "" : " and \(archivedRows) archived ones"
            var outcome = CheckOutcome(
                check, of: definition, status: rows < minimum ? .violated : .holds,
                violations: rows < minimum ? 1 : 0,
                detail: "the table has \(live) rows\(archived), \(minimum) are asked for")
            if rows < minimum, !Self.hasHadRows(snapshot) {
                outcome.onFailure = .warn
                outcome.detail = "the table has had no row yet, \(minimum) are asked for"
            }
            return outcome
        case .freshness(let column, let hours):
            let newest = try newestMicros(column, snapshot)
            let (age, overflow) = nowMicros.subtractingReportingOverflow(newest ?? .min)
            let limit = Int64(hours) * 3_600_000_000
            let isStale = newest == nil || overflow || age > limit
            let found = newest.map {
                "the newest value is \(Self.text(micros: $0)) UTC"
            }
            return CheckOutcome(
                check, of: definition, status: isStale ? .violated : .holds,
                violations: isStale ? 1 : 0,
                detail: "\(found ?? "there is no value"), \(hours) hours are allowed")
        case .notNull, .unique, .acceptedValues, .range, .pattern, .references: return nil
        }
    }

    /// `2025-06-30 08:05:09`.
    private static func text(micros: Int64) -> String {
        let days = CivilTime.floorDays(micros: micros)
        let date = CivilTime.date(fromDays: days)
        let second = (micros - days * CivilTime.microsPerDay) / CivilTime.microsPerSecond
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let day = "\(date.year)-\(two(Int64(date.month)))-\(two(Int64(date.day)))"
        return "\(day) \(two(second / 3_600)):\(two(second / 60 % 60)):\(two(second % 60))"
    }

    private static func hasHadRows(_ snapshot: TableSnapshot?) -> Bool {
        // A summary that says nothing may stand for rows.
        snapshot?.table.metadata.snapshots.contains { $0.summary["total-records"] != "0" } ?? false
    }

    private func rowCount(_ snapshot: TableSnapshot?) throws(LakeError) -> Int {
        guard let snapshot else { return 0 }
        if let count = snapshot.recordCount { return Int(clamping: count) }
        return try snapshot.liveFiles().reduce(0) { $0 + Int(clamping: $1.file.recordCount) }
    }

    /// The greatest value by the bounds of files, which are exact for dates and timestamps.
    private func newestMicros(
        _ column: Int, _ snapshot: TableSnapshot?
    ) throws(LakeError) -> Int64? {
        guard let snapshot, let position = position(column) else { return nil }
        let field = snapshot.schema.fields[position]
        var newest: Int64?
        for live in try snapshot.liveFiles() {
            guard case .int(let value)? = live.file.upperBound(of: field) else { continue }
            let (days, overflow) = value.multipliedReportingOverflow(by: CivilTime.microsPerDay)
            let micros = field.type == .date ? (overflow ? Int64.max : days) : value
            newest = max(newest ?? micros, micros)
        }
        return newest
    }
}
