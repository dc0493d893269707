import Columnar
import Glibc
import Testing

@testable import Lake

/// A lake over a small raw folder of posts, compacted again and again under a clock of its own.
final class LakeFixture {
    static let schema = """
        {
          "table": "posts",
          "raw": { "path": "posts/{user_id}/{post}.json", "format": "json" },
          "partition": { "column": "posted_at", "transform": "day" },
          "sort": ["user_id", "posted_at"],
          "columns": [
            { "name": "id", "type": "bigint", "class": "key" },
            { "name": "user_id", "type": "varchar", "capture": "user_id" },
            { "name": "posted_at", "type": "timestamp(6)", "required": true },
            { "name": "likes", "type": "bigint", "class": "counter" },
            { "name": "caption", "type": "varchar" },
            { "name": "url", "type": "varchar", "class": "volatile" },
            { "name": "tags", "type": "array(varchar)" }
          ]
        }
        """

    let folder: TemporaryFolder
    let lake: Lake
    var seed: UInt64 = 1
    let pool = BufferPool()

    var raw: String { folder.path + "/raw" }

    /// - settings: the members of the schema file's settings.
    init(seed: UInt64 = 1, settings: String = "") throws {
        folder = try TemporaryFolder()
        self.seed = seed
        mkdir(folder.path + "/raw", 0o755)
        mkdir(folder.path + "/raw/posts", 0o755)
        let schema = Self.schema.replacing(
            "\"sort\"", with: "\"settings\": {\(settings)}, \"sort\"")
        lake = try Lake.create(
            at: folder.path + "/lake", rawPath: folder.path + "/raw",
            schemas: [.init(name: "posts.json", bytes: Array(schema.utf8))], seed: 42)
    }

    /// Options under which every file is old enough to be believed.
    static func options(workers: Int) -> CompactionOptions {
        var options = CompactionOptions(workers: workers, nanos: { 0 })
        options.settleNanos = 0
        options.inFlightNanos = 0
        return options
    }

    @discardableResult
    func compact(
        workers: Int = 2, _ change: (inout CompactionOptions) -> Void = { _ in }
    ) throws -> RunReport {
        seed += 1
        var options = Self.options(workers: workers)
        change(&options)
        // A day ahead, so that the file system's clock is always behind.
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        let micros =
            (Int64(now.tv_sec) + 86_400) * 1_000_000 + Int64(now.tv_nsec) / 1_000
        return try lake.compact(
            identity: RunIdentity(startedMicros: micros, seed: seed), options: options, pool: pool)
    }

    func write(_ text: String, to name: String) throws {
        let user = name.split(separator: "/")[0]
        mkdir("\(raw)/posts/\(user)", 0o755)
        try folder.write(text, to: "raw/posts/\(name)")
    }

    func post(
        id: Int, day: Int, likes: Int, caption: String = "hello", url: String = "u"
    ) -> String {
        let date = day < 10 ? "0\(day)" : "\(day)"
        return """
            {"id": \(id), "posted_at": "2026-01-\(date)T10:00:00+0000", "likes": \(likes),
             "caption": "\(caption)", "url": "\(url)", "tags": ["a", "b"], "odd": \(id)}
            """
    }

    /// All rows of a table as texts, from its live files; `key` columns first sort them.
    func rows(
        _ columns: [String] = ["id", "posted_at", "likes", "caption", "_raw_path"]
    ) throws -> [String] {
        try Self.rows(of: lake, columns, pool: pool)
    }

    static func rows(
        of lake: Lake, table name: String = "posts", _ columns: [String],
        pool: BufferPool = BufferPool()
    ) throws -> [String] {
        let table = try IcebergTable.open(name, in: lake.catalog, lakeFolder: lake.path)
        guard let snapshot = table.currentSnapshot else { return [] }
        let indices = columns.map { snapshot.schema.index(of: $0)! }
        var rows: [String] = []
        for file in try snapshot.liveFiles() {
            let scan = try ParquetScan(
                files: [.init(path: try snapshot.path(of: file.file), fileIndex: 0)],
                schema: snapshot.schema,
                request: ScanRequest(columns: indices.map { ScanColumn(index: $0) }), pool: pool)
            for morsel in 0..<scan.morselCount {
                var reader = try scan.open(morsel: morsel, pool: pool)
                while let batch = try reader.next(maxRows: 8_192) {
                    for row in 0..<batch.count {
                        let values = try zip(batch.columns, indices).map { column, index in
                            try column.value(at: row, type: snapshot.schema.fields[index].type)
                        }
                        rows.append(values.map { "\($0)" }.joined(separator: " "))
                    }
                }
            }
        }
        return rows.sorted()
    }

    /// Names of all regular files below the lake's tables.
    func tableFiles() -> [String] {
        var found: [String] = []
        var folders = [lake.path + "/tables"]
        while let next = folders.popLast() {
            guard let directory = opendir(next) else { continue }
            defer { closedir(directory) }
            while let entry = readdir(directory) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                if name == "." || name == ".." { continue }
                if entry.pointee.d_type == DT_DIR {
                    folders.append("\(next)/\(name)")
                } else {
                    found.append("\(next)/\(name)")
                }
            }
        }
        return found.sorted()
    }
}
