import Columnar
import Foundation
import Testing

@testable import Lake

/// A small lake with a night's changes waiting in its raw folder, and what becomes of it undisturbed.
///
/// Two tables, three partitions each, some forty files. Tests copy the lake, never touch the raw folder.
final class Scene: Sendable {
    static let shared = Result { try Scene(withRecords: false) }
    /// The same with a third table, whose raw files hold many records each.
    static let withRecords = Result { try Scene(withRecords: true) }

    let folder: String
    var raw: String { folder + "/raw" }
    var lake: String { folder + "/lake" }
    /// The lake as all copies find it.
    let before: LakeContent
    /// The lake after one undisturbed run.
    let after: LakeContent

    /// How long until the program believes stats and takes odd files for whole: 2 and 5 s, and some.
    static let ageMicros: UInt32 = 5_600_000

    private init(withRecords: Bool) throws {
        folder = BuiltLake.makeFolder()
        let raw = RawFolder(folder + "/raw")
        try raw.writeFirstDay()
        if withRecords { try raw.writeRecords(edition: 0) }
        try Self.makeLake(folder + "/lake", raw: raw.path)
        try Self.compactLater(folder + "/lake")
        try raw.writeNight()
        if withRecords { try raw.writeRecords(edition: 1) }
        usleep(Self.ageMicros)
        before = try LakeContent(of: folder + "/lake")
        let copy = folder + "/undisturbed"
        try FileManager.default.copyItem(atPath: folder + "/lake", toPath: copy)
        try Self.expectDone(BuiltLake.run(Self.compact(copy)))
        after = try LakeContent(of: copy)
        try #require(before != after)
        try #require(try LakeContent.orphans(of: copy) == [])
        let doctor = try BuiltLake.run(["doctor", "--full", "--lake", copy])
        try #require(doctor.code == 0, "\(doctor.text)")
        try FileManager.default.removeItem(atPath: copy)
    }

    /// Compacts under a clock that is 10 s ahead: every file is old enough to be judged.
    static func compactLater(_ lake: String) throws {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        let options = CompactionOptions(workers: 2, nanos: { 0 })
        let identity = RunIdentity(
            startedMicros: (Int64(now.tv_sec) + 10) * 1_000_000, seed: UInt64(now.tv_nsec))
        _ = try Lake.open(at: lake).compact(
            identity: identity, options: options, pool: BufferPool())
    }

    /// The arguments of a run; one thread, so that its system calls come in one order.
    static func compact(_ lake: String) -> [String] {
        ["compact", "--threads", "1", "--lake", lake]
    }

    static func expectDone(_ ended: ChildProcess.Ended) throws {
        try #require(ended.code == 0 || ended.code == 3, "\(ended.text)")
    }

    /// Makes a lake over a raw folder with the scene's two schema files.
    static func makeLake(_ path: String, raw: String) throws {
        let schemas = path + "-schemas"
        try FileManager.default.createDirectory(
            atPath: schemas, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: schemas) }
        try RawFolder.posts.write(
            toFile: schemas + "/posts.json", atomically: false, encoding: .utf8)
        let comments = schemas + "/comments.json"
        try RawFolder.comments.write(toFile: comments, atomically: false, encoding: .utf8)
        try RawFolder.stats.write(
            toFile: schemas + "/stats.json", atomically: false, encoding: .utf8)
        try expectDone(BuiltLake.run(["init", path, "--raw", raw, "--schemas", schemas]))
    }

    /// Plays on a fresh copy of the lake, which is gone afterwards.
    func play<Output>(_ body: (String) throws -> Output) throws -> Output {
        let copy = "\(folder)/copy-\(UUID().uuidString)"
        try FileManager.default.copyItem(atPath: lake, toPath: copy)
        defer { try? FileManager.default.removeItem(atPath: copy) }
        return try body(copy)
    }

    /// What must hold after any fault: the lake is as before the run or as after it, nothing between.
    ///
    /// Gives whether the run was published.
    @discardableResult
    func expectWhole(_ copy: String, _ what: Comment) throws -> Bool {
        let found = try LakeContent(of: copy)
        if found == after { return true }
        let difference = found.difference(from: before)
        #expect(difference == nil, "half a run is visible: \(difference ?? ""); \(what)")
        return false
    }

    /// What must hold at last: one undisturbed run brings the lake to where it should be, and leaves
    /// nothing lying about.
    func expectConvergence(_ copy: String, _ what: Comment) throws {
        let ended = try BuiltLake.run(Self.compact(copy))
        #expect(ended.code == 0 || ended.code == 3, "\(ended.text); \(what)")
        let difference = try LakeContent(of: copy).difference(from: after)
        #expect(difference == nil, "the next run did not converge: \(difference ?? ""); \(what)")
        let orphans = try LakeContent.orphans(of: copy)
        #expect(orphans == [], "\(what)")
        let doctor = try BuiltLake.run(["doctor", "--lake", copy])
        #expect(doctor.code == 0, "\(doctor.text); \(what)")
    }
}

/// The raw folder of a scene: posts of five accounts, and figures of them.
struct RawFolder {
    let path: String

    init(_ path: String) {
        self.path = path
    }

    static let posts = """
        {
          "table": "posts",
          "raw": { "path": "posts/{user_id}/{post}.json", "format": "json" },
          "partition": { "column": "posted_at", "transform": "day" },
          "sort": ["user_id", "posted_at"],
          "columns": [
            { "name": "id", "type": "bigint", "class": "key" },
            { "name": "user_id", "type": "varchar", "capture": "user_id" },
            { "name": "posted_at", "type": "timestamp(6)", "required": true },
            { "name": "likes", "type": "bigint", "class": "counter" },
            { "name": "caption", "type": "varchar" },
            { "name": "url", "type": "varchar", "class": "volatile" }
          ]
        }
        """

    static let stats = """
        {
          "table": "stats",
          "raw": { "path": "stats/{account}/{date}.json", "format": "json" },
          "partition": { "column": "day", "transform": "month" },
          "sort": ["day"],
          "columns": [
            { "name": "account", "type": "varchar", "class": "key", "capture": "account" },
            { "name": "day", "type": "date", "class": "key" },
            { "name": "followers", "type": "bigint", "class": "counter" }
          ]
        }
        """

    static let comments = """
        {
          "table": "comments",
          "raw": { "path": "comments/{file}.jsonl", "format": "jsonl" },
          "partition": { "column": "written_at", "transform": "day" },
          "columns": [
            { "name": "id", "type": "bigint", "class": "key" },
            { "name": "written_at", "type": "timestamp(6)", "required": true },
            { "name": "text", "type": "varchar" }
          ]
        }
        """

    /// Three files of ten comments; in the second edition one of them has lines changed, added and gone.
    func writeRecords(edition: Int) throws {
        for file in 0..<3 {
            var text = ""
            for line in 0..<10 + 2 * edition where edition * line != 4 {
                let word = edition == 1 && file == 1 && line % 3 == 0 ? "new" : "old"
                let id = file * 100 + line
                text += "{\"id\": \(id), \"written_at\": \"2026-01-0\(line % 3 + 1)T00:00:00Z\", "
                text += "\"text\": \"\(word) \(id)\"}\n"
            }
            if edition == 0 || file == 1 { try write(text, to: "comments/c\(file).jsonl") }
        }
    }

    func post(_ id: Int, day: Int? = nil, likes: Int, caption: String = "hello") -> String {
        """
        {"id": \(id), "posted_at": "2026-01-0\(day ?? id % 3 + 1)T10:00:00+0000",
         "likes": \(likes), "caption": "\(caption)", "url": "u", "odd": \(id)}
        """
    }

    func figures(month: Int, day: Int, followers: Int) -> String {
        "{\"day\": \"2026-0\(month)-0\(day)\", \"followers\": \(followers)}"
    }

    /// The file of a post.
    func name(_ id: Int) -> String { "posts/u\(id % 5)/\(id).json" }

    func write(_ text: String, to name: String) throws {
        let file = URL(filePath: "\(path)/\(name)")
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }

    func writeFirstDay() throws {
        for id in 1...28 { try write(post(id, likes: id), to: name(id)) }
        try write("{\"id\": 29", to: name(29))
        for account in 0..<5 {
            for month in 1...2 {
                let text = figures(month: month, day: account + 1, followers: account)
                try write(text, to: "stats/u\(account)/2026-0\(month).json")
            }
        }
    }

    /// New, changed, rewritten, broken, mended, moved to another partition, and gone.
    func writeNight() throws {
        for id in [3, 4, 8] { try write(post(id, likes: -id, caption: "new"), to: name(id)) }
        try write(post(31, likes: 31), to: name(31))
        try write(post(5, likes: 5), to: name(5))
        try write("[\(6)", to: name(6))
        try write(post(29, likes: 29), to: name(29))
        try write(post(7, day: 1, likes: 7), to: name(7))
        unlink("\(path)/\(name(9))")
        try write(figures(month: 1, day: 1, followers: 100), to: "stats/u0/2026-01.json")
        try write(figures(month: 3, day: 1, followers: 1), to: "stats/u1/2026-03.json")
    }
}
