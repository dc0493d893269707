import Columnar
import Glibc
import Synchronization
import Testing

@testable import Lake

/// Runs as they are filed, and the lock that they take turns with.
@Suite struct RunHistoryTests {
    @Test func reportIsTheSameAfterJSON() throws {
        let fixture = try LakeFixture()
        try fixture.write(fixture.post(id: 1, day: 1, likes: 1), to: "u/1.json")
        try fixture.write(#"{"id": 2, "posted_at": "#, to: "u/2.json")
        try fixture.write(
            #"{"id": 3, "posted_at": "2026-01-02T00:00:00Z", "likes": "many"}"#, to: "u/3.json")
        let report = try fixture.compact()
        #expect(report.tables[0].files.new == 2)
        let text = String(decoding: report.json(), as: UTF8.self)
        let read = try #require(RunReport(json: text))
        #expect(String(decoding: read.json(), as: UTF8.self) == text)
        #expect(read.tables[0].files == report.tables[0].files)
        #expect(read.tables[0].drift == report.tables[0].drift)
        let entry = try #require(try fixture.lake.run(id: report.runID))
        #expect(entry.outcome == .partial)
        #expect(entry.totals?.changed == 2)
        #expect(entry.totals?.quarantined == 1)
        #expect(try fixture.lake.expectedFiles() == ["posts": 3])
    }

    @Test func longListsAreCutAndCounted() throws {
        let fixture = try LakeFixture()
        for id in 0..<Limits.reportedFiles + 5 {
            try fixture.write("{", to: "u/\(id).json")
        }
        let report = try fixture.compact()
        #expect(report.tables[0].quarantined.count == Limits.reportedFiles + 5)
        let filed = try fixture.lake.run(id: report.runID)?.report ?? ""
        let read = try #require(RunReport(json: filed))
        #expect(read.tables[0].quarantined.count == Limits.reportedFiles)
        #expect(read.tables[0].omittedQuarantined == 5)
        #expect(read.json() == report.json())
    }

    @Test func failedRunIsFiledWithItsError() throws {
        let fixture = try LakeFixture()
        try fixture.write(fixture.post(id: 1, day: 1, likes: 1), to: "u/1.json")
        try fixture.compact()
        let tables = fixture.lake.path + "/tables"
        rename("\(tables)/posts", "\(tables)/away")
        #expect(throws: LakeError.self) {
            try fixture.compact { $0.errorText = { _ in "the table is away" } }
        }
        rename("\(tables)/away", "\(tables)/posts")
        let runs = try fixture.lake.runs(2)
        #expect(runs.map(\.outcome) == [.failed, .done])
        #expect(runs[0].error == "the table is away")
        #expect(try fixture.compact().tables[0].files.seen == 1)
    }

    @Test func killedRunIsFiledAsCrashed() throws {
        let fixture = try LakeFixture()
        _ = try Runs.start(
            fixture.lake.database, identity: RunIdentity(startedMicros: 1, seed: 77))
        #expect(try fixture.lake.runs(1)[0].outcome == .crashed)
        do {
            let lock = try LakeLock.take(fixture.lake.path)
            #expect(try fixture.lake.runs(1)[0].outcome == .running)
            withExtendedLifetime(lock) {}
        }
        try fixture.compact()
        #expect(try fixture.lake.runs(2).map(\.outcome) == [.done, .crashed])
    }

    /// Stops a run when it has been asked a number of times.
    private final class Stopper: CompactionProgress {
        private let left: Atomic<Int>

        init(after count: Int) { left = Atomic(count) }

        func scanning(table: String) {}
        func scanned(_ counts: FileCounts) {}
        func rewriting(table: String, done: Int, total: Int) {}
        func committing() {}
        var isCancelled: Bool {
            left.wrappingSubtract(1, ordering: .relaxed).newValue < 0
        }
    }

    @Test func cancelledAtAnyQuestionChangesNothing() throws {
        let fixture = try LakeFixture()
        for id in 0..<12 {
            try fixture.write(
                fixture.post(id: id, day: id % 3 + 1, likes: id), to: "u\(id % 4)/\(id).json")
        }
        try fixture.compact()
        for id in 0..<12 where id % 2 == 0 {
            try fixture.write(fixture.post(id: id, day: 2, likes: -id), to: "u\(id % 4)/\(id).json")
        }
        let (before, files) = (try fixture.rows(), fixture.tableFiles())
        var questions = 0
        while true {
            do {
                try fixture.compact(workers: 1) { $0.progress = Stopper(after: questions) }
                break
            } catch LakeError.columnar(.cancelled) {
                #expect(try fixture.rows() == before)
                #expect(fixture.tableFiles() == files)
                #expect(try fixture.lake.runs(1)[0].outcome == .failed)
            }
            questions += 1
        }
        // Each file, batch, column, partition and state edit is a place to stop.
        #expect(questions > 40)
        #expect(try fixture.rows() != before)
    }

    @Test func lockIsWaitedFor() throws {
        let folder = try TemporaryFolder()
        var request = LakeLock.Request()
        request.note = "a test,\nin two lines"
        var lock: LakeLock? = try LakeLock.take(folder.path, request)
        #expect(try LakeLock.holder(of: folder.path) == "process \(getpid()), a test, in two lines")
        request.waitMilliseconds = 150
        #expect(throws: LakeError.self) { try LakeLock.take(folder.path, request) }
        request.waitMilliseconds = nil
        request.isCancelled = { true }
        #expect(throws: LakeError.columnar(.cancelled)) { try LakeLock.take(folder.path, request) }
        withExtendedLifetime(lock) {}
        lock = nil
        #expect(try LakeLock.holder(of: folder.path) == nil)
        _ = try LakeLock.take(folder.path)
    }
}
