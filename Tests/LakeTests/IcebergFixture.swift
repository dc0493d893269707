import Columnar
import Foundation

import Lake

/// A lake in a temporary folder with one table of three columns, partitioned by day.
final class IcebergFixture {
    let folder: TemporaryFolder
    let database: Database
    var table: IcebergTable
    private var peers: Peers.Session?
    var random = SeededRandom(seed: 1)
    var nowMillis: Int64 = 1_800_000_000_000

    static let schema = Schema([
        Field(name: "id", type: .bigint, isNullable: false, doc: "The post's id"),
        Field(name: "ts", type: .timestamp(precision: 6)), Field(name: "text", type: .text),
    ]).assigningIDs()

    var catalog: SQLCatalog { SQLCatalog(database) }
    var databasePath: String { folder.path + "/lake.db" }

    init() throws {
        folder = try TemporaryFolder()
        database = try Database.create(path: folder.path + "/lake.db", tables: SQLCatalog.tables)
        let path = folder.path + "/tables/posts"
        let metadata = TableMetadata(
            uuid: RandomIdentity.uuid(using: &random),
            location: try TableLocation(newTableIn: path).stored, schema: Self.schema,
            identifierFieldIDs: [1],
            partitionSpec: .single(.day, of: Self.schema.fields[1]),
            sortKeys: [SortOrder.Key(sourceID: 1)], nowMillis: nowMillis)
        table = IcebergTable(new: metadata, name: "posts", folder: path)
    }

    /// Commits a change and opens the table again from the catalog.
    func commit(
        _ change: TableChange, policy: RetentionPolicy = RetentionPolicy()
    ) throws -> PreparedCommit {
        nowMillis += 1000
        let commit = try TableCommit.prepare(
            change, on: table, policy: policy, nowMillis: nowMillis, random: &random)
        try database.transaction { () throws(LakeError) in try commit.publish(in: catalog) }
        try commit.writeVersionHint()
        try reopen()
        return commit
    }

    func reopen() throws {
        table = try IcebergTable.open("posts", in: catalog, lakeFolder: folder.path)
    }

    func liveFiles(_ predicates: [ScanPredicate] = []) throws -> [LiveFile] {
        try table.currentSnapshot?.liveFiles(matching: predicates) ?? []
    }

    /// A data file of which only the manifest knows.
    func imagined(day: Int64, name: String, rows: Int64 = 10) -> DataFile {
        DataFile(
            path: table.location.stored("data/\(name).parquet"), specID: 0, partition: [.int(day)],
            recordCount: rows, fileSizeBytes: 100)
    }

    /// Real Parquet files of ten rows each, written by pyarrow; ids count from `first`.
    func data(first: Int, days: Int...) throws -> [DataFile] {
        let arguments = ["data", table.location.folder, "\(first)"] + days.map(String.init)
        return try ask(arguments).array?.map { try file($0) } ?? []
    }

    private func file(_ json: JSONValue) throws -> DataFile {
        let path = try json.string(at: "path").dropFirst(table.location.folder.count + 1)
        var file = DataFile(
            path: table.location.stored(String(path)), specID: 0,
            partition: [.int(try json.integer(at: "day"))],
            recordCount: try json.integer(at: "rows"),
            fileSizeBytes: try json.integer(at: "size"))
        file.splitOffsets = [4]
        for (index, field) in Self.schema.fields.enumerated() {
            let id = index + 1
            let bounds = try json.array(at: field.name).map { bound in
                bound.integer.map { Value.int($0) } ?? .text(bound.string ?? "")
            }
            file.valueCounts.append(FieldCount(fieldID: id, count: file.recordCount))
            let nulls = index == 2 ? try json.integer(at: "nulls") : 0
            file.nullCounts.append(FieldCount(fieldID: id, count: nulls))
            guard let lower = SingleValue.encode(bounds[0], as: field.type),
                let upper = SingleValue.encode(bounds[1], as: field.type),
                let cutLower = BoundTruncation.lower(lower, type: field.type),
                let cutUpper = BoundTruncation.upper(upper, type: field.type)
            else { continue }
            file.lowerBounds.append(FieldBound(fieldID: id, bytes: cutLower[...]))
            file.upperBounds.append(FieldBound(fieldID: id, bytes: cutUpper[...]))
        }
        return file
    }

    /// Lets pyiceberg change the table, and opens it again.
    func peerChanges(_ kind: String) throws {
        _ = try ask([kind, databasePath, "posts"])
        try reopen()
    }

    private func ask(_ command: [String]) throws -> JSONValue {
        let session = try peers ?? Peers.Session("iceberg_table.py")
        peers = session
        return try session.ask(command)
    }

    /// The rows that the peers see.
    func peersRead() throws -> JSONValue {
        try ask(["read", databasePath, "posts"])
    }

    /// The rows of the current snapshot as our scan sees them, as JSON text, sorted by id.
    func ourRows() throws -> String {
        var rows: [(id: Int64, json: String)] = []
        let request = ScanRequest(columns: (0..<3).map { ScanColumn(index: $0) })
        try forEachRow(request) { values in
            guard case .int(let id) = values[0] else { return }
            var writer = JSONWriter()
            writer.beginArray()
            for value in values {
                switch value {
                case .int(let number): writer.integer(number)
                case .text(let text): writer.string(text)
                default: writer.null()
                }
            }
            writer.endArray()
            rows.append((id, writer.text))
        }
        rows.sort { $0.id < $1.id }
        return "[" + rows.map(\.json).joined(separator: ",") + "]"
    }

    /// The rows of a scan that satisfy nothing but pruning, as words.
    func scan(_ request: ScanRequest) throws -> (rows: [String], counters: ScanCounters) {
        var rows: [String] = []
        let counters = try forEachRow(request) { values in
            let words = values.map { value in
                switch value {
                case .int(let number): String(number)
                case .text(let text): text
                default: "null"
                }
            }
            rows.append(words.joined(separator: " "))
        }
        return (rows, counters)
    }

    @discardableResult
    private func forEachRow(
        _ request: ScanRequest, _ body: ([Value]) -> Void
    ) throws -> ScanCounters {
        guard let snapshot = table.currentSnapshot else { return ScanCounters() }
        let pool = BufferPool()
        let types = request.columns.map { snapshot.schema.fields[$0.index].type }
        let scan = try snapshot.scan(request, pool: pool)
        for morsel in 0..<scan.morselCount {
            var reader = try scan.open(morsel: morsel, pool: pool)
            while let batch = try reader.next(maxRows: 7) {
                let columns = try batch.columns.map { try $0.flattened(pool: pool) }
                for row in 0..<batch.count {
                    body(
                        try columns.indices.map { index in
                            try columns[index].value(at: row, type: types[index])
                        })
                }
            }
        }
        return scan.counters
    }

    /// A Parquet file of ours with rows of one day; the last row's text is NULL.
    func write(day: Int64, ids first: Int64, rows: Int) throws -> DataFile {
        let pool = BufferPool()
        let types = Self.schema.fields.map(\.type)
        let ids = (0..<Int64(rows)).map { first + $0 }
        let columns = [
            ids.map { Value.int($0) },
            ids.indices.map { Value.int(day * CivilTime.microsPerDay + Int64($0)) },
            ids.indices.map { $0 == rows - 1 ? .null : .text("text \(ids[$0])") },
        ]
        let batch = Batch(
            columns: try columns.indices.map {
                try Column.from(columns[$0], type: types[$0], pool: pool)
            }, count: rows)
        let spec = table.metadata.partitionSpec
        let partition = spec.folderName(of: [.int(day)], in: Self.schema)
        let name = "data/\(partition)/\(first).parquet"
        let path = table.location.folder + "/" + name
        try DurableFile.makeFolder(table.location.folder + "/data/" + partition)
        let writer = try ParquetWriter(path: path, schema: Self.schema, pool: pool)
        try writer.write(batch)
        return DataFile(
            try writer.finish(), path: table.location.stored(name), specID: spec.id,
            partition: [.int(day)], sortOrderID: nil)
    }

    /// The current manifests, each as a line.
    func manifests() throws -> [String] {
        guard let snapshot = table.metadata.currentSnapshot else { return [] }
        return try table.manifests(of: snapshot).map { manifest in
            let days = [manifest.partitions?.first?.lower, manifest.partitions?.first?.upper].map {
                ($0.flatMap { SingleValue.decode($0[...], as: .date) }) ?? .null
            }
            guard case .int(let first) = days[0], case .int(let last) = days[1] else { return "" }
            return "added \(manifest.added.files) existing \(manifest.existing.files) "
                + "deleted \(manifest.deleted.files) days \(first)...\(last)"
        }
    }

    static func text(_ json: JSONValue?) -> String {
        guard let json else { return "nothing" }
        var writer = JSONWriter()
        writer.value(json)
        return writer.text
    }

    /// All files below the table's folder, relative and sorted.
    func filesOnDisk() -> [String] {
        let all = FileManager.default.enumerator(atPath: table.location.folder)?.allObjects ?? []
        return all.compactMap { $0 as? String }.filter { $0.contains(".") }.sorted()
    }
}
