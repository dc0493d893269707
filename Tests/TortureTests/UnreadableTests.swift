import Foundation
import Testing

/// Faults 6, 17 and 18: raw data that cannot be read, or is not there at all, is never taken for deleted.
@Suite struct UnreadableTests {
    /// Fails calls on one path with an error, for one run, then runs undisturbed.
    private func play(
        _ error: String, of calls: String, on paths: [String],
        _ check: (LakeContent, String) throws -> Void
    ) throws {
        let scene = try Scene.shared.get()
        try scene.play { copy in
            let what = Comment(rawValue: "\(error) from \(calls) of \(paths)")
            let selected = paths.flatMap { ["-P", $0] }
            let ended = try BuiltLake.run(
                tool: "/usr/bin/strace",
                ["-f", "-qq", "-o", "/dev/null", "-e", "trace=\(calls)"] + selected
                    + ["-e", "inject=\(calls):error=\(error)", BuiltLake.path] + Scene.compact(copy)
            )
            #expect(ended.code == 3, "\(ended.text); \(what)")
            try check(try LakeContent(of: copy), ended.text)
            try scene.expectConvergence(copy, what)
        }
    }

    @Test(.enabled(if: BuiltLake.canTrace, "needs strace and the right to trace"))
    func brokenFile() throws {
        let scene = try Scene.shared.get()
        let old = RawFolder(scene.raw).name(8)
        for (error, calls) in [("EIO", "read"), ("EACCES", "openat"), ("EIO", "fstat,newfstatat")] {
            let isByName = calls == "openat"
            let path = isByName ? "8.json" : "\(scene.raw)/\(old)"
            try play(error, of: calls, on: [path]) { content, text in
                #expect(text.contains(old), "\(text)")
                let rows = content.rows["posts"] ?? []
                let row = scene.before.rows["posts"]?.first { $0.hasPrefix("int(8) ") }
                #expect(row != nil && rows.contains(row ?? ""))
                // Everything else is as after an undisturbed run.
                let others = scene.after.rows["posts"]?.filter { !$0.hasPrefix("int(8) ") }
                #expect(rows.filter { !$0.hasPrefix("int(8) ") } == others)
            }
        }
    }

    @Test(.enabled(if: BuiltLake.canTrace, "needs strace and the right to trace"))
    func brokenFolder() throws {
        let scene = try Scene.shared.get()
        let cases = [
            ("EACCES", "openat", ["posts/u3"]), ("EIO", "getdents64", ["\(scene.raw)/posts/u3"]),
            ("EIO", "getdents64", ["\(scene.raw)/posts"]), ("EACCES", "openat", ["posts"]),
            ("ESTALE", "getdents64", ["\(scene.raw)"]),
        ]
        for (error, calls, paths) in cases {
            try play(error, of: calls, on: paths) { content, text in
                #expect(text.contains("unreadable"), "\(text)")
                for (table, rows) in content.rows {
                    let known = Set(scene.before.rows[table] ?? [])
                        .union(scene.after.rows[table] ?? [])
                    #expect(known.isSuperset(of: rows))
                    #expect(rows.count >= scene.before.rows[table]?.count ?? 0)
                }
            }
        }
    }

    /// A raw root whose marker is gone, or that is gone itself, stops the run before anything is concluded.
    @Test func unmountedRoot() throws {
        let folder = BuiltLake.makeFolder()
        let raw = RawFolder(folder + "/raw")
        let lake = folder + "/lake"
        for id in 1...10 { try raw.write(raw.post(id, likes: id), to: raw.name(id)) }
        try Scene.makeLake(lake, raw: raw.path)
        try Scene.compactLater(lake)
        let before = try LakeContent(of: lake)
        rename(raw.path, raw.path + "-away")
        let gone = try BuiltLake.run(["compact", "--lake", lake])
        #expect(gone.code == 1 && gone.text.contains("raw"), "\(gone.text)")
        mkdir(raw.path, 0o755)
        let empty = try BuiltLake.run(["compact", "--lake", lake])
        #expect(empty.code == 1 && empty.text.contains("mounted"), "\(empty.text)")
        #expect(try LakeContent(of: lake) == before)
        rmdir(raw.path)
        rename(raw.path + "-away", raw.path)
        #expect(try BuiltLake.run(["compact", "--lake", lake]).code == 0)
        #expect(try LakeContent(of: lake).rows == before.rows)
        #expect(try LakeContent.orphans(of: lake) == [])
    }
}
