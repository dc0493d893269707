import Columnar
import Foundation
import Testing

@testable import Lake

/// A table that its catalog does not find any more is never begun anew over rows that are remembered.
@Suite struct LostTableTests {
    private func prepared() throws -> LakeFixture {
        let fixture = try LakeFixture()
        for id in 1...5 {
            try fixture.write(fixture.post(id: id, day: 1, likes: id), to: "u/\(id).json")
        }
        try fixture.compact()
        try fixture.write(fixture.post(id: 1, day: 1, likes: 100), to: "u/1.json")
        return fixture
    }

    private func expectRefused(_ fixture: LakeFixture, saying words: String) throws {
        let files = fixture.tableFiles()
        let error = #expect(throws: LakeError.self) { try fixture.compact() }
        #expect("\(error!)".contains(words), "\(error!)")
        #expect(fixture.tableFiles() == files)
    }

    @Test func missingRowOfTheCatalog() throws {
        let fixture = try prepared()
        try fixture.lake.database.execute(
            "DELETE FROM iceberg_tables WHERE table_name = 'posts'")
        try expectRefused(fixture, saying: "has no table posts")
        // What it advises helps.
        var options = LakeRebuild.Options(seed: 3, nowMicros: 5_000_000_000_000_000)
        options.isForced = true
        _ = try LakeRebuild.run(lake: fixture.lake.path, options: options, pool: fixture.pool)
        let lake = try Lake.open(at: fixture.lake.path)
        let report = try lake.compact(
            identity: RunIdentity(startedMicros: 6_000_000_000_000_000, seed: 77),
            options: LakeFixture.options(workers: 1), pool: fixture.pool)
        #expect(report.files.changed == 1)
        #expect(try LakeFixture.rows(of: lake, ["id"]).count == 5)
    }

    /// One byte of an index, which SQLite itself does not notice.
    @Test func damagedIndexOfTheCatalog() throws {
        let fixture = try prepared()
        let database = fixture.lake.database
        let page = try database.integer(
            """
            SELECT rootpage FROM sqlite_schema WHERE name = 'sqlite_autoindex_iceberg_tables_1'
            """)
        let size = try database.integer("PRAGMA page_size")
        let path = fixture.lake.path + "/lake.db"
        var bytes = try DurableFile.read(path)
        let last = Int(page * size) - 1
        // The end of the first entry: lake, lake, posts and its row.
        try #require(bytes[(last - 14)...last].contains(UInt8(ascii: "p")))
        bytes[last - 2] ^= 0x55
        let file = open(path, O_WRONLY)
        defer { close(file) }
        #expect(pwrite(file, &bytes, bytes.count, 0) == bytes.count)
        let lake = try Lake.open(at: fixture.lake.path)
        let files = fixture.tableFiles()
        let error = #expect(throws: LakeError.self) {
            try lake.compact(
                identity: RunIdentity(startedMicros: 1_900_000_000_000_000, seed: 77),
                options: LakeFixture.options(workers: 1), pool: fixture.pool)
        }
        #expect("\(error!)".contains("iceberg_tables"), "\(error!)")
        #expect(fixture.tableFiles() == files)
    }
}
