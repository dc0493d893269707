import Columnar

/// A run up to its plan: everything is read, nothing is written but nameless files that vanish with it.
///
/// It holds the lake's lock, so that no run commits between its looking at the state and at the files.
/// The partitions of the plan are those that would be read; one whose old row turns out to be gone
/// already would stay as it is. Of the quality checks, references, minimum_rows and freshness need the
/// tables as they will be: they are not tested.
extension Compactor {
    func dryRun() throws(LakeError) -> RunReport {
        let begun = options.nanos()
        var report = RunReport(
            runID: 0, uuid: identity.uuid, startedMicros: identity.startedMicros)
        report.isDryRun = true
        let sorted = definitions.sorted { $0.name < $1.name }
        let changed = options.changed?.lists(for: sorted.map(\.raw))
        report.ignoredPaths = changed?.ignored ?? ChangedPaths.Ignored()
        for (index, definition) in sorted.enumerated() {
            // A source that no run has seen yet remembers nothing.
            let source = try Sources.known(definition.name, database) ?? 0
            let table = try LakeTable(
                definition, source: source, catalog: SQLCatalog(database), lake: lake,
                identity: identity)
            report.tables.append(
                try TableRun(
                    table: table, metrics: nil,
                    referred: ReferredTables(database, lake: lake),
                    deferredChecks: Self.references(of: definition), root: root, identity: identity,
                    keySeed: keySeed,
                    lake: lake, database: database, options: options, pool: pool,
                    changed: changed?.lists[index],
                    suppressions: Suppressions(database, definitions)
                ).dryRun())
        }
        report.totalNanos = options.nanos() &- begun
        return report
    }

    private static func references(of definition: TableDefinition) -> Set<Int> {
        Set(
            definition.checks.indices.filter {
                if case .references = definition.checks[$0].rule { return true }
                return false
            })
    }
}

extension TableRun {
    /// What a run would find and do.
    fileprivate func dryRun() throws(LakeError) -> RunReport.Table {
        var report = RunReport.Table(name: table.definition.name)
        options.progress?.scanning(table: table.definition.name)
        let begun = options.nanos()
        let area = stagingArea()
        let sources = recordSources(StateJournal(folder: lake))
        var scan = try scan(into: area, sources)
        let scanned = options.nanos()
        report.timings.scanNanos = scanned &- begun
        try options.maxMissing.check(
            missing: scan.counts.vanished, table: table.definition.name, source: table.source,
            database: database)
        var outcomes = rowOutcomes(area)
        let settled = try settle(area, sources)
        outcomes.merge(settled.outcomes) { first, _ in first }
        report.checks = outcomes.sorted { $0.key < $1.key }.map(\.value)
        settled.setAside.correct(&scan, root: root)
        let staged = settled.staged
        let plan = try plan(settled, archivedPartitions())
        report.timings.planNanos = options.nanos() &- scanned
        fillFindings(&report, scan: scan, area: area, staged: staged)
        report.rowsTotal = table.rowsTotal
        let rowCounts = staged.rowCounts
        for partition in plan.partitions where partition.target != .copy {
            var planned = RunReport.PlannedPartition(
                name: table.folderName(of: partition.value),
                rowsStaged: rowCounts[partition.value] ?? 0)
            for file in partition.files {
                planned.files += 1
                planned.rows += Int(file.file.recordCount)
                planned.bytes += Int(file.file.fileSizeBytes)
            }
            planned.isArchived = partition.target == .amendment
            if planned.isArchived {
                report.rowsAmended += planned.rowsStaged
            } else {
                report.rowsWritten += planned.rowsStaged
                report.partitionsRewritten += 1
            }
            report.bytesRead += planned.bytes
            report.planned.append(planned)
        }
        return report
    }
}

extension Lake {
    /// Says what `compact` would do now, and changes nothing.
    ///
    /// Throws `busy` while another process writes.
    package func dryRun(
        identity: RunIdentity, options: CompactionOptions, pool: BufferPool
    ) throws(LakeError) -> RunReport {
        let lock = try LakeLock.take(path, options.lock)
        defer { withExtendedLifetime(lock) {} }
        return try compactor(identity: identity, options: options, pool: pool).dryRun()
    }
}
