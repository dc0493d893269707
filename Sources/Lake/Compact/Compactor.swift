import Columnar

/// The nightly job: every table's changed raw files folded into its partitions, in one transaction.
///
/// ```
///  lock ─► collect leftovers ─► file the run ─► for each table: scan, plan, rewrite, prepare
///       ─► BEGIN  catalog pointers, raw file state, quarantine, run record  COMMIT ─► hints
/// ```
/// Before COMMIT nothing is visible, after it everything is. A crash before it leaves files that only the
/// next run sees, by the run's name; a crash after it loses two hint files that nobody relies on.
struct Compactor {
    let lake: String
    let database: Database
    let definitions: [TableDefinition]
    let root: RawRootHandle
    let rawIsMarked: Bool
    let keySeed: UInt64
    let identity: RunIdentity
    let options: CompactionOptions
    let pool: BufferPool

    /// Runs; the caller holds the lake's lock.
    func run() throws(LakeError) -> RunReport {
        let begun = options.nanos()
        try Leftovers(lake: lake, database: database).collect(
            nowMicros: identity.startedMicros, graceMicros: options.graceMicros)
        try VersionHints(lake: lake, database: database).mend()
        try PackedSources.resume(lake: lake, database: database, root: root)
        for definition in definitions { try checkChange(to: definition) }
        let runID = try Runs.start(database, identity: identity)
        var prepared: [TableRun.Prepared] = []
        var report = RunReport(
            runID: runID, uuid: identity.uuid, startedMicros: identity.startedMicros)
        do throws(LakeError) {
            let order = try ReferenceOrder(
                definitions, database: database, lake: lake)
            var referred = ReferredTables(database, lake: lake)
            let changed = options.changed?.lists(for: order.definitions.map(\.raw))
            report.ignoredPaths = changed?.ignored ?? ChangedPaths.Ignored()
            for (index, definition) in order.definitions.enumerated() {
                let table = try table(
                    definition, runID: runID, changed: changed?.lists[index], referred,
                    deferred: order.deferred[definition.name] ?? [])
                prepared.append(table)
                referred.add(table)
            }
            for index in prepared.indices {
                let name = prepared[index].table.definition.name
                try checkLast(
                    order.deferred[name] ?? [], of: &prepared[index], referred)
            }
            report.tables = prepared.map(\.report).sorted { $0.name < $1.name }
            options.progress?.committing()
            let commitBegun = options.nanos()
            try publish(prepared, &report, begun: begun, commitBegun: commitBegun)
        } catch {
            Leftovers(lake: lake, database: database).undo(
                RunFailure(report, error: options.errorText(error)),
                atMicros: finishedMicros(begun: begun))
            throw error
        }
        for commit in prepared.flatMap(\.commits) { try? commit.writeVersionHint() }
        return report
    }

    /// Refuses a schema file that its table cannot follow before anything is read.
    private func checkChange(to definition: TableDefinition) throws(LakeError) {
        let catalog = SQLCatalog(database)
        guard try catalog.load(definition.name) != nil else { return }
        // A table that cannot be opened is the run's failure, filed as such.
        guard let table = try? IcebergTable.open(definition.name, in: catalog, lakeFolder: lake)
        else { return }
        let change = SchemaChange(definition, of: table.metadata)
        guard change.obstacles.isEmpty else {
            throw .schemaChange(table: definition.name, obstacles: change.obstacles)
        }
    }

    /// Refuses to make a table anew that has rows by the state: it would get only those that change now.
    private func requireNoRows(
        of definition: TableDefinition, _ source: Int64
    ) throws(LakeError) {
        let files = try RememberedFiles(database, source: source)
        while let file = try files.next() {
            guard file.state.flags.contains(.hasRow) else { continue }
            throw .corrupt(
                .init(path: database.path),
                reason:
                    "the catalog has no table \(definition.name), of which rows are remembered; "
                    + "lake rebuild --force adopts its newest state")
        }
    }

    private func table(
        _ definition: TableDefinition, runID: Int64, changed: ChangedPaths.List?,
        _ referred: ReferredTables,
        deferred: Set<Int>
    ) throws(LakeError) -> TableRun.Prepared {
        let source = try Sources.id(of: definition.name, database)
        let table = try LakeTable(
            definition, source: source, catalog: SQLCatalog(database), lake: lake,
            identity: identity)
        if table.isNew { try requireNoRows(of: definition, source) }
        let metrics = try MetricsTable(
            of: table, catalog: SQLCatalog(database), database: database, lake: lake,
            identity: identity)
        let prepared = try TableRun(
            table: table, metrics: metrics, referred: referred, deferredChecks: deferred,
            root: root, identity: identity, runID: runID, keySeed: keySeed, lake: lake,
            database: database, options: options, pool: pool, changed: changed,
            suppressions: Suppressions(database, definitions)
        ).run()
        let counts = prepared.report.files
        if !rawIsMarked, changed == nil, counts.seen == 0, counts.vanished > 0 {
            for path in prepared.dataPaths { try? DurableFile.remove(path) }
            for commit in prepared.commits { try? commit.discard() }
            throw .invalidLocation(
                path: root.path,
                reason: "all \(counts.vanished) known files of \(definition.name) are gone: "
                    + "is the file system mounted?")
        }
        return prepared
    }

    /// Tests the references that close a circle, on what is about to be published; completes the report.
    private func checkLast(
        _ deferred: Set<Int>, of prepared: inout TableRun.Prepared, _ referred: ReferredTables
    ) throws(LakeError) {
        let definition = prepared.table.definition
        var found: [Int: CheckOutcome] = [:]
        let progress = options.progress
        for index in deferred.sorted() {
            let check = definition.checks[index]
            guard let state = try referred.table(definition.name),
                case .references(_, let other, _) = check.rule
            else { continue }
            guard !referred.changed.isDisjoint(with: [definition.name, other]) else {
                found[index] = CheckOutcome(
                    check, of: definition, status: .skipped, detail: "nothing has changed")
                continue
            }
            let checks = TableChecks(
                definition: definition, schema: state.metadata.schema,
                hashes: ValueHashes(
                    seed: keySeed, workers: options.workers, limit: options.checkHashes,
                    isCancelled: { progress?.isCancelled == true }),
                referred: referred, pool: pool)
            let rows = try CheckedRows(
                state.currentSnapshot, schema: state.metadata.schema, pool: pool)
            found[index] = try checks.outcome(check, over: rows)
        }
        prepared.outcomes.merge(try TableRun.demand(found)) { first, _ in first }
        prepared.report.checks = prepared.outcomes.sorted { $0.key < $1.key }.map(\.value)
    }

    /// The one transaction of the run.
    private func publish(
        _ prepared: [TableRun.Prepared], _ report: inout RunReport, begun: UInt64,
        commitBegun: UInt64
    ) throws(LakeError) {
        let now = identity.startedMicros
        var expired: [String] = []
        let cold = try ColdTier(lake: lake, database: database)
        for commit in prepared.flatMap(\.commits) {
            expired += try ExpiredFiles.between(
                commit.table, commit.published(), coldFolder: cold.path)
        }
        let ended = options.nanos()
        report.commitNanos = ended &- commitBegun
        report.totalNanos = ended &- begun
        let (text, runID) = (String(decoding: report.json(), as: UTF8.self), report.runID)
        try database.transaction { () throws(LakeError) in
            let catalog = SQLCatalog(database)
            let editor = try RawFiles.Editor(database)
            let records = try RecordFiles.Editor(database)
            for table in prepared {
                let source = table.table.source
                for commit in table.commits { try commit.publish(in: catalog) }
                try table.journal.forEach(
                    files: { (edit) throws(LakeError) in
                        try options.checkCancelled()
                        try editor.apply(table.setAside.amended(edit), source: source)
                    },
                    records: { (edit) throws(LakeError) in
                        try options.checkCancelled()
                        try records.apply(edit, source: source)
                    })
                try editor.apply(table.amendments, source: source)
                try table.archive.file(in: database)
                for file in table.scan.quarantined {
                    try Quarantine.add(database, source: source, file: file, atMicros: now)
                }
                for path in table.scan.released {
                    try Quarantine.remove(database, source: source, path: path)
                }
            }
            try RetiredFiles.add(
                database, paths: expired, atMicros: now,
                unless: ArchivedPaths(lake: lake, cold: cold, database: database))
            try options.checkCancelled()
            try Runs.commit(
                database, id: runID, atMicros: finishedMicros(begun: begun), report: text)
            if prepared.contains(where: { !$0.archive.isEmpty }) {
                try ColdCatalog.write(database, lake: lake, run: identity)
            }
        }
        report.commitNanos = options.nanos() &- commitBegun
        report.totalNanos = options.nanos() &- begun
    }

    private func finishedMicros(begun: UInt64) -> Int64 {
        let micros = Int64(clamping: (options.nanos() &- begun) / 1_000)
        return identity.startedMicros.addingReportingOverflow(micros).partialValue
    }
}
