import Columnar
import Glibc

/// What `lake.db` knows of the cold tier, as a file beside it: losing `lake.db` loses no archived row.
///
/// ```
/// LAKE/catalog/00000057-000001-RUNUUID.json, COLD/catalog/00000057-000001-RUNUUID.json
/// { "run": 57, "uuid": "…", "written_micros": …,
///   "tables": { "packs": { "columns": ["id", …], "rows": [[1, …], …] }, … }, "lake.checksum": "…" }
/// ```
/// All rows of the tables below, blobs as `{ "hex": "…" }`. It is written as the last step of each transaction
/// that changes one of them, so it is durable before the commit is; the newest few are kept, because the
/// newest may be of a run that never committed.
package struct ColdCatalog: Sendable {
    /// The rows of one table.
    struct Rows: Hashable, Sendable {
        var columns: [String]
        var rows: [[SQLValue]]
    }

    /// The highest number of a run when it was written.
    let run: Int64
    let writtenMicros: Int64
    let tables: [String: Rows]

    static let folder = "catalog"
    /// In an order in which they can be filled: what others refer to comes first.
    ///
    /// Holds and suppressions have files of their own (`HoldFile`, `SuppressionFile`).
    static let tableNames = [
        "settings", "sources", "cold_files", "packs", "restores", "restored_files",
    ]
    private static let keptFiles = 3
    /// An expiry may write one for each pack.
    private static let orderDigits = 6

    // MARK: Writing

    /// Writes the present rows, also those that the open transaction has changed, and syncs them.
    ///
    /// Into the lake, and into the cold tier where that is mounted and can be written to. `run` names the file:
    /// what a crashed run leaves is collected with its other files.
    package static func write(
        _ database: Database, lake: String, run: RunIdentity, changesTier: Bool = false
    ) throws(LakeError) {
        guard database.version >= ColdFiles.version else { return }
        let catalog = try ColdCatalog(database, writtenMicros: run.startedMicros)
        // Where nothing was ever archived there is nothing to remember.
        if catalog.isEmpty, try !DurableFile.isThere("\(lake)/\(folder)") { return }
        let bytes = catalog.encoded(uuid: run.uuid)
        let name = try fileName(number: catalog.run, uuid: run.uuid, lake: lake)
        try write(bytes, name: name, into: "\(lake)/\(folder)")
        let tier = try ColdTier(lake: lake, database: database)
        guard (try? tier.isMounted()) == true else { return }
        do throws(LakeError) {
            try write(bytes, name: name, into: tier.absolute(folder))
        } catch .io(let operation, let path, let errorNumber) {
            // A tier that is full or read-only keeps nobody from work that leaves it as it is.
            guard !changesTier else {
                throw .io(operation: operation, path: path, errorNumber: errorNumber)
            }
        }
    }

    /// Removes all files but the one of this run: an erasure's, after its commit, because older ones may
    /// name the account.
    package static func keepOnly(
        _ run: RunIdentity, lake: String, tier: ColdTier?
    ) throws(LakeError) {
        for folder in folders(lake: lake, tier: tier?.path) {
            for name in try FolderNames.files(in: folder) where !name.contains(run.uuid) {
                try DurableFile.remove("\(folder)/\(name)")
            }
        }
    }

    private static func write(
        _ bytes: [UInt8], name: String, into folder: String
    ) throws(LakeError) {
        try DurableFile.makeFolder(folder)
        try DurableFile.write(bytes, to: "\(folder)/\(name)")
        try DurableFile.syncFolder(folder)
        let names = try FolderNames.files(in: folder).filter { $0.hasSuffix(".json") }
        for old in names.dropLast(keptFiles) { try DurableFile.remove("\(folder)/\(old)") }
    }

    /// A name of its own, so that what is committed is never replaced by what may not be; names sort by run
    /// and order.
    private static func fileName(
        number: Int64, uuid: String, lake: String
    ) throws(LakeError) -> String {
        let run = padded(number, 8)
        let names = try FolderNames.files(in: "\(lake)/\(folder)")
        let orders = names.filter { $0.hasPrefix(run + "-") }
            .compactMap { Int64($0.dropFirst(run.utf8.count + 1).prefix(orderDigits)) }
        return "\(run)-\(padded((orders.max() ?? 0) + 1, orderDigits))-\(uuid).json"
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    static func folders(lake: String, tier: String?) -> [String] {
        ["\(lake)/\(folder)"] + (tier.map { ["\($0)/\(folder)"] } ?? [])
    }

    /// The present rows of a database.
    init(_ database: Database, writtenMicros: Int64) throws(LakeError) {
        run = try database.integer("SELECT max(id) FROM runs")
        self.writtenMicros = writtenMicros
        var tables: [String: Rows] = [:]
        for name in Self.tableNames { tables[name] = try Self.rows(of: name, database) }
        self.tables = tables
    }

    /// Nothing is archived, asked back or restored.
    var isEmpty: Bool {
        tables.allSatisfy { name, rows in
            name == "settings" || name == "sources" || rows.rows.isEmpty
        }
    }

    private func encoded(uuid: String) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.member("run", run)
        json.member("uuid", uuid)
        json.member("written_micros", writtenMicros)
        json.key("tables")
        json.beginObject()
        for name in Self.tableNames {
            guard let rows = tables[name] else { continue }
            json.key(name)
            Self.write(rows, to: &json)
        }
        json.endObject()
        json.endObject()
        return Seal.sealed(json: json.bytes)
    }

    private init(run: Int64, writtenMicros: Int64, tables: [String: Rows]) {
        self.run = run
        self.writtenMicros = writtenMicros
        self.tables = tables
    }

    /// Every row of a table of ours.
    private static func rows(
        of table: String, _ database: Database
    ) throws(LakeError) -> Rows {
        let columns = try columns(of: table, database)
        // A file of an older version lacks some.
        guard !columns.isEmpty else { return Rows(columns: [], rows: []) }
        let list = columns.map { "\"\($0)\"" }.joined(separator: ", ")
        let statement = try database.prepare("SELECT \(list) FROM \(table) ORDER BY 1")
        var rows: [[SQLValue]] = []
        while try statement.step() {
            rows.append(columns.indices.map { statement.value(Int32($0)) })
        }
        return Rows(columns: columns, rows: rows)
    }

    /// The columns that a table has in this database; none if it has no such table.
    static func columns(
        of table: String, _ database: Database
    ) throws(LakeError) -> [String] {
        let statement = try database.prepare("SELECT name FROM pragma_table_info(?1) ORDER BY cid")
        try statement.bind(table, at: 1)
        var names: [String] = []
        while try statement.step() { names.append(statement.text(0)) }
        return names
    }

    private static func write(_ rows: Rows, to json: inout JSONWriter) {
        json.beginObject()
        json.key("columns")
        json.beginArray()
        for column in rows.columns { json.string(column) }
        json.endArray()
        json.key("rows")
        json.beginArray()
        for row in rows.rows {
            json.beginArray()
            for value in row { write(value, to: &json) }
            json.endArray()
        }
        json.endArray()
        json.endObject()
    }

    private static func write(_ value: SQLValue, to json: inout JSONWriter) {
        switch value {
        case .null: json.null()
        case .integer(let number): json.integer(number)
        case .real(let number): json.double(number)
        case .text(let text): json.string(text)
        case .blob(let bytes):
            json.beginObject()
            json.member("hex", Hexadecimal.text(bytes))
            json.endObject()
        }
    }

    // MARK: Reading

    /// The files of some folders, the newest first.
    static func paths(in folders: [String]) throws(LakeError) -> [String] {
        var found: [(name: String, path: String)] = []
        for folder in folders {
            for name in try FolderNames.files(in: folder) where name.hasSuffix(".json") {
                found.append((name, "\(folder)/\(name)"))
            }
        }
        return found.sorted { $0.name > $1.name }.map(\.path)
    }

    /// Reads one file; throws `corrupt` if it is not as it was written.
    static func read(_ path: String) throws(LakeError) -> ColdCatalog {
        let bytes = try DurableFile.read(path)
        guard try Seal.check(json: bytes, path: path) else {
            throw .corrupt(.init(path: path), reason: "it has no checksum")
        }
        let json = MetadataJSON(value: try parseJSON(bytes, path: path), path: path)
        var tables: [String: Rows] = [:]
        for member in try json.member("tables").value.object ?? [] {
            tables[member.key] = try rows(MetadataJSON(value: member.value, path: path))
        }
        return ColdCatalog(
            run: try json.long("run"), writtenMicros: try json.long("written_micros"),
            tables: tables)
    }

    private static func rows(_ json: MetadataJSON) throws(LakeError) -> Rows {
        let columns = try json.member("columns").value.array?.compactMap(\.string) ?? []
        var rows: [[SQLValue]] = []
        for row in try json.member("rows").value.array ?? [] {
            var values: [SQLValue] = []
            for value in row.array ?? [] { values.append(try Self.value(value, json)) }
            guard values.count == columns.count else {
                throw json.corrupt("a row with another number of values than columns")
            }
            rows.append(values)
        }
        return Rows(columns: columns, rows: rows)
    }

    private static func value(
        _ value: JSONValue, _ json: MetadataJSON
    ) throws(LakeError) -> SQLValue {
        switch value.content {
        case .null: return .null
        case .integer(let number): return .integer(number)
        case .double(let number): return .real(number)
        case .string(let text): return .text(text)
        case .object:
            guard let bytes = value["hex"]?.string.flatMap(Hexadecimal.bytes) else {
                throw json.corrupt("a blob that is no hexadecimal text")
            }
            return .blob(bytes)
        case .boolean, .array: throw json.corrupt("a value that no table holds")
        }
    }

    /// The value of a setting.
    func setting(_ key: Settings.Key) -> String? {
        for row in tables["settings"]?.rows ?? [] {
            if case .text(key.rawValue)? = row.first, case .text(let value)? = row.last {
                return value
            }
        }
        return nil
    }
}
