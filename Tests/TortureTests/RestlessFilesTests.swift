import Foundation
import Testing

/// Faults 11 to 14, 16 and 29: raw files that move while they are looked at.
@Suite struct RestlessFilesTests {
    /// A lake of its own with ten posts, compacted; `body` gets raw folder and lake.
    private func play(_ body: (RawFolder, String) throws -> Void) throws {
        let folder = BuiltLake.makeFolder()
        let raw = RawFolder(folder + "/raw")
        for id in 1...10 { try raw.write(raw.post(id, likes: id), to: raw.name(id)) }
        try Scene.makeLake(folder + "/lake", raw: raw.path)
        try Scene.compactLater(folder + "/lake")
        try body(raw, folder + "/lake")
        try FileManager.default.removeItem(atPath: folder)
    }

    private func compact(_ lake: String) throws -> ChildProcess.Ended {
        let ended = try BuiltLake.run(["compact", "--lake", lake])
        #expect(ended.code == 0 || ended.code == 3, "\(ended.text)")
        return ended
    }

    /// The likes of a post; nil if it has no row.
    private func likes(_ id: Int, _ lake: String) throws -> Int? {
        let rows = try LakeContent(of: lake).rows["posts"] ?? []
        let own = rows.filter { $0.hasPrefix("int(\(id)) ") }
        #expect(own.count <= 1)
        // int(id) text(user) int(micros) int(likes) …
        return own.first.flatMap { row in
            row.split(separator: " ").compactMap { part in
                part.hasPrefix("int(") ? Int(part.dropFirst(4).dropLast()) : nil
            }.dropFirst(2).first
        }
    }

    /// Fault 11: a slow writer's half file is neither taken nor quarantined.
    @Test func halfWrittenFile() throws {
        try play { raw, lake in
            let text = raw.post(3, likes: 33)
            for count in [0, 1, text.count / 2, text.count - 1] {
                try raw.write(String(text.prefix(count)), to: raw.name(3))
                let ended = try compact(lake)
                #expect(ended.code == 3, "\(count) bytes: \(ended.text)")
                #expect(try LakeContent(of: lake).quarantine == [], "\(count) bytes")
                #expect(try likes(3, lake) == 3, "\(count) bytes")
            }
            try raw.write(text, to: raw.name(3))
            #expect(try compact(lake).code == 0)
            #expect(try likes(3, lake) == 33)
        }
    }

    /// Fault 12: rewritten all the time, to the same size and with the old time.
    @Test func rewrittenWithinOneTick() throws {
        try play { raw, lake in
            let name = "\(raw.path)/\(raw.name(3))"
            let isDone = Flag()
            let last = Flag()
            let writer = Thread {
                var value = 0
                var times = [timespec(tv_sec: 1_700_000_000, tv_nsec: 0), timespec()]
                times[1] = times[0]
                while !isDone.isSet {
                    value = value % 900 + 1
                    let file = open(name, O_WRONLY)
                    let text = raw.post(3, likes: 100 + value % 900)
                    _ = text.withCString { pwrite(file, $0, strlen($0), 0) }
                    ftruncate(file, off_t(text.utf8.count))
                    close(file)
                    utimensat(AT_FDCWD, name, times, 0)
                }
                last.number = 100 + value % 900
                last.set()
            }
            try raw.write(raw.post(3, likes: 100), to: raw.name(3))
            writer.start()
            for _ in 0..<(BuiltLake.isFull ? 200 : 15) { _ = try compact(lake) }
            isDone.set()
            while !last.isSet { usleep(1_000) }
            _ = try compact(lake)
            #expect(try likes(3, lake) == last.number)
            #expect(try LakeContent(of: lake).quarantine == [])
        }
    }

    /// Fault 13: times that no clock gave.
    @Test func oddTimes() throws {
        try play { raw, lake in
            let name = "\(raw.path)/\(raw.name(4))"
            let odd: [Int] = [
                0, 1, -1, -2_000_000_000, 4_102_444_800, 253_402_300_799, 1_700_000_000,
            ]
            for (step, seconds) in odd.enumerated() {
                try raw.write(raw.post(4, likes: 100 + step), to: raw.name(4))
                var times = [timespec(tv_sec: seconds, tv_nsec: 0), timespec()]
                times[1] = times[0]
                #expect(utimensat(AT_FDCWD, name, times, 0) == 0)
                #expect(try compact(lake).code == 0)
                #expect(try likes(4, lake) == 100 + step, "mtime \(seconds)")
            }
            // Another file with the same size and time under the old name, as `cp -p` and tar leave it.
            for likes in [301, 302] {
                try raw.write(raw.post(4, likes: likes), to: "posts/copy.json")
                let copied = try BuiltLake.shell(
                    "touch -r '\(name)' '\(raw.path)/posts/copy.json' && "
                        + "cp -p '\(raw.path)/posts/copy.json' '\(name)'")
                #expect(copied.code == 0)
                _ = try compact(lake)
                #expect(try self.likes(4, lake) == likes)
            }
        }
    }

    /// Fault 14: inode numbers come again; renames, links and modes change no content.
    @Test func inodesLinksAndModes() throws {
        try play { raw, lake in
            let name = "\(raw.path)/\(raw.name(5))"
            for round in 0..<20 {
                var status = stat()
                lstat(name, &status)
                let times = [status.st_atim, status.st_mtim]
                if round % 2 == 0 {
                    unlink(name)
                    try raw.write(raw.post(5, likes: 100 + round), to: raw.name(5))
                } else {
                    try raw.write(raw.post(5, likes: 100 + round), to: "posts/new")
                    rename("\(raw.path)/posts/new", name)
                }
                utimensat(AT_FDCWD, name, times, 0)
                _ = try compact(lake)
                #expect(try likes(5, lake) == 100 + round)
            }
            let files = LakeContent.files(below: lake + "/tables")
            chmod(name, 0o600)
            #expect(try compact(lake).code == 0)
            link(name, "\(raw.path)/posts/.kept")
            #expect(try compact(lake).code == 0)
            #expect(LakeContent.files(below: lake + "/tables") == files, "touched is not changed")
        }
    }

    /// Fault 16: something else takes a file's name after the folder was listed.
    @Test(.enabled(if: OddMachine.isHere, "needs a C compiler"))
    func replacedBetweenListAndOpen() throws {
        enum Other: CaseIterable {
            case nothing, folder, pipe, link, linkToSecret, file
        }
        for other in Other.allCases {
            try play { raw, lake in
                // The name alone decides where the walk stops, whichever folder it is opened from.
                try raw.write(raw.post(6, likes: 66), to: raw.name(6))
                try raw.write(
                    "{\"id\": 77, \"posted_at\": \"2026-01-01T00:00:00Z\"}", to: "secret.json")
                let process = try BuiltLake.start(
                    ["compact", "--threads", "1", "--lake", lake],
                    environment: OddMachine.environment(["STOP": "6.json"]))
                try process.waitUntilStopped()
                let name = "\(raw.path)/\(raw.name(6))"
                unlink(name)
                switch other {
                case .nothing: break
                case .folder: mkdir(name, 0o755)
                case .pipe: mkfifo(name, 0o644)
                case .link: symlink("7.json", name)
                case .linkToSecret: symlink("\(raw.path)/secret.json", name)
                case .file: try raw.write(raw.post(6, likes: 67), to: raw.name(6))
                }
                process.send(SIGCONT)
                let ended = try process.wait(seconds: 30)
                #expect(ended.code == 0 || ended.code == 3, "\(other): \(ended.text)")
                #expect(try likes(6, lake) == (other == .file ? 67 : 6), "\(other)")
                #expect(try likes(77, lake) == nil, "\(other)")
                #expect(try LakeContent(of: lake).rows["posts"]?.count == 10, "\(other)")
                // And it comes back as what it was.
                rmdir(name)
                unlink(name)
                try raw.write(raw.post(6, likes: 68), to: raw.name(6))
                _ = try compact(lake)
                #expect(try likes(6, lake) == 68, "\(other)")
            }
        }
    }

    /// Fault 29: everything is rewritten while it is read, in place and by renaming; folders appear.
    @Test func writerStorm() throws {
        try play { raw, lake in
            let isDone = Flag()
            let ended = Flag()
            // Two columns say the same, so that a mixture of two versions would show.
            @Sendable func text(_ id: Int, _ value: Int) -> String {
                raw.post(id, likes: value, caption: String(repeating: "v\(value)", count: 200))
            }
            for id in 1...40 { try raw.write(text(id, 100), to: raw.name(id)) }
            let writer = Thread {
                var value = 100
                var folders = 0
                while !isDone.isSet {
                    value = value == 999 ? 100 : value + 1
                    for id in 1...40 {
                        let name = "\(raw.path)/\(raw.name(id))"
                        let new = text(id, value)
                        if id % 2 == 0 {
                            let file = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
                            let half = new.utf8.count / 2
                            _ = new.withCString { write(file, $0, half) }
                            _ = new.withCString { write(file, $0 + half, strlen($0) - half) }
                            close(file)
                        } else {
                            try? new.write(
                                toFile: name + ".tmp", atomically: false, encoding: .utf8)
                            rename(name + ".tmp", name)
                        }
                    }
                    folders += 1
                    if folders < 50 {
                        try? raw.write(text(1_000 + folders, value), to: "posts/f\(folders)/x.json")
                    }
                }
                ended.set()
            }
            writer.start()
            for _ in 0..<(BuiltLake.isFull ? 150 : 12) {
                _ = try compact(lake)
                let content = try LakeContent(of: lake)
                #expect(content.quarantine == [])
                try expectUnmixed(content.rows["posts"] ?? [])
            }
            isDone.set()
            while !ended.isSet { usleep(1_000) }
            _ = try compact(lake)
            let rows = try LakeContent(of: lake).rows["posts"] ?? []
            try expectUnmixed(rows)
            let folders = try FileManager.default.contentsOfDirectory(atPath: raw.path + "/posts")
                .filter { $0.hasPrefix("f") }
            #expect(rows.count == 40 + folders.count)
            #expect(try BuiltLake.run(["compact", "--lake", lake]).code == 0)
        }
    }

    private func expectUnmixed(_ rows: [String]) throws {
        for row in rows {
            guard let start = row.firstRange(of: "text(\"v") else { continue }
            let value = row[start.upperBound...].prefix { $0.isNumber }
            #expect(row.contains("int(\(value)) "), "\(row.prefix(100))")
            let repeated = String(repeating: "v\(value)", count: 200)
            #expect(row.contains("\"\(repeated)\""), "\(row.prefix(100))")
        }
    }
}

/// A flag that two threads share, and a number behind it.
final class Flag: @unchecked Sendable {
    private let lock = NSLock()
    private var value = false
    var number = 0

    var isSet: Bool { lock.withLock { value } }

    func set() {
        lock.withLock { value = true }
    }
}
