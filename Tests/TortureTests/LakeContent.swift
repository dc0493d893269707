import Columnar
import Foundation

@testable import Lake

/// All that a lake holds, in a form that two lakes can be compared in.
///
/// Left out: names of files and ids, which are random, and times of runs.
struct LakeContent: Equatable {
    /// The rows of each table as texts, sorted, without the times of runs.
    var rows: [String: [String]] = [:]
    /// What is remembered of raw files, row by row.
    var rawFiles: [String] = []
    /// Path and reason of each quarantined file.
    var quarantine: [String] = []
    /// Catalog pointers.
    var tables: [String] = []

    /// Reads the lake in a folder.
    init(of path: String) throws {
        let lake = try Lake.open(at: path)
        tables = try lake.catalog.list()
        let pool = BufferPool()
        for table in tables {
            let iceberg = try IcebergTable.open(table, in: lake.catalog, lakeFolder: path)
            rows[table] = try Self.rows(of: iceberg, pool)
        }
        rawFiles = try Self.texts(
            lake.database,
            "SELECT source, folder, first, hex(entries) FROM raw_files ORDER BY 1, 2, 3",
            columns: 4)
        // Version 1 had no such table.
        if try lake.database.integer(
            "SELECT count(*) FROM sqlite_schema WHERE name = 'record_files'") > 0
        {
            rawFiles += try Self.texts(
                lake.database, "SELECT source, path, hex(records) FROM record_files ORDER BY 1, 2",
                columns: 3)
        }
        quarantine = try Self.texts(
            lake.database, "SELECT source, path, reason FROM quarantine ORDER BY 1, 2", columns: 3)
    }

    /// The first thing in which another lake differs; nil if nothing does.
    func difference(from other: LakeContent) -> String? {
        if tables != other.tables { return "tables \(tables), not \(other.tables)" }
        for table in tables where rows[table] != other.rows[table] {
            let mine = Set(rows[table] ?? [])
            let theirs = Set(other.rows[table] ?? [])
            return
                "\(table): \(rows[table]?.count ?? 0) rows, not \(other.rows[table]?.count ?? 0); "
                + "odd \(mine.symmetricDifference(theirs).sorted().prefix(4))"
        }
        if rawFiles != other.rawFiles {
            return
                "raw files: odd \(Set(rawFiles).symmetricDifference(other.rawFiles).sorted().prefix(4))"
        }
        if quarantine != other.quarantine {
            return "quarantine: \(quarantine), not \(other.quarantine)"
        }
        return nil
    }

    private static func rows(of table: IcebergTable, _ pool: BufferPool) throws -> [String] {
        guard let snapshot = table.currentSnapshot else { return [] }
        var rows: [String] = []
        for file in try snapshot.liveFiles() {
            rows += try Self.rows(
                ofFile: try snapshot.path(of: file.file), schema: snapshot.schema, pool)
        }
        return rows.sorted()
    }

    /// The rows of a data file, which has the columns of `schema` or of its own.
    static func rows(
        ofFile path: String, schema given: Schema? = nil, _ pool: BufferPool
    ) throws -> [String] {
        let schema = try given ?? ParquetFile.open(path: path).schema
        let columns = schema.fields.indices.filter {
            !["_ingested_at", "observed_at"].contains(schema.fields[$0].name)
        }
        let scan = try ParquetScan(
            files: [.init(path: path, fileIndex: 0)], schema: schema,
            request: ScanRequest(columns: columns.map { ScanColumn(index: $0) }), pool: pool)
        var rows: [String] = []
        for morsel in 0..<scan.morselCount {
            var reader = try scan.open(morsel: morsel, pool: pool)
            while let batch = try reader.next(maxRows: 8_192) {
                for row in 0..<batch.count {
                    let values = try zip(batch.columns, columns).map { column, index in
                        try column.value(at: row, type: schema.fields[index].type)
                    }
                    rows.append(values.map { "\($0)" }.joined(separator: " "))
                }
            }
        }
        return rows
    }

    private static func texts(
        _ database: Database, _ sql: String, columns: Int32
    ) throws -> [String] {
        let statement = try database.prepare(sql)
        var texts: [String] = []
        while try statement.step() {
            texts.append((0..<columns).map { statement.text($0) }.joined(separator: " "))
        }
        return texts
    }

    /// The files of a lake that nothing names: leftovers of runs that did not end well.
    static func orphans(of path: String) throws -> [String] {
        let lake = try Lake.open(at: path)
        var named: Set<String> = []
        for table in try lake.catalog.list() {
            let iceberg = try IcebergTable.open(table, in: lake.catalog, lakeFolder: path)
            named.insert(iceberg.location.folder + "/metadata/version-hint.text")
            for stored in iceberg.metadata.metadataLog.map(\.file) + [iceberg.metadataLocation!] {
                named.insert(try iceberg.location.resolve(stored))
            }
            for snapshot in iceberg.metadata.snapshots {
                named.insert(try iceberg.location.resolve(snapshot.manifestList))
                for manifest in try iceberg.manifests(of: snapshot) {
                    named.insert(try iceberg.location.resolve(manifest.path))
                    for entry in try iceberg.entries(of: manifest) where entry.isLive {
                        named.insert(try iceberg.location.resolve(entry.file.path))
                    }
                }
            }
        }
        let retired = try texts(lake.database, "SELECT path FROM retired_files", columns: 1)
        named.formUnion(retired)
        named.formUnion(["lake.db", "lake.lock", "lake.reserve"].map { "\(path)/\($0)" })
        return files(below: path).filter { file in
            !named.contains(file) && !file.hasPrefix("\(path)/schemas/")
        }
    }

    /// All regular files below a folder, sorted.
    static func files(below folder: String) -> [String] {
        var files: [String] = []
        guard let walk = FileManager.default.enumerator(atPath: folder) else { return [] }
        for case let name as String in walk {
            var status = stat()
            if lstat("\(folder)/\(name)", &status) == 0, status.st_mode & S_IFMT == S_IFREG {
                files.append("\(folder)/\(name)")
            }
        }
        return files.sorted()
    }
}
