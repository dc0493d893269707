import Columnar
import Foundation
import Glibc
import Testing

@testable import Lake

@Suite(.serialized) struct WatchTests {
    /// Asks again and again until an answer is right, or for so long.
    private func eventually(
        seconds: Double = 60, _ what: String, _ isRight: () throws -> Bool
    ) throws {
        let end = Date().addingTimeInterval(seconds)
        while Date() < end {
            if try isRight() { return }
            usleep(100_000)
        }
        Issue.record("never came: \(what)")
        throw Never.came
    }

    private enum Never: Error {
        case came
    }

    private func layouts(_ patterns: String...) throws -> [RawLayout] {
        try patterns.map { try RawLayout(pattern: $0, format: .json) }
    }

    /// What a list of changes asks of a layout: `folder name`, or `folder *` for a whole one.
    private func asked(_ changed: ChangedPaths, _ layout: RawLayout) -> Set<String> {
        var asked: Set<String> = []
        for (folder, names) in changed.lists(for: [layout]).lists[0] {
            let path = String(decoding: folder, as: UTF8.self)
            guard let names else {
                asked.insert("\(path) *")
                continue
            }
            for name in names { asked.insert("\(path) \(String(decoding: name, as: UTF8.self))") }
        }
        return asked
    }

    @Test func eventsBecomePaths() throws {
        let folder = try TemporaryFolder()
        for path in ["p", "p/u", "p/v", "other", "p/u/deep"] {
            mkdir("\(folder.path)/\(path)", 0o755)
        }
        try folder.write("{}", to: "p/u/0.json")
        let layouts = try layouts("p/{user}/{post}.json")
        let watch = try RawWatch(root: folder.path, nanos: { 0 })
        #expect(watch.watch(layouts) == 0)
        #expect(!watch.isReady(quietNanos: 0, limitNanos: 0))

        try folder.write("{1}", to: "p/u/1.json")
        try folder.write("{}", to: "p/u/.2.json.tmp")
        rename("\(folder.path)/p/u/.2.json.tmp", "\(folder.path)/p/u/2.json")
        unlink("\(folder.path)/p/u/0.json")
        rename("\(folder.path)/p/u/1.json", "\(folder.path)/p/v/3.json")
        try folder.write("{}", to: "other/1.json")
        try folder.write("{}", to: "p/u/deep/1.json")
        try watch.pump(milliseconds: 1_000)
        #expect(watch.isReady(quietNanos: 0, limitNanos: 0))
        let first = asked(watch.take(), layouts[0])
        #expect(first == ["p/u/ 0.json", "p/u/ 1.json", "p/u/ 2.json", "p/v/ 3.json"])
        #expect(!watch.isReady(quietNanos: 0, limitNanos: 0))

        // A new folder is looked at whole; a folder that leaves too, and is no longer heard.
        mkdir("\(folder.path)/p/w", 0o755)
        try folder.write("{}", to: "p/w/1.json")
        rename("\(folder.path)/p/u", "\(folder.path)/away")
        try watch.pump(milliseconds: 1_000)
        #expect(asked(watch.take(), layouts[0]) == ["p/w/ *", "p/u/ *"])
        try folder.write("{}", to: "away/5.json")
        try folder.write("{}", to: "p/w/2.json")
        try watch.pump(milliseconds: 1_000)
        #expect(asked(watch.take(), layouts[0]) == ["p/w/ 2.json"])
        // It comes back under another name.
        rename("\(folder.path)/away", "\(folder.path)/p/x")
        try watch.pump(milliseconds: 1_000)
        try folder.write("{}", to: "p/x/6.json")
        try watch.pump(milliseconds: 1_000)
        #expect(asked(watch.take(), layouts[0]) == ["p/x/ *"])
        #expect(!watch.hasMissed)

        // The folder of all folders leaves: only a whole run tells.
        rename("\(folder.path)/p", "\(folder.path)/gone")
        try watch.pump(milliseconds: 1_000)
        #expect(watch.hasMissed)
        // And comes back with everything in it.
        rename("\(folder.path)/gone", "\(folder.path)/p")
        try watch.pump(milliseconds: 1_000)
        #expect(asked(watch.take(), layouts[0]) == ["p/v/ *", "p/w/ *", "p/x/ *"])
        #expect(watch.watch(layouts) == 0)
        #expect(!watch.hasMissed)
    }

    @Test func batchesWaitForQuietOrForTheirTime() throws {
        let folder = try TemporaryFolder()
        mkdir("\(folder.path)/p", 0o755)
        let clock = TestClock()
        let watch = try RawWatch(root: folder.path, nanos: { clock.nanos })
        #expect(watch.watch(try layouts("p/{post}.json")) == 0)
        try folder.write("{}", to: "p/1.json")
        try watch.pump(milliseconds: 1_000)
        clock.nanos = 9
        #expect(!watch.isReady(quietNanos: 10, limitNanos: 15))
        try folder.write("{}", to: "p/1.json")
        try watch.pump(milliseconds: 1_000)
        clock.nanos = 14
        #expect(!watch.isReady(quietNanos: 10, limitNanos: 15))
        clock.nanos = 15
        #expect(watch.isReady(quietNanos: 10, limitNanos: 15))
        clock.nanos = 19
        #expect(watch.isReady(quietNanos: 10, limitNanos: 100))
    }

    /// Events that the kernel's queue holds.
    private static let queuedEvents: Int = {
        let text = try? String(
            contentsOfFile: "/proc/sys/fs/inotify/max_queued_events", encoding: .utf8)
        return Int(text?.split(separator: "\n").first ?? "") ?? .max
    }()

    @Test(.enabled(if: queuedEvents < 200_000, "the kernel's queue is very long"))
    func lostEventsAskForAWholeRun() throws {
        let folder = try TemporaryFolder()
        mkdir("\(folder.path)/p", 0o755)
        let layouts = try layouts("p/{post}.json")
        let watch = try RawWatch(root: folder.path, nanos: { 0 })
        #expect(watch.watch(layouts) == 0)
        // Events of two files in turn are not merged into one.
        for round in 0..<Self.queuedEvents + 10 {
            let path = "\(folder.path)/p/\(round % 2).json"
            close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644))
        }
        #expect(!watch.hasMissed)
        try watch.pump(milliseconds: 1_000)
        #expect(watch.hasMissed)
        #expect(asked(watch.take(), layouts[0]) == ["p/ 0.json", "p/ 1.json"])
        #expect(watch.watch(layouts) == 0)
        #expect(!watch.hasMissed)
        try folder.write("{}", to: "p/2.json")
        try watch.pump(milliseconds: 1_000)
        #expect(asked(watch.take(), layouts[0]) == ["p/ 2.json"])
    }

    @Test func busyLakesForgetOldSnapshotsAndRuns() throws {
        let fixture = try LakeFixture()
        try fixture.lake.database.execute(
            """
            INSERT INTO runs(id, uuid, seed, state, started_micros)
            VALUES (3, 'a', 0, 'committed', 0), (20000, 'b', 0, 'committed', 0)
            """)
        for likes in 0..<6 {
            try fixture.write(fixture.post(id: 1, day: 1, likes: likes), to: "u/1.json")
            try fixture.compact { $0.retention.maximumSnapshots = 4 }
        }
        let posts = try fixture.lake.tables().first { $0.name == "posts" }
        #expect(posts?.snapshots == 4)
        #expect(try fixture.rows(["likes"]) == ["int(5)"])
        #expect(try Runs.record(id: 3, fixture.lake.database) == nil)
        #expect(try Runs.record(id: 20_000, fixture.lake.database) != nil)
    }

    /// A clock that a test sets; read from one thread.
    private final class TestClock: @unchecked Sendable {
        var nanos: UInt64 = 0
    }

    @Test func changesAreRowsWithinSeconds() throws {
        let program = try #require(LakeProgram(), "the lake program is not built")
        let fixture = try LakeFixture(settings: "\"on_delete\": \"delete\"")
        for id in 0..<5 {
            try fixture.write(fixture.post(id: id, day: id + 1, likes: 0), to: "u/\(id).json")
        }
        let process = try program.start(["compact", "--watch", "--lake", fixture.lake.path])
        defer { kill(process.processIdentifier, SIGKILL) }
        func rows() throws -> [String] {
            try LakeFixture.rows(of: try Lake.open(at: fixture.lake.path), ["id", "likes"])
        }
        try eventually("the first whole run") { (try? rows().count) == 5 }
        // Written, renamed into place, deleted, in a new folder.
        try fixture.write(fixture.post(id: 0, day: 1, likes: 7), to: "u/0.json")
        try fixture.write(fixture.post(id: 1, day: 2, likes: 8), to: "u/.1.json.tmp")
        rename("\(fixture.raw)/posts/u/.1.json.tmp", "\(fixture.raw)/posts/u/1.json")
        unlink("\(fixture.raw)/posts/u/2.json")
        try fixture.write(fixture.post(id: 9, day: 3, likes: 9), to: "new/9.json")
        try eventually("the changes") {
            try rows() == [
                "int(0) int(7)", "int(1) int(8)", "int(3) int(0)", "int(4) int(0)",
                "int(9) int(9)",
            ]
        }
        // The lake is free in between.
        #expect(try program.run(["compact", "--wait", "30", "--lake", fixture.lake.path]) == 0)
        // Half a file is looked at again when it is whole.
        try fixture.write("{\"id\": 5, ", to: "u/5.json")
        usleep(1_500_000)
        try fixture.write(fixture.post(id: 5, day: 5, likes: 5), to: "u/5.json")
        try eventually("the finished file") { try rows().contains("int(5) int(5)") }
        kill(process.processIdentifier, SIGTERM)
        try eventually("the end", { !process.isRunning })
        #expect(process.terminationStatus == 0)
        #expect(try Quarantine.list(fixture.lake.database).isEmpty)
        // Nothing is left for a whole run but files that were young.
        let whole = try fixture.compact { $0.auditPercent = 100 }.tables[0]
        #expect(whole.partitionsRewritten == 0)
        #expect(whole.files.auditChanged == 0)
    }
}
