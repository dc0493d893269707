import Foundation
import Testing

/// Faults 19, 20 and 31: other runs, readers, stopped and killed holders of the lock, signals, closed pipes.
@Suite(.serialized) struct CompanyTests {
    private func rowCount(_ lake: String, seconds: Double = 60) throws -> ChildProcess.Ended {
        try BuiltLake.run(
            [
                "query", "--quiet", "--format", "csv", "--lake", lake,
                "select count(*), sum(likes) from posts",
            ],
            seconds: seconds)
    }

    /// Queries while runs follow each other: each sees one snapshot, before or after, nothing between.
    @Test func queriesSeeOneSnapshot() throws {
        let folder = BuiltLake.makeFolder()
        let raw = RawFolder(folder + "/raw")
        let lake = folder + "/lake"
        // The likes of one night are all the same, so a sum tells which nights it mixes.
        for id in 1...30 { try raw.write(raw.post(id, likes: 0), to: raw.name(id)) }
        try Scene.makeLake(lake, raw: raw.path)
        try Scene.expectDone(BuiltLake.run(["compact", "--lake", lake]))
        var seen: Set<String> = []
        for night in 1...(BuiltLake.isFull ? 60 : 6) {
            for id in 1...30 { try raw.write(raw.post(id, likes: night), to: raw.name(id)) }
            let run = try BuiltLake.start(["compact", "--lake", lake])
            let queries = try (0..<4).map { _ in
                try BuiltLake.start(
                    [
                        "query", "--quiet", "--format", "csv", "--lake", lake,
                        "select count(*), min(likes), max(likes) from posts",
                    ])
            }
            for query in queries {
                let ended = try query.wait()
                let answer = ended.output.split(separator: "\n").last ?? ""
                let expected = ["30,\(night - 1),\(night - 1)", "30,\(night),\(night)"]
                #expect(ended.code == 0 && expected.contains(String(answer)), "\(ended.text)")
                seen.insert(String(answer))
            }
            try Scene.expectDone(run.wait())
        }
        #expect(seen.count > 1)
    }

    @Test func twoRunsAtOnce() throws {
        let scene = try Scene.shared.get()
        for _ in 0..<(BuiltLake.isFull ? 100 : 5) {
            try scene.play { copy in
                let runs = try (0..<3).map { _ in try BuiltLake.start(["compact", "--lake", copy]) }
                let ended = try runs.map { try $0.wait() }
                #expect(ended.contains { $0.code == 3 })
                for one in ended where one.code != 0 && one.code != 3 {
                    #expect(one.code == 1 && one.errors.contains("another process"), "\(one.text)")
                }
                try scene.expectConvergence(copy, "three runs at once")
            }
        }
    }

    /// A holder of the lock that stands still keeps writers out, and lets readers read.
    @Test(.enabled(if: OddMachine.isHere, "needs a C compiler"))
    func stoppedAndKilledHolder() throws {
        let scene = try Scene.shared.get()
        // Before its first data file, its metadata, its hint: whatever it holds then.
        for place in [".parquet", ".metadata.json", "version-hint.text.tmp", "lake.db-journal"] {
            try scene.play { copy in
                let holder = try BuiltLake.start(
                    Scene.compact(copy), environment: OddMachine.environment(["STOP": place]))
                try holder.waitUntilStopped()
                let second = try BuiltLake.run(Scene.compact(copy), seconds: 30)
                #expect(second.code == 1, "\(place): \(second.text)")
                #expect(second.text.contains("process \(holder.id)"), "\(place): \(second.text)")
                let reader = try rowCount(copy, seconds: 30)
                #expect(reader.code == 0, "\(place): \(reader.text)")
                holder.send(SIGKILL)
                _ = try holder.wait()
                try scene.expectWhole(copy, "killed before \(place)")
                try scene.expectConvergence(copy, "killed before \(place)")
            }
        }
        // Stopped for a while, it goes on as if nothing had been.
        try scene.play { copy in
            let holder = try BuiltLake.start(
                Scene.compact(copy), environment: OddMachine.environment(["STOP": ".parquet"]))
            try holder.waitUntilStopped()
            holder.send(SIGCONT)
            #expect(try holder.wait().code == 3)
            try scene.expectConvergence(copy, "stopped and continued")
        }
    }

    /// Lock files that a dead process left, or that came with a copy, hold nobody back.
    @Test(.enabled(if: OddMachine.isHere, "needs a C compiler"))
    func staleAndCopiedLocks() throws {
        let scene = try Scene.shared.get()
        for note in [
            "", "process 1\n", "process \(getpid())\n", String(repeating: "x", count: 5_000),
        ] {
            try scene.play { copy in
                try note.write(toFile: copy + "/lake.lock", atomically: false, encoding: .utf8)
                chmod(copy + "/lake.lock", 0o444)
                try scene.expectConvergence(copy, "a lock file that says '\(note.prefix(20))'")
            }
        }
        try scene.play { copy in
            let holder = try BuiltLake.start(
                Scene.compact(copy), environment: OddMachine.environment(["STOP": ".parquet"]))
            try holder.waitUntilStopped()
            let second = copy + "-second"
            defer { try? FileManager.default.removeItem(atPath: second) }
            try FileManager.default.copyItem(atPath: copy, toPath: second)
            try scene.expectConvergence(second, "a copy of a locked lake")
        }
        // A link in the lock's place is not followed.
        try scene.play { copy in
            unlink(copy + "/lake.lock")
            symlink("/etc/passwd", copy + "/lake.lock")
            let ended = try BuiltLake.run(Scene.compact(copy))
            #expect(ended.code == 1, "\(ended.text)")
            try scene.expectWhole(copy, "a link for a lock")
        }
    }

    /// Asked to stop, it stops soon and changes nothing, or was done already.
    @Test(.enabled(if: OddMachine.isHere, "needs a C compiler"))
    func signals() throws {
        let scene = try Scene.shared.get()
        for signal in [SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGXFSZ, SIGUSR1, SIGQUIT, SIGXCPU] {
            for place in ["6.json", ".parquet", ".metadata.json", "version-hint.text.tmp"] {
                try scene.play { copy in
                    let what = Comment(rawValue: "signal \(signal) before \(place)")
                    let run = try BuiltLake.start(
                        Scene.compact(copy), environment: OddMachine.environment(["STOP": place]))
                    try run.waitUntilStopped()
                    run.send(signal)
                    run.send(SIGCONT)
                    let ended = try run.wait(seconds: 30)
                    let isPublished = try scene.expectWhole(copy, what)
                    if ended.code == 3 { #expect(isPublished, "\(what)") }
                    if place == "version-hint.text.tmp" { #expect(isPublished, "\(what)") }
                    if signal == SIGINT || signal == SIGTERM || signal == SIGHUP {
                        #expect(ended.signal == nil, "\(ended.text); \(what)")
                        #expect(isPublished == (ended.code == 3), "\(ended.text); \(what)")
                    }
                    if signal == SIGPIPE || signal == SIGXFSZ {
                        #expect(ended.code == 3, "\(ended.text); \(what)")
                    }
                    try scene.expectConvergence(copy, what)
                }
            }
        }
    }

    /// Output that nobody reads any more, or that cannot be written, harms nothing.
    @Test func closedAndFullOutput() throws {
        let scene = try Scene.shared.get()
        let endings = [
            "| true", "| head -n 1", ">&-", "2>&- | true", "<&- >&- 2>&-", "> /dev/full",
        ]
        for ending in endings {
            try scene.play { copy in
                let ended = try BuiltLake.shell(
                    "lake \(Scene.compact(copy).joined(separator: " ")) \(ending)")
                #expect(ended.signal == nil, "\(ending): \(ended.text)")
                #expect(try scene.expectWhole(copy, "\(ending)"), "\(ending): \(ended.text)")
                try scene.expectConvergence(copy, "\(ending)")
            }
        }
        try scene.play { copy in
            let query = "select * from posts cross join unnest(sequence(1, 9000))"
            let ended = try BuiltLake.shell(
                "lake query --lake \(copy) --format csv '\(query)' | head -n 2; echo \"$?\"",
                seconds: 60)
            #expect(ended.output.split(separator: "\n").count == 3, "\(ended.text)")
            #expect(ended.code == 0)
            let full = try BuiltLake.shell("lake query --lake \(copy) '\(query)' > /dev/full")
            #expect(full.code == 1, "\(full.text)")
            #expect(full.text.contains("No space left"), "\(full.text)")
        }
    }
}
