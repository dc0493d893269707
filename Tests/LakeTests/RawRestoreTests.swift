import Columnar
import Foundation
import Glibc
import Testing

@testable import Lake

@Suite struct RawRestoreTests {
    /// Four files of each of six days, in one pack.
    private func swept() throws -> PackFixture {
        let fixture = try PackFixture()
        for user in 0..<4 {
            for post in 0..<6 {
                let id = user * 100 + post
                try fixture.fixture.write(
                    fixture.fixture.post(id: id, day: post + 1, likes: id),
                    to: "u\(user)/\(id).json")
            }
        }
        try fixture.fixture.compact()
        try fixture.sweep()
        return fixture
    }

    @Test func packWithDaysOutOfOrderIsLookedInto() throws {
        let fixture = try swept()
        try fixture.database.execute("UPDATE packs SET first_partition = 30000, last_partition = 9")
        var request = RawRestore.Request(folder: fixture.fixture.folder.path + "/back")
        request.firstDay = LakeFixture.partition(day: 1)
        request.lastDay = request.firstDay
        let report = try fixture.lake.restoreRaw(request, pool: fixture.fixture.pool)
        #expect(report.restored == 4)
    }

    /// They lie in the month of their latest record, and are asked for by the days of any.
    @Test func packOfFilesOfManyRecordsDoesNotSayItsDays() throws {
        let fixture = try BatchFixture(settings: "\"quiet_days\": 0")
        let path = fixture.lake.path + "/schemas/posts.json"
        let rules = #"[{"after_days": 10, "transition": "GLACIER"}]"#
        var text = try String(contentsOfFile: path, encoding: .utf8)
        text = text.replacing("\"columns\"", with: "\"retention\": \(rules),\n\"columns\"")
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        try fixture.write(
            """
            {"id": 1, "posted_at": "2026-01-01T10:00:00Z", "likes": 1}
            {"id": 2, "posted_at": "2026-01-20T10:00:00Z", "likes": 2}

            """, to: "a.jsonl", atSeconds: 1_000)
        try fixture.compact()
        _ = try fixture.lake.sweep(
            identity: RunIdentity(startedMicros: PackFixture.nowMicros, seed: 900),
            options: SweepOptions(run: LakeFixture.options(workers: 2)), pool: fixture.pool)
        let packs = try Packs.list(fixture.lake.database)
        #expect(packs.map(\.firstPartition) == [nil])
        #expect(packs.map(\.lastPartition) == [nil])
        for day in [1, 20] {
            var request = RawRestore.Request(folder: fixture.folder.path + "/back\(day)")
            request.firstDay = LakeFixture.partition(day: day)
            request.lastDay = request.firstDay
            let report = try fixture.lake.restoreRaw(request, pool: fixture.pool)
            #expect(report.restored == 1)
        }
    }

    @Test func rawFilesComeBackOnlyBelowTheFolderThatIsNamed() throws {
        let fixture = try swept()
        let folder = fixture.fixture.folder.path
        func reason(_ target: String, isForced: Bool = true) -> String? {
            var request = RawRestore.Request(folder: target)
            request.isForced = isForced
            do throws(LakeError) {
                _ = try fixture.lake.restoreRaw(request, pool: fixture.fixture.pool)
            } catch .invalidLocation(_, let reason) {
                return reason
            } catch {
                return "\(error)"
            }
            return nil
        }
        let own = fixture.lake.path
        symlink(own, folder + "/alias")
        for target in [own, own + "/cold", own + "/new/deep", folder + "/alias/new"] {
            #expect(reason(target)?.hasPrefix("it is in the ") == true, "\(target)")
        }
        #expect(!FileManager.default.fileExists(atPath: own + "/new"))
        #expect(reason("/dev/null") == "it is no folder")
        mkdir(folder + "/back", 0o755)
        mkdir(folder + "/elsewhere", 0o755)
        mkdir(folder + "/back/posts", 0o755)
        symlink(folder + "/elsewhere", folder + "/back/posts/u3")
        #expect(reason(folder + "/back")?.hasPrefix("it is a link") == true)
        #expect(!FileManager.default.fileExists(atPath: folder + "/back/posts/u0"))
        unlink(folder + "/back/posts/u3")
        mkdir(folder + "/back/posts/u3", 0o755)
        mkdir(folder + "/back/posts/u3/300.json", 0o755)
        #expect(
            reason(folder + "/back", isForced: false)?.contains("and is no plain file") == true)
        rmdir(folder + "/back/posts/u3/300.json")
        #expect(reason(folder + "/back") == nil)
    }
}
