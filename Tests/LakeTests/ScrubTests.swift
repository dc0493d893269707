import Columnar
import Foundation
import Glibc
import Testing

@testable import Lake

/// Reading everything again: whole lakes are whole, each rotten byte is found, and what it means is said.
@Suite struct ScrubTests {
    private static let isTorture = ProcessInfo.processInfo.environment["LAKE_TORTURE"] == "1"

    /// Five days, of which two are on the cold tier.
    private func prepared() throws -> LakeFixture {
        let fixture = try LakeFixture()
        for id in 0..<50 {
            try fixture.write(
                fixture.post(id: id, day: id / 10 + 1, likes: id), to: "u\(id % 3)/\(id).json")
        }
        try fixture.compact()
        try fixture.archive(days: 1, 2)
        return fixture
    }

    private func scrub(
        _ fixture: LakeFixture, percent: Double = 100, now: Int64 = 1_800_000_000_000_000,
        seed: UInt64 = 1, table: String? = nil
    ) throws -> ScrubReport {
        var options = Scrub.Options(nowMicros: now, seed: seed)
        options.percent = percent
        options.table = table
        options.workers = 2
        return try Scrub.run(fixture.lake.path, options: options, pool: fixture.pool)
    }

    /// Without the older snapshots: what they name is no copy any more.
    private func expireHistory(_ fixture: LakeFixture) throws {
        let table = try fixture.posts
        var random = RunIdentity(startedMicros: 1, seed: 77).random(stream: 1)
        let commit = try TableCommit.prepare(
            TableChange(operation: .append), on: table,
            policy: RetentionPolicy(minimumSnapshots: 1, maximumAgeMillis: 0),
            nowMillis: 1_800_000_000_000, random: &random)
        try fixture.lake.database.transaction { () throws(LakeError) in
            try commit.publish(in: fixture.lake.catalog)
        }
    }

    private func cold(_ fixture: LakeFixture) throws -> [String] {
        let tier = try fixture.tier
        return try ColdFiles.list(fixture.lake.database).map { tier.absolute($0.path) }
    }

    private func flip(_ path: String, at position: Int) throws {
        var bytes = try DurableFile.read(path)
        bytes[position] ^= 0x10
        let file = open(path, O_WRONLY)
        defer { close(file) }
        #expect(pwrite(file, &bytes[position], 1, off_t(position)) == 1)
    }

    @Test func wholeLakeIsWhole() throws {
        let fixture = try prepared()
        let report = try scrub(fixture)
        #expect(report.findings == [])
        let files = Dictionary(uniqueKeysWithValues: report.totals.map { ($0.kind, $0.files) })
        #expect(files[.database] == 1)
        #expect(files[.metadata] == 2)
        #expect(files[.data] == 4)
        #expect(files[.cold] == 2)
        #expect(files[.catalog] == 2)
        #expect(report.totals.allSatisfy { $0.read == $0.files && $0.neverRead == 0 })
        #expect(report.runsUntilAll == nil)
        #expect(report.unrecorded == nil)
        let posts = try scrub(fixture, table: "posts")
        #expect(posts.totals.first { $0.kind == .data }?.files == 3)
        #expect(throws: LakeError.self) { try scrub(fixture, table: "nobody") }
    }

    @Test func eachRottenByteIsFound() throws {
        let fixture = try prepared()
        let files = fixture.tableFiles().filter { !$0.hasSuffix("version-hint.text") }
        let current = try ScrubTargets(
            fixture.lake, tier: try fixture.tier, table: nil, errorText: { "\($0)" })
        let known = Set(current.targets.map(\.path))
        let catalogs = current.targets.filter { $0.kind == .catalog }.map(\.path)
        let targets = files.filter(known.contains) + (try cold(fixture)) + catalogs
        #expect(targets.count > 10)
        for path in targets {
            let count = try DurableFile.read(path).count
            let step = Self.isTorture ? 3 : max(1, count / 5)
            for position in stride(from: step / 2, to: count, by: step) {
                try flip(path, at: position)
                let report = try scrub(fixture)
                let isFound = report.findings.contains { $0.path == path }
                #expect(isFound, "\(path), byte \(position): \(report.findings)")
                try flip(path, at: position)
            }
        }
        #expect(try scrub(fixture).findings == [])
    }

    @Test func rottenDatabaseIsFound() throws {
        let fixture = try prepared()
        let path = fixture.lake.path + "/lake.db"
        for position in [20, 100, 8_192 + 3, 3 * 8_192] {
            let bytes = try DurableFile.read(path)
            var damaged = bytes
            for offset in position..<min(position + 40, bytes.count) { damaged[offset] = 0xAA }
            try damaged.withUnsafeBytes { source in
                let file = open(path, O_WRONLY)
                defer { close(file) }
                #expect(pwrite(file, source.baseAddress, source.count, 0) == source.count)
            }
            let report = try scrub(fixture)
            #expect(report.findings.map(\.kind) == [.database], "\(position)")
            #expect(!report.isLost)
            try bytes.withUnsafeBytes { source in
                let file = open(path, O_WRONLY)
                defer { close(file) }
                #expect(pwrite(file, source.baseAddress, source.count, 0) == source.count)
            }
        }
        #expect(try scrub(fixture).findings == [])
    }

    @Test func whatIsMissingIsFound() throws {
        let fixture = try prepared()
        let path = try cold(fixture)[0]
        unlink(path)
        #expect(try scrub(fixture).findings.map(\.what.isEmpty) == [false])
        #expect(try scrub(fixture).findings[0].what.hasPrefix("the file is missing"))
    }

    @Test func theClassSaysWhetherAnotherCopyIsKnown() throws {
        let fixture = try prepared()
        let path = try cold(fixture)[0]
        try flip(path, at: 200)
        // The original is kept for older snapshots.
        #expect(try scrub(fixture).findings.map(\.damage) == [.recoverable])
        #expect(try scrub(fixture).findings[0].what.contains("its original is still there"))
        try expireHistory(fixture)
        // Then its raw files are the copy.
        #expect(try scrub(fixture).findings.map(\.damage) == [.recoverable])
        #expect(try scrub(fixture).findings[0].what.contains("10 in the raw folder"))
        try flip(path, at: 200)
        let day3 = try #require(
            try fixture.posts.currentSnapshot?.liveFiles().first?.file.path)
        let live = try fixture.posts.location.resolve(day3)
        try flip(live, at: 200)
        #expect(try scrub(fixture).findings.map(\.damage) == [.recoverable])
        unlink(fixture.raw + "/posts/u2/20.json")
        unlink(fixture.raw + "/posts/u0/21.json")
        try fixture.compact()
        let report = try scrub(fixture)
        #expect(report.isLost)
        #expect(report.findings[0].what.contains("gone"))
    }

    @Test func restoredCopyIsACopy() throws {
        let fixture = try prepared()
        try fixture.restore(day: 1, untilMicros: 1_900_000_000_000_000)
        try expireHistory(fixture)
        try flip(try cold(fixture)[0], at: 200)
        // It is the very file, byte for byte.
        let report = try scrub(fixture)
        #expect(report.findings.map(\.damage) == [.recoverable])
        #expect(report.findings[0].what.contains("restored-"))
    }

    @Test func unmountedTierIsSaid() throws {
        let fixture = try prepared()
        let tier = try fixture.tier.path
        #expect(rename(tier, tier + "-away") == 0)
        let report = try scrub(fixture)
        #expect(report.findings.map(\.damage) == [.unverified])
        #expect(!report.isLost)
        #expect(report.findings[0].what.contains("2 of its files"))
    }

    @Test func theOldestComeFirstAndAllInTurn() throws {
        let fixture = try prepared()
        var now: Int64 = 1_800_000_000_000_000
        var seen = 0
        var left: [Int] = []
        for run in 0..<40 {
            now += 86_400_000_000
            let report = try scrub(fixture, percent: 10, now: now, seed: UInt64(run))
            #expect(report.totals.allSatisfy { $0.read >= 1 })
            left.append(report.runsUntilAll ?? 0)
            seen += 1
            if report.runsUntilAll == nil { break }
        }
        #expect(left == left.sorted(by: >))
        #expect(left.last == 0)
        let known = try Verifications.all(fixture.lake.database)
        let all = try ScrubTargets(
            fixture.lake, tier: try fixture.tier, table: nil, errorText: { "\($0)" })
        #expect(Set(known.keys) == Set(all.targets.map(\.name) + ["lake.db"]))
        // As many runs again, and nothing was read longer ago than that.
        for run in 0..<seen {
            now += 86_400_000_000
            _ = try scrub(fixture, percent: 10, now: now, seed: UInt64(run))
        }
        let oldest = try Verifications.all(fixture.lake.database).values.map(\.verifiedMicros).min()
        #expect(try #require(oldest) > now - Int64(seen) * 86_400_000_000)
    }

    @Test func damagedFilesAreReadAgainEachTime() throws {
        let fixture = try prepared()
        let path = try cold(fixture)[1]
        try flip(path, at: 99)
        #expect(try scrub(fixture).findings.map(\.path) == [path])
        for run in 0..<5 {
            let report = try scrub(fixture, percent: 1, seed: UInt64(run))
            #expect(report.findings.map(\.path) == [path])
        }
        try flip(path, at: 99)
        #expect(try scrub(fixture, percent: 1).findings == [])
        #expect(
            try Verifications.all(fixture.lake.database).values.allSatisfy { $0.finding == nil })
    }
}
