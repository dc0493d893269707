import Columnar
import Lake
import Query

/// A lake as a catalog of tables: the one place where Lake and Query meet.
///
/// Names are `table`, `lake.table` or `lake.lake.table`, case-blind; `"table$archive"` lists what of a table
/// is archived. Each table is the snapshot that was current when it was first asked for, for the whole query.
struct LakeCatalog: Catalog {
    let path: String
    /// What to do about archived rows; nil: what the table's schema file says.
    private let glacierMode: GlacierMode?
    /// Gets what the tables' scans pass over.
    private let skipped: SkippedRowsLog
    /// `--lake` as it was given, for commands in messages.
    private let lakeOption: String?
    private let nowMicros: Int64
    /// Threads that read footers.
    private let workers: Int
    private let names: [String]

    static let name = "lake"
    static let archiveSuffix = "$archive"

    /// The catalog of the lake that the arguments and surroundings point to; an empty one if there is none.
    static func open(
        _ arguments: Arguments, _ surroundings: Surroundings, workers: Int,
        glacierMode: GlacierMode?, skipped: SkippedRowsLog
    ) throws(CommandError) -> any Catalog {
        let isNamed =
            arguments.value("lake") != nil || surroundings.environment["LAKE_DIR"]?.isEmpty == false
        guard isNamed || LakeLocation.find(arguments, surroundings) != nil else {
            return EmptyCatalog(
                hint: "There is no lake here: name one with --lake DIR or LAKE_DIR.")
        }
        let path = try LakeLocation.require(arguments, surroundings)
        return try lakeCall { () throws(LakeError) in
            try LakeCatalog(
                path: path, glacierMode: glacierMode, skipped: skipped,
                lakeOption: arguments.value("lake"),
                nowMicros: surroundings.nowMicros(), workers: workers)
        }
    }

    init(
        path: String, glacierMode: GlacierMode?, skipped: SkippedRowsLog, lakeOption: String?,
        nowMicros: Int64, workers: Int
    ) throws(LakeError) {
        self.lakeOption = lakeOption
        self.path = path
        self.glacierMode = glacierMode
        self.skipped = skipped
        self.nowMicros = nowMicros
        self.workers = workers
        names = try Lake.open(at: path, access: .readOnly).catalog.list()
    }

    func table(named name: [String]) throws(QueryError) -> any Query.Table {
        let parts = name.map { $0.lowercased() }
        if parts.count > 2, parts[0] != Self.name {
            throw QueryError(.catalogNotFound, "Catalog '\(parts[0])' does not exist")
        }
        if parts.count > 1, parts[parts.count - 2] != Self.name {
            throw QueryError(.schemaNotFound, "Schema '\(parts[parts.count - 2])' does not exist")
        }
        var last = parts.last ?? ""
        let isArchive = last.hasSuffix(Self.archiveSuffix)
        if isArchive { last = String(last.dropLast(Self.archiveSuffix.count)) }
        guard let table = names.first(where: { $0.lowercased() == last }) else {
            throw QueryError(
                .tableNotFound, "Table '\(name.joined(separator: "."))' does not exist")
        }
        do {
            let lake = try Lake.open(at: path, access: .readOnly)
            let archive = try TableArchive.open(table, in: lake, nowMicros: nowMicros)
            if isArchive { return ArchiveTable(try archive.entries(in: lake)) }
            return LakeTable(
                archive, mode: try mode(of: table, archive, lake), lake: path, skipped: skipped,
                lakeOption: lakeOption, workers: workers, hidden: try lake.hiddenRows(of: table))
        } catch {
            throw QueryError(error)
        }
    }

    /// The mode for a table; its schema file is read only if anything is archived.
    private func mode(
        of table: String, _ archive: TableArchive, _ lake: Lake
    ) throws(LakeError) -> GlacierMode {
        if let glacierMode { return glacierMode }
        guard !archive.isEmpty else { return .restored }
        return try lake.definition(of: table)?.settings.glacierMode ?? .restored
    }

    func tableNames() -> [String] { names }
}

/// One snapshot of a lake's table as the engine sees it; hidden columns (`"$path"`) tell each row's file.
struct LakeTable: Query.Table {
    let schema: Schema
    let hiddenColumns: Set<Int>
    let rowCount: Int?
    let estimatedRowCount: Int?
    private let archive: TableArchive
    private let mode: GlacierMode
    private let lake: String
    private let skipped: SkippedRowsLog
    private let lakeOption: String?
    private let snapshot: TableSnapshot?
    /// Temporary copies that are passed over, by stored path.
    private let hiddenCopies: Set<String>
    private let workers: Int
    private let firstFact: Int
    /// Rows of accounts that are being erased: the account column's position, and the accounts.
    private let hidden: (column: Int, accounts: [String])?

    init(
        _ archive: TableArchive, mode: GlacierMode, lake: String, skipped: SkippedRowsLog,
        lakeOption: String?, workers: Int, hidden: HiddenRows?
    ) {
        self.archive = archive
        self.mode = mode
        self.lake = lake
        self.skipped = skipped
        self.lakeOption = lakeOption
        self.workers = workers
        snapshot = archive.table.currentSnapshot
        var fields = (snapshot?.schema ?? archive.table.metadata.schema).fields
        firstFact = fields.count
        fields += FileFact.fields
        hiddenColumns = Set(firstFact..<fields.count)
        let schema = Schema(fields)
        self.schema = schema
        let column = hidden.flatMap { schema.index(of: $0.column) }
        self.hidden = column.map { ($0, hidden?.accounts ?? []) }
        hiddenCopies = archive.hiddenCopies(mode)
        let rows = snapshot.map { $0.recordCount.map(Int.init) } ?? 0
        estimatedRowCount = rows.map { $0 - Int(archive.hiddenRows(mode)) }
        // With an archive each count is a scan's, which tells what it misses.
        rowCount = archive.isEmpty && column == nil ? rows : nil
    }

    func scan(_ request: ScanRequest, pool: BufferPool) throws(QueryError) -> any TableScan {
        if !archive.isEmpty { try tellSkipped(request.predicates) }
        guard let snapshot else {
            return try storage { () throws(ColumnarError) in try scan(request, [], 0, pool) }
        }
        let isCount = request.columns.isEmpty && request.predicates.isEmpty && hidden == nil
        if isCount, mode != .skip, let rows = estimatedRowCount, let files = snapshot.fileCount {
            // The snapshot's summary has the answer: no manifest need be read.
            return RowCountScan(rowCount: rows, files: files - hiddenCopies.count)
        }
        var (live, total) = try lakeStorage { () throws(LakeError) in
            try snapshot.plan(matching: request.predicates)
        }
        if !hiddenCopies.isEmpty {
            live.removeAll { hiddenCopies.contains($0.file.path) }
            total -= hiddenCopies.count
        }
        if mode == .skip { try dropUnreachable(&live) }
        if isCount {
            // The manifests have the answer: no file need be opened.
            let rows = live.reduce(0) { $0 + Int($1.file.recordCount) }
            return RowCountScan(rowCount: rows, files: total)
        }
        if mode != .skip { try requireReachable(live) }
        let files = try lakeStorage { [live] () throws(LakeError) in
            try scanFiles(live, snapshot)
        }
        return try storage { [total] () throws(ColumnarError) in
            guard let hidden else { return try scan(request, files, total, pool) }
            return try HidingScan(
                request, hiding: hidden.accounts, column: hidden.column,
                type: schema.fields[hidden.column].type
            ) { (request) throws(ColumnarError) in try scan(request, files, total, pool) }
        }
    }

    private func scan(
        _ request: ScanRequest, _ files: [ParquetScanFile], _ total: Int, _ pool: BufferPool
    ) throws(ColumnarError) -> any TableScan {
        let scan = try ParquetScan(
            files: files, schema: schema, request: request, pool: pool,
            options: ParquetReadOptions(verifiesChecksums: true), workers: workers)
        scan.counters.filesTotal.store(total, ordering: .relaxed)
        return scan
    }

    // MARK: Archived rows

    /// Notes the archived rows that a scan would need; in mode `fail` there must be none.
    private func tellSkipped(_ predicates: [ScanPredicate]) throws(QueryError) {
        let files = try lakeStorage { () throws(LakeError) in
            try archive.files(matching: predicates, workers: workers)
        }
        if mode == .fail, let rows = archive.skipped(files, mode) {
            let text = SkippedRowsText(
                table: archive.table.name, rows: rows, lakeOption: lakeOption)
            throw QueryError(
                .archivedRows, text.failure,
                hint: "\(text.command) brings them back; "
                    + "--glacier-mode restored answers without them")
        }
        skipped.add(files, of: archive, mode)
    }

    /// Leaves out the files of GLACIER_IR on a cold tier that is not mounted, and notes them.
    private func dropUnreachable(_ live: inout [LiveFile]) throws(QueryError) {
        let missing = try unreachable(live).files
        guard !missing.isEmpty else { return }
        let paths = Set(missing.map(\.file.path))
        live.removeAll { paths.contains($0.file.path) }
        skipped.addUnreachable(missing.map(\.file), of: archive.table.name)
    }

    private func requireReachable(_ live: [LiveFile]) throws(QueryError) {
        let (missing, tier) = try unreachable(live)
        guard !missing.isEmpty else { return }
        let rows = missing.reduce(0) { $0 + Int($1.file.recordCount) }
        throw QueryError(
            .cannotOpen,
            "\(archive.table.name): \(Amount.count(rows, "row")) of GLACIER_IR lie in the cold tier "
                + "\(tier), which is not mounted",
            hint: "Mount it; --glacier-mode skip answers without them.")
    }

    /// Files in the cold tier's folder while that is not there, and the folder.
    private func unreachable(
        _ live: [LiveFile]
    ) throws(QueryError) -> (files: [LiveFile], tier: String) {
        guard let snapshot else { return ([], "") }
        let outside = live.filter { snapshot.table.location.relative($0.file.path) == nil }
        guard !outside.isEmpty else { return ([], "") }
        return try lakeStorage { () throws(LakeError) in
            let tier = try Lake.open(at: lake, access: .readOnly).coldTier()
            if try tier.isMounted() { return ([], tier.path) }
            var missing: [LiveFile] = []
            for file in outside where try snapshot.path(of: file.file).hasPrefix(tier.path + "/") {
                missing.append(file)
            }
            return (missing, tier.path)
        }
    }

    private func scanFiles(
        _ live: [LiveFile], _ snapshot: TableSnapshot
    ) throws(LakeError) -> [ParquetScanFile] {
        var files: [ParquetScanFile] = []
        for (index, file) in live.enumerated() {
            let path = try snapshot.path(of: file.file)
            files.append(
                ParquetScanFile(path: path, fileIndex: index, firstFact: firstFact))
        }
        return files
    }
}

extension QueryError {
    /// What the lake reported, in the engine's words.
    init(_ error: LakeError) {
        if case .columnar(let error) = error {
            self.init(error)
        } else {
            self.init(.badData, LakeErrorText.text(of: error).message)
        }
    }
}

/// Runs a call of the lake and rethrows its error as a `QueryError`.
private func lakeStorage<T>(_ body: () throws(LakeError) -> T) throws(QueryError) -> T {
    do {
        return try body()
    } catch {
        throw QueryError(error)
    }
}
