import Columnar
import Foundation
import Testing

@testable import Lake

/// Faults 1, 4, 5, 7, 8, 15, 17, 19 and 25 of sweeps: killed, refused, disturbed, on full and foreign disks.
@Suite(.serialized) struct SweepTortureTests {
    private func changingCalls(_ scene: SweepScene) throws -> [SystemCall] {
        try scene.play { stage in
            try SystemCall.trace(
                SweepScene.arguments(stage), names: SystemCall.changing,
                environment: SweepScene.environment()
            ).filter { $0.isChanging && $0.line.contains(stage.folder) }
        }
    }

    @Test(.enabled(if: BuiltLake.canTrace, "needs strace and the right to trace"))
    func killedAtAnySystemCall() throws {
        let scene = try SweepScene.shared.get()
        let calls = try changingCalls(scene)
        #expect(calls.count > 100)
        var (killed, published) = (0, 0)
        let selected = BuiltLake.selection(calls, stride: 23)
        for call in selected {
            try scene.play { stage in
                let what = Comment(rawValue: "kill at \(call)")
                let ended = try Injection(call: call, effect: .kill).run(
                    SweepScene.arguments(stage), environment: SweepScene.environment()
                ).ended
                killed += ended.signal == SIGKILL || ended.code == 137 ? 1 : 0
                published += try scene.expectWhole(stage, what) ? 1 : 0
                try scene.expectConvergence(stage, what)
            }
        }
        #expect(killed >= selected.count * 9 / 10)
        #expect(published > 0 && published < killed)
        print("killed sweeps at \(killed) of \(calls.count) calls, \(published) after the commit")
    }

    @Test(
        .enabled(if: BuiltLake.canTrace, "needs strace and the right to trace"),
        arguments: [false, true])
    func refused(fromThenOn: Bool) throws {
        let scene = try SweepScene.shared.get()
        let injections = try changingCalls(scene).flatMap { call in
            (fromThenOn ? ["ENOSPC"] : ["EIO", "ENOSPC"]).map {
                Injection(call: call, effect: .error($0), stays: fromThenOn)
            }
        }
        var refused = 0
        let selected = BuiltLake.selection(injections, stride: 37)
        for injection in selected {
            try scene.play { stage in
                let what = Comment(rawValue: "\(injection)")
                let ended = try injection.run(
                    SweepScene.arguments(stage), environment: SweepScene.environment()
                ).ended
                #expect(ended.signal == nil, "\(ended.text); \(what)")
                #expect([0, 1, 2, 3].contains(ended.code), "\(ended.text); \(what)")
                refused += ended.code == 1 ? 1 : 0
                try scene.expectWhole(stage, what)
                try scene.expectConvergence(stage, what)
            }
        }
        #expect(refused > selected.count / 4)
        print("refused \(selected.count) calls of \(injections.count), \(refused) ended the sweep")
    }

    /// Fault 25: a raw file is rewritten while the sweep stands still before each of its steps.
    @Test(.enabled(if: OddMachine.isHere, "needs a C compiler"))
    func sourcesThatChangeStay() throws {
        let scene = try SweepScene.shared.get()
        for place in [".parquet.tmp", ".json.zst.tmp", ".metadata.json", "lake.db-journal"] {
            try scene.play { stage in
                let sweep = try BuiltLake.start(
                    SweepScene.arguments(stage),
                    environment: SweepScene.environment().merging(
                        OddMachine.environment(["STOP": place])
                    ) { $1 })
                try sweep.waitUntilStopped()
                let raw = RawFolder(stage.raw)
                try raw.write(raw.post(4, likes: 4_444), to: raw.name(4))
                sweep.send(SIGCONT)
                let ended = try sweep.wait()
                #expect([0, 3].contains(ended.code), "\(ended.text); stopped before \(place)")
                let text = try String(
                    contentsOfFile: "\(stage.raw)/\(raw.name(4))", encoding: .utf8)
                #expect(text.contains("4444"), "stopped before \(place)")
            }
        }
    }

    /// Fault 8: another file system, so that nothing can be renamed into it.
    @Test func onAnotherFileSystem() throws {
        let scene = try SweepScene.shared.get()
        let cold = FileManager.default.temporaryDirectory.path + "/cold-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: cold) }
        try scene.play { stage in
            try "{\"folder\": \"\(cold)\"}".write(
                toFile: stage.lake + "/cold.json", atomically: true, encoding: .utf8)
            try Scene.expectDone(SweepScene.sweep(stage))
            #expect(try SweptContent(of: stage).tables == scene.after.tables)
            #expect(try SweptContent.orphans(of: stage) == [])
        }
    }

    /// Fault 5: the cold tier is full; once there is room, the next sweep does its work.
    @Test(.enabled(if: BuiltLake.canMount, "needs the right to mount"))
    func onAFullColdTier() throws {
        let scene = try SweepScene.shared.get()
        for size in ["4k", "12k", "24k"] {
            try scene.play { stage in
                let cold = stage.folder + "/full"
                mkdir(cold, 0o755)
                try "{\"folder\": \"\(cold)\"}".write(
                    toFile: stage.lake + "/cold.json", atomically: true, encoding: .utf8)
                let line =
                    "mount -t tmpfs -o size=\(size) none '\(cold)' && exec '\(BuiltLake.path)' "
                    + SweepScene.arguments(stage).joined(separator: " ")
                let ended = try BuiltLake.run(
                    tool: "/usr/bin/unshare", ["-Urm", "sh", "-c", line],
                    environment: SweepScene.environment())
                #expect(ended.code == 1, "\(size): \(ended.text)")
                #expect(ended.text.contains("No space left"), "\(size): \(ended.text)")
                try scene.expectWhole(stage, "a cold tier of \(Comment(rawValue: size))")
                try scene.expectConvergence(stage, "a cold tier of \(Comment(rawValue: size))")
            }
        }
    }

    /// Fault 5 on the other side: not a byte is free where the lake is, so a sweep uses what is kept for it.
    @Test(.enabled(if: BuiltLake.canMount, "needs the right to mount"), arguments: [true, false])
    func onAFullLakeDisk(hasReserve: Bool) throws {
        let scene = try SweepScene.shared.get()
        try scene.play { stage in
            let cold = stage.folder + "/elsewhere"
            try "{\"folder\": \"\(cold)\"}".write(
                toFile: stage.lake + "/cold.json", atomically: true, encoding: .utf8)
            let lake = "'\(BuiltLake.path)'"
            let line = """
                mkdir '\(stage.folder)/disk' && mv '\(stage.lake)'/* '\(stage.folder)/disk' &&
                mount -t tmpfs -o size=24m none '\(stage.lake)' &&
                mv '\(stage.folder)/disk'/* '\(stage.lake)' || exit 9
                \(lake) compact --lake '\(stage.lake)' || exit 8
                \(hasReserve ? "test -f" : "rm") '\(stage.lake)/lake.reserve' || exit 7
                dd if=/dev/zero of='\(stage.lake)/fill' bs=4k 2>/dev/null && exit 6
                \(lake) \(SweepScene.arguments(stage).joined(separator: " "))
                ended=$?
                rm '\(stage.lake)/fill' && mv '\(stage.lake)'/* '\(stage.folder)/disk' || exit 5
                umount '\(stage.lake)' && mv '\(stage.folder)/disk'/* '\(stage.lake)' || exit 4
                exit $ended
                """
            let ended = try BuiltLake.run(
                tool: "/usr/bin/unshare", ["-Urm", "sh", "-c", line],
                environment: SweepScene.environment())
            #expect(ended.code == (hasReserve ? 0 : 1), "\(ended.text)")
            if !hasReserve { #expect(ended.text.contains("full"), "\(ended.text)") }
            let isSwept = try scene.expectWhole(stage, "a full disk under the lake")
            #expect(isSwept == hasReserve)
            try scene.expectConvergence(stage, "a full disk under the lake")
        }
    }

    /// A cold tier that may not be written to is refused before anything is tried.
    @Test(.enabled(if: BuiltLake.canMount, "needs the right to mount"))
    func onAReadOnlyColdTier() throws {
        let scene = try SweepScene.shared.get()
        try scene.play { stage in
            let cold = stage.folder + "/fixed"
            mkdir(cold, 0o755)
            try "{\"folder\": \"\(cold)\"}".write(
                toFile: stage.lake + "/cold.json", atomically: true, encoding: .utf8)
            _ = try BuiltLake.run(
                SweepScene.arguments(stage) + ["--max-files", "1"],
                environment: SweepScene.environment())
            let line =
                "mount --bind '\(cold)' '\(cold)' && mount -o remount,bind,ro '\(cold)' && "
                + "exec '\(BuiltLake.path)' " + SweepScene.arguments(stage).joined(separator: " ")
            let ended = try BuiltLake.run(
                tool: "/usr/bin/unshare", ["-Urm", "sh", "-c", line],
                environment: SweepScene.environment())
            #expect(ended.code == 1, "\(ended.text)")
            #expect(ended.text.contains("mounted read-only"), "\(ended.text)")
            try scene.expectConvergence(stage, "a cold tier that was read-only")
        }
    }

    /// Fault 19: two sweeps and a run at once; one waits or is turned away, nothing is lost.
    @Test func sweepsAndRunsAtOnce() throws {
        let scene = try SweepScene.shared.get()
        for _ in 0..<(BuiltLake.isFull ? 50 : 3) {
            try scene.play { stage in
                let sweeps = try (0..<2).map { _ in
                    try BuiltLake.start(
                        SweepScene.arguments(stage), environment: SweepScene.environment())
                }
                let run = try BuiltLake.start(
                    ["compact", "--lake", stage.lake], environment: SweepScene.environment())
                let query = try BuiltLake.start(
                    ["query", "-q", "--lake", stage.lake, "select count(*) from posts"])
                for ended in try (sweeps + [run]).map({ try $0.wait() }) where ended.code != 0 {
                    #expect(ended.code == 1, "\(ended.text)")
                    #expect(ended.errors.contains("another process"), "\(ended.text)")
                }
                #expect(try query.wait().code == 0)
                try scene.expectWhole(stage, "two sweeps and a run at once")
                try scene.expectConvergence(stage, "two sweeps and a run at once")
            }
        }
    }

    /// Fault 15: clocks that jump sweep nothing.
    @Test func clocksThatJump() throws {
        let scene = try SweepScene.shared.get()
        try scene.play { stage in
            for days: Int64 in [-20_000, 8, 420, 2_000_000] {
                let ended = try BuiltLake.run(
                    SweepScene.arguments(stage),
                    environment: SweepScene.environment(daysAhead: days))
                #expect(ended.code == 1 && ended.text.contains("the clock says"), "\(ended.text)")
                #expect(try SweptContent(of: stage).tables == scene.before.tables)
            }
            try scene.expectConvergence(stage, "clocks that jumped")
        }
    }
}
