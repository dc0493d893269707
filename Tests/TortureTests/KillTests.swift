import Foundation
import Testing

@testable import Lake

/// Faults 1 and 2: the process is killed, at every system call that changes anything and at any time.
@Suite(.serialized) struct KillTests {
    @Test(
        .enabled(if: BuiltLake.canTrace, "needs strace and the right to trace"),
        arguments: [false, true])
    func killedAtAnySystemCall(withRecords: Bool) throws {
        let scene = try (withRecords ? Scene.withRecords : Scene.shared).get()
        let calls = try scene.play { copy in
            try SystemCall.trace(Scene.compact(copy), names: SystemCall.changing)
                .filter { $0.isChanging && $0.line.contains(copy) || $0.line.contains("(1<") }
        }
        #expect(calls.count > 100)
        var published = 0
        var killed = 0
        for call in BuiltLake.selection(calls, stride: 17) {
            try scene.play { copy in
                let what = Comment(rawValue: "kill at \(call)")
                let ended = try Injection(call: call, effect: .kill).run(Scene.compact(copy)).ended
                killed += ended.signal == SIGKILL || ended.code == 137 ? 1 : 0
                published += try scene.expectWhole(copy, what) ? 1 : 0
                try scene.expectConvergence(copy, what)
            }
        }
        let count = BuiltLake.selection(calls, stride: 17).count
        #expect(killed >= count * 9 / 10)
        #expect(published > 0 && published < killed)
        print("killed at \(killed) of \(calls.count) calls, \(published) after the commit")
    }

    /// `lake init` writes `lake.db` last: a folder is a lake or is not.
    @Test(.enabled(if: BuiltLake.canTrace, "needs strace and the right to trace"))
    func killedWhileALakeIsMade() throws {
        let scene = try Scene.shared.get()
        let schemas = scene.lake + "/schemas"
        func initialize(_ path: String) -> [String] {
            ["init", path, "--raw", scene.raw, "--schemas", schemas]
        }
        let first = "\(scene.folder)/made-\(UUID().uuidString)"
        let calls = try SystemCall.trace(initialize(first), names: SystemCall.changing)
            .filter { $0.isChanging && $0.line.contains(first) }
        #expect(calls.count > 10)
        for call in BuiltLake.selection(calls, stride: 7) {
            let path = "\(scene.folder)/made-\(UUID().uuidString)"
            _ = try Injection(call: call, effect: .kill).run(initialize(path))
            let again = try BuiltLake.run(initialize(path))
            let isThere = again.code == 1 && again.text.contains("a lake already")
            #expect(again.code == 0 || isThere, "kill at \(call): \(again.text)")
            try Scene.expectDone(BuiltLake.run(Scene.compact(path)))
            let rows = try LakeContent(of: path).rows
            #expect(rows["posts"]?.count == 28, "kill at \(call)")
            #expect(try LakeContent.orphans(of: path) == [], "kill at \(call)")
            try FileManager.default.removeItem(atPath: path)
        }
    }

    /// Fault 30: the first run of a newer program upgrades the database, whole or not at all.
    @Test(.enabled(if: BuiltLake.canTrace, "needs strace and the right to trace"))
    func killedWhileUpgrading() throws {
        let scene = try Scene.shared.get()
        let old = "\(scene.folder)/version-1"
        try FileManager.default.copyItem(atPath: scene.lake, toPath: old)
        let database = try Database.open(path: old + "/lake.db")
        try database.downgradeToFirstVersion()
        func play(_ body: (String) throws -> Void) throws {
            let copy = "\(scene.folder)/copy-\(UUID().uuidString)"
            try FileManager.default.copyItem(atPath: old, toPath: copy)
            defer { try? FileManager.default.removeItem(atPath: copy) }
            try body(copy)
        }
        var calls: [SystemCall] = []
        try play { copy in
            calls = try SystemCall.trace(Scene.compact(copy), names: SystemCall.changing)
                .filter { $0.isChanging && $0.line.contains(copy) }
        }
        // The upgrade comes first; what follows is as ever.
        for call in BuiltLake.selection(Array(calls.prefix(60)), stride: 6) {
            try play { copy in
                let what = Comment(rawValue: "kill at \(call)")
                _ = try Injection(call: call, effect: .kill).run(Scene.compact(copy))
                try scene.expectWhole(copy, what)
                try scene.expectConvergence(copy, what)
            }
        }
    }

    /// With all threads, at random times; the seeds are 1 to their count, and said on failure.
    @Test func killedAtAnyTime() throws {
        let scene = try Scene.shared.get()
        let started = Date()
        try scene.play { try Scene.expectDone(BuiltLake.run(["compact", "--lake", $0])) }
        let micros = Date().timeIntervalSince(started) * 1_000_000
        for seed in 1...(BuiltLake.isFull ? 1_000 : 12) {
            var random = SplitMix(state: UInt64(seed))
            try scene.play { copy in
                let process = try BuiltLake.start(["compact", "--lake", copy])
                usleep(UInt32(Double(random.next() % 1_000) / 1_000 * micros))
                process.send(SIGKILL)
                _ = try process.wait()
                try scene.expectWhole(copy, "seed \(seed)")
                try scene.expectConvergence(copy, "seed \(seed)")
            }
        }
    }
}
