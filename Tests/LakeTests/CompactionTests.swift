import Columnar
import Foundation
import Glibc
import Testing

@testable import Lake

@Suite struct CompactionTests {
    @Test func firstRunAndNightsAfterwards() throws {
        let fixture = try LakeFixture()
        for user in 0..<5 {
            for post in 0..<4 {
                let id = user * 10 + post
                try fixture.write(
                    fixture.post(id: id, day: post + 1, likes: id), to: "u\(user)/\(id).json")
            }
        }
        let first = try fixture.compact()
        #expect(first.tables[0].files.new == 20)
        #expect(first.tables[0].partitionsRewritten == 4)
        #expect(first.tables[0].rowsTotal == 20)
        #expect(!first.isPartial)
        #expect(try fixture.rows().count == 20)

        // Nothing changed: no snapshot.
        let second = try fixture.compact()
        #expect(second.tables[0].files.unchangedByStat == 20)
        #expect(second.tables[0].partitionsRewritten == 0)
        #expect(try fixture.lake.tables()[0].snapshots == 1)

        // One changed, one rewritten alike, one with only another volatile value.
        try fixture.write(fixture.post(id: 12, day: 3, likes: 999), to: "u1/12.json")
        try fixture.write(fixture.post(id: 13, day: 4, likes: 13), to: "u1/13.json")
        try fixture.write(fixture.post(id: 11, day: 2, likes: 11, url: "v"), to: "u1/11.json")
        let third = try fixture.compact()
        #expect(third.tables[0].files.changed == 1)
        #expect(third.tables[0].files.unchangedByHash == 1)
        #expect(third.tables[0].files.unchangedByRow == 1)
        #expect(third.tables[0].partitionsRewritten == 1)
        #expect(third.tables[0].rowsCarried == 4)
        #expect(third.tables[0].rowsTotal == 20)
        #expect(try fixture.rows(["id", "likes"]).contains("int(12) int(999)"))
        #expect(try fixture.lake.status().lastRun?.id == third.runID)
    }

    @Test func hintLeftByAKilledRunIsMended() throws {
        let fixture = try LakeFixture()
        try fixture.write(fixture.post(id: 1, day: 1, likes: 1), to: "u/1.json")
        try fixture.compact()
        let hint = fixture.lake.path + "/tables/posts/metadata/version-hint.text"
        let right = try String(contentsOfFile: hint, encoding: .utf8)
        try "00000-of-an-older-commit".write(toFile: hint, atomically: false, encoding: .utf8)
        try "half".write(toFile: hint + ".tmp", atomically: false, encoding: .utf8)
        try fixture.compact()
        #expect(try String(contentsOfFile: hint, encoding: .utf8) == right)
        #expect(!FileManager.default.fileExists(atPath: hint + ".tmp"))
    }

    @Test func keyThatMovesToAnotherPartitionIsThereOnce() throws {
        let fixture = try LakeFixture()
        try fixture.write(fixture.post(id: 1, day: 1, likes: 1), to: "u/1.json")
        try fixture.write(fixture.post(id: 2, day: 2, likes: 2), to: "u/2.json")
        try fixture.compact()
        try fixture.write(fixture.post(id: 1, day: 2, likes: 3), to: "u/1.json")
        let report = try fixture.compact()
        #expect(report.tables[0].partitionsRewritten == 2)
        #expect(try fixture.rows(["id", "likes"]) == ["int(1) int(3)", "int(2) int(2)"])
        // The emptied partition has no file any more.
        #expect(
            try fixture.lake.describe("posts").partitions.map(\.name) == [
                "posted_at_day=2026-01-02"
            ])
    }

    @Test func sameKeyInTwoFilesLaterWins() throws {
        let fixture = try LakeFixture()
        try fixture.write(fixture.post(id: 7, day: 1, likes: 1), to: "a/7.json")
        try fixture.write(fixture.post(id: 7, day: 2, likes: 2), to: "b/7.json")
        var times = [timespec(tv_sec: 1_000, tv_nsec: 0), timespec(tv_sec: 1_000, tv_nsec: 0)]
        utimensat(AT_FDCWD, fixture.raw + "/posts/b/7.json", &times, 0)
        let first = try fixture.compact()
        #expect(first.tables[0].rowsSuperseded == 1)
        #expect(try fixture.rows(["id", "likes"]) == ["int(7) int(1)"])
        // Across runs the file that changed wins, wherever the old row lies.
        try fixture.write(fixture.post(id: 7, day: 3, likes: 3), to: "b/7.json")
        try fixture.compact()
        #expect(try fixture.rows(["id", "likes"]) == ["int(7) int(3)"])
        try fixture.write(fixture.post(id: 7, day: 1, likes: 4), to: "a/7.json")
        try fixture.compact()
        #expect(try fixture.rows(["id", "likes"]) == ["int(7) int(4)"])
        // A third file that was never seen, while the live row is another's.
        try fixture.write(fixture.post(id: 7, day: 5, likes: 5), to: "c/7.json")
        try fixture.compact()
        #expect(try fixture.rows(["id", "likes"]) == ["int(7) int(5)"])
    }

    @Test func fileWithAnotherKeyTakesItsOldRowAlong() throws {
        let fixture = try LakeFixture()
        try fixture.write(fixture.post(id: 1, day: 1, likes: 1), to: "u/1.json")
        try fixture.write(fixture.post(id: 2, day: 1, likes: 2), to: "u/2.json")
        try fixture.compact()
        try fixture.write(fixture.post(id: 3, day: 2, likes: 3), to: "u/1.json")
        try fixture.compact()
        #expect(try fixture.rows(["id", "likes"]) == ["int(2) int(2)", "int(3) int(3)"])
    }

    @Test func malformedFileIsQuarantinedAndKeepsItsRow() throws {
        let fixture = try LakeFixture()
        try fixture.write(fixture.post(id: 1, day: 1, likes: 1), to: "u/1.json")
        try fixture.compact()
        try fixture.write("{\"id\": 1, ", to: "u/1.json")
        try fixture.write("", to: "u/2.json")
        let report = try fixture.compact()
        #expect(report.isPartial)
        #expect(report.tables[0].files.quarantined == 2)
        #expect(try fixture.rows(["id", "likes"]) == ["int(1) int(1)"])
        let listed = try Quarantine.list(fixture.lake.database)
        #expect(listed.map(\.file.path) == ["posts/u/1.json", "posts/u/2.json"])
        #expect(listed.allSatisfy { $0.table == "posts" && !$0.file.reason.isEmpty })
        try fixture.write(fixture.post(id: 1, day: 1, likes: 5), to: "u/1.json")
        #expect(try !fixture.compact().isPartial)
        #expect(try Quarantine.list(fixture.lake.database).map(\.file.path) == ["posts/u/2.json"])
        #expect(try fixture.rows(["id", "likes"]) == ["int(1) int(5)"])
    }

    @Test func outputDoesNotDependOnWorkers() throws {
        var files: [[[UInt8]]] = []
        // The last one stages on disk whatever it can.
        for (workers, stagingBytes) in [(1, 1 << 30), (2, 1 << 30), (7, 1 << 30), (3, 10_000)] {
            let fixture = try LakeFixture(seed: 77)
            for id in 0..<300 {
                try fixture.write(
                    fixture.post(id: id, day: id % 7 + 1, likes: id, caption: "c\(id % 13)"),
                    to: "u\(id % 50)/\(id).json")
            }
            var options = LakeFixture.options(workers: workers)
            options.stagingBytes = stagingBytes
            _ = try fixture.lake.compact(
                identity: RunIdentity(startedMicros: 4_000_000_000_000_000, seed: 5),
                options: options, pool: fixture.pool)
            files.append(
                try fixture.tableFiles().filter { $0.hasSuffix(".parquet") }
                    .map { try DurableFile.read($0) })
        }
        // Seven partitions, and the counters.
        #expect(files[0].count == 8)
        #expect(files[0] == files[1])
        #expect(files[0] == files[2])
        #expect(files[0] == files[3])
    }

    @Test func secondWriterIsToldWhoHoldsTheLock() throws {
        let fixture = try LakeFixture()
        let lock = try LakeLock.take(fixture.lake.path)
        do {
            try fixture.compact()
            Issue.record("the lock did not hold")
        } catch let error as LakeError {
            guard case .busy(_, let holder) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(holder == "process \(getpid())")
        }
        withExtendedLifetime(lock) {}
    }

    @Test func unmountedRawRootIsRefused() throws {
        let fixture = try LakeFixture()
        try fixture.write(fixture.post(id: 1, day: 1, likes: 1), to: "u/1.json")
        try fixture.compact()
        rename(fixture.raw, fixture.raw + ".away")
        mkdir(fixture.raw, 0o755)
        #expect(throws: LakeError.self) { try fixture.compact() }
        #expect(try fixture.rows().count == 1)
    }

    @Test func vanishedFilesKeepTheirRows() throws {
        let fixture = try LakeFixture()
        try fixture.write(fixture.post(id: 1, day: 1, likes: 1), to: "u/1.json")
        try fixture.write(fixture.post(id: 2, day: 1, likes: 2), to: "u/2.json")
        try fixture.compact()
        unlink(fixture.raw + "/posts/u/1.json")
        let report = try fixture.compact()
        #expect(report.tables[0].files.vanished == 1)
        #expect(try fixture.rows(["id", "likes"]).count == 2)
        try fixture.write(fixture.post(id: 2, day: 1, likes: 3), to: "u/2.json")
        try fixture.compact()
        #expect(try fixture.rows(["id", "likes"]) == ["int(1) int(1)", "int(2) int(3)"])
    }

    @Test func cancelledRunPublishesNothingAndLeavesNothing() throws {
        struct Stop: CompactionProgress {
            func scanning(table: String) {}
            func scanned(_ counts: FileCounts) {}
            func rewriting(table: String, done: Int, total: Int) {}
            func committing() {}
            var isCancelled: Bool { true }
        }
        let fixture = try LakeFixture()
        try fixture.write(fixture.post(id: 1, day: 1, likes: 1), to: "u/1.json")
        #expect(throws: LakeError.columnar(.cancelled)) {
            try fixture.compact { $0.progress = Stop() }
        }
        #expect(fixture.tableFiles().isEmpty)
        #expect(try fixture.compact().tables[0].files.new == 1)
    }

    @Test func retiredFilesGoAfterTheirGrace() throws {
        let fixture = try LakeFixture()
        for night in 0..<6 {
            try fixture.write(fixture.post(id: 1, day: 1, likes: night), to: "u/1.json")
            try fixture.compact {
                $0.retention = RetentionPolicy(
                    minimumSnapshots: 1, maximumAgeMillis: 0, metadataFiles: 1)
                $0.graceMicros = 0
            }
        }
        try fixture.compact { $0.graceMicros = 0 }
        let files = fixture.tableFiles().filter { $0.contains("/posts/") }
        #expect(files.filter { $0.hasSuffix(".parquet") }.count == 1)
        #expect(files.filter { $0.hasSuffix(".metadata.json") }.count == 2)
        #expect(try fixture.rows(["id", "likes"]) == ["int(1) int(5)"])
    }
}
