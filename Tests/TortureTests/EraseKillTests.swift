import Foundation
import Testing

@testable import Lake

/// Faults 1 and 27: an erasure killed at every system call that changes anything, then gone on with.
@Suite(.serialized) struct EraseKillTests {
    private static let account = "17841400000000007"
    /// The rows of tables that nobody ever may miss.
    private static let others = ["17841400000000014", "17841400000000021"]

    /// A lake and its raw folder, to be copied together.
    private struct Stage {
        let folder: String
        var lake: String { folder + "/lake" }
        var raw: String { folder + "/raw" }

        init() throws {
            folder = BuiltLake.makeFolder()
            let schemas = folder + "/schemas"
            for account in [EraseKillTests.account] + EraseKillTests.others {
                try FileManager.default.createDirectory(
                    atPath: "\(raw)/posts/\(account)", withIntermediateDirectories: true)
            }
            try FileManager.default.createDirectory(
                atPath: schemas, withIntermediateDirectories: true)
            try RawFolder.posts.replacingOccurrences(
                of: "\"sort\"", with: "\"settings\": {\"account\": \"user_id\"}, \"sort\""
            ).write(toFile: schemas + "/posts.json", atomically: false, encoding: .utf8)
            let accounts = [EraseKillTests.account] + EraseKillTests.others
            let posts = RawFolder(raw)
            for (number, account) in accounts.enumerated() {
                for id in 0..<4 {
                    let key = number * 10 + id
                    try posts.post(key, day: id % 2 + 1, likes: id).write(
                        toFile: "\(raw)/posts/\(account)/\(key).json", atomically: false,
                        encoding: .utf8)
                }
            }
            try "{ broken".write(
                toFile: "\(raw)/posts/\(EraseKillTests.account)/99.json", atomically: false,
                encoding: .utf8)
            try Scene.expectDone(
                BuiltLake.run(["init", lake, "--raw", raw, "--schemas", schemas]))
            try Scene.compactLater(lake)
        }

        /// Plays on a fresh copy of both.
        func play<Output>(_ body: (Stage) throws -> Output) throws -> Output {
            let copy = Stage(copyOf: self, to: "\(folder)-\(UUID().uuidString)")
            try FileManager.default.copyItem(atPath: folder, toPath: copy.folder)
            defer { try? FileManager.default.removeItem(atPath: copy.folder) }
            try Lake.open(at: copy.lake).database.execute(
                "UPDATE settings SET value = '\(copy.raw)' WHERE key = 'raw_root'")
            return try body(copy)
        }

        private init(copyOf stage: Stage, to folder: String) {
            self.folder = folder
        }

        var erase: [String] {
            ["erase", "--account", EraseKillTests.account, "--threads", "1", "--lake", lake]
        }

        /// Files, and names of any, that hold the account's id as they are.
        var places: [String] {
            let needle = Data(EraseKillTests.account.utf8)
            let names = (try? FileManager.default.subpathsOfDirectory(atPath: folder)) ?? []
            return names.filter { name in
                if name.contains(EraseKillTests.account) { return true }
                let data = FileManager.default.contents(atPath: "\(folder)/\(name)")
                return data?.range(of: needle) != nil
            }
        }

        /// The rows of others, and whether any of the account may be seen.
        func look() throws -> (others: [String: [String]], isSeen: Bool) {
            let content = try LakeContent(of: lake)
            let isHidden = try Lake.open(at: lake).hiddenRows(of: "posts") != nil
            let own = (content.rows["posts"] ?? []).filter {
                $0.contains(EraseKillTests.account)
            }
            var others = content.rows
            others["posts"] = content.rows["posts"]?.filter {
                !$0.contains(EraseKillTests.account)
            }
            // Metrics have no account: they are compared when the erasure is done.
            others["posts_metrics"] = nil
            return (others, !own.isEmpty && !isHidden)
        }
    }

    @Test(.enabled(if: BuiltLake.canTrace, "needs strace and the right to trace"))
    func killedAtAnySystemCall() throws {
        let stage = try Stage()
        let before = try stage.look()
        #expect(before.isSeen)
        #expect(!stage.places.isEmpty)
        var after: LakeContent?
        try stage.play { copy in
            let ended = try BuiltLake.run(copy.erase)
            try #require(ended.code == 0, "\(ended.text)")
            #expect(copy.places == [])
            after = try LakeContent(of: copy.lake)
        }
        let done = try #require(after)
        let calls = try stage.play { copy in
            try SystemCall.trace(copy.erase, names: SystemCall.changing)
                .filter { $0.isChanging && $0.line.contains(copy.folder) }
        }
        #expect(calls.count > 100)
        var killed = 0
        var hidden = 0
        for call in BuiltLake.selection(calls, stride: 23) {
            try stage.play { copy in
                let what = Comment(rawValue: "kill at \(call)")
                let ended = try Injection(call: call, effect: .kill).run(copy.erase).ended
                killed += ended.signal == SIGKILL || ended.code == 137 ? 1 : 0
                let found = try copy.look()
                #expect(found.others == before.others, what)
                let erasures = try Lake.open(at: copy.lake).erasures()
                #expect(found.isSeen == erasures.isEmpty, what)
                hidden += erasures.first?.state == .hidden ? 1 : 0
                try expectConvergence(copy, done, what)
            }
        }
        #expect(killed >= BuiltLake.selection(calls, stride: 23).count * 9 / 10)
        #expect(hidden > 0 && hidden < killed)
        print("killed at \(killed) of \(calls.count) calls, \(hidden) while hidden")
    }

    /// A run in between changes nothing that matters; the erasure asked for once more comes to its end.
    private func expectConvergence(
        _ copy: Stage, _ done: LakeContent, _ what: Comment
    ) throws {
        let wasDone = try Lake.open(at: copy.lake).erasures().first?.state == .done
        let resumed = try BuiltLake.run(["erase", "--resume", "--lake", copy.lake])
        #expect(resumed.code == 0 || resumed.code == 3, "\(resumed.text); \(what)")
        let ended = try BuiltLake.run(copy.erase)
        let isUnknown = ended.code == 1 && ended.text.contains("knows nothing")
        #expect(ended.code == 0 || isUnknown, "\(ended.text); \(what)")
        #expect(copy.places == [], what)
        let erasures = try Lake.open(at: copy.lake).erasures()
        #expect(erasures.count == 1 && erasures.allSatisfy { $0.state == .done }, what)
        #expect(!wasDone || isUnknown, what)
        let difference = try LakeContent(of: copy.lake).difference(from: done)
        #expect(difference == nil, "\(difference ?? ""); \(what)")
        let orphans = try LakeContent.orphans(of: copy.lake).filter {
            !$0.hasSuffix("/\(SuppressionFile.name)")
        }
        #expect(orphans == [], what)
        let doctor = try BuiltLake.run(["doctor", "--full", "--lake", copy.lake])
        #expect(doctor.code == 0, "\(doctor.text); \(what)")
    }

    /// Fault 27: an erasure meets a run, which has the lock.
    @Test func whileARunIsAtWork() throws {
        let stage = try Stage()
        try stage.play { copy in
            let lock = try LakeLock.take(copy.lake)
            let refused = try BuiltLake.run(copy.erase)
            #expect(refused.code == 1 && refused.text.contains("another process"))
            withExtendedLifetime(lock) {}
            #expect(try Lake.open(at: copy.lake).erasures().isEmpty)
        }
        // Killed while hidden, then a run: it takes nothing of the account, and says what is unfinished.
        try stage.play { copy in
            try Lake.open(at: copy.lake).database.execute(
                """
                INSERT INTO erasures(code, account, state, requested_micros)
                VALUES ('X', '\(Self.account)', 'hidden', 1)
                """)
            let run = try BuiltLake.run(["compact", "--lake", copy.lake])
            #expect(run.text.contains("1 erasure unfinished: lake erase --resume"))
            let resumed = try BuiltLake.run(["erase", "--resume", "--lake", copy.lake])
            #expect(resumed.code == 0, "\(resumed.text)")
            #expect(copy.places == [])
        }
    }
}
