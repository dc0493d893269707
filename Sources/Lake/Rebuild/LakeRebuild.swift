import Columnar
import Glibc

/// What a rebuild made of a lake.
package struct RebuildReport: Hashable, Sendable {
    /// One adopted table.
    package struct Table: Hashable, Sendable {
        package var name: String
        package var rows: Int
        package var files: Int
        /// Raw files that its rows name; nil for tables without a schema file.
        package var rawFiles: Int?
        /// Rows whose raw paths are of erased accounts: an old copy of the table brought them back.
        package var erasedRows = 0
    }

    /// What was adopted of the cold tier.
    package struct Archive: Hashable, Sendable {
        package var files = 0
        package var rows: Int64 = 0
        package var packs = 0
        /// Absolute paths of what the catalog names and is not there, or not whole.
        package var missing: [String] = []
        /// Files of the cold tier that no catalog names, because there is none any more.
        package var unnamed = 0
        /// The cold tier's folder; nil if nothing in it is unnamed.
        package var folder: String?
    }

    package var tables: [Table] = []
    /// Folders below `tables` that hold no whole table, with the reason.
    package var skipped: [(name: String, reason: String)] = []
    /// Where the old database is now; nil if there was none.
    package var setAside: String?
    package var rawRoot: String?
    /// What was found on the cold tier; nil if nothing was ever archived.
    package var archive: Archive?
    /// Files of older states that will be removed after their grace.
    package var retired = 0

    package static func == (a: RebuildReport, b: RebuildReport) -> Bool {
        a.tables == b.tables && a.setAside == b.setAside && a.archive == b.archive
            && a.rawRoot == b.rawRoot
            && a.retired == b.retired && a.skipped.elementsEqual(b.skipped, by: ==)
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(tables)
        hasher.combine(setAside)
    }
}

/// Makes `lake.db` anew from the tables and their rows, when it is lost, corrupt or somebody else's.
///
/// ```
///  lock ─► adopt each table's newest whole state ─► remember each live row's raw file
///       ─► lake.db.new ─► old lake.db set aside ─► rename
/// ```
/// What is remembered of a raw file is key, row hash and partition, taken from its row; its content is
/// not known, so the next run reads every file once, finds the row it knows, and rewrites nothing.
/// What is archived is filed from the newest cold catalog, and its rows are read like live ones: a raw file
/// that is gone and lies in a pack is cold.
/// A crash at any moment leaves the old database where it was, or the new one in its place.
package struct LakeRebuild {
    /// How it is done.
    package struct Options: Sendable {
        /// nil: what can still be read of the old database.
        package var rawPath: String?
        /// Also if the old database is sound.
        package var isForced = false
        /// For a lake whose old seed cannot be read any more.
        package var seed: UInt64
        package var nowMicros: Int64
        package var workers = 1
        package var lock = LakeLock.Request()
        package var errorText: @Sendable (LakeError) -> String = { "\($0)" }
        package var isCancelled: @Sendable () -> Bool = { false }

        package init(seed: UInt64, nowMicros: Int64) {
            self.seed = seed
            self.nowMicros = nowMicros
        }
    }

    private let lake: String
    private let options: Options
    private let pool: BufferPool

    private var databasePath: String { "\(lake)/\(Lake.databaseName)" }
    private var newPath: String { databasePath + ".new" }

    private init(lake: String, options: Options, pool: BufferPool) {
        self.lake = lake
        self.options = options
        self.pool = pool
    }

    /// Rebuilds the lake in a folder; throws `invalidLocation` if there is nothing to rebuild or no raw root.
    package static func run(
        lake: String, options: Options, pool: BufferPool
    ) throws(LakeError) -> RebuildReport {
        guard DurableFile.exists("\(lake)/tables") || DurableFile.exists("\(lake)/schemas") else {
            throw .notALake(path: lake, reason: "it has neither tables nor schemas")
        }
        let lock = try LakeLock.take(lake, options.lock)
        defer { withExtendedLifetime(lock) {} }
        return try LakeRebuild(lake: lake, options: options, pool: pool).run()
    }

    private func run() throws(LakeError) -> RebuildReport {
        let old = try salvage()
        var report = RebuildReport()
        let definitions = try Lake.definitions(in: lake)
        let (cold, damaged) = try adoption(old.cold)
        let setting = { (key: Settings.Key) in cold?.catalog.setting(key) }
        report.rawRoot = options.rawPath ?? old.rawRoot ?? setting(.rawRoot)
        if report.rawRoot == nil, !definitions.isEmpty {
            throw .invalidLocation(
                path: lake, reason: "where its raw files lie is not known any more")
        }
        for suffix in ["", "-journal"] { try DurableFile.remove(newPath + suffix) }
        do throws(LakeError) {
            if options.isCancelled() { throw .columnar(.cancelled) }
            let seed = old.seed ?? setting(.keySeed).flatMap { UInt64($0, radix: 16) }
            let sweeps = try uncommitted(old, cold?.catalog, damaged)
            let arePacksLost = try UnnamedColdFiles.arePacksLost(cold, lake: lake)
            try build(
                &report, definitions, cold, seed: seed ?? options.seed,
                Published(
                    metadata: old.metadata, uncommitted: sweeps,
                    lostPacks: !damaged.isEmpty || arePacksLost,
                    isSeedKnown: seed != nil, retired: old.retired))
            if !damaged.isEmpty {
                report.archive = report.archive ?? RebuildReport.Archive()
                report.archive?.missing += damaged
            }
        } catch {
            for suffix in ["", "-journal"] { try? DurableFile.remove(newPath + suffix) }
            throw error
        }
        try exchange(&report)
        return report
    }

    // MARK: The old database

    /// What can still be read of the old database; throws if it is sound, or a newer program's.
    private func salvage() throws(LakeError) -> Salvage {
        guard DurableFile.exists(databasePath) else { return Salvage() }
        let database: Database
        do throws(LakeError) {
            database = try Database.open(path: databasePath, access: .readOnly)
        } catch {
            if case .newerLake = error { throw error }
            if case .busy = error { throw error }
            return Salvage()
        }
        database.interrupt(when: options.isCancelled)
        let isSound: Bool
        do throws(LakeError) {
            isSound = try database.integrityFindings(isFull: true).isEmpty
        } catch .columnar(.cancelled) {
            throw .columnar(.cancelled)
        } catch {
            isSound = false
        }
        if isSound, !options.isForced {
            throw .invalidLocation(
                path: databasePath, reason: "the database is sound: there is nothing to rebuild")
        }
        let rawRoot = try? Settings.get(.rawRoot, database)
        let seed = try? Settings.get(.keySeed, database)
        var cold: ColdCatalog?
        var metadata: [String: String] = [:]
        var retired: Set<String>?
        if isSound {
            retired = Set(try RetiredFiles.due(database, beforeMicros: .max))
            cold = try ColdCatalog(database, writtenMicros: options.nowMicros)
            let catalog = SQLCatalog(database)
            for name in try catalog.list() {
                metadata[name] = try catalog.load(name)?.split(separator: "/").last.map(String.init)
            }
        }
        return Salvage(
            rawRoot: rawRoot, seed: seed.flatMap { UInt64($0, radix: 16) }, cold: cold,
            metadata: metadata, retired: retired)
    }

    /// What is left of the old database.
    private struct Salvage {
        var rawRoot: String?
        var seed: UInt64?
        /// Only of a sound one.
        var cold: ColdCatalog?
        /// Names of the metadata files that a sound one names, by table.
        var metadata: [String: String] = [:]
        /// What it knew as retired.
        var retired: Set<String>?
    }

    /// What is known of all tables before they are looked at.
    private struct Published {
        var metadata: [String: String]
        var uncommitted: UncommittedSweeps
        /// Packs may be lost of which nothing is known any more.
        var lostPacks: Bool
        var isSeedKnown: Bool
        /// Files that a sound database knew as retired; nil without one.
        var retired: Set<String>?
    }

    private func uncommitted(
        _ old: Salvage, _ adopted: ColdCatalog?, _ damaged: [String]
    ) throws(LakeError) -> UncommittedSweeps {
        guard old.cold == nil else { return .none }
        return try UncommittedSweeps(
            lake: lake, coldFolder: ColdSettings.read(lake: lake).folder(ofLake: lake),
            adopted: adopted, damaged: damaged)
    }

    /// What is known of the cold tier: by the old database, else by the newest catalog beside it.
    private func adoption(
        _ known: ColdCatalog?
    ) throws(LakeError) -> (ColdAdoption?, damaged: [String]) {
        let folder = try ColdSettings.read(lake: lake).folder(ofLake: lake)
        if let known { return (ColdAdoption(known, lake: lake, coldFolder: folder), []) }
        return try ColdAdoption.newest(lake: lake, coldFolder: folder)
    }

    /// Puts the new database in the old one's place.
    private func exchange(_ report: inout RebuildReport) throws(LakeError) {
        if DurableFile.exists(databasePath) {
            let aside = try freeName()
            // A hot journal belongs to its database: both go, under names that SQLite still pairs.
            try rename(databasePath + "-journal", to: aside + "-journal", mayBeMissing: true)
            try rename(databasePath, to: aside)
            report.setAside = aside
        } else {
            // A journal without its database would be rolled back into the new one.
            try DurableFile.remove(databasePath + "-journal")
        }
        try rename(newPath, to: databasePath)
        try DurableFile.syncFolder(lake)
    }

    private func freeName() throws(LakeError) -> String {
        let seconds = options.nowMicros / 1_000_000
        for number in 0..<1_000 {
            let name = "\(databasePath).damaged-\(seconds)" + (number == 0 ? "" : "-\(number)")
            if !DurableFile.exists(name) { return name }
        }
        throw .invalidLocation(path: databasePath, reason: "too many damaged databases beside it")
    }

    private func rename(
        _ old: String, to new: String, mayBeMissing: Bool = false
    ) throws(LakeError) {
        guard Glibc.rename(old, new) != 0 else { return }
        if mayBeMissing, errno == ENOENT { return }
        throw .io(operation: "rename", path: old, errorNumber: errno)
    }

    // MARK: The new one

    private func build(
        _ report: inout RebuildReport, _ definitions: [TableDefinition], _ cold: ColdAdoption?,
        seed: UInt64, _ published: Published
    ) throws(LakeError) {
        var settings = [(Settings.Key.keySeed, String(seed, radix: 16))]
        if let raw = report.rawRoot {
            settings.append((.rawRoot, raw))
            settings.append((.rawIsMarked, try RawRoot.mark(raw) ? "1" : "0"))
        }
        let database = try Database.create(
            path: newPath,
            tables: Migrations.all + SQLCatalog.tables
                + settings.map { Settings.insertion($0.0, $0.1) })
        try UnnamedColdFiles(lake: lake, database: database)
            .claim(isSeedKnown: published.isSeedKnown)
        try SuppressionFile.adopt(lake: lake, into: database)
        var named: Set<String> = []
        if let cold, !cold.isEmpty { try fill(database, cold, &report) }
        for name in try FolderNames.folders(in: "\(lake)/tables") {
            let adoption = TableAdoption(
                folder: "\(lake)/tables/\(name)", name: name,
                published: published.metadata[name], uncommitted: published.uncommitted,
                errorText: options.errorText)
            switch try adoption.newest() {
            case .none(let reason): report.skipped.append((name, reason))
            case .table(_, let location, let files):
                try database.transaction { () throws(LakeError) in
                    try SQLCatalog(database).create(name, metadataLocation: location)
                }
                named.formUnion(files.reachable)
                var table = RebuildReport.Table(
                    name: name, rows: Int(files.liveRows), files: files.liveFiles)
                let definition = definitions.first { $0.name == name }
                do throws(LakeError) {
                    if let definition {
                        let gate = SuppressionGate(
                            definition, try Suppressions(database, definitions))
                        let remembered = try remember(
                            definition, gate, database, seed: seed,
                            lostPacks: published.lostPacks, &report)
                        (table.rawFiles, table.erasedRows) = remembered
                    }
                } catch .columnar(.corrupt(let location, let reason)) {
                    // Its files stay where they are; the next run makes the table anew from raw.
                    try database.transaction { () throws(LakeError) in
                        try SQLCatalog(database).drop(name)
                    }
                    report.skipped.append((name, "\(location): \(reason)"))
                    continue
                }
                try database.transaction { () throws(LakeError) in
                    report.retired += try retire(name, files, database)
                }
                report.tables.append(table)
            }
        }
        try HoldFile.restore(lake: lake, to: database)
        try forgetLostCopies(database)
        try settleColdTier(named, database, cold, published, &report)
    }

    // MARK: The cold tier

    /// Files what is known of the cold tier, which must be there.
    private func fill(
        _ database: Database, _ cold: ColdAdoption, _ report: inout RebuildReport
    ) throws(LakeError) {
        if cold.hasColdFiles {
            try ColdTier(lake: lake, database: database).requireMounted()
        }
        let identity = RunIdentity(startedMicros: options.nowMicros, seed: options.seed)
        try database.transaction { () throws(LakeError) in
            try cold.fill(database)
            // Later runs must have higher numbers than those that archived: the highest wins.
            try database.run(
                """
                INSERT INTO runs(id, uuid, seed, state, started_micros, finished_micros, report)
                VALUES (?1, ?2, ?3, 'abandoned', ?4, ?4, ?5)
                """,
                [
                    .integer(max(cold.highestRun, 1)), .text(identity.uuid),
                    .integer(Int64(bitPattern: identity.seed)), .integer(options.nowMicros),
                    .text(
                        "{\"error\":\"the history before is lost: lake rebuild made lake.db anew\"}"
                    ),
                ])
        }
        guard cold.hasColdFiles else { return }
        var archive = RebuildReport.Archive(missing: cold.missing)
        for file in try ColdFiles.list(database, hasEntries: false) {
            archive.files += 1
            archive.rows += file.rowCount
        }
        archive.packs = try Packs.list(database).count
        report.archive = archive
    }

    /// Tells of what nothing names in the cold tier, or lists it as retired where it surely expired.
    private func settleColdTier(
        _ named: Set<String>, _ database: Database, _ cold: ColdAdoption?, _ published: Published,
        _ report: inout RebuildReport
    ) throws(LakeError) {
        let unnamed = try UnnamedColdFiles(lake: lake, database: database).paths(named: named)
        guard !unnamed.isEmpty else { return }
        guard let cold else {
            report.archive = report.archive ?? RebuildReport.Archive()
            report.archive?.unnamed = unnamed.count
            report.archive?.folder = try ColdSettings.read(lake: lake).folder(ofLake: lake)
            return
        }
        guard !published.lostPacks, report.skipped.isEmpty,
            report.archive?.missing.isEmpty != false
        else { return }
        let expired =
            published.retired.map { retired in unnamed.filter { retired.contains($0) } }
            ?? UnnamedColdFiles.expired(unnamed, beforeMicros: cold.catalog.writtenMicros)
        try database.transaction { () throws(LakeError) in
            for path in expired {
                try RetiredFiles.add(database, path: path, atMicros: options.nowMicros)
            }
        }
        report.retired += expired.count
    }

    /// Forgets restored copies that no adopted snapshot names.
    private func forgetLostCopies(_ database: Database) throws(LakeError) {
        let copies = try RestoredFiles.list(database)
        guard !copies.isEmpty else { return }
        var live = Set<String>()
        let catalog = SQLCatalog(database)
        for name in try catalog.list() {
            let table = try IcebergTable.open(name, in: catalog, lakeFolder: lake)
            live.formUnion(try table.currentSnapshot?.liveFiles().map(\.file.path) ?? [])
        }
        try database.transaction { () throws(LakeError) in
            for copy in copies where !live.contains(copy.path) {
                try RestoredFiles.remove(database, path: copy.path)
            }
        }
    }

    /// The archived files of a source, amendments too.
    private func archivedFiles(
        _ source: Int64, _ database: Database
    ) throws(LakeError) -> [ArchivedFile] {
        let tier = try ColdTier(lake: lake, database: database)
        return try ColdFiles.list(database, source: source, hasEntries: false).map { file in
            ArchivedFile(
                path: file.place == .cold ? tier.absolute(file.path) : "\(lake)/\(file.path)",
                partition: file.partition, sequence: file.sequence)
        }
    }

    /// Lists the files of a table that no snapshot of the adopted state needs, so that they go after
    /// their grace; returns their number.
    private func retire(
        _ name: String, _ files: TableFiles, _ database: Database
    ) throws(LakeError) -> Int {
        var count = 0
        let cold = Set(
            try ColdFiles.list(database, hasEntries: false).filter { $0.place == .lake }
                .map { "\(lake)/\($0.path)" })
        for path in try FolderNames.allFiles(below: "\(lake)/tables/\(name)")
        where !cold.contains(path) && !files.reachable.contains(path) && Orphans.isOurs(path) {
            try RetiredFiles.add(database, path: path, atMicros: options.nowMicros)
            count += 1
        }
        return count
    }

    /// Files what the rows of a table say of their raw files; returns the number of those, and of rows that
    /// should not be there.
    private func remember(
        _ definition: TableDefinition, _ gate: SuppressionGate?, _ database: Database,
        seed: UInt64, lostPacks: Bool, _ report: inout RebuildReport
    ) throws(LakeError) -> (rawFiles: Int, erasedRows: Int) {
        let rawRoot = report.rawRoot
        let source = try Sources.id(of: definition.name, database)
        let table = try LakeTable(
            definition, source: source, catalog: SQLCatalog(database), lake: lake,
            identity: RunIdentity(startedMicros: options.nowMicros, seed: seed))
        let ledger = try RowLedger(isCancelled: options.isCancelled)
        let packs = try Packs.list(database, source: source)
        var packed: PackedPaths?
        if !packs.isEmpty {
            let tier = try ColdTier(lake: lake, database: database)
            packed = try PackedPaths(packs, tier, isCancelled: options.isCancelled)
            report.archive?.missing += packed?.damaged.map { tier.absolute($0.pack.path) } ?? []
            // What lost its key to another file has no row, and is no news all the same.
            try packed?.forEachPath { (path) throws(LakeError) in
                try ledger.add([LedgerRow(packed: path)])
            }
        }
        let damaged = try LiveRows(
            table: table, keySeed: seed, workers: options.workers, pool: pool,
            isCancelled: options.isCancelled
        ).enter(into: ledger, archived: try archivedFiles(source, database))
        report.archive?.missing += damaged
        // A file whose row may be lost must be news when it comes back.
        let isWhole = report.archive?.missing.isEmpty != false && !lostPacks
        // Rows of raw files that went long ago are no news to the guard against missing files.
        let keepsGone = definition.settings.onDelete == .keep
        // What lay in a pack that is lost was not deleted.
        let arePacksLost = lostPacks || packed?.damaged.isEmpty == false
        var root: RawRootHandle?
        if keepsGone || packed != nil || arePacksLost, let rawRoot {
            root = try RawRoot.open(rawRoot, isMarked: false)
        }
        var filling = RawFileFilling(
            source: source, root: root, packed: packed, keepsGone: keepsGone,
            arePacksLost: arePacksLost)
        var records = definition.raw.format.holdsMany ? RecordFilling(definition, source) : nil
        var gate = gate
        return try database.transaction { () throws(LakeError) in
            let editor = try RawFiles.Editor(database)
            let recordEditor = try RecordFiles.Editor(database)
            var erasedRows = 0
            try ledger.forEach { (folder, name, row) throws(LakeError) in
                if options.isCancelled() { throw .columnar(.cancelled) }
                let isRow = row.rank != LedgerRow.packed
                guard isRow || isWhole else { return }
                if gate?.refuses(path: row.path) == true {
                    guard isRow else { return }
                    erasedRows += 1
                }
                try filling.add(folder, name, row, to: editor)
                if isRow { try records?.add(row, to: recordEditor) }
            }
            try filling.endFolder(editor)
            try records?.endFile(recordEditor)
            return (filling.count, erasedRows)
        }
    }
}
