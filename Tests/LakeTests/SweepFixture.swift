import Columnar
import Foundation
import Glibc
import Testing

@testable import Lake

/// Sweeps over a fixture's lake: ten posts over three days of January 2026, one account a half.
extension LakeFixture {
    /// A lake whose table has rules, compacted once.
    static func withPosts(retention: String) throws -> LakeFixture {
        let fixture = try LakeFixture(settings: "\"account\": \"user_id\", \"quiet_days\": 0")
        try fixture.setRetention(retention)
        try fixture.writePosts()
        try fixture.compact()
        return fixture
    }

    /// Posts 1...10 of the accounts u0 and u1: three on day 1, four on day 2, three on day 3.
    func writePosts() throws {
        for id in 1...10 {
            try write(
                post(id: id, day: (id + 1) % 3 + 1, likes: id), to: "u\(id % 2)/\(id).json")
        }
    }

    /// Replaces the rules of the lake's schema file.
    func setRetention(_ rules: String) throws {
        let path = lake.path + "/schemas/posts.json"
        var text = try String(contentsOfFile: path, encoding: .utf8)
        text = text.replacing(/"retention": \[[^\n]*\],\n/, with: "")
        text = text.replacing("\"sort\"", with: "\"retention\": \(rules),\n\"sort\"")
        try text.write(toFile: path, atomically: true, encoding: .utf8)
    }

    /// A clock that is two days ahead of the file system's, and more.
    func sweepMicros(daysLater: Int64 = 0) -> Int64 {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return (Int64(now.tv_sec) + (2 + daysLater) * 86_400) * 1_000_000
    }

    @discardableResult
    func sweep(
        daysLater: Int64 = 0, _ change: (inout SweepOptions) -> Void = { _ in }
    ) throws -> SweepReport {
        seed += 1
        var options = SweepOptions(run: Self.options(workers: 2))
        // Nothing is too old to be kept for readers, unless the test says so.
        options.run.graceMicros = 30 * 86_400_000_000
        change(&options)
        return try lake.sweep(
            identity: RunIdentity(startedMicros: sweepMicros(daysLater: daysLater), seed: seed),
            options: options, pool: pool)
    }

    /// The days of January 2026 that the snapshot has, with their rows, as `1:3`.
    func liveDays() throws -> [String] {
        let table = try IcebergTable.open("posts", in: lake.catalog, lakeFolder: lake.path)
        var rows: [Int64: Int64] = [:]
        for file in try table.currentSnapshot?.liveFiles() ?? [] {
            guard case .int(let day)? = file.file.partition.first else { continue }
            rows[day - Self.january, default: 0] += file.file.recordCount
        }
        return rows.sorted { $0.key < $1.key }.map { "\($0.key):\($0.value)" }
    }

    /// The archived files, as `1:3 GLACIER`.
    func coldDays() throws -> [String] {
        try ColdFiles.list(lake.database).map {
            "\(Int64($0.partition ?? 0) - Self.january):\($0.rowCount) \($0.storageClass.rawValue)"
        }
    }

    /// Days since 1970 of 31 December 2025.
    private static let january = CivilTime.days(year: 2026, month: 1, day: 1) - 1

    /// The ids of all archived rows, read from their files.
    func coldIDs() throws -> [Int64] {
        let tier = try ColdTier(lake: lake.path, database: lake.database)
        let table = try IcebergTable.open("posts", in: lake.catalog, lakeFolder: lake.path)
        let schema = table.metadata.schema
        var ids: [Int64] = []
        for record in try ColdFiles.list(lake.database) {
            let path = tier.absolute(record.path)
            #expect(try SHA256.digest(DurableFile.read(path)) == record.sha256)
            let scan = try ParquetScan(
                files: [.init(path: path, fileIndex: 0)], schema: schema,
                request: ScanRequest(columns: [ScanColumn(index: schema.index(of: "id")!)]),
                pool: pool)
            for morsel in 0..<scan.morselCount {
                var reader = try scan.open(morsel: morsel, pool: pool)
                while let batch = try reader.next(maxRows: 8_192) {
                    for row in 0..<batch.count {
                        if case .int(let id) = try batch.columns[0].value(at: row, type: .bigint) {
                            ids.append(id)
                        }
                    }
                }
            }
        }
        return ids.sorted()
    }

    func hold(account: String, reason: String = "court") throws {
        try lake.database.run(
            """
            INSERT INTO holds(account, reason, placed_by, placed_micros)
            VALUES (?1, ?2, 'test', 0)
            """, [.text(account), .text(reason)])
    }

    /// All regular files of the cold tier, below it.
    func coldFiles() -> [String] {
        let folder = lake.path + "/cold"
        return (FileManager.default.enumerator(atPath: folder)?.allObjects as? [String] ?? [])
            .filter { $0.hasSuffix(".parquet") || $0.hasSuffix(".tmp") }.sorted()
    }
}
