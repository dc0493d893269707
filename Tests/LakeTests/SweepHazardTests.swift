import Columnar
import Foundation
import Testing

@testable import Lake

/// What a sweep must leave alone: the only bytes of something, and rows that somebody asked back.
@Suite struct SweepHazardTests {
    private static let expiry = "[{\"after_days\": 30, \"expire\": true}]"

    /// A pack whose index is whole proves nothing about the bytes in its frames.
    @Test func rottenFramesVouchForNothing() throws {
        let fixture = try LakeFixture.withPosts(retention: SweepTests.glacier)
        try fixture.sweep()
        let tier = try ColdTier(lake: fixture.lake.path, database: fixture.lake.database)
        let packs = try Packs.list(fixture.lake.database)
        let path = tier.absolute(try #require(packs.first).path)
        var bytes = try DurableFile.read(path)
        bytes[200] ^= 1
        try Data(bytes).write(to: URL(filePath: path))
        try fixture.write(fixture.post(id: 1, day: 3, likes: 1), to: "u1/1.json")
        #expect(try fixture.compact().files.unchangedByHash == 1)
        try fixture.sweep()
        // Packed anew, from the file that came back.
        let again = try Packs.list(fixture.lake.database)
        #expect(again.count == packs.count + 1)
        let reader = try PackReader(path: tier.absolute(try #require(again.last).path))
        #expect(reader.find("posts/u1/1.json") != nil)
        // A restore finds it there, and the files that the rotten pack still has.
        let back = fixture.folder.path + "/back"
        let error = #expect(throws: LakeError.self) {
            try fixture.lake.restoreRaw(
                RawRestore.Request(folder: back), pool: fixture.pool)
        }
        #expect("\(error!)".contains("does not match"), "\(error!)")
        #expect(DurableFile.exists(back + "/posts/u1/1.json"))
    }

    @Test func quarantinedBytesOutliveTheirOldRow() throws {
        let fixture = try LakeFixture.withPosts(retention: Self.expiry)
        try fixture.write("{ broken", to: "u1/1.json")
        #expect(try fixture.compact().files.quarantined == 1)
        try fixture.sweep()
        #expect(try fixture.rows(["id"]) == [])
        let left = FileManager.default.enumerator(atPath: fixture.raw)?.allObjects as? [String]
        #expect(left?.filter { $0.hasSuffix(".json") } == ["posts/u1/1.json"])
    }

    /// Two tables over the same raw files: none of them takes them away from the other.
    @Test func sharedRawFilesStay() throws {
        let fixture = try LakeFixture.withPosts(retention: SweepTests.glacier)
        let path = fixture.lake.path + "/schemas/zebra.json"
        try LakeFixture.schema.replacing("\"posts\"", with: "\"zebra\"")
            .write(toFile: path, atomically: true, encoding: .utf8)
        let report = try fixture.sweep()
        let posts = try #require(report.tables.first { $0.name == "posts" })
        #expect(posts.sharesRawWith == "zebra")
        #expect(posts.raw.packed == 0)
        #expect(try fixture.liveDays() == [])
        let left = FileManager.default.enumerator(atPath: fixture.raw)?.allObjects as? [String]
        #expect(left?.filter { $0.hasSuffix(".json") }.count == 10)
        try fixture.setRetention(Self.expiry)
        try fixture.sweep()
        #expect(try fixture.coldDays() == [])
        let kept = FileManager.default.enumerator(atPath: fixture.raw)?.allObjects as? [String]
        #expect(kept?.filter { $0.hasSuffix(".json") }.count == 10)
    }

    /// A restored row that changes is not swept straight back.
    @Test func whatChangesWhileRestoredStaysUntilItsCopyEnds() throws {
        let fixture = try LakeFixture.withPosts(retention: SweepTests.glacier)
        try fixture.sweep()
        let now = fixture.sweepMicros(daysLater: 1)
        try fixture.restore({ $0.days = 5 }, atMicros: now)
        #expect(try fixture.rows(["id"]).count == 10)
        try fixture.write(fixture.post(id: 1, day: 3, likes: 100), to: "u1/1.json")
        try fixture.compact()
        try fixture.sweep(daysLater: 2)
        #expect(try fixture.rows(["id"]).count == 10)
        #expect(try fixture.rows(["id", "likes"]).contains("int(1) int(100)"))
        try fixture.sweep(daysLater: 20)
        #expect(try fixture.rows(["id"]) == [])
        #expect(Set(try fixture.coldIDs()) == Set(1...10))
    }

    /// A copy dies with what it is a copy of.
    @Test func expiryEndsCopies() throws {
        let fixture = try LakeFixture.withPosts(retention: SweepTests.glacier)
        try fixture.sweep()
        try fixture.restore({ $0.days = 300 }, atMicros: fixture.sweepMicros(daysLater: 1))
        #expect(try fixture.rows(["id"]).count == 10)
        try fixture.setRetention(Self.expiry)
        try fixture.sweep(daysLater: 2)
        #expect(try fixture.rows(["id"]) == [])
        #expect(try RestoredFiles.list(fixture.lake.database).isEmpty)
        #expect(try fixture.coldDays() == [])
        try fixture.compact()
        #expect(try fixture.rows(["id"]) == [])
    }

    /// The guard against accidents weighs what expires on the cold tier.
    @Test func expiryOfAnArchiveNeedsAPlan() throws {
        let fixture = try LakeFixture(settings: "\"quiet_days\": 0")
        try fixture.setRetention(SweepTests.glacier)
        for id in 1...1_000 {
            try fixture.write(fixture.post(id: id, day: 1, likes: 1), to: "u/\(id).json")
        }
        try fixture.compact()
        try fixture.sweep { $0.maxPercent = 100 }
        try fixture.setRetention(Self.expiry)
        #expect(throws: LakeError.self) { try fixture.sweep() }
        #expect(try fixture.coldDays() == ["1:1000 GLACIER"])
        try fixture.sweep { $0.maxPercent = 100 }
        #expect(try fixture.coldDays() == [])
    }

    /// A rule that asks for a column meets a file that cannot be read: the others go all the same.
    @Test func aRottenPartitionUnderAFilterIsLeftAndSaid() throws {
        let fixture = try LakeFixture.withPosts(
            retention: "[{\"after_days\": 30, \"where\": {\"user_id\": [\"u1\"]},"
                + " \"transition\": \"GLACIER\"}]")
        let file = try #require(
            fixture.tableFiles().first { $0.contains("=2026-01-02/") && $0.hasSuffix(".parquet") })
        var bytes = try DurableFile.read(file)
        for place in 4..<(bytes.count / 2) { bytes[place] ^= 0xFF }
        try Data(bytes).write(to: URL(filePath: file))
        let report = try fixture.sweep()
        #expect(report.isPartial)
        #expect(report.tables[0].damaged.count == 1)
        #expect(try fixture.coldDays().count == 2)
    }

    /// What a hold keeps is told by every sweep, and of no hold that keeps nothing.
    @Test func holdsAreToldAsLongAsTheyKeepRows() throws {
        let fixture = try LakeFixture.withPosts(retention: SweepTests.glacier)
        try fixture.hold(account: "u1")
        try fixture.hold(account: "nobody")
        for _ in 0..<2 {
            let held = try fixture.sweep().tables[0].held
            #expect(held.map(\.hold) == [1])
            #expect(held.map(\.rows) == [5])
            #expect(held.map(\.partitions) == [3])
        }
    }
}
