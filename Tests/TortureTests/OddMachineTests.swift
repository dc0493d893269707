import Foundation
import Testing

/// Faults 4, 15, 32 and 33: other clocks, zones, masks, orders and threads, and calls that do half their work.
@Suite(.serialized, .enabled(if: OddMachine.isHere, "needs a C compiler"))
struct OddMachineTests {
    /// Runs with such habits must succeed at once and bring the same.
    private func expectSame(
        _ habits: [String: String], environment: [String: String] = [:], threads: Int = 1
    ) throws {
        let scene = try Scene.shared.get()
        try scene.play { copy in
            let what = Comment(rawValue: "\(habits) \(environment) \(threads) threads")
            let variables = OddMachine.environment(habits).merging(environment) { $1 }
            let ended = try BuiltLake.run(
                ["compact", "--threads", "\(threads)", "--lake", copy], environment: variables)
            #expect(ended.code == 3, "\(ended.text); \(what)")
            let difference = try LakeContent(of: copy).difference(from: scene.after)
            #expect(difference == nil, "\(difference ?? ""); \(what)")
            #expect(try LakeContent.orphans(of: copy) == [], "\(what)")
        }
    }

    @Test(arguments: [1, 4]) func readsAndWritesDoHalf(threads: Int) throws {
        try expectSame(["SHORT": "1"], threads: threads)
    }

    @Test(arguments: [1, 4]) func callsAreInterrupted(threads: Int) throws {
        try expectSame(["INTERRUPT": "1"], threads: threads)
        try expectSame(["INTERRUPT": "1", "SHORT": "1"], threads: threads)
        // Where opening and syncing is interrupted as well, a run may give up, and must be whole then.
        let scene = try Scene.shared.get()
        try scene.play { copy in
            let ended = try BuiltLake.run(
                ["compact", "--threads", "\(threads)", "--lake", copy],
                environment: OddMachine.environment(["INTERRUPT": "2"]))
            #expect(ended.code == 1 || ended.code == 3, "\(ended.text)")
            try scene.expectConvergence(copy, "interrupted opens")
        }
    }

    @Test func zonesAndLocalesDoNotMatter() throws {
        for zone in ["Pacific/Kiritimati", "America/St_Johns", ":/nonexistent", "XYZ+25"] {
            try expectSame([:], environment: ["TZ": zone])
        }
        for locale in ["C", "tr_TR.UTF-8", "de_DE@euro", ""] {
            try expectSame([:], environment: ["LC_ALL": locale, "LANG": locale])
        }
        try expectSame(
            [:], environment: ["HOME": "/nonexistent", "PATH": "", "TMPDIR": "/nonexistent"])
    }

    /// The same clock, randomness and raw files give the same bytes, file by file.
    @Test func sameBytesForAnyThreadsAndOrder() throws {
        let scene = try Scene.shared.get()
        var first: [String: Data]?
        for (threads, order) in [(1, nil), (2, "1"), (16, "2"), (1, "3"), (16, "4")] {
            try scene.play { copy in
                var habits = ["RANDOM": "7", "FREEZE": "1893456000"]
                habits["SHUFFLE"] = order
                let ended = try BuiltLake.run(
                    ["compact", "--threads", "\(threads)", "--lake", copy],
                    environment: OddMachine.environment(habits))
                #expect(ended.code == 3, "\(ended.text)")
                var bytes: [String: Data] = [:]
                for file in LakeContent.files(below: copy + "/tables") {
                    bytes[String(file.dropFirst(copy.count))] = FileManager.default.contents(
                        atPath: file)
                }
                let difference = try LakeContent(of: copy).difference(from: scene.after)
                #expect(difference == nil, "\(difference ?? "")")
                guard let expected = first else { return first = bytes }
                #expect(bytes.keys.sorted() == expected.keys.sorted())
                for (name, data) in bytes {
                    #expect(
                        data == expected[name], "\(name), \(threads) threads, order \(order ?? "")")
                }
            }
        }
    }

    /// Clocks jump between runs, days and decades: nothing is missed, nothing mass-deleted, runs keep order.
    @Test func clockJumps() throws {
        let folder = BuiltLake.makeFolder()
        let raw = RawFolder(folder + "/raw")
        let lake = folder + "/lake"
        for id in 1...10 { try raw.write(raw.post(id, likes: 0), to: raw.name(id)) }
        try Scene.makeLake(lake, raw: raw.path)
        let jumps = [
            0, 86_400, -86_400, 3_153_600_000, -3_153_600_000, -1, 1, 1_000_000_000, -1_793_000_000,
            0,
        ]
        for (run, jump) in jumps.enumerated() {
            let id = run % 10 + 1
            try raw.write(raw.post(id, likes: run + 100), to: raw.name(id))
            try raw.write(raw.post(run + 20, likes: run), to: raw.name(run + 20))
            let ended = try BuiltLake.run(
                ["compact", "--lake", lake],
                environment: OddMachine.environment(["CLOCK": "\(jump)"]))
            #expect(ended.code == 0, "\(jump): \(ended.text)")
            let rows = try LakeContent(of: lake).rows["posts"] ?? []
            #expect(rows.count == 11 + run, "\(jump)")
            #expect(
                rows.contains { $0.hasPrefix("int(\(id)) ") && $0.contains("int(\(run + 100))") })
            #expect(try LakeContent.orphans(of: lake) == [], "\(jump)")
        }
        let files = LakeContent.files(below: lake + "/tables").count
        let quiet = try BuiltLake.run(["compact", "--lake", lake])
        #expect(quiet.code == 0, "\(quiet.text)")
        #expect(LakeContent.files(below: lake + "/tables").count == files)
    }

    /// Whatever the mask, the lake's files are the owner's to read and write.
    @Test func masksOfNewFiles() throws {
        let scene = try Scene.shared.get()
        for mask in ["000", "022", "077", "027"] {
            try scene.play { copy in
                let command = Scene.compact(copy).joined(separator: " ")
                let ended = try BuiltLake.shell("umask \(mask); exec lake \(command)")
                #expect(ended.code == 3, "\(ended.text)")
                #expect(try LakeContent(of: copy) == scene.after)
                for file in LakeContent.files(below: copy) {
                    var status = stat()
                    lstat(file, &status)
                    #expect(status.st_mode & 0o600 == 0o600, "\(file) under \(mask)")
                    #expect(status.st_mode & 0o022 == 0 || mask == "000", "\(file) under \(mask)")
                }
            }
        }
    }

    /// Names that shells and listings stumble over.
    @Test func oddNames() throws {
        let folder = BuiltLake.makeFolder() + "/a lake\nwith 'quotes' \"and\" ünïcode"
        let raw = RawFolder(folder + "/raw\n*")
        let names = [
            "posts/a b/1.json", "posts/new\nline/2.json", "posts/it's/3.json", "posts/%41/4.json",
            "posts/日本/5.json", "posts/-rf/6.json", "posts/*/7.json", "posts/u\t/8\\.json",
            "posts/e\u{301}/9.json", "posts/\u{E9}/10.json",
        ]
        for (index, name) in names.enumerated() {
            try raw.write(raw.post(index + 1, likes: 1), to: name)
        }
        try Scene.makeLake(folder + "/lake", raw: raw.path)
        try Scene.expectDone(BuiltLake.run(["compact", "--lake", folder + "/lake"]))
        let rows = try LakeContent(of: folder + "/lake").rows["posts"] ?? []
        #expect(rows.count == names.count)
        let query = try BuiltLake.run(
            ["query", "--lake", folder + "/lake", "--format", "csv", "select count(*) from posts"])
        #expect(query.output.contains("\(names.count)"), "\(query.text)")
        for (index, name) in names.enumerated() {
            try raw.write(raw.post(index + 1, likes: 2), to: name)
        }
        try Scene.expectDone(BuiltLake.run(["compact", "--lake", folder + "/lake"]))
        let changed = try LakeContent(of: folder + "/lake").rows["posts"] ?? []
        #expect(changed.count == names.count)
        #expect(changed.allSatisfy { $0.contains("int(2)") })
    }
}
