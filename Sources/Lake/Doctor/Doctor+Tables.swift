import Columnar

/// Each table: what it names is there, and nothing else is.
extension Doctor {
    func examineTables(_ database: Database, _ diagnosis: inout Diagnosis) throws(LakeError) {
        let catalog = SQLCatalog(database)
        let names = try catalog.list()
        let amendments = try ColdFiles.list(database, hasEntries: false)
            .filter { $0.place == .lake }.map { "\(lake)/\($0.path)" }
        let retired = Set(try RetiredFiles.due(database, beforeMicros: .max) + amendments)
        let tier = try ColdTier(lake: lake, database: database)
        let unmounted = (try? tier.isMounted()) == true ? nil : tier.path
        for name in names {
            if options.isCancelled() { throw .columnar(.cancelled) }
            diagnosis.facts.tables += 1
            do throws(LakeError) {
                let table = try IcebergTable.open(name, in: catalog, lakeFolder: lake)
                try examine(
                    table, database, retired: retired, unmounted: unmounted, &diagnosis)
            } catch {
                try report(
                    error, at: name,
                    advice: "restore its metadata from a copy, or adopt an older state: "
                        + "lake rebuild --force", &diagnosis)
            }
        }
        for name in try FolderNames.folders(in: "\(lake)/tables") where !names.contains(name) {
            let files = try Orphans.below("\(lake)/tables/\(name)", named: retired)
            guard files.contains(where: { isOld(micros: $0.modifiedMicros) }) else { continue }
            diagnosis.add(
                .warning, "\(lake)/tables/\(name)", "the catalog knows no such table",
                advice: "remove the folder, or adopt it: lake rebuild --force")
        }
    }

    private func examine(
        _ table: IcebergTable, _ database: Database, retired: Set<String>, unmounted: String?,
        _ diagnosis: inout Diagnosis
    ) throws(LakeError) {
        let files = TableFiles(table, unmounted: unmounted, errorText: options.errorText)
        diagnosis.reachable.formUnion(files.reachable)
        diagnosis.isColdTierNeeded = diagnosis.isColdTierNeeded || files.passedOver > 0
        diagnosis.facts.snapshots += table.metadata.snapshots.count
        diagnosis.facts.dataFiles += files.liveFiles
        diagnosis.facts.dataBytes &+= files.liveBytes
        diagnosis.facts.rows &+= files.liveRows
        for problem in files.problems {
            diagnosis.add(
                problem.isCurrent ? .damage : .warning, problem.path, problem.reason,
                advice: problem.isCurrent
                    ? Self.fileAdvice
                    : "only an older snapshot of \(table.name) needs it: nothing, it expires")
        }
        try examineOrphans(table, named: files.reachable.union(retired), &diagnosis)
        guard options.isFull, files.passedOver == 0, !files.problems.contains(where: \.isCurrent)
        else { return }
        try verify(table, &diagnosis)
        let definitions = (try? Lake.definitions(in: lake)) ?? []
        if let definition = definitions.first(where: { $0.name == table.name }) {
            try compareState(definition, database, &diagnosis)
        }
    }

    private static let fileAdvice =
        "restore it from a copy; else lake rebuild --force and lake compact make the table anew "
        + "from the raw files that are still there"

    private func examineOrphans(
        _ table: IcebergTable, named: Set<String>, _ diagnosis: inout Diagnosis
    ) throws(LakeError) {
        let orphans = try Orphans.below(table.location.folder, named: named)
            .filter { isOld(micros: $0.modifiedMicros) }
        guard let first = orphans.first else { return }
        let bytes = orphans.reduce(Int64(0)) { $0 &+ $1.sizeBytes }
        diagnosis.add(
            .warning, first.path,
            orphans.count == 1
                ? "no snapshot names the file (\(bytes) bytes)"
                : "no snapshot names it, nor \(orphans.count - 1) other files of \(table.name) "
                    + "(\(bytes) bytes)",
            advice: "if no other program is writing to the table, remove them: "
                + "no query can see them")
    }

    /// Reads every page of every live file.
    private func verify(
        _ table: IcebergTable, _ diagnosis: inout Diagnosis
    ) throws(LakeError) {
        for live in try table.currentSnapshot?.liveFiles() ?? [] {
            if options.isCancelled() { throw .columnar(.cancelled) }
            let path = try table.location.resolve(live.file.path)
            let verdict: ParquetVerdict
            do throws(ColumnarError) {
                verdict = try ParquetVerification.verify(path: path, pool: pool)
            } catch {
                try report(
                    .columnar(error), at: path, advice: Self.fileAdvice, &diagnosis)
                continue
            }
            for finding in verdict.findings {
                diagnosis.add(
                    finding.kind == .unsupported ? .warning : .damage, "\(finding.location)",
                    finding.message,
                    advice: Self.fileAdvice)
            }
            if Int64(verdict.rowCount) != live.file.recordCount {
                diagnosis.add(
                    .damage, path,
                    "it has \(verdict.rowCount) rows, its manifest says \(live.file.recordCount)",
                    advice: Self.fileAdvice)
            }
        }
    }
}
