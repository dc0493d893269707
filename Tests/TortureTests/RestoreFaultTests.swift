import Foundation
import Testing

@testable import Lake

/// A lake whose posts are all archived, and what becomes of it when they are asked back undisturbed.
private final class ArchivedScene: Sendable {
    static let shared = Result { try ArchivedScene() }

    let folder: String
    var lake: String { folder + "/lake" }
    let before: LakeContent
    let after: LakeContent

    private init() throws {
        folder = BuiltLake.makeFolder()
        let raw = RawFolder(folder + "/raw")
        try raw.writeFirstDay()
        try Scene.makeLake(folder + "/lake", raw: raw.path)
        try Scene.compactLater(folder + "/lake")
        let schema = folder + "/lake/schemas/posts.json"
        let text = try String(contentsOfFile: schema, encoding: .utf8).replacingOccurrences(
            of: "\"sort\"",
            with: "\"retention\": [{ \"after_days\": 1, \"transition\": \"GLACIER\" }], \"sort\"")
        try text.write(toFile: schema, atomically: false, encoding: .utf8)
        try Scene.expectDone(
            BuiltLake.run(
                ["sweep", "--lake", folder + "/lake"], environment: Self.later))
        before = try LakeContent(of: folder + "/lake")
        try #require(before.rows["posts"] == [])
        let copy = folder + "/undisturbed"
        try FileManager.default.copyItem(atPath: folder + "/lake", toPath: copy)
        try Scene.expectDone(BuiltLake.run(Self.restore(copy)))
        after = try LakeContent(of: copy)
        try #require(after.rows["posts"]?.count == 28)
        try FileManager.default.removeItem(atPath: copy)
    }

    /// Posts of the first days of 2026 are past retention by then.
    static let later = ["LAKE_NOW": "2027-01-01"]

    static func restore(_ lake: String) -> [String] {
        ["restore", "posts", "--threads", "1", "--lake", lake]
    }

    func play<Output>(_ body: (String) throws -> Output) throws -> Output {
        let copy = "\(folder)/copy-\(UUID().uuidString)"
        try FileManager.default.copyItem(atPath: lake, toPath: copy)
        defer { try? FileManager.default.removeItem(atPath: copy) }
        return try body(copy)
    }

    func calls() throws -> [SystemCall] {
        try play { copy in
            try SystemCall.trace(Self.restore(copy), names: SystemCall.changing)
                .filter { $0.isChanging && $0.line.contains(copy) }
        }
    }

    /// As before the restore or as after it; gives whether it was published.
    func expectWhole(_ copy: String, _ what: Comment) throws -> Bool {
        let found = try LakeContent(of: copy)
        if found == after { return true }
        let difference = found.difference(from: before)
        #expect(difference == nil, "half a restore is visible: \(difference ?? ""); \(what)")
        return false
    }

    /// The same request again brings the rows, once, and leaves nothing lying about.
    func expectConvergence(_ copy: String, _ what: Comment) throws {
        let ended = try BuiltLake.run(Self.restore(copy))
        #expect(ended.code == 0, "\(ended.text); \(what)")
        let difference = try LakeContent(of: copy).difference(from: after)
        #expect(difference == nil, "\(difference ?? ""); \(what)")
        let orphans = try LakeContent.orphans(of: copy).filter { $0.hasPrefix(copy + "/tables/") }
        #expect(orphans == [], "\(what)")
        let lake = try Lake.open(at: copy)
        #expect(try lake.restores().count == 1, "\(what)")
        #expect(try RestoredFiles.list(lake.database).count == 3, "\(what)")
    }
}

/// Faults 1, 2, 5, 7, 8 and 26 of a restore: killed or refused at every system call that changes anything.
@Suite(.serialized) struct RestoreFaultTests {
    @Test(.enabled(if: BuiltLake.canTrace, "needs strace and the right to trace"))
    func killedAtAnySystemCall() throws {
        let scene = try ArchivedScene.shared.get()
        let calls = try scene.calls()
        #expect(calls.count > 50)
        var (published, killed) = (0, 0)
        for call in BuiltLake.selection(calls, stride: 13) {
            try scene.play { copy in
                let what = Comment(rawValue: "kill at \(call)")
                let ended = try Injection(call: call, effect: .kill).run(
                    ArchivedScene.restore(copy)
                ).ended
                killed += ended.signal == SIGKILL || ended.code == 137 ? 1 : 0
                published += try scene.expectWhole(copy, what) ? 1 : 0
                try scene.expectConvergence(copy, what)
            }
        }
        #expect(killed > 0)
        print("killed at \(killed) of \(calls.count) calls, \(published) after the commit")
    }

    @Test(.enabled(if: BuiltLake.canTrace, "needs strace and the right to trace"))
    func refusedAtAnySystemCall() throws {
        let scene = try ArchivedScene.shared.get()
        let errors = ["ENOSPC", "EIO", "EROFS"]
        var failed = 0
        let calls = BuiltLake.selection(try scene.calls(), stride: 11)
        for (number, call) in calls.enumerated() {
            try scene.play { copy in
                let injection = Injection(
                    call: call, effect: .error(errors[number % errors.count]))
                let what = Comment(rawValue: "\(injection)")
                let ended = try injection.run(ArchivedScene.restore(copy)).ended
                #expect(ended.signal == nil, "\(ended.text); \(what)")
                let isPublished = try scene.expectWhole(copy, what)
                if ended.code == 0 {
                    #expect(isPublished, "the restore says that it is done; \(what)")
                } else {
                    failed += 1
                    #expect(ended.code == 1 || ended.code == 2, "\(ended.text); \(what)")
                    #expect(ended.errors.hasPrefix("error: "), "\(ended.text); \(what)")
                }
                try scene.expectConvergence(copy, what)
            }
        }
        #expect(failed > 0)
    }

    /// With all threads, at random times; the seeds are 1 to their count, and said on failure.
    @Test func killedAtAnyTime() throws {
        let scene = try ArchivedScene.shared.get()
        let started = Date()
        try scene.play {
            try Scene.expectDone(BuiltLake.run(["restore", "posts", "--lake", $0]))
        }
        let micros = Date().timeIntervalSince(started) * 1_000_000
        for seed in 1...(BuiltLake.isFull ? 300 : 6) {
            var random = SplitMix(state: UInt64(seed))
            try scene.play { copy in
                let process = try BuiltLake.start(["restore", "posts", "--lake", copy])
                usleep(UInt32(Double(random.next() % 1_000) / 1_000 * micros))
                process.send(SIGKILL)
                _ = try process.wait()
                _ = try scene.expectWhole(copy, "seed \(seed)")
                try scene.expectConvergence(copy, "seed \(seed)")
            }
        }
    }
}
