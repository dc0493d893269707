import Columnar
import Glibc

/// The one transaction that takes an account out of snapshots, archive and state, and what follows it.
struct ErasurePublication {
    let erasure: AccountErasure
    let runID: Int64
    let plan: AccountErasure.Plan
    /// By table, by file.
    let rewrites: [[ErasureRewrite.Outcome]]
    let packs: [PackRewrite.Prepared]
    let commits: [PreparedCommit]

    private var database: Database { erasure.database }
    private var identity: RunIdentity { erasure.identity }

    /// Publishes; `record` holds the counts so far afterwards.
    func publish(
        _ record: inout Erasures.Record, _ receipt: inout ErasureReceipt
    ) throws(LakeError) {
        var old = try oldFiles()
        old.subtract(commits.flatMap(\.writtenPaths))
        let (begun, started) = (record, receipt)
        (record, receipt) = try database.transaction { () throws(LakeError) in
            var (record, receipt) = (begun, started)
            let catalog = SQLCatalog(database)
            for commit in commits { try commit.publish(in: catalog) }
            for (table, outcomes) in zip(plan.tables, rewrites) {
                try file(table, outcomes, &receipt)
                try forget(table, &receipt)
            }
            try ErasedPacks(erasure: erasure).publish(packs, &receipt)
            let archived = try ArchivedPaths(
                lake: erasure.lake, cold: erasure.cold, database: database)
            receipt.add(
                .oldFilesRemoved,
                try RetiredFiles.add(
                    database, paths: old.sorted(), atMicros: identity.startedMicros,
                    unless: archived))
            try purge(&receipt)
            record.receipt = String(decoding: receipt.json(), as: UTF8.self)
            try Erasures.update(database, record)
            try Runs.commit(
                database, id: runID, atMicros: identity.startedMicros, report: report(receipt))
            try erasure.writeCatalog()
            return (record, receipt)
        }
    }

    /// What is said of the run: as much as of any other, and the erasure's code.
    private func report(_ receipt: ErasureReceipt) -> String {
        var json = JSONWriter()
        json.beginObject()
        json.member("run", runID)
        json.member("uuid", identity.uuid)
        json.member("started_micros", identity.startedMicros)
        json.key("partial")
        json.boolean(receipt.isPartial)
        json.member("erasure", receipt.code)
        json.endObject()
        return json.text
    }

    /// Absolute paths of all that the tables' older states and the rewritten files leave behind.
    private func oldFiles() throws(LakeError) -> Set<String> {
        var paths: Set<String> = []
        for commit in commits {
            paths.formUnion(
                try ExpiredFiles.between(
                    commit.table, commit.published(), coldFolder: erasure.cold.path))
            // The state before is not in the log any more, so nobody else names its file.
            if let location = commit.table.metadataLocation {
                paths.insert(try commit.table.location.resolve(location))
            }
        }
        for table in plan.tables {
            for file in table.files { paths.insert(file.path) }
        }
        return paths
    }

    // MARK: Files

    private func file(
        _ table: ErasureSurvey.Table, _ outcomes: [ErasureRewrite.Outcome],
        _ receipt: inout ErasureReceipt
    ) throws(LakeError) {
        if table.rowCount > 0 { receipt.rows[table.iceberg.name, default: 0] += table.rowCount }
        let restored = try RestoredFiles.list(database, source: table.source)
        for (file, outcome) in zip(table.files, outcomes) {
            if let added = outcome.added {
                receipt.written.append(
                    .init(path: relative(added.path), sha256: SuppressionFile.hex(added.sha256)))
            }
            switch file.origin {
            case .live(let live):
                receipt.add(outcome.added == nil ? .dataFilesRemoved : .dataFilesRewritten, 1)
                guard var copy = restored.first(where: { $0.path == live.file.path }) else {
                    continue
                }
                try RestoredFiles.remove(database, path: copy.path)
                guard let added = outcome.added?.file else { continue }
                (copy.path, copy.rowCount, copy.sizeBytes) = (
                    added.path, added.recordCount, added.fileSizeBytes
                )
                try RestoredFiles.add(database, copy)
            case .cold(let record, _):
                receipt.add(
                    outcome.added == nil ? .archivedFilesRemoved : .archivedFilesRewritten, 1)
                try ColdFiles.remove(database, id: record.id)
                guard let added = outcome.added else { continue }
                try ColdFiles.add(database, filed(added, in: table, insteadOf: record))
            case .past: continue
            }
        }
    }

    private func filed(
        _ added: (file: DataFile, path: String, sha256: [UInt8]), in table: ErasureSurvey.Table,
        insteadOf old: ColdFiles.Record
    ) throws(LakeError) -> ColdFiles.Record {
        guard let spec = table.iceberg.metadata.partitionSpec(id: old.specID) else {
            throw .corrupt(.init(path: added.path), reason: "no partition spec \(old.specID)")
        }
        var new = old
        let name = RowLedger.parts(of: added.path).name
        new.path = ErasureRewrite.sibling(of: old.path, name: name)
        new.rowCount = added.file.recordCount
        new.sizeBytes = added.file.fileSizeBytes
        new.sha256 = added.sha256
        new.entry = DataFileBytes.encode(added.file, spec: spec, metadata: table.iceberg.metadata)
        return new
    }

    private func relative(_ path: String) -> String {
        for folder in [erasure.lake, erasure.cold.path] where path.hasPrefix(folder + "/") {
            return String(decoding: path.utf8.dropFirst(folder.utf8.count + 1), as: UTF8.self)
        }
        return path
    }

    // MARK: State

    private func forget(
        _ table: ErasureSurvey.Table, _ receipt: inout ErasureReceipt
    ) throws(LakeError) {
        let state = table.state
        let editor = try RawFiles.Editor(database)
        for edit in state.fileEdits { try editor.apply(edit, source: table.source) }
        let records = try RecordFiles.Editor(database)
        for edit in state.recordEdits { try records.apply(edit, source: table.source) }
        receipt.add(.rememberedFilesForgotten, state.fileCount)
        receipt.add(.recordListsCut, state.recordEdits.count)
        guard !table.isMetrics else { return }
        let paths = AccountPaths(
            table.definition.raw, captures: Suppressions.captures(of: erasure.definitions),
            account: erasure.account)
        let own = Set(state.contents.keys)
        for path in try Quarantine.paths(database, source: table.source)
        where paths.contains(path) || own.contains(path) {
            try Quarantine.remove(database, source: table.source, path: path)
            receipt.add(.quarantineEntries, 1)
        }
        try forgetKeys("restores", .restoreRequests, table, &receipt)
        try forgetKeys("holds", .endedHolds, table, &receipt)
    }

    /// Removes requests, or ended holds, that name a row of the account.
    private func forgetKeys(
        _ name: String, _ count: ErasureReceipt.Count, _ table: ErasureSurvey.Table,
        _ receipt: inout ErasureReceipt
    ) throws(LakeError) {
        let statement = try database.prepare(
            "SELECT id, key FROM \(name) WHERE key IS NOT NULL AND (source IS NULL OR source = ?1)")
        try statement.bind(table.source, at: 1)
        let keys = table.keys
        var numbers: [Int64] = []
        while try statement.step() {
            guard let hash = table.keyHash(ofText: statement.text(1), seed: erasure.keySeed),
                keys.contains(hash)
            else { continue }
            numbers.append(statement.integer(0))
        }
        for number in numbers {
            try database.run("DELETE FROM \(name) WHERE id = ?1", [.integer(number)])
        }
        receipt.add(count, numbers.count)
    }

    /// Removes what names the account by its id, in every table that may.
    private func purge(_ receipt: inout ErasureReceipt) throws(LakeError) {
        let account = SQLValue.text(erasure.account)
        receipt.add(
            .restoreRequests,
            try database.run("DELETE FROM restores WHERE account = ?1", [account]))
        // Active ones forbid the erasure, so these have ended.
        receipt.add(
            .endedHolds, try database.run("DELETE FROM holds WHERE account = ?1", [account]))
        for path in try texts("SELECT path FROM verifications WHERE instr(path, ?1) > 0", account)
        where erasure.search.count(inText: path) > 0 {
            try database.run("DELETE FROM verifications WHERE path = ?1", [.text(path)])
            receipt.add(.verifications, 1)
        }
        for reason in try texts(
            "SELECT DISTINCT reason FROM quarantine WHERE instr(reason, ?1) > 0", account)
        where erasure.search.count(inText: reason) > 0 {
            try database.run(
                "UPDATE quarantine SET reason = ?2 WHERE reason = ?1",
                [.text(reason), .text(erasure.search.masked(reason))])
            receipt.add(.quarantineEntries, 1)
        }
        for report in try texts(
            "SELECT DISTINCT report FROM runs WHERE instr(report, ?1) > 0", account)
        where erasure.search.count(inText: report) > 0 {
            try database.run(
                "UPDATE runs SET report = ?2 WHERE report = ?1",
                [.text(report), .text(erasure.search.masked(report))])
            receipt.add(.runReportsMasked, 1)
        }
    }

    private func texts(_ sql: String, _ parameter: SQLValue) throws(LakeError) -> [String] {
        let statement = try database.prepare(sql)
        try statement.bind(parameter, at: 1)
        var texts: [String] = []
        while try statement.step() { texts.append(statement.text(0)) }
        return texts
    }

    // MARK: Afterwards

    /// Unlinks all retired files of the tables and of the cold tier, whatever their grace: erasure beats it.
    ///
    /// What is archived under such a path stays. Throws `invalidLocation` if some lie in a cold tier that is
    /// not mounted: they may tell of the account.
    static func removeOldFiles(
        lake: String, cold: ColdTier, database: Database, tables: [String]
    ) throws(LakeError) {
        let folders =
            tables.map { "\(lake)/tables/\($0)/" }
            + [ColdTier.tableFolder, ColdTier.packFolder].map { cold.absolute($0) + "/" }
        let archived = try ArchivedPaths(lake: lake, cold: cold, database: database)
        var removed: [String] = []
        for path in try RetiredFiles.due(database, beforeMicros: .max)
        where folders.contains(where: { path.hasPrefix($0) }) {
            if try !archived.contains(path) {
                if cold.holds(path) { try cold.requireMounted() }
                try DurableFile.remove(path)
            }
            removed.append(path)
        }
        for folder in Set(removed.compactMap { DurableFile.parent(of: $0) }) {
            if DurableFile.exists(folder) { try DurableFile.syncFolder(folder) }
        }
        guard !removed.isEmpty else { return }
        try database.transaction { () throws(LakeError) in
            for path in removed { try RetiredFiles.remove(database, path: path) }
        }
    }
}
