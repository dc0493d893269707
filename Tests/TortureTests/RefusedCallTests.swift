import Foundation
import Testing

/// Faults 4, 5, 7, 8 and 9: the operating system refuses: no space, broken disk, no descriptors, no memory.
@Suite(.serialized) struct RefusedCallTests {
    /// The errors that a call may give and that a run must survive.
    private static func errors(of call: SystemCall) -> [String] {
        switch call.name {
        case "write", "pwrite64", "fallocate": ["ENOSPC", "EIO", "EDQUOT"]
        case "fsync", "fdatasync": ["EIO", "ENOSPC"]
        case "rename", "renameat", "renameat2": ["EIO", "ENOSPC", "EACCES", "EXDEV"]
        case "openat": ["ENOSPC", "EMFILE", "EACCES", "EIO", "EROFS"]
        case "mkdir", "mkdirat": ["ENOSPC", "EACCES", "EMLINK"]
        case "ftruncate": ["EIO", "ENOSPC"]
        default: ["EIO", "EACCES"]
        }
    }

    private func changingCalls(_ scene: Scene) throws -> [SystemCall] {
        try scene.play { copy in
            try SystemCall.trace(Scene.compact(copy), names: SystemCall.changing)
                .filter { $0.isChanging && $0.line.contains(copy) }
        }
    }

    /// Plays one refusal: a clear message and nothing half done, or no harm at all.
    private func play(_ injection: Injection, _ scene: Scene) throws -> ChildProcess.Ended {
        try scene.play { copy in
            let what = Comment(rawValue: "\(injection)")
            let (ended, trace) = try injection.run(
                Scene.compact(copy), watching: ["fsync", "fdatasync", "unlink"])
            #expect(ended.signal == nil, "\(ended.text); \(what)")
            let isPublished = try scene.expectWhole(copy, what)
            if ended.code == 0 || ended.code == 3 {
                #expect(isPublished, "the run says that it is done; \(what)")
            } else {
                #expect(ended.code == 1 || ended.code == 2, "\(ended.text); \(what)")
                // Where every write fails, the message does too.
                let isMute = injection.stays && injection.call.name == "write"
                #expect(isMute || ended.errors.hasPrefix("error: "), "\(ended.text); \(what)")
            }
            expectNoSecondSync(trace, what)
            try scene.expectConvergence(copy, what)
            return ended
        }
    }

    /// After a failed fsync the kernel may have dropped the pages: a second one on the file lies.
    ///
    /// SQLite's own files are left out: it rolls back by writing the old pages again.
    private func expectNoSecondSync(_ trace: String, _ what: Comment) {
        var failed: Set<Substring> = []
        for line in trace.split(separator: "\n") {
            guard let start = line.firstIndex(of: "<"), let end = line.firstIndex(of: ">") else {
                continue
            }
            let file = line[start..<end]
            guard file.contains("/tables/") else { continue }
            if line.contains("sync(") {
                #expect(!failed.contains(file), "a second sync of \(file); \(what)")
                if line.contains("INJECTED") { failed.insert(file) }
            }
        }
    }

    @Test(.enabled(if: BuiltLake.canTrace, "needs strace and the right to trace"))
    func refusedOnce() throws {
        let scene = try Scene.shared.get()
        var refused = 0
        let injections = try changingCalls(scene).flatMap { call in
            Self.errors(of: call).map { Injection(call: call, effect: .error($0)) }
        }
        let selected = BuiltLake.selection(injections, stride: 29)
        for injection in selected {
            refused += try play(injection, scene).code == 1 ? 1 : 0
        }
        #expect(refused > selected.count / 2)
        print("refused \(selected.count) calls of \(injections.count), \(refused) ended the run")
    }

    /// A disk that is full or broken stays so: all later calls fail too, and cleaning up with them.
    @Test(.enabled(if: BuiltLake.canTrace, "needs strace and the right to trace"))
    func refusedFromThenOn() throws {
        let scene = try Scene.shared.get()
        let injections = try changingCalls(scene).map {
            Injection(call: $0, effect: .error(Self.errors(of: $0)[0]), stays: true)
        }
        for injection in BuiltLake.selection(injections, stride: 19) {
            _ = try play(injection, scene)
        }
    }

    /// Calls that only look fail: whatever cannot be known is left as it was.
    @Test(.enabled(if: BuiltLake.canTrace, "needs strace and the right to trace"))
    func refusedToLook() throws {
        let scene = try Scene.shared.get()
        let calls = try scene.play { copy in
            try SystemCall.trace(Scene.compact(copy), names: SystemCall.looking).filter {
                !$0.isChanging && ($0.line.contains(copy) || $0.line.contains(scene.raw))
                    && !$0.line.hasPrefix("close")
            }
        }
        #expect(calls.count > 200)
        for call in BuiltLake.selection(calls, stride: 41) {
            try scene.play { copy in
                let what = Comment(rawValue: "EIO at \(call)")
                let ended = try Injection(call: call, effect: .error("EIO"))
                    .run(Scene.compact(copy)).ended
                #expect(ended.signal == nil, "\(ended.text); \(what)")
                #expect([0, 1, 2, 3].contains(ended.code), "\(ended.text); \(what)")
                let found = try LakeContent(of: copy)
                for (table, rows) in found.rows {
                    let known = Set(scene.before.rows[table] ?? [])
                        .union(scene.after.rows[table] ?? [])
                    #expect(known.isSuperset(of: rows), "\(what)")
                    #expect(rows.count >= scene.before.rows[table]?.count ?? 0, "\(what)")
                }
                try scene.expectConvergence(copy, what)
            }
        }
    }

    /// The file-size limit gives a short write first, then an error: the cheapest full disk.
    @Test func filesMustNotGrow() throws {
        let scene = try Scene.shared.get()
        // In blocks of 512 bytes, of which lake.db has some 200.
        for blocks in BuiltLake.selection(Array(0..<260), stride: 26) {
            try scene.play { copy in
                let command = Scene.compact(copy).joined(separator: " ")
                for trap in ["trap '' XFSZ; ", ""] {
                    let what = Comment(rawValue: "\(trap)ulimit -f \(blocks)")
                    let ended = try BuiltLake.shell(
                        "ulimit -f \(blocks); \(trap)exec lake \(command)")
                    #expect(ended.signal == nil, "\(ended.text); \(what)")
                    let isPublished = try scene.expectWhole(copy, what)
                    #expect(ended.code == 1 || isPublished, "\(ended.text); \(what)")
                }
                try scene.expectConvergence(copy, "ulimit -f \(blocks)")
            }
        }
    }

    @Test func fewDescriptors() throws {
        let scene = try Scene.shared.get()
        var counts: [Int32: Int] = [:]
        for limit in BuiltLake.selection(Array(3..<36), stride: 3) {
            for threads in [1, 8] {
                try scene.play { copy in
                    let what = Comment(rawValue: "ulimit -n \(limit), \(threads) threads")
                    let ended = try BuiltLake.shell(
                        "ulimit -n \(limit); exec lake compact --threads \(threads) --lake \(copy)")
                    #expect(ended.signal == nil, "\(ended.text); \(what)")
                    let isPublished = try scene.expectWhole(copy, what)
                    #expect(isPublished || ended.code != 0, "\(ended.text); \(what)")
                    counts[ended.code ?? -1, default: 0] += 1
                    try scene.expectConvergence(copy, what)
                }
            }
        }
        #expect(counts[1] ?? 0 > 0 && counts[3] ?? 0 > 0, "\(counts)")
    }

    /// Swift ends a process that gets no memory from the kernel: then the lake must be as after a kill.
    @Test func littleMemory() throws {
        let scene = try Scene.shared.get()
        for mebibytes in BuiltLake.selection(
            Array(stride(from: 60, through: 400, by: 10)), stride: 7)
        {
            try scene.play { copy in
                let what = Comment(rawValue: "ulimit -v \(mebibytes) MiB")
                _ = try BuiltLake.shell(
                    "ulimit -c 0; ulimit -v \(mebibytes << 10); SWIFT_BACKTRACE=enable=no exec lake "
                        + Scene.compact(copy).joined(separator: " "))
                try scene.expectWhole(copy, what)
                try scene.expectConvergence(copy, what)
            }
        }
    }

    /// A file system that is really full, with all its ways of saying so.
    @Test(.enabled(if: BuiltLake.canMount, "needs user namespaces and mounts"))
    func fullFileSystem() throws {
        let scene = try Scene.shared.get()
        for kibibytes in BuiltLake.selection(Array(stride(from: 4, through: 120, by: 4)), stride: 5)
        {
            let what = Comment(rawValue: "\(kibibytes) KiB free")
            let folder = BuiltLake.makeFolder()
            // Filled up but for some KiB; then run, kept, enlarged, run again, kept.
            let script = """
                mount -t tmpfs -o size=8m none /mnt
                cp -a \(scene.lake) /mnt/lake
                used=$(df -k --output=used /mnt | tail -n 1)
                mount -o remount,size=$((used + \(kibibytes)))k /mnt
                lake compact --threads 1 --lake /mnt/lake; code=$?
                cp -a /mnt/lake \(folder)/first
                mount -o remount,size=8m /mnt
                lake compact --threads 1 --lake /mnt/lake >&2; echo "codes $code $?"
                cp -a /mnt/lake \(folder)/second
                """
            let program = URL(filePath: BuiltLake.path).deletingLastPathComponent().path
            let ended = try BuiltLake.run(
                tool: "/usr/bin/unshare", ["-Urm", "/bin/sh", "-c", script],
                environment: ["PATH": program + ":" + BuiltLake.environment["PATH", default: ""]])
            let isPublished = try scene.expectWhole(folder + "/first", what)
            let codes = ended.output.split(separator: "\n").last
            #expect(codes == (isPublished ? "codes 3 3" : "codes 1 3"), "\(ended.text); \(what)")
            let difference = try LakeContent(of: folder + "/second").difference(from: scene.after)
            #expect(difference == nil, "\(difference ?? ""); \(what)")
            try FileManager.default.removeItem(atPath: folder)
        }
    }
}
