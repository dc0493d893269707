import Columnar
import Synchronization

/// All quality checks of a lake's tables over all their rows: `lake check`.
struct LakeChecks {
    let lake: Lake
    let keySeed: UInt64
    let nowMicros: Int64
    let workers: Int
    /// Hashes in memory at a time.
    let hashLimit: Int
    let pool: BufferPool
    let isCancelled: @Sendable () -> Bool

    /// The outcomes of a table's checks, in the order of its schema file.
    func outcomes(of definition: TableDefinition) throws(LakeError) -> [CheckOutcome] {
        guard try lake.catalog.load(definition.name) != nil else {
            return definition.checks.map {
                CheckOutcome(
                    $0, of: definition, status: .impossible, detail: "there is no table yet")
            }
        }
        let table = try IcebergTable.open(
            definition.name, in: lake.catalog, lakeFolder: lake.path)
        let checks = TableChecks(
            definition: definition, schema: table.metadata.schema,
            hashes: ValueHashes(
                seed: keySeed, workers: workers, limit: hashLimit, isCancelled: isCancelled),
            referred: ReferredTables(lake.database, lake: lake.path), pool: pool)
        let rows = try CheckedRows(table.currentSnapshot, schema: table.metadata.schema, pool: pool)
        let ofRows = try rowOutcomes(definition, checks, rows)
        let source = try Sources.known(definition.name, lake.database)
        let archivedRows =
            try source.map { (source) throws(LakeError) in
                try ColdFiles.rowCount(lake.database, source: source)
            } ?? 0
        var outcomes: [CheckOutcome] = []
        for (index, check) in definition.checks.enumerated() {
            if let missing = check.columns.first(where: { checks.position($0) == nil }) {
                outcomes.append(
                    CheckOutcome(
                        check, of: definition, status: .impossible,
                        detail: "the table has no column \(definition.columns[missing].name) yet"))
            } else if let outcome = ofRows[index] {
                outcomes.append(outcome)
            } else if let outcome = try checks.test(
                check, on: table.currentSnapshot, archivedRows: archivedRows,
                nowMicros: nowMicros)
            {
                outcomes.append(outcome)
            } else if let outcome = try checks.outcome(check, over: rows) {
                outcomes.append(outcome)
            }
        }
        return outcomes
    }

    /// Tests single rows, one file a thread.
    private func rowOutcomes(
        _ definition: TableDefinition, _ checks: TableChecks, _ rows: CheckedRows
    ) throws(LakeError) -> [Int: CheckOutcome] {
        var items: [(check: Int, position: Int)] = []
        for (index, check) in definition.checks.enumerated() where check.isOfRows {
            guard let position = checks.position(check.columns[0]) else { continue }
            items.append((index, position))
        }
        let total = Mutex(CheckTally(checkCount: definition.checks.count))
        guard !items.isEmpty else { return [:] }
        let (chosen, pool, isCancelled) = (items, pool, isCancelled)
        let path = checks.schema.index(of: SystemColumn.rawPath.field.name)
        try Workers.forEach(rows.partCount, workers: workers) { (part) throws(LakeError) in
            var rules: [RowRule] = []
            for item in chosen {
                guard let rule = try RowRule(definition.checks[item.check], of: definition) else {
                    preconditionFailure("a check of rows has a rule")
                }
                rules.append(rule)
            }
            var tally = CheckTally(checkCount: definition.checks.count)
            var encoder = ValueEncoding()
            let positions = chosen.map(\.position) + (path.map { [$0] } ?? [])
            do throws(ColumnarError) {
                try rows.read(part: part, columns: positions) {
                    (columns, live, _) throws(ColumnarError) in
                    if isCancelled() { throw .cancelled }
                    for (number, item) in chosen.enumerated() {
                        let column = try columns[number].resolved().flattened(pool: pool)
                        for row in live {
                            let isBroken = encoder.with(column, Int(row)) {
                                rules[number].isBroken(by: $0)
                            }
                            guard isBroken else { continue }
                            var name = ""
                            if path != nil, let paths = columns.last,
                                case .text(let text) = try paths.value(at: Int(row), type: .text)
                            {
                                name = text
                            }
                            tally.add(name, check: item.check)
                        }
                    }
                }
            } catch {
                throw .columnar(error)
            }
            total.withLock { $0 += tally }
        }
        return total.withLock { $0.outcomes(of: definition, isRun: false) }
    }
}

/// One value of a column at a time in `RowEncoding`, so that rows in files are tested as raw ones are.
struct ValueEncoding {
    private var bytes: [UInt8] = []

    /// Of nested values only whether they are NULL.
    mutating func with(
        _ column: Column, _ row: Int, _ body: (UnsafeRawPointer) -> Bool
    ) -> Bool {
        bytes.removeAll(keepingCapacity: true)
        switch column {
        case .list(let list): bytes.append(list.validity?[row] ?? true ? 1 : 0)
        case .row(let object): bytes.append(object.validity?[row] ?? true ? 1 : 0)
        default: RowKeys.append(column, row, to: &bytes)
        }
        return bytes.withUnsafeBytes { $0.baseAddress.map(body) ?? false }
    }
}

extension Lake {
    /// Tests the quality checks of one table, or of all, over all rows; nothing is changed.
    ///
    /// Throws `tableNotFound` for a table without schema file. In order of tables, then of schema files.
    package func check(
        _ table: String?, nowMicros: Int64, workers: Int, pool: BufferPool,
        hashLimit: Int = Limits.checkHashes, isCancelled: @escaping @Sendable () -> Bool
    ) throws(LakeError) -> [CheckOutcome] {
        let all = try definitions()
        let chosen = all.filter { table == nil || $0.name == table }
        if let table, chosen.isEmpty { throw .tableNotFound(table) }
        _ = try ReferenceOrder(all, database: database, lake: path)
        let seed = try Settings.get(.keySeed, database).flatMap { UInt64($0, radix: 16) }
        let checks = LakeChecks(
            lake: self, keySeed: seed ?? 0, nowMicros: nowMicros, workers: workers,
            hashLimit: hashLimit, pool: pool, isCancelled: isCancelled)
        var outcomes: [CheckOutcome] = []
        for definition in chosen { outcomes += try checks.outcomes(of: definition) }
        return outcomes
    }
}
