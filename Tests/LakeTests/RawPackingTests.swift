import Columnar
import Foundation
import Glibc
import Testing

@testable import Lake

@Suite struct RawPackingTests {
    private func filled(
        users: Int = 4, posts: Int = 6, settings: String = "\"account\": \"user_id\"",
        coldFolder: String? = nil
    ) throws -> PackFixture {
        let fixture = try PackFixture(settings: settings, coldFolder: coldFolder)
        for user in 0..<users {
            for post in 0..<posts {
                let id = user * 100 + post
                try fixture.fixture.write(
                    fixture.fixture.post(id: id, day: post + 1, likes: id),
                    to: "u\(user)/\(id).json")
            }
        }
        try fixture.fixture.compact()
        return fixture
    }

    @Test func dueFilesMoveIntoPacksAndNothingElseChanges() throws {
        let fixture = try filled()
        let rows = try fixture.fixture.rows()
        let before = try String(
            contentsOfFile: fixture.fixture.raw + "/posts/u1/103.json", encoding: .utf8)
        let (plan, removed) = try fixture.sweep()
        #expect(plan.packed == 24)
        #expect(removed.removed == 24)
        #expect(fixture.rawFiles().isEmpty)
        let packs = try fixture.packs()
        #expect(packs.map(\.fileCount) == [24])
        #expect(packs[0].state == .done)
        #expect(packs[0].path.hasPrefix("packs/posts/2026-01/0-"))
        #expect(
            try fixture.packed("u1/103.json").map { String(decoding: $0, as: UTF8.self) } == before)
        // A run finds nothing to do, and nothing missing.
        let report = try fixture.fixture.compact()
        #expect(report.tables[0].files.cold == 24)
        #expect(report.tables[0].files.vanished == 0)
        #expect(report.tables[0].partitionsRewritten == 0)
        #expect(try fixture.fixture.rows() == rows)
        #expect(try fixture.sweep().plan == RawPacking.Counts())
    }

    @Test func planSaysTheSameTwiceAndWhatWaits() throws {
        let fixture = try filled()
        let first = try fixture.plan().plan
        #expect(try fixture.plan().plan.digest == first.digest)
        try fixture.fixture.write(fixture.fixture.post(id: 1, day: 2, likes: 5), to: "u0/1.json")
        let second = try fixture.plan().plan
        #expect(second.digest != first.digest)
        #expect(second.counts.changed == 1)
        #expect(second.counts.packed == 23)
        let young = try fixture.plan(quietMicros: 10 * 86_400 * 1_000_000).plan
        #expect(young.counts.waiting == 23)
        #expect(young.counts.isEmpty)
        // Nothing is due nine days after the last partition's end, but for the first partitions.
        let day: Int64 = 86_400 * 1_000_000
        let early = try fixture.plan(nowMicros: (20_454 + 13) * day).plan
        #expect(early.counts.packed + early.counts.waiting + early.counts.changed < 24)
    }

    @Test func heldAccountsStay() throws {
        let fixture = try filled()
        var hold = Holds.Record(reason: "case 7", placedBy: "legal", placedMicros: 0)
        hold.account = "u2"
        fixture.holds = [hold]
        let (plan, _) = try fixture.sweep()
        #expect(plan.held == 6)
        #expect(plan.packed == 18)
        #expect(fixture.rawFiles() == (200..<206).map { "u2/\($0).json" })
        fixture.holds = []
        #expect(try fixture.sweep().plan.packed == 6)
        #expect(fixture.rawFiles().isEmpty)
    }

    @Test func returnedFileWithTheSameBytesGoesAgainWithoutANewPack() throws {
        let fixture = try filled()
        try fixture.sweep()
        try fixture.fixture.write(
            fixture.fixture.post(id: 101, day: 2, likes: 101), to: "u1/101.json")
        let report = try fixture.fixture.compact()
        #expect(report.tables[0].files.unchangedByHash == 1)
        #expect(try fixture.state(of: "u1/101.json")?.flags.contains(.isReturned) == true)
        let (plan, removed) = try fixture.sweep()
        #expect(plan.returned == 1)
        #expect(removed.removed == 1)
        #expect(try fixture.packs().count == 1)
        #expect(fixture.rawFiles().isEmpty)
        #expect(try fixture.state(of: "u1/101.json")?.flags.contains(.isReturned) == false)
    }

    @Test func returnedFileWithOtherBytesIsAChangeAndTheLatestPackCounts() throws {
        let fixture = try filled()
        try fixture.sweep()
        let news = fixture.fixture.post(id: 101, day: 2, likes: 5_000)
        try fixture.fixture.write(news, to: "u1/101.json")
        let report = try fixture.fixture.compact()
        #expect(report.tables[0].files.changed == 1)
        #expect(try fixture.state(of: "u1/101.json")?.flags.contains(.isCold) == false)
        #expect(try fixture.fixture.rows(["id", "likes"]).contains("int(101) int(5000)"))
        #expect(try fixture.sweep().plan.packed == 1)
        #expect(try fixture.packed("u1/101.json") == Array(news.utf8))
        #expect(try fixture.packs().count == 2)
    }

    /// Fault 25: the source changes at each step between plan and unlink.
    @Test(arguments: [1, 2, 3])
    func sourceThatChangesMeanwhileIsKept(_ step: Int) throws {
        let fixture = try filled()
        let news = fixture.fixture.post(id: 302, day: 3, likes: 9_999)
        let (_, removed) = try fixture.sweep { now in
            if now == step { try fixture.fixture.write(news, to: "u3/302.json") }
        }
        #expect(fixture.rawFiles() == ["u3/302.json"])
        #expect(removed.removed == 23)
        #expect(removed.kept == (step == 1 ? 0 : 1))
        let report = try fixture.fixture.compact()
        #expect(report.tables[0].files.changed == 1)
        #expect(try fixture.fixture.rows(["id", "likes"]).contains("int(302) int(9999)"))
        #expect(try fixture.sweep().plan.packed == 1)
        #expect(try fixture.packed("u3/302.json") == Array(news.utf8))
    }

    /// The same size and time, written in place: only the ctime tells.
    @Test func sourceRewrittenInPlaceWithItsTimeSetBackIsKept() throws {
        let fixture = try filled()
        let path = fixture.fixture.raw + "/posts/u3/302.json"
        let (_, removed) = try fixture.sweep { now in
            guard now == 3 else { return }
            var status = stat()
            stat(path, &status)
            var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
            bytes.swapAt(bytes.count - 2, bytes.count - 3)
            try bytes.withUnsafeBytes { bytes in
                let file = open(path, O_WRONLY)
                defer { close(file) }
                #expect(pwrite(file, bytes.baseAddress, bytes.count, 0) == bytes.count)
                futimens(file, [status.st_atim, status.st_mtim])
            }
        }
        #expect(removed.kept == 1)
        #expect(fixture.rawFiles() == ["u3/302.json"])
    }

    /// Fault 1, at the seams: whatever step is the last, the next run and sweep converge.
    @Test(arguments: [1, 2, 3, 4])
    func sweepThatEndsAtAStepIsFinishedByTheNext(_ step: Int) throws {
        struct Killed: Error {}
        let fixture = try filled()
        let rows = try fixture.fixture.rows()
        try fixture.fixture.write(
            fixture.fixture.post(id: 900, day: 1, likes: 0), to: "u9/900.json")
        try fixture.fixture.compact()
        let more = try fixture.fixture.rows()
        #expect(more.count == rows.count + 1)
        #expect(throws: Killed.self) {
            try fixture.sweep { if $0 == step { throw Killed() } }
        }
        try fixture.fixture.compact()
        #expect(try fixture.fixture.rows() == more)
        // Each file is in the raw folder or in a pack, some for a while in both.
        for name in (0..<4).flatMap({ user in (0..<6).map { "u\(user)/\(user * 100 + $0).json" } })
        {
            let isThere = fixture.rawFiles().contains(name)
            #expect(try isThere || fixture.packed(name) != nil)
        }
        try fixture.sweep()
        #expect(fixture.rawFiles().isEmpty)
        #expect(try fixture.packs().allSatisfy { $0.state == .done })
        #expect(try fixture.packs().reduce(0) { $0 + $1.fileCount } == 25)
    }

    /// Fault 24: a pack that does not read back is an error before anything is committed.
    @Test func damagedPackIsNotTrusted() throws {
        let fixture = try filled()
        try fixture.sweep()
        let pack = fixture.tier.absolute(try fixture.packs()[0].path)
        var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: pack)))
        bytes[200] ^= 1
        try Data(bytes).write(to: URL(fileURLWithPath: pack))
        #expect(throws: (any Error).self) { try fixture.packed("u1/101.json") }
        // A returned file is packed again, rather than trusted to the damaged one.
        try fixture.fixture.write(
            fixture.fixture.post(id: 101, day: 2, likes: 101), to: "u1/101.json")
        try fixture.fixture.compact()
        bytes[bytes.count - 1] ^= 1
        try Data(bytes).write(to: URL(fileURLWithPath: pack))
        try fixture.sweep()
        #expect(try fixture.packs().count == 2)
    }

    /// Rows whose raw files lay in a pack that cannot be read any more were not deleted.
    @Test func rowsOutliveADamagedPackAndTheDatabase() throws {
        let fixture = try filled(settings: "\"account\": \"user_id\", \"on_delete\": \"delete\"")
        try fixture.sweep()
        let rows = try fixture.fixture.rows()
        let pack = fixture.tier.absolute(try fixture.packs()[0].path)
        var bytes = try DurableFile.read(pack)
        for index in bytes.count - 100..<bytes.count { bytes[index] ^= 1 }
        try DurableFile.write(bytes, to: pack)
        var options = LakeRebuild.Options(seed: 4_711, nowMicros: PackFixture.nowMicros)
        options.isForced = true
        let report = try LakeRebuild.run(
            lake: fixture.lake.path, options: options, pool: fixture.fixture.pool)
        #expect(report.archive?.missing == [pack])
        let lake = try Lake.open(at: fixture.lake.path)
        let run = try lake.compact(
            identity: RunIdentity(startedMicros: PackFixture.nowMicros, seed: 901),
            options: LakeFixture.options(workers: 2), pool: BufferPool())
        #expect(run.tables[0].files.deleted == 0)
        #expect(
            try LakeFixture.rows(
                of: lake, ["id", "posted_at", "likes", "caption", "_raw_path"]) == rows)
    }

    /// A packed file that lost its key to another one is remembered without the database too.
    @Test func coldLosersOutliveTheDatabase() throws {
        func contents(_ lake: Lake) throws -> [String: ContentHash] {
            let source = try #require(try Sources.known("posts", lake.database))
            let walk = try RememberedFiles(lake.database, source: source)
            var contents: [String: ContentHash] = [:]
            while let file = try walk.next() {
                #expect(file.state.flags.contains(.isCold))
                contents[file.folder + file.name] = file.state.content
            }
            return contents
        }
        let fixture = try filled()
        try fixture.fixture.write(fixture.fixture.post(id: 102, day: 3, likes: 7), to: "u8/x.json")
        try fixture.fixture.compact()
        try fixture.sweep()
        let known = try contents(fixture.lake)
        #expect(known.count == 25)
        var options = LakeRebuild.Options(seed: 4_711, nowMicros: PackFixture.nowMicros)
        options.isForced = true
        _ = try LakeRebuild.run(
            lake: fixture.lake.path, options: options, pool: fixture.fixture.pool)
        #expect(try contents(Lake.open(at: fixture.lake.path)) == known)
    }

    @Test func coldHeirSpeaksFromItsPack() throws {
        let fixture = try filled(settings: "\"account\": \"user_id\", \"on_delete\": \"delete\"")
        try fixture.sweep()
        #expect(try fixture.fixture.compact().tables[0].files.deleted == 0)
        // Another file takes the key over, and goes again: the swept one's row is back.
        try fixture.fixture.write(fixture.fixture.post(id: 102, day: 3, likes: 7), to: "u8/x.json")
        try fixture.fixture.compact()
        #expect(try fixture.fixture.rows(["id", "likes"]).contains("int(102) int(7)"))
        unlink(fixture.fixture.raw + "/posts/u8/x.json")
        let report = try fixture.fixture.compact()
        #expect(report.tables[0].files.deleted == 1)
        #expect(try fixture.fixture.rows(["id", "likes"]).contains("int(102) int(102)"))
        #expect(try fixture.state(of: "u1/102.json")?.flags.contains(.isCold) == true)
    }

    @Test func rehashAndListsOfPathsKnowSweptFiles() throws {
        let fixture = try filled()
        try fixture.sweep()
        let listed = try fixture.fixture.compact {
            var list = ChangedPaths(root: fixture.fixture.raw)
            try? list.append(path: Array("posts/u1/101.json".utf8))
            list.finish()
            $0.changed = list
        }
        #expect(listed.tables[0].files.cold == 1)
        #expect(listed.tables[0].files.vanished == 0)
        let audited = try fixture.fixture.compact { $0.auditPercent = 100 }
        #expect(audited.tables[0].files.cold == 24)
        #expect(audited.tables[0].files.vanished == 0)
    }

    @Test func packIsRewrittenWithoutAnAccount() throws {
        let fixture = try filled()
        try fixture.sweep()
        let old = try fixture.packs()[0]
        let rewrite = PackRewrite(
            database: fixture.database, tier: fixture.tier,
            identity: RunIdentity(startedMicros: PackFixture.nowMicros, seed: 77),
            pool: fixture.fixture.pool)
        #expect(try rewrite.prepare(old) { _ in false } == nil)
        let prepared = try #require(try rewrite.prepare(old) { $0.path.hasPrefix("posts/u2/") })
        #expect(prepared.droppedFiles == 6)
        try fixture.database.transaction { () throws(LakeError) in
            try prepared.publish(fixture.database)
        }
        // A crash here leaves the old file to the next run.
        try fixture.fixture.compact()
        #expect(!FileManager.default.fileExists(atPath: fixture.tier.absolute(old.path)))
        let new = try fixture.packs()
        #expect(new.map(\.fileCount) == [18])
        #expect(try fixture.packed("u2/201.json") == nil)
        #expect(try fixture.packed("u3/301.json") != nil)
        let all = try #require(try rewrite.prepare(new[0]) { _ in true })
        #expect(all.new == nil)
        try fixture.database.transaction { () throws(LakeError) in
            try all.publish(fixture.database)
        }
        try all.removeOld(fixture.database)
        #expect(try fixture.packs().isEmpty)
    }

    @Test func expiredFilesLeaveTheirPacks() throws {
        let fixture = try filled()
        try fixture.sweep()
        let source = try Sources.id(of: "posts", fixture.database)
        try fixture.database.execute("BEGIN")
        let editor = try RawFiles.Editor(fixture.database)
        let cursor = try RawFiles.Cursor(fixture.database, source: source)
        while let row = try cursor.peek() {
            cursor.advance()
            var entries = RawFileChunk.Entries()
            #expect(row.entries.withUnsafeBytes { entries.append(chunk: $0) })
            var writer = RawFileChunk.Writer()
            for index in 0..<entries.count {
                var state = entries.states[index]
                if entries.name(index).elementsEqual("303.json".utf8) {
                    state.flags.insert(.isExpired)
                }
                writer.append(name: entries.name(index), state: state)
            }
            writer.endChunk()
            try editor.apply(
                RawFileEdit(folder: row.folder, removed: row.first, added: writer.chunks),
                source: source)
        }
        try fixture.database.execute("COMMIT")
        let expired = ExpiredPacks(
            database: fixture.database, tier: fixture.tier,
            identity: RunIdentity(startedMicros: PackFixture.nowMicros, seed: 78),
            pool: fixture.fixture.pool)
        let counts = try expired.drop(source: source, definition: fixture.definition)
        #expect(counts.files == 1)
        #expect(try fixture.packed("u3/303.json") == nil)
        #expect(try fixture.packs().map(\.fileCount) == [23])
        #expect(try expired.drop(source: source, definition: fixture.definition).files == 0)
        // The same bytes again are not taken again.
        try fixture.fixture.write(
            fixture.fixture.post(id: 303, day: 4, likes: 303), to: "u3/303.json")
        let report = try fixture.fixture.compact()
        #expect(report.tables[0].files.unchangedByHash == 1)
        #expect(report.tables[0].partitionsRewritten == 0)
    }

    /// Fault 26.
    @Test func rawFilesComeBackWithBytesAndTimes() throws {
        let fixture = try filled()
        let path = fixture.fixture.raw + "/posts/u1/104.json"
        var before = stat()
        stat(path, &before)
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        try fixture.sweep()
        let target = fixture.fixture.folder.path + "/back"
        var request = RawRestore.Request(folder: target)
        request.account = "u1"
        request.firstDay = 20_456
        let pool = fixture.fixture.pool
        let report = try fixture.lake.restoreRaw(request, pool: pool)
        #expect(report.restored == 4)
        var after = stat()
        #expect(stat(target + "/posts/u1/104.json", &after) == 0)
        #expect(after.st_mtim.tv_sec == before.st_mtim.tv_sec)
        #expect(after.st_mtim.tv_nsec == before.st_mtim.tv_nsec)
        #expect(try Data(contentsOf: URL(fileURLWithPath: target + "/posts/u1/104.json")) == bytes)
        #expect(!FileManager.default.fileExists(atPath: target + "/posts/u2"))
        // Again: all there. Another file in the way: refused, and nothing is written.
        #expect(try fixture.lake.restoreRaw(request, pool: pool).present == 4)
        try "mine".write(toFile: target + "/posts/u1/104.json", atomically: false, encoding: .utf8)
        unlink(target + "/posts/u1/103.json")
        #expect(throws: LakeError.self) { try fixture.lake.restoreRaw(request, pool: pool) }
        #expect(!FileManager.default.fileExists(atPath: target + "/posts/u1/103.json"))
        request.isForced = true
        #expect(try fixture.lake.restoreRaw(request, pool: pool).restored == 2)
        #expect(try Data(contentsOf: URL(fileURLWithPath: target + "/posts/u1/104.json")) == bytes)
        var one = RawRestore.Request(folder: target + "2")
        one.key = "302"
        #expect(try fixture.lake.restoreRaw(one, pool: pool).restored == 1)
        #expect(FileManager.default.fileExists(atPath: target + "2/posts/u3/302.json"))
        one.table = "nothing"
        #expect(throws: LakeError.tableNotFound("nothing")) {
            try fixture.lake.restoreRaw(one, pool: pool)
        }
    }

    @Test func coldTierThatIsNotMountedStopsNoRun() throws {
        let fixture = try filled()
        try fixture.sweep()
        rename(fixture.tier.path, fixture.tier.path + "-away")
        #expect(try fixture.fixture.compact().tables[0].files.cold == 24)
        #expect(throws: LakeError.self) {
            try fixture.lake.restoreRaw(
                RawRestore.Request(folder: fixture.fixture.folder.path + "/x"),
                pool: fixture.fixture.pool)
        }
    }

    /// Fault 8: another file system, to which nothing can be renamed.
    @Test func coldTierMayBeAnotherFileSystem() throws {
        let shared = "/dev/shm"
        var (here, there) = (stat(), stat())
        guard stat("/tmp", &here) == 0, stat(shared, &there) == 0, here.st_dev != there.st_dev,
            access(shared, W_OK) == 0
        else { return print("skipped: \(shared) is no other file system") }
        let folder = "\(shared)/lake-packs-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let fixture = try filled(coldFolder: folder)
        #expect(try fixture.sweep().removed.removed == 24)
        #expect(fixture.rawFiles().isEmpty)
        #expect(try fixture.packed("u0/3.json") != nil)
        let pack = folder + "/" + (try fixture.packs()[0].path)
        #expect(FileManager.default.fileExists(atPath: pack))
    }

    @Test func doctorFindsWhatPacksMiss() throws {
        let fixture = try filled()
        try fixture.sweep()
        func findings(isFull: Bool) throws -> [String] {
            var options = Doctor.Options(nowMicros: PackFixture.nowMicros)
            options.isFull = isFull
            return try Doctor.examine(
                fixture.lake.path, options: options, pool: fixture.fixture.pool
            ).findings.filter { $0.severity == .damage }.map(\.what)
        }
        #expect(try findings(isFull: true).isEmpty)
        let path = fixture.tier.absolute(try fixture.packs()[0].path)
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        var damaged = bytes
        damaged[bytes.count / 2] ^= 4
        try Data(damaged).write(to: URL(fileURLWithPath: path))
        #expect(try findings(isFull: false).isEmpty)
        #expect(try findings(isFull: true).count == 1)
        try Data(bytes.dropLast()).write(to: URL(fileURLWithPath: path))
        #expect(try findings(isFull: false).count == 1)
        unlink(path)
        #expect(try findings(isFull: false) == ["No such file or directory"])
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        #expect(try findings(isFull: true).isEmpty)
    }

    @Test func erasureTakesAnAccountOutOfItsPacks() throws {
        let fixture = try filled()
        for user in ["17841400000000001", "17841400000000002"] {
            try fixture.fixture.write(
                fixture.fixture.post(id: Int(user.suffix(3))! + 900, day: 1, likes: 1),
                to: "\(user)/x.json")
        }
        try fixture.fixture.compact()
        try fixture.sweep()
        try fixture.database.transaction { () throws(LakeError) in
            try ColdCatalog.write(
                fixture.database, lake: fixture.lake.path,
                run: RunIdentity(startedMicros: 1, seed: 1))
        }
        let old = try fixture.packs()
        let receipt = try fixture.lake.erase(
            account: "17841400000000001",
            identity: RunIdentity(startedMicros: PackFixture.nowMicros, seed: 91),
            options: ErasureOptions(workers: 2), pool: fixture.fixture.pool)
        #expect(receipt.counts[.packsRewritten] == 1)
        #expect(receipt.counts[.packedFilesRemoved] == 1)
        #expect(receipt.proof?.found.isEmpty == true)
        #expect(receipt.left.isEmpty)
        let new = try fixture.packs()
        #expect(new.map(\.fileCount) == [25])
        #expect(!FileManager.default.fileExists(atPath: fixture.tier.absolute(old[0].path)))
        #expect(try fixture.packed("17841400000000002/x.json") != nil)
        #expect(try fixture.packed("u1/101.json") != nil)
        // The catalog names what is there now.
        let adoption = try #require(
            try ColdAdoption.newest(lake: fixture.lake.path, coldFolder: fixture.tier.path).adoption
        )
        #expect(adoption.missing.isEmpty)
    }

    @Test func filesOfSeveralPacksComeBack() throws {
        let fixture = try filled()
        for sweep in 0..<6 {
            for post in 0..<6 {
                let id = 1_000 + sweep * 10 + post
                try fixture.fixture.write(
                    fixture.fixture.post(id: id, day: post + 1, likes: id),
                    to: "v\(sweep)/\(id).json")
            }
            try fixture.fixture.compact()
            try fixture.sweep()
        }
        #expect(try fixture.packs().count == 6)
        let target = fixture.fixture.folder.path + "/back"
        let report = try fixture.lake.restoreRaw(
            RawRestore.Request(folder: target), pool: fixture.fixture.pool)
        #expect(report.restored == 60)
        #expect(report.packs == 6)
    }
}
