import Columnar
import Foundation
import Glibc
import Testing

@testable import Lake

/// `Lake.sweep`: what is past retention leaves the snapshot, and nothing gets lost.
@Suite struct SweepTests {
    static let glacier = "[{\"after_days\": 30, \"transition\": \"GLACIER\"}]"

    @Test func movesDuePartitionsAndKeepsTheirRows() throws {
        let fixture = try LakeFixture.withPosts(retention: Self.glacier)
        let report = try fixture.sweep()
        #expect(!report.isPartial)
        #expect(report.tables.map(\.rowsBefore) == [10])
        #expect(report.tables.map(\.rowsAfter) == [0])
        #expect(try fixture.liveDays() == [])
        #expect(try fixture.coldDays() == ["1:3 GLACIER", "2:3 GLACIER", "3:4 GLACIER"])
        #expect(try fixture.coldIDs() == Array(1...10))
        // Older snapshots and readers still have the originals.
        #expect(fixture.tableFiles().filter { $0.hasSuffix(".parquet") }.count >= 3)
        let again = try fixture.sweep()
        #expect(again.tables.allSatisfy { $0.steps.isEmpty })
        #expect(fixture.coldFiles().count == 3)
        let entries = try fixture.lake.runs(5)
        #expect(entries.map(\.kind) == [.sweep, .sweep, .compact])
        #expect(entries.allSatisfy { $0.outcome == .done })
        #expect(SweepReport(json: entries[1].report ?? "")?.planID == report.planID)
    }

    @Test func aLaterRunTakesNothingBack() throws {
        let fixture = try LakeFixture.withPosts(retention: Self.glacier)
        try fixture.sweep()
        let report = try fixture.compact()
        #expect(report.tables[0].rowsWritten == 0)
        #expect(try fixture.liveDays() == [])
        #expect(try fixture.coldIDs() == Array(1...10))
    }

    @Test func onlyWhatIsDueMoves() throws {
        let fixture = try LakeFixture.withPosts(
            retention: "[{\"after_days\": 100000, \"transition\": \"GLACIER\"}]")
        let report = try fixture.sweep()
        #expect(report.tables[0].steps.isEmpty)
        #expect(try fixture.liveDays() == ["1:3", "2:3", "3:4"])
        // A lake that archives nothing needs no cold tier.
        #expect(!DurableFile.exists(fixture.lake.path + "/cold"))
    }

    @Test func classesGoDownAndFilesStayWhereTheyAre() throws {
        let fixture = try LakeFixture.withPosts(
            retention: "[{\"after_days\": 30, \"transition\": \"GLACIER_IR\"}]")
        try fixture.sweep()
        #expect(try fixture.liveDays() == ["1:3", "2:3", "3:4"])
        #expect(try fixture.coldDays() == [])
        let cold = fixture.coldFiles()
        #expect(cold.count == 3)
        #expect(try fixture.rows(["id"]).count == 10)
        try fixture.sweep()
        #expect(fixture.coldFiles() == cold)
        try fixture.setRetention(Self.glacier)
        try fixture.sweep()
        #expect(try fixture.liveDays() == [])
        #expect(try fixture.coldDays() == ["1:3 GLACIER", "2:3 GLACIER", "3:4 GLACIER"])
        #expect(fixture.coldFiles() == cold)
        try fixture.setRetention("[{\"after_days\": 30, \"transition\": \"DEEP_ARCHIVE\"}]")
        try fixture.sweep()
        #expect(try fixture.coldDays().allSatisfy { $0.hasSuffix("DEEP_ARCHIVE") })
        try fixture.setRetention(Self.glacier)
        try fixture.sweep()
        #expect(try fixture.coldDays().allSatisfy { $0.hasSuffix("DEEP_ARCHIVE") })
        #expect(try fixture.coldIDs() == Array(1...10))
        #expect(fixture.coldFiles() == cold)
    }

    /// A changed row of a GLACIER_IR partition is written hot; the next sweep moves it, and what it
    /// replaces goes when no snapshot needs it any more.
    @Test func instantRetrievalIsRewrittenLikeAnyPartition() throws {
        let fixture = try LakeFixture.withPosts(
            retention: "[{\"after_days\": 30, \"transition\": \"GLACIER_IR\"}]")
        try fixture.sweep()
        try fixture.write(fixture.post(id: 1, day: 3, likes: 100), to: "u1/1.json")
        try fixture.compact {
            $0.retention = RetentionPolicy(minimumSnapshots: 1, maximumAgeMillis: 0)
            $0.retention.maximumSnapshots = 1
        }
        #expect(try fixture.rows(["id", "likes"]).contains("int(1) int(100)"))
        #expect(fixture.coldFiles().count == 3)
        try fixture.sweep()
        #expect(fixture.coldFiles().count == 4)
        try fixture.compact { $0.graceMicros = -5 * 86_400_000_000 }
        #expect(fixture.coldFiles().count == 3)
        #expect(try fixture.rows(["id"]).count == 10)
    }

    @Test func aMovedLakeFindsItsInstantRetrieval() throws {
        let fixture = try LakeFixture.withPosts(
            retention: "[{\"after_days\": 30, \"transition\": \"GLACIER_IR\"}]")
        try fixture.sweep()
        let moved = fixture.folder.path + "/elsewhere"
        try FileManager.default.moveItem(atPath: fixture.lake.path, toPath: moved)
        let rows = try LakeFixture.rows(of: Lake.open(at: moved), ["id"])
        #expect(rows.count == 10)
    }

    @Test func holdsSplitPartitions() throws {
        let fixture = try LakeFixture.withPosts(retention: Self.glacier)
        try fixture.hold(account: "u0")
        let report = try fixture.sweep()
        #expect(report.tables[0].held.map(\.rows) == [5])
        #expect(report.tables[0].rowsAfter == 5)
        #expect(try fixture.coldIDs() == [1, 3, 5, 7, 9])
        #expect(
            try fixture.rows(["id"]) == ["int(10)", "int(2)", "int(4)", "int(6)", "int(8)"])
        let again = try fixture.sweep()
        #expect(again.tables[0].steps.isEmpty)
        try fixture.lake.database.execute("UPDATE holds SET released_micros = 1")
        try fixture.sweep()
        #expect(try fixture.liveDays() == [])
        #expect(try fixture.coldIDs() == Array(1...10))
    }

    @Test func expiryLeavesNothingButTheMemory() throws {
        let fixture = try LakeFixture.withPosts(
            retention: "[{\"after_days\": 30, \"expire\": true}]")
        let report = try fixture.sweep()
        #expect(report.tables[0].rowsAfter == 0)
        #expect(try fixture.coldDays() == [])
        let left = FileManager.default.enumerator(atPath: fixture.raw)?.allObjects as? [String]
        #expect(left?.contains { $0.hasSuffix(".json") } == false)
        #expect(try fixture.compact().tables[0].rowsWritten == 0)
        // The same bytes again are nothing new; other bytes are.
        try fixture.write(fixture.post(id: 1, day: 3, likes: 1), to: "u1/1.json")
        try fixture.write(fixture.post(id: 2, day: 1, likes: 99), to: "u0/2.json")
        #expect(try fixture.compact().tables[0].rowsWritten == 1)
        #expect(try fixture.rows(["id", "likes"]) == ["int(2) int(99)"])
        try fixture.sweep()
        #expect(try fixture.rows(["id"]) == [])
        let after = FileManager.default.enumerator(atPath: fixture.raw)?.allObjects as? [String]
        #expect(after?.contains { $0.hasSuffix(".json") } == false)
    }

    @Test func expiryOfArchivedRowsSparesHeldOnes() throws {
        let fixture = try LakeFixture.withPosts(retention: Self.glacier)
        try fixture.sweep()
        try fixture.hold(account: "u1")
        try fixture.setRetention("[{\"after_days\": 30, \"expire\": true}]")
        let report = try fixture.sweep()
        #expect(report.tables[0].held.map(\.rows) == [5])
        #expect(try fixture.coldIDs() == [1, 3, 5, 7, 9])
        #expect(try fixture.sweep().tables[0].steps.isEmpty)
        let old = fixture.coldFiles().count
        #expect(old == 6)
        try fixture.compact { $0.graceMicros = -5 * 86_400_000_000 }
        #expect(fixture.coldFiles().count == 3)
        #expect(try fixture.coldIDs() == [1, 3, 5, 7, 9])
    }
}
