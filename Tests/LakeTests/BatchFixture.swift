import Foundation
import Glibc
import Testing

@testable import Columnar
@testable import Lake

/// A lake whose raw files hold many posts each, compacted again and again under a clock of its own.
final class BatchFixture {
    static func schema(
        path: String, format: String, records: String? = nil, settings: String = ""
    ) -> String {
        let records = records.map { ", \"records\": \"\($0)\"" } ?? ""
        return """
            {
              "table": "posts",
              "raw": { "path": "\(path)", "format": "\(format)"\(records) },
              "partition": { "column": "posted_at", "transform": "day" },
              "settings": {\(settings)},
              "columns": [
                { "name": "id", "type": "bigint", "class": "key" },
                { "name": "posted_at", "type": "timestamp(6)", "required": true },
                { "name": "likes", "type": "bigint", "class": "counter" },
                { "name": "url", "type": "varchar", "class": "volatile" }
              ]
            }
            """
    }

    let folder: TemporaryFolder
    let lake: Lake
    let pool = BufferPool()
    private var seed: UInt64 = 1

    var raw: String { folder.path + "/raw" }

    init(
        path: String = "batches/{batch}.jsonl", format: String = "jsonl", records: String? = nil,
        settings: String = ""
    ) throws {
        folder = try TemporaryFolder()
        mkdir(folder.path + "/raw", 0o755)
        mkdir(folder.path + "/raw/batches", 0o755)
        let schema = Self.schema(
            path: path, format: format, records: records, settings: settings)
        lake = try Lake.create(
            at: folder.path + "/lake", rawPath: folder.path + "/raw",
            schemas: [.init(name: "posts.json", bytes: Array(schema.utf8))], seed: 42)
    }

    /// Compacts a day ahead of the file system's clock; returns the table's part of the report.
    @discardableResult
    func compact(
        workers: Int = 2, _ change: (inout CompactionOptions) -> Void = { _ in }
    ) throws -> RunReport.Table {
        seed += 1
        var options = LakeFixture.options(workers: workers)
        change(&options)
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        let micros = (Int64(now.tv_sec) + 86_400) * 1_000_000 + Int64(now.tv_nsec) / 1_000
        let report = try lake.compact(
            identity: RunIdentity(startedMicros: micros, seed: seed), options: options, pool: pool)
        return try #require(report.tables.first)
    }

    func write(_ text: String, to name: String, atSeconds seconds: Int? = nil) throws {
        try write(Array(text.utf8), to: name, atSeconds: seconds)
    }

    /// - seconds: the file's time; now if nil.
    func write(_ bytes: [UInt8], to name: String, atSeconds seconds: Int? = nil) throws {
        try folder.write(bytes, to: "raw/batches/\(name)")
        guard let seconds else { return }
        let times = [timespec(tv_sec: seconds, tv_nsec: 0), timespec(tv_sec: seconds, tv_nsec: 0)]
        utimensat(AT_FDCWD, "\(raw)/batches/\(name)", times, 0)
    }

    func read(_ name: String) throws -> [UInt8] {
        Array(try #require(FileManager.default.contents(atPath: "\(raw)/batches/\(name)")))
    }

    static func post(_ id: Int, day: Int = 1, likes: Int = 0, url: String = "u") -> String {
        let date = day < 10 ? "0\(day)" : "\(day)"
        return "{\"id\": \(id), \"posted_at\": \"2026-01-\(date)T10:00:00Z\", "
            + "\"likes\": \(likes), \"url\": \"\(url)\"}"
    }

    /// Posts as lines.
    static func lines(_ ids: some Sequence<Int>, day: Int = 1, likes: Int = 0) -> String {
        ids.map { post($0, day: day, likes: likes) + "\n" }.joined()
    }

    /// `id likes` of all rows, by id.
    func likes() throws -> [String] {
        try LakeFixture.rows(of: lake, ["id", "likes"], pool: pool).map { row in
            row.split(separator: " ").map { $0.dropFirst(4).dropLast() }.joined(separator: " ")
        }.sorted { Int($0.prefix { $0 != " " })! < Int($1.prefix { $0 != " " })! }
    }

    /// What is remembered of one file's records.
    func remembered(_ name: String) throws -> RecordEntries {
        try RecordFiles.Reader(lake.database.path, source: 1).entries(of: "batches/\(name)")
    }

    /// One gzip member or zstd frame.
    static func compressed(_ text: String, _ codec: Codec) throws -> [UInt8] {
        let bytes = Array(text.utf8)
        let compressor = try PageCompressor(codec: codec, level: nil)
        var writer = try ByteWriter(pool: BufferPool(), capacity: 64)
        try bytes.withUnsafeBytes { bytes throws in
            try compressor.compress(bytes, into: &writer)
        }
        return Array(writer.bytes)
    }
}
