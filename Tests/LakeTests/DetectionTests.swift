import Columnar
import Foundation
import Glibc
import Testing

@testable import Lake

/// What a night may find: lying stats, files that are gone, keys in several files.
@Suite struct DetectionTests {
    private static let likes = ["id", "likes"]

    /// Makes the state believe the stats that the files have now, whatever was read under them.
    private func deceive(_ fixture: LakeFixture) throws {
        let database = fixture.lake.database
        let cursor = try RawFiles.Cursor(database, source: 1)
        var edits: [RawFileEdit] = []
        while let row = try cursor.peek() {
            cursor.advance()
            var entries = RawFileChunk.Entries()
            let isIntact = row.entries.withUnsafeBytes { entries.append(chunk: $0) }
            #expect(isIntact)
            var writer = RawFileChunk.Writer()
            for index in 0..<entries.count {
                let name = Array(entries.name(index))
                var status = stat()
                let path = String(decoding: row.folder + name, as: UTF8.self)
                #expect(lstat("\(fixture.raw)/\(path)", &status) == 0)
                var state = entries.states[index]
                state.hint = StatHint(FileStat(status))
                writer.append(name: name, state: state)
            }
            writer.endChunk()
            edits.append(
                RawFileEdit(folder: row.folder, removed: row.first, added: writer.chunks))
        }
        let all = edits
        let editor = try RawFiles.Editor(database)
        try database.transaction { () throws(LakeError) in
            for edit in all { try editor.apply(edit, source: 1) }
        }
    }

    @Test func auditFindsWhatStatsHide() throws {
        let fixture = try LakeFixture()
        for id in 0..<40 {
            try fixture.write(fixture.post(id: id, day: 1, likes: 0), to: "u\(id % 4)/\(id).json")
        }
        try fixture.compact()
        for id in 0..<40 {
            try fixture.write(fixture.post(id: id, day: 1, likes: 1), to: "u\(id % 4)/\(id).json")
        }
        try deceive(fixture)
        #expect(try fixture.compact().tables[0].files.unchangedByStat == 40)
        let some = try fixture.compact { $0.auditPercent = 30 }.tables[0].files
        #expect((1..<40).contains(some.audited))
        #expect(some.auditChanged == some.audited)
        #expect(some.changed == some.audited)
        #expect(some.unchangedByStat == 40 - some.audited)
        #expect(try fixture.rows(["likes"]).filter { $0 == "int(1)" }.count == some.audited)
        let all = try fixture.compact { $0.auditPercent = 100 }.tables[0].files
        #expect(all.audited == 40)
        #expect(all.auditChanged == 40 - some.audited)
        #expect(all.unchangedByStat == some.audited)
        #expect(all.read == 40 - some.audited)
        #expect(try fixture.rows(["likes"]).allSatisfy { $0 == "int(1)" })
    }

    @Test func auditPicksItsShareAndPicksItAgain() {
        for percent in [0.0, 2, 50, 100] {
            let audit = RawAudit(percent: percent, seed: 7)
            let folder = audit.seed(ofFolder: Array("a/b/".utf8))
            func picked(_ audit: RawAudit, _ folder: UInt64) -> [Int] {
                (0..<10_000).filter { name in
                    "\(name).json".utf8CString.withUnsafeBytes {
                        audit.picks($0, folderSeed: folder)
                    }
                }
            }
            let first = picked(audit, folder)
            #expect(abs(Double(first.count) - percent * 100) < 60)
            #expect(first == picked(audit, folder))
            let other = RawAudit(percent: percent, seed: 8)
            let second = picked(other, other.seed(ofFolder: Array("a/b/".utf8)))
            #expect((first == second) == (percent == 0 || percent == 100))
        }
    }

    @Test func rowOfADeletedFileStaysOrGoes() throws {
        for (onDelete, left) in [("keep", 3), ("delete", 2)] {
            let fixture = try LakeFixture(settings: "\"on_delete\": \"\(onDelete)\"")
            for id in 0..<3 {
                try fixture.write(fixture.post(id: id, day: id + 1, likes: id), to: "u/\(id).json")
            }
            try fixture.compact()
            unlink("\(fixture.raw)/posts/u/1.json")
            let report = try fixture.compact().tables[0]
            #expect(report.files.vanished == 1)
            #expect(report.files.deleted == 3 - left)
            #expect(report.partitionsRewritten == 3 - left)
            #expect(report.rowsTotal == Int64(left))
            #expect(try fixture.rows().count == left)
            let again = try fixture.compact().tables[0]
            #expect(again.files.vanished == 0)
            #expect(again.partitionsRewritten == 0)
            // It comes back.
            try fixture.write(fixture.post(id: 1, day: 2, likes: 1), to: "u/1.json")
            try fixture.compact()
            #expect(try fixture.rows().count == 3)
        }
    }

    @Test func settingTurnedToDeleteTakesEarlierDeletionsAlong() throws {
        let fixture = try LakeFixture()
        try fixture.write(fixture.post(id: 1, day: 1, likes: 1), to: "u/1.json")
        try fixture.write(fixture.post(id: 2, day: 1, likes: 2), to: "u/2.json")
        try fixture.compact()
        unlink("\(fixture.raw)/posts/u/1.json")
        try fixture.compact()
        #expect(try fixture.rows().count == 2)
        let path = "\(fixture.lake.path)/schemas/posts.json"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        try text.replacing("\"settings\": {}", with: "\"settings\": {\"on_delete\": \"delete\"}")
            .write(toFile: path, atomically: true, encoding: .utf8)
        try fixture.compact()
        #expect(try fixture.rows(Self.likes) == ["int(2) int(2)"])
    }

    @Test func unlistableFolderDeletesNothing() throws {
        let fixture = try LakeFixture(settings: "\"on_delete\": \"delete\"")
        try fixture.write(fixture.post(id: 1, day: 1, likes: 1), to: "u/1.json")
        try fixture.compact()
        let posts = "\(fixture.raw)/posts"
        // A loop of links is an error that even root cannot read past.
        rename(posts, posts + ".away")
        symlink("posts", posts)
        let report = try fixture.compact()
        #expect(report.isPartial)
        #expect(report.tables[0].files.vanished == 0)
        #expect(try fixture.rows().count == 1)
        unlink(posts)
        rename(posts + ".away", posts)
        #expect(try fixture.compact().tables[0].files.unchangedByStat == 1)
    }

    @Test func tooManyMissingFilesAreRefused() throws {
        for onDelete in ["keep", "delete"] {
            let fixture = try LakeFixture(settings: "\"on_delete\": \"\(onDelete)\"")
            for id in 0..<400 {
                let text = fixture.post(id: id, day: id % 3 + 1, likes: id)
                try fixture.write(text, to: "u\(id % 8)/\(id).json")
            }
            try fixture.compact()
            let before = try fixture.rows()
            func take(_ users: ClosedRange<Int>) throws {
                for user in users {
                    try FileManager.default.removeItem(atPath: "\(fixture.raw)/posts/u\(user)")
                }
            }
            // 100 of 400 is 25 %.
            try take(0...1)
            let files = fixture.tableFiles()
            #expect(
                throws: LakeError.missingFiles(table: "posts", missing: 100, remembered: 400)
            ) { try fixture.compact() }
            #expect(try fixture.rows() == before)
            #expect(fixture.tableFiles() == files)
            #expect(throws: LakeError.self) { try fixture.compact { $0.maxMissing = .files(99) } }
            let report = try fixture.compact { $0.maxMissing = .files(100) }
            #expect(report.tables[0].files.vanished == 100)
            #expect(try fixture.rows().count == (onDelete == "keep" ? 400 : 300))
            // What is known to be gone counts no more: 50 of 300 pass, then 150 of 250 do not.
            try take(2...2)
            try fixture.compact()
            try take(3...5)
            #expect(
                throws: LakeError.missingFiles(table: "posts", missing: 150, remembered: 250)
            ) { try fixture.compact() }
            try fixture.compact { $0.maxMissing = .percent(60) }
        }
    }

    @Test func keyFallsBackToTheNextFileThatHasIt() throws {
        let fixture = try LakeFixture(settings: "\"on_delete\": \"delete\"")
        for (name, day) in [("a/7", 1), ("b/7", 2), ("c/7", 3)] {
            try fixture.write(fixture.post(id: 7, day: day, likes: day), to: "\(name).json")
            try fixture.compact()
        }
        #expect(try fixture.rows(Self.likes) == ["int(7) int(3)"])
        // The latest gets another key: the second is the latest now.
        try fixture.write(fixture.post(id: 8, day: 3, likes: 8), to: "c/7.json")
        try fixture.compact()
        #expect(try fixture.rows(Self.likes) == ["int(7) int(2)", "int(8) int(8)"])
        // It is deleted: the first is.
        unlink("\(fixture.raw)/posts/b/7.json")
        try fixture.compact()
        #expect(try fixture.rows(Self.likes) == ["int(7) int(1)", "int(8) int(8)"])
        unlink("\(fixture.raw)/posts/a/7.json")
        try fixture.compact()
        #expect(try fixture.rows(Self.likes) == ["int(8) int(8)"])
        #expect(try fixture.compact().tables[0].partitionsRewritten == 0)
    }

    @Test func fileThatHadNoSayIsTakenWhenItCanBeRead() throws {
        let fixture = try LakeFixture()
        let good = fixture.post(id: 7, day: 1, likes: 1)
        try fixture.write(good, to: "a/7.json")
        try fixture.compact()
        try fixture.write(fixture.post(id: 7, day: 2, likes: 2), to: "b/7.json")
        try fixture.compact()
        // The first is damaged when the second leaves the key.
        try fixture.write("{", to: "a/7.json")
        try fixture.write(fixture.post(id: 8, day: 2, likes: 8), to: "b/7.json")
        try fixture.compact()
        #expect(try fixture.rows(Self.likes) == ["int(8) int(8)"])
        try fixture.write(good, to: "a/7.json")
        let report = try fixture.compact()
        #expect(report.tables[0].files.changed == 1)
        #expect(try fixture.rows(Self.likes) == ["int(7) int(1)", "int(8) int(8)"])
        #expect(try Quarantine.list(fixture.lake.database).isEmpty)
    }

    @Test func olderCopyOfAKeyDoesNotWin() throws {
        let fixture = try LakeFixture()
        try fixture.write(fixture.post(id: 7, day: 1, likes: 9), to: "a/7.json")
        try fixture.compact()
        try fixture.write(fixture.post(id: 7, day: 2, likes: 1), to: "b/7.json")
        var times = [timespec(tv_sec: 1_000, tv_nsec: 0), timespec(tv_sec: 1_000, tv_nsec: 0)]
        utimensat(AT_FDCWD, "\(fixture.raw)/posts/b/7.json", &times, 0)
        let report = try fixture.compact()
        #expect(report.tables[0].rowsSuperseded == 1)
        #expect(try fixture.rows(Self.likes) == ["int(7) int(9)"])
    }

    @Test func timesThatLieHideNothing() throws {
        let fixture = try LakeFixture()
        let path = "\(fixture.raw)/posts/u/1.json"
        func touch(_ seconds: Int) {
            var times = [
                timespec(tv_sec: seconds, tv_nsec: 0), timespec(tv_sec: seconds, tv_nsec: 0),
            ]
            #expect(utimensat(AT_FDCWD, path, &times, 0) == 0)
        }
        try fixture.write(fixture.post(id: 1, day: 1, likes: 1), to: "u/1.json")
        touch(0)
        try fixture.compact()
        // The same size and the same mtime, in 1970; then far ahead; then one step back.
        for (likes, seconds) in [(2, 0), (3, 0), (4, 4_000_000_000), (5, 4_000_000_000), (6, 1)] {
            try fixture.write(fixture.post(id: 1, day: 1, likes: likes), to: "u/1.json")
            touch(seconds)
            #expect(try fixture.compact().tables[0].files.changed == 1)
            #expect(try fixture.rows(["likes"]) == ["int(\(likes))"])
        }
        // Times in the future are never believed: read again, found the same.
        touch(4_000_000_000)
        try fixture.compact()
        #expect(try fixture.compact().tables[0].files.unchangedByHash == 1)
    }

    @Test func linkedAndMovedFilesAreRead() throws {
        let fixture = try LakeFixture()
        let posts = "\(fixture.raw)/posts"
        try fixture.write(fixture.post(id: 1, day: 1, likes: 1), to: "u/1.json")
        try fixture.compact()
        // A hard link is a file of its own with the same key; the latest, then the greater path wins.
        #expect(link("\(posts)/u/1.json", "\(posts)/u/1b.json") == 0)
        let linked = try fixture.compact().tables[0]
        #expect(linked.files.new == 1)
        #expect(linked.files.unchangedByHash == 1)
        #expect(try fixture.rows(["_raw_path"]) == ["text(\"posts/u/1b.json\")"])
        // The old name is replaced by a file with its mtime: copied with preserved times.
        var status = stat()
        lstat("\(posts)/u/1.json", &status)
        try fixture.write(fixture.post(id: 1, day: 1, likes: 5), to: "u/new.tmp")
        var times = [status.st_mtim, status.st_mtim]
        utimensat(AT_FDCWD, "\(posts)/u/new.tmp", &times, 0)
        rename("\(posts)/u/new.tmp", "\(posts)/u/1b.json")
        #expect(try fixture.compact().tables[0].files.changed == 1)
        #expect(try fixture.rows(["likes"]) == ["int(5)"])
        // chmod moves only ctime: read again, nothing written.
        chmod("\(posts)/u/1b.json", 0o600)
        let touched = try fixture.compact().tables[0]
        #expect(touched.files.unchangedByHash == 1)
        #expect(touched.partitionsRewritten == 0)
    }

    @Test func namesThatTurnIntoSomethingElse() throws {
        let fixture = try LakeFixture()
        let posts = "\(fixture.raw)/posts"
        for id in 1...5 {
            try fixture.write(fixture.post(id: id, day: 1, likes: id), to: "u/\(id).json")
        }
        try fixture.write(fixture.post(id: 6, day: 1, likes: 6), to: "u/line\nbreak.json")
        #expect(try fixture.compact().tables[0].files.new == 6)
        #expect(try fixture.rows(["_raw_path"]).contains("text(\"posts/u/line\\nbreak.json\")"))
        for id in 1...4 { unlink("\(posts)/u/\(id).json") }
        mkdir("\(posts)/u/1.json", 0o755)
        mkfifo("\(posts)/u/2.json", 0o644)
        symlink("5.json", "\(posts)/u/3.json")
        symlink("nowhere", "\(posts)/u/4.json")
        let report = try fixture.compact().tables[0]
        #expect(report.files.vanished == 4)
        #expect(report.files.ignored == 4)
        #expect(report.files.unchangedByStat == 2)
        #expect(report.rowsTotal == 6)
    }

    @Test func filesLargerThanTheBufferAndFullBuffers() throws {
        let fixture = try LakeFixture()
        // 30 files of 100 KB fill the buffer thrice; two of 3 MB need one of their own.
        let long = String(repeating: "x", count: 100_000)
        for id in 0..<30 {
            let text = fixture.post(id: id, day: 1, likes: id, caption: long)
            try fixture.write(text, to: "u/\(id).json")
        }
        let huge = String(repeating: "y", count: 3_000_000)
        for id in [10, 20] {
            let text = fixture.post(id: 100 + id, day: 1, likes: id, caption: huge)
            try fixture.write(text, to: "u/\(id)huge.json")
        }
        let first = try fixture.compact { $0.ioThreads = 3 }.tables[0]
        #expect(first.files.new == 32)
        #expect(try fixture.rows(["id"]).count == 32)
        #expect(try fixture.compact().tables[0].files.unchangedByStat == 32)
    }

    @Test func oversizeFileIsQuarantinedUnread() throws {
        let fixture = try LakeFixture()
        try fixture.write("{", to: "u/1.json")
        #expect(truncate("\(fixture.raw)/posts/u/1.json", off_t(Limits.rawFileBytes) + 1) == 0)
        let first = try fixture.compact().tables[0]
        #expect(first.files.quarantined == 1)
        #expect(first.files.bytesRead == 0)
        let second = try fixture.compact { $0.auditPercent = 100 }.tables[0]
        #expect(second.files.unchangedByStat == 1)
        #expect(second.files.auditChanged == 0)
        // Gone: the quarantine forgets it.
        unlink("\(fixture.raw)/posts/u/1.json")
        try fixture.compact()
        #expect(try Quarantine.list(fixture.lake.database).isEmpty)
    }

    @Test func fewFileDescriptorsLoseNothing() throws {
        let program = try #require(LakeProgram(), "the lake program is not built")
        let fixture = try LakeFixture(settings: "\"on_delete\": \"delete\"")
        for id in 0..<200 {
            let text = fixture.post(id: id, day: id % 3 + 1, likes: 0)
            try fixture.write(text, to: "u\(id % 40)/\(id).json")
        }
        try fixture.compact()
        for id in 0..<20 {
            let text = fixture.post(id: id, day: id % 3 + 1, likes: 1)
            try fixture.write(text, to: "u\(id % 40)/\(id).json")
        }
        var codes: Set<Int32> = []
        for limit in [6, 8, 10, 12, 16, 24, 64] {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/bin/sh")
            process.arguments = [
                "-c", "ulimit -n \(limit); exec \"$0\" compact --lake \"$1\"", program.path,
                fixture.lake.path,
            ]
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            try process.run()
            process.waitUntilExit()
            // Done, refused with an error, or done but for what could not be opened; never a crash.
            #expect(process.terminationReason == .exit, "limit \(limit)")
            #expect([0, 1, 3].contains(process.terminationStatus), "limit \(limit)")
            codes.insert(process.terminationStatus)
            #expect(try fixture.rows().count == 200, "limit \(limit)")
        }
        #expect(codes.contains(0))
        #expect(codes.count > 1)
        #expect(try fixture.rows(["likes"]).filter { $0 == "int(1)" }.count == 20)
        #expect(try fixture.compact().tables[0].files.vanished == 0)
    }

    @Test func threadsDoNotShowInTheFiles() throws {
        var seen: Set<[String]> = []
        for (workers, ioThreads) in [(1, 1), (2, 8), (4, 16)] {
            let fixture = try LakeFixture()
            for id in 0..<300 {
                let text = fixture.post(id: id, day: id % 5 + 1, likes: id)
                try fixture.write(text, to: "u\(id % 50)/\(id).json")
            }
            var times = [timespec(tv_sec: 1_000, tv_nsec: 0), timespec(tv_sec: 1_000, tv_nsec: 0)]
            for id in 0..<300 {
                utimensat(AT_FDCWD, "\(fixture.raw)/posts/u\(id % 50)/\(id).json", &times, 0)
            }
            let identity = RunIdentity(startedMicros: 4_000_000_000_000_000, seed: 3)
            var options = LakeFixture.options(workers: workers)
            options.ioThreads = ioThreads
            _ = try fixture.lake.compact(
                identity: identity, options: options, pool: fixture.pool)
            seen.insert(
                try fixture.tableFiles().filter { $0.hasSuffix(".parquet") }.map { path in
                    let bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
                    let hash = bytes.withUnsafeBytes { ContentHash($0) }
                    return "\(path.dropFirst(fixture.lake.path.count)) \(hash)"
                })
        }
        #expect(seen.count == 1)
    }
}
