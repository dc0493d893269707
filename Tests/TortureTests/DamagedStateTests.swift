import Foundation
import Testing

@testable import Lake

/// Faults 22 and 23: `lake.db` damaged, cut, missing, foreign, newer, or with another's journal beside it.
@Suite struct DamagedStateTests {
    private static let query = [
        "query", "--quiet", "--format", "csv", "select id, likes, caption from posts order by id",
    ]

    private func bytes(_ path: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(filePath: path)))
    }

    /// What a query says of a lake now.
    private func ask(_ lake: String) throws -> ChildProcess.Ended {
        try BuiltLake.run(Self.query + ["--lake", lake])
    }

    /// Whatever is wrong with it, the program says so or is right.
    private func expectLoudOrRight(_ lake: String, _ truth: String, _ what: Comment) throws -> Bool
    {
        let asked = try ask(lake)
        #expect(asked.signal == nil, "\(asked.text); \(what)")
        if asked.code == 0 {
            #expect(asked.output == truth, "silently wrong rows; \(what)")
        } else {
            #expect(asked.errors.hasPrefix("error: "), "\(asked.text); \(what)")
        }
        return asked.code != 0
    }

    @Test func damagedPages() throws {
        let scene = try Scene.shared.get()
        let whole = try bytes(scene.lake + "/lake.db")
        let truth = try ask(scene.lake).output
        let after = try scene.play { copy in
            try Scene.expectDone(BuiltLake.run(Scene.compact(copy)))
            return try ask(copy).output
        }
        // Every so many bytes, so that headers, cells and texts are all met.
        let step = BuiltLake.isFull ? 97 : 4_099
        var loud = 0
        var count = 0
        for offset in stride(from: 0, to: whole.count, by: step) {
            for width in [1, 64] {
                try scene.play { copy in
                    let what = Comment(rawValue: "\(width) bytes flipped at \(offset)")
                    var damaged = whole
                    for index in offset..<min(offset + width, whole.count) {
                        damaged[index] ^= 0x55
                    }
                    try Data(damaged).write(to: URL(filePath: copy + "/lake.db"))
                    count += 1
                    let isLoud = try expectLoudOrRight(copy, truth, what)
                    let ended = try BuiltLake.run(Scene.compact(copy))
                    #expect(ended.signal == nil, "\(ended.text); \(what)")
                    if ended.code == 0 || ended.code == 3 {
                        _ = try expectLoudOrRight(copy, after, what)
                    } else {
                        _ = try expectLoudOrRight(copy, truth, what)
                    }
                    loud += isLoud || ended.code == 1 ? 1 : 0
                }
            }
        }
        print("\(loud) of \(count) damages of lake.db were told")
    }

    @Test func cutMissingAndForeign() throws {
        let scene = try Scene.shared.get()
        let whole = try bytes(scene.lake + "/lake.db")
        func expectRefused(_ what: Comment, saying words: String, _ damage: (String) throws -> Void)
            throws
        {
            try scene.play { copy in
                try damage(copy)
                for arguments in [Self.query, ["compact"], ["status"], ["tables"]] {
                    let ended = try BuiltLake.run(arguments + ["--lake", copy])
                    #expect(ended.code == 1, "\(arguments[0]): \(ended.text); \(what)")
                    #expect(ended.text.contains(words), "\(arguments[0]): \(ended.text); \(what)")
                }
            }
        }
        try expectRefused("missing", saying: "lake.db") { unlink($0 + "/lake.db") }
        for count in [0, 1, 99, 100, 512, 8_191] {
            try expectRefused("cut to \(count)", saying: "lake.db") {
                truncate($0 + "/lake.db", off_t(count))
            }
        }
        try expectRefused("text", saying: "not a SQLite database") {
            try "this is no database, but it is longer than a hundred bytes, as files are \(whole)"
                .write(toFile: $0 + "/lake.db", atomically: false, encoding: .utf8)
        }
        try expectRefused("newer", saying: "version 9999") {
            try run("PRAGMA user_version = 9999", on: $0)
        }
        try expectRefused("foreign", saying: "not made by lake") {
            try run("PRAGMA application_id = 7", on: $0)
        }
        try expectRefused("a folder", saying: "lake.db") {
            unlink($0 + "/lake.db")
            mkdir($0 + "/lake.db", 0o755)
        }
        for table in ["raw_files", "runs", "settings", "sources", "iceberg_tables"] {
            try scene.play { copy in
                try run("DROP TABLE \(table)", on: copy)
                let ended = try BuiltLake.run(["compact", "--lake", copy])
                #expect(ended.code == 1 && ended.text.contains(table), "\(table): \(ended.text)")
            }
        }
    }

    private func run(_ sql: String, on lake: String) throws {
        let database = try Database.open(path: lake + "/lake.db")
        try database.execute("PRAGMA foreign_keys = OFF")
        try database.execute(sql)
    }

    /// Whatever became of the database, the tables give it back.
    @Test func rebuildHeals() throws {
        let scene = try Scene.withRecords.get()
        let whole = try bytes(scene.lake + "/lake.db")
        let damages: [(Comment, (String) throws -> Void)] = [
            ("missing", { unlink($0 + "/lake.db") }),
            ("empty", { truncate($0 + "/lake.db", 0) }),
            ("cut", { truncate($0 + "/lake.db", off_t(whole.count / 2)) }),
            (
                "text",
                {
                    try "no database".write(
                        toFile: $0 + "/lake.db", atomically: false, encoding: .utf8)
                }
            ),
            (
                "torn",
                { lake in
                    var torn = whole
                    for index in torn.indices where index / 8_192 % 3 == 1 { torn[index] = 0xA5 }
                    try Data(torn).write(to: URL(filePath: lake + "/lake.db"))
                }
            ),
            ("state gone", { try run("DROP TABLE raw_files", on: $0) }),
            ("sound", { _ in }),
        ]
        for (what, damage) in damages {
            try scene.play { copy in
                try damage(copy)
                let rebuilt = try BuiltLake.run(
                    ["rebuild", "--force", "--raw", scene.raw, "--lake", copy])
                #expect(rebuilt.code == 0, "\(rebuilt.text); \(what)")
                try expectRebuilt(copy, scene, what)
            }
        }
    }

    /// A rebuilt lake has the rows of before, and after a run those of after, and is sound.
    private func expectRebuilt(_ copy: String, _ scene: Scene, _ what: Comment) throws {
        let rebuilt = try LakeContent(of: copy).rows
        #expect(rebuilt == scene.before.rows || rebuilt == scene.after.rows, "\(what)")
        let ended = try BuiltLake.run(Scene.compact(copy))
        #expect(ended.code == 3, "\(ended.text); \(what)")
        let content = try LakeContent(of: copy)
        var wanted = scene.after
        // The seed of key hashes is new, and stats are believed after two runs.
        wanted.rawFiles = content.rawFiles
        #expect(
            content.difference(from: wanted) == nil,
            "\(content.difference(from: wanted) ?? ""); \(what)")
        let doctor = try BuiltLake.run(["doctor", "--full", "--lake", copy])
        #expect(doctor.code == 0 || doctor.code == 3, "\(doctor.text); \(what)")
        let quiet = try BuiltLake.run(["compact", "--lake", copy])
        #expect(quiet.code == 0, "\(quiet.text); \(what)")
        #expect(quiet.output.contains(" 0 rows written"), "\(quiet.text); \(what)")
    }

    /// A rebuild that is killed can be run again.
    @Test(.enabled(if: BuiltLake.canTrace, "needs strace and the right to trace"))
    func killedWhileRebuilding() throws {
        let scene = try Scene.withRecords.get()
        func rebuild(_ lake: String) -> [String] {
            ["rebuild", "--force", "--threads", "1", "--raw", scene.raw, "--lake", lake]
        }
        let calls = try scene.play { copy in
            try SystemCall.trace(rebuild(copy), names: SystemCall.changing)
                .filter { $0.isChanging && $0.line.contains(copy) }
        }
        #expect(calls.count > 10)
        for call in BuiltLake.selection(calls, stride: 13) {
            try scene.play { copy in
                let what = Comment(rawValue: "kill at \(call)")
                _ = try Injection(call: call, effect: .kill).run(rebuild(copy))
                let again = try BuiltLake.run(rebuild(copy))
                #expect(again.code == 0, "\(again.text); \(what)")
                try expectRebuilt(copy, scene, what)
            }
        }
    }

    /// Journals that belong to nobody or to a dead writer; a file that may only be read.
    @Test func journalsAndModes() throws {
        let scene = try Scene.shared.get()
        let journals: [[UInt8]] = [
            [], [0], [UInt8](repeating: 0, count: 4_096), [UInt8]("not a journal".utf8),
            [0xD9, 0xD5, 0x05, 0xF9, 0x20, 0xA1, 0x63, 0xD7] + [UInt8](repeating: 0xFF, count: 600),
        ]
        for journal in journals {
            try scene.play { copy in
                try Data(journal).write(to: URL(filePath: copy + "/lake.db-journal"))
                try scene.expectWhole(copy, "a journal of \(journal.count) bytes")
                try scene.expectConvergence(copy, "a journal of \(journal.count) bytes")
            }
        }
        try scene.play { copy in
            try Data([1, 2, 3]).write(to: URL(filePath: copy + "/lake.db-wal"))
            try scene.expectWhole(copy, "a WAL")
            unlink(copy + "/lake.db-wal")
            try scene.expectConvergence(copy, "a WAL")
        }
    }
}
