import Columnar
import Lake
import Query

/// A lake as a catalog of tables: the one place where Lake and Query meet.
///
/// Names are `table`, `lake.table` or `lake.lake.table`, case-blind. Each table is the snapshot that was
/// current when it was first asked for, for the whole query.
struct LakeCatalog: Catalog {
    let path: String
    /// Threads that read footers.
    private let workers: Int
    private let names: [String]

    static let name = "lake"

    /// The catalog of the lake that the arguments and surroundings point to; an empty one if there is none.
    static func open(
        _ arguments: Arguments, _ surroundings: Surroundings, workers: Int
    ) throws(CommandError) -> any Catalog {
        let isNamed =
            arguments.value("lake") != nil || surroundings.environment["LAKE_DIR"]?.isEmpty == false
        guard isNamed || LakeLocation.find(arguments, surroundings) != nil else {
            return EmptyCatalog(
                hint: "There is no lake here: name one with --lake DIR or LAKE_DIR.")
        }
        let path = try LakeLocation.require(arguments, surroundings)
        return try lakeCall { () throws(LakeError) in
            try LakeCatalog(path: path, workers: workers)
        }
    }

    init(path: String, workers: Int) throws(LakeError) {
        self.path = path
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
        guard let last = parts.last, let table = names.first(where: { $0.lowercased() == last })
        else {
            throw QueryError(
                .tableNotFound, "Table '\(name.joined(separator: "."))' does not exist")
        }
        do {
            let lake = try Lake.open(at: path, access: .readOnly)
            return try LakeTable(
                IcebergTable.open(table, in: lake.catalog, lakeFolder: path), workers: workers,
                hidden: lake.hiddenRows(of: table))
        } catch {
            throw QueryError(error)
        }
    }

    func tableNames() -> [String] { names }
}

/// One snapshot of a lake's table as the engine sees it; hidden columns (`"$path"`) tell each row's file.
struct LakeTable: Query.Table {
    let schema: Schema
    let hiddenColumns: Set<Int>
    let rowCount: Int?
    private let snapshot: TableSnapshot?
    private let workers: Int
    private let firstFact: Int
    /// Rows of accounts that are being erased: the account column's position, and the accounts.
    private let hidden: (column: Int, accounts: [String])?

    init(_ table: IcebergTable, workers: Int, hidden: HiddenRows? = nil) {
        self.workers = workers
        snapshot = table.currentSnapshot
        var fields = (snapshot?.schema ?? table.metadata.schema).fields
        firstFact = fields.count
        fields += FileFact.fields
        hiddenColumns = Set(firstFact..<fields.count)
        let schema = Schema(fields)
        self.schema = schema
        let column = hidden.flatMap { schema.index(of: $0.column) }
        self.hidden = column.map { ($0, hidden?.accounts ?? []) }
        rowCount = column != nil ? nil : snapshot.map { $0.recordCount.map(Int.init) } ?? 0
    }

    func scan(_ request: ScanRequest, pool: BufferPool) throws(QueryError) -> any TableScan {
        guard let snapshot else {
            return try storage { () throws(ColumnarError) in
                try ParquetScan(files: [], schema: schema, request: request, pool: pool)
            }
        }
        let files: [ParquetScanFile]
        let total: Int
        do {
            let plan = try snapshot.plan(matching: request.predicates)
            total = plan.total
            if request.columns.isEmpty, request.predicates.isEmpty, hidden == nil {
                // The manifests have the answer: no file need be opened.
                let rows = plan.files.reduce(0) { $0 + Int($1.file.recordCount) }
                return RowCountScan(rowCount: rows, files: total)
            }
            files = try scanFiles(plan.files, snapshot)
        } catch {
            throw QueryError(error)
        }
        return try storage { () throws(ColumnarError) in
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
