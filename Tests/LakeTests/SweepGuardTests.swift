import Columnar
import Foundation
import Glibc
import Testing

@testable import Lake

/// What a sweep refuses, and what it leaves alone.
@Suite struct SweepGuardTests {
    private func refusal(_ body: () throws -> Void) -> SweepRefusal? {
        do {
            try body()
        } catch LakeError.sweepRefused(let refusal) {
            return refusal
        } catch {
            Issue.record("\(error)")
        }
        return nil
    }

    @Test func aPlanIsDoneAsItWasReadOrNotAtAll() throws {
        let fixture = try LakeFixture.withPosts(retention: SweepTests.glacier)
        let dry = try fixture.sweep { $0.isDryRun = true }
        #expect(dry.isDryRun && dry.runID == 0)
        #expect(try fixture.liveDays() == ["1:3", "2:3", "3:4"])
        #expect(try fixture.lake.runs(5).count == 1)
        #expect(try fixture.sweep { $0.isDryRun = true }.planID == dry.planID)
        // A hold placed meanwhile makes it another plan.
        try fixture.hold(account: "u0")
        let found = refusal { try fixture.sweep { $0.planID = dry.planID } }
        guard case .planDiffers(let asked, _, _)? = found else {
            Issue.record("\(String(describing: found))")
            return
        }
        #expect(asked == dry.planID)
        #expect(try fixture.liveDays() == ["1:3", "2:3", "3:4"])
        try fixture.lake.database.execute("DELETE FROM holds")
        // The next day it is still the same plan, of its day.
        #expect(try fixture.sweep(daysLater: 1) { $0.planID = dry.planID }.planID == dry.planID)
        #expect(try fixture.liveDays() == [])
    }

    @Test func plansOfNoDayAreRefused() throws {
        let fixture = try LakeFixture.withPosts(retention: SweepTests.glacier)
        for text in ["", "x", "20261341-0123456789abcdef", "20260101-0123456789abcdeg"] {
            #expect(refusal { try fixture.sweep { $0.planID = text } } == .noPlan(text))
        }
        let future = "29990101-0123456789abcdef"
        #expect(
            refusal { try fixture.sweep { $0.planID = future } } == .planOfFuture(future))
        #expect(SweepPlan.day(ofID: "20260101-0123456789abcdef") == 20_454)
    }

    @Test func clocksThatJumpAreNotBelieved() throws {
        let fixture = try LakeFixture.withPosts(retention: SweepTests.glacier)
        guard case .clockBehind? = refusal({ try fixture.sweep(daysLater: -30) }),
            case .clockLeap? = refusal({ try fixture.sweep(daysLater: 401) })
        else {
            Issue.record("believed")
            return
        }
        #expect(try fixture.liveDays() == ["1:3", "2:3", "3:4"])
        try fixture.sweep(daysLater: 401) { $0.isForced = true }
        #expect(try fixture.liveDays() == [])
    }

    @Test func capsLeaveTheRestForLater() throws {
        let fixture = try LakeFixture.withPosts(retention: SweepTests.glacier)
        let report = try fixture.sweep {
            $0.maxFiles = 1
            $0.maxBytes = 1 << 30
        }
        #expect(report.tables[0].waiting.partitions == 2)
        #expect(try fixture.liveDays() == ["2:3", "3:4"])
        // Raw files go with their rows.
        #expect(report.tables[0].raw.packed == 3)
        let second = try fixture.sweep { $0.maxBytes = 1 }
        #expect(second.tables[0].waiting.partitions == 2)
        #expect(second.tables[0].raw.packed == 0)
        #expect(try fixture.sweep().tables[0].raw.packed == 7)
        #expect(try fixture.liveDays() == [])
    }

    @Test func tablesThatDoNotExistAreSaid() throws {
        let fixture = try LakeFixture.withPosts(retention: SweepTests.glacier)
        #expect(throws: LakeError.tableNotFound("nope")) {
            try fixture.sweep { $0.table = "nope" }
        }
    }

    /// A table of a thousand rows does not go all at once.
    @Test func tooMuchAtOnceNeedsAPlan() throws {
        let fixture = try LakeFixture(settings: "\"quiet_days\": 0")
        try fixture.setRetention(SweepTests.glacier)
        for id in 1...1_000 {
            try fixture.write(fixture.post(id: id, day: 1, likes: 1), to: "u/\(id).json")
        }
        try fixture.compact()
        let found = refusal { try fixture.sweep() }
        guard case .tooMuch("posts", 1_000, 1_000, 90, let plan)? = found else {
            Issue.record("\(String(describing: found))")
            return
        }
        #expect(try fixture.liveDays() == ["1:1000"])
        try fixture.sweep { $0.planID = plan }
        #expect(try fixture.coldDays() == ["1:1000 GLACIER"])
    }

    @Test func aDamagedFileStaysAndIsSaid() throws {
        let fixture = try LakeFixture.withPosts(retention: SweepTests.glacier)
        let file = try #require(
            fixture.tableFiles().first { $0.contains("=2026-01-02/") && $0.hasSuffix(".parquet") })
        var bytes = try DurableFile.read(file)
        // The first page of the first column.
        for place in 16..<64 { bytes[place] ^= 0xFF }
        try Data(bytes).write(to: URL(filePath: file))
        let report = try fixture.sweep()
        #expect(report.isPartial)
        #expect(report.tables[0].damaged.count == 1)
        #expect(try fixture.liveDays() == ["2:3"])
        #expect(fixture.coldFiles().count == 2)
    }

    @Test func anUnmountedColdTierIsRefused() throws {
        let fixture = try LakeFixture.withPosts(retention: SweepTests.glacier)
        try fixture.sweep { $0.maxFiles = 1 }
        let cold = fixture.lake.path + "/cold"
        try FileManager.default.moveItem(atPath: cold, toPath: cold + "-away")
        mkdir(cold, 0o755)
        #expect(throws: LakeError.self) { try fixture.sweep() }
        #expect(try fixture.liveDays() == ["2:3", "3:4"])
        rmdir(cold)
        try FileManager.default.moveItem(atPath: cold + "-away", toPath: cold)
        try fixture.sweep()
        #expect(try fixture.coldIDs() == Array(1...10))
    }

    /// A killed sweep's copies are removed by the next run, from the cold tier too.
    @Test func leftoversOfKilledSweepsAreCollected() throws {
        let fixture = try LakeFixture.withPosts(retention: SweepTests.glacier)
        try fixture.sweep { $0.maxFiles = 1 }
        let identity = RunIdentity(startedMicros: fixture.sweepMicros(), seed: 77)
        _ = try Runs.start(fixture.lake.database, identity: identity, kind: .sweep)
        let folder = fixture.lake.path + "/cold/tables/posts/posted_at_day=2026-01-02"
        try DurableFile.makeFolder(folder)
        for name in ["\(identity.uuid)-00000.parquet", ".\(identity.uuid)-00001.parquet.tmp"] {
            try DurableFile.write([1, 2, 3], to: "\(folder)/\(name)")
        }
        #expect(fixture.coldFiles().count == 3)
        try fixture.compact()
        #expect(fixture.coldFiles().count == 1)
    }

    /// A sweep that was killed behind its transaction, at its packs, leaves one that nothing names.
    @Test func unfiledPacksOfTheLastSweepAreCollected() throws {
        let fixture = try LakeFixture.withPosts(retention: SweepTests.glacier)
        let report = try fixture.sweep()
        let folder = fixture.lake.path + "/cold/packs/posts/2026-01"
        let left = "\(folder)/0-\(report.uuid)-r1.json.zst"
        try DurableFile.write([1], to: left)
        try fixture.sweep()
        #expect(!DurableFile.exists(left))
        let files = try FileManager.default.contentsOfDirectory(atPath: folder)
        #expect(files.count == 1)
    }
}
