import Columnar
import Foundation
import Testing

@testable import Lake

/// An account erased from everything, with other programs as the judges of what is left.
@Suite struct EraseTests {
    private static let account = "17841400000000007"
    private static let other = "17841400000000008"

    /// Three accounts with posts on three days, changed once; a quarantined file; insights that refer to posts.
    private func fixture() throws -> LakeFixture {
        let fixture = try LakeFixture(settings: "\"account\": \"user_id\"")
        let insights = """
            {
              "table": "insights",
              "raw": { "path": "insights/{post}.json", "format": "json" },
              "columns": [
                { "name": "post_id", "type": "bigint", "class": "key" },
                { "name": "reach", "type": "bigint" }
              ],
              "checks": [
                { "check": "references", "column": "post_id", "table": "posts",
                  "foreign_column": "id", "on_failure": "warn" }
              ]
            }
            """
        try insights.write(
            toFile: fixture.lake.path + "/schemas/insights.json", atomically: true, encoding: .utf8)
        mkdir(fixture.raw + "/insights", 0o755)
        for (number, account) in [Self.account, Self.other, "9"].enumerated() {
            for id in 0..<6 {
                let key = number * 10 + id
                try fixture.write(
                    fixture.post(id: key, day: id % 3 + 1, likes: id), to: "\(account)/\(key).json")
                try fixture.folder.write(
                    "{\"post_id\": \(key), \"reach\": 5}", to: "raw/insights/\(key).json")
            }
        }
        try fixture.write("{ broken", to: "\(Self.account)/99.json")
        try fixture.compact()
        try fixture.write(fixture.post(id: 0, day: 1, likes: 50), to: "\(Self.account)/0.json")
        try fixture.write(fixture.post(id: 10, day: 2, likes: 50), to: "\(Self.other)/10.json")
        try fixture.compact()
        return fixture
    }

    @discardableResult
    private func erase(
        _ account: String = account, from fixture: LakeFixture, isForced: Bool = false
    ) throws -> ErasureReceipt {
        fixture.seed += 1
        var options = ErasureOptions(workers: 2)
        options.isForced = isForced
        return try fixture.lake.erase(
            account: account,
            identity: RunIdentity(startedMicros: 5_000_000_000_000_000, seed: fixture.seed),
            options: options, pool: fixture.pool)
    }

    /// Every place below the fixture's folder that holds a text, found without our readers.
    private func places(of text: String, in fixture: LakeFixture) throws -> [String] {
        guard Peers.areHere else {
            // Without them at least as it is.
            return try FileManager.default.subpathsOfDirectory(atPath: fixture.folder.path).filter {
                let data = FileManager.default.contents(atPath: fixture.folder.path + "/" + $0)
                return $0.contains(text) || data?.range(of: Data(text.utf8)) != nil
            }
        }
        return try Peers.run("find_bytes.py", [text, fixture.folder.path])
            .split(separator: "\n").map(String.init)
    }

    @Test func nothingOfTheAccountIsLeftAndNothingOfOthersIsLost() throws {
        let fixture = try fixture()
        let columns = ["id", "posted_at", "likes", "caption", "_raw_path"]
        let rows = try fixture.rows(columns)
        let others = rows.filter { !$0.contains(Self.account) }
        #expect(try !places(of: Self.account, in: fixture).isEmpty)
        let receipt = try erase(from: fixture)
        #expect(receipt.left == [] && receipt.proof?.found == [])
        #expect(receipt.rows["posts"] == 6)
        #expect(receipt.rows["posts_metrics"] == 7)
        #expect(receipt.rows["insights"] == 6)
        #expect(receipt.counts[.rawFilesRemoved] == 13)
        #expect(receipt.counts[.quarantineEntries] == 1)
        #expect((receipt.proof?.files ?? 0) > 20)
        #expect(try places(of: Self.account, in: fixture) == [])
        #expect(try fixture.rows(columns) == others)
        #expect(
            try LakeFixture.rows(of: fixture.lake, table: "insights", ["post_id"]).count == 12)
        #expect(
            try LakeFixture.rows(of: fixture.lake, table: "posts_metrics", ["id"]).count == 13)
        // What the receipt says was written is there with its digest.
        #expect(!receipt.written.isEmpty)
        for file in receipt.written {
            let bytes = try DurableFile.read(fixture.lake.path + "/" + file.path)
            #expect(SuppressionFile.hex(SHA256.digest(bytes)) == file.sha256)
        }
        // One snapshot each, and no file that nobody names.
        for table in ["posts", "posts_metrics", "insights"] {
            let iceberg = try IcebergTable.open(
                table, in: fixture.lake.catalog, lakeFolder: fixture.lake.path)
            #expect(iceberg.metadata.snapshots.count == 1)
            #expect(iceberg.metadata.metadataLog.isEmpty)
        }
        #expect(
            try fixture.lake.database.integer("SELECT count(*) FROM retired_files") == 0)
        // The next run finds nothing to do.
        #expect(try fixture.compact().files.changed == 0)
        #expect(try fixture.rows(columns) == others)
    }

    @Test func anErasedAccountStaysAway() throws {
        let fixture = try fixture()
        try erase(from: fixture)
        let rows = try fixture.rows(["id"])
        try fixture.write(fixture.post(id: 0, day: 1, likes: 1), to: "\(Self.account)/0.json")
        #expect(try fixture.compact().files.suppressed == 1)
        #expect(try fixture.rows(["id"]) == rows)
        // It is asked for once more: what came back goes, the state's memory of its path too.
        let again = try erase(from: fixture)
        #expect(again.rows.isEmpty && again.counts[.rawFilesRemoved] == 1)
        #expect(try places(of: Self.account, in: fixture) == [])
        #expect(try fixture.lake.erasures().map(\.state) == [.done, .done])
        #expect(try fixture.lake.isErased(account: Self.account))
        #expect(try !fixture.lake.isErased(account: Self.other))
    }

    @Test func suppressionsSurviveALostDatabase() throws {
        let fixture = try fixture()
        try erase(from: fixture)
        try FileManager.default.removeItem(atPath: fixture.lake.path + "/lake.db")
        var options = LakeRebuild.Options(seed: 3, nowMicros: 5_000_000_000_000_000)
        options.rawPath = fixture.raw
        _ = try LakeRebuild.run(
            lake: fixture.lake.path, options: options, pool: fixture.pool)
        let lake = try Lake.open(at: fixture.lake.path)
        #expect(try lake.isErased(account: Self.account))
        try fixture.write(fixture.post(id: 0, day: 1, likes: 1), to: "\(Self.account)/0.json")
        let report = try lake.compact(
            identity: RunIdentity(startedMicros: 6_000_000_000_000_000, seed: 77),
            options: LakeFixture.options(workers: 1), pool: fixture.pool)
        #expect(report.files.suppressed == 1)
        let rows = try LakeFixture.rows(of: lake, ["user_id"])
        #expect(!rows.contains { $0.contains(Self.account) })
    }

    @Test func anOldCopyOfTheTablesIsNotAdoptedInSilence() throws {
        let fixture = try fixture()
        let (files, tables) = (FileManager.default, fixture.lake.path + "/tables")
        try files.copyItem(atPath: tables, toPath: tables + ".old")
        let erased = try erase(from: fixture)
        try files.removeItem(atPath: tables)
        try files.moveItem(atPath: tables + ".old", toPath: tables)
        try files.removeItem(atPath: fixture.lake.path + "/lake.db")
        var options = LakeRebuild.Options(seed: 3, nowMicros: 5_000_000_000_000_000)
        options.rawPath = fixture.raw
        let report = try LakeRebuild.run(
            lake: fixture.lake.path, options: options, pool: fixture.pool)
        let posts = try #require(report.tables.first { $0.name == "posts" })
        #expect(posts.erasedRows == erased.rows["posts"] && posts.erasedRows > 0)
        let lake = try Lake.open(at: fixture.lake.path)
        let again = try lake.erase(
            account: Self.account,
            identity: RunIdentity(startedMicros: 6_000_000_000_000_000, seed: 78),
            options: ErasureOptions(workers: 1), pool: fixture.pool)
        #expect(again.rows["posts"] == erased.rows["posts"])
        #expect(try places(of: Self.account, in: fixture) == [])
    }

    @Test func damagedSuppressionsStopARebuild() throws {
        let fixture = try fixture()
        try erase(from: fixture)
        try FileManager.default.removeItem(atPath: fixture.lake.path + "/lake.db")
        try fixture.folder.write("{}", to: "lake/suppressions.json")
        var options = LakeRebuild.Options(seed: 3, nowMicros: 5_000_000_000_000_000)
        options.rawPath = fixture.raw
        #expect(throws: LakeError.self) {
            try LakeRebuild.run(lake: fixture.lake.path, options: options, pool: fixture.pool)
        }
    }

    @Test func unknownAccountIsRefusedUnlessForced() throws {
        let fixture = try fixture()
        #expect(throws: LakeError.unknownAccount("4711")) { try erase("4711", from: fixture) }
        #expect(try fixture.lake.erasures() == [])
        let receipt = try erase("4711", from: fixture, isForced: true)
        #expect(receipt.rows.isEmpty)
        #expect(receipt.proof?.searchedUndecoded == false)
        #expect(try fixture.lake.isErased(account: "4711"))
    }

    @Test func activeHoldsForbidIt() throws {
        let fixture = try fixture()
        let database = fixture.lake.database
        func hold(_ columns: String, _ values: String) throws -> Int64 {
            try database.execute(
                """
                INSERT INTO holds(reason, placed_by, placed_micros, \(columns))
                VALUES ('case 7', 'legal', 1, \(values))
                """)
            return try database.integer("SELECT last_insert_rowid()")
        }
        let day = Int32(CivilTime.days(year: 2026, month: 1, day: 2))
        for (columns, values) in [
            ("account", "'\(Self.account)'"), ("key", "'3'"),
            ("first_day, last_day", "\(day), \(day)"), ("first_day", "\(day)"),
        ] {
            let number = try hold(columns, values)
            let error = #expect(throws: LakeError.self) { try erase(from: fixture) }
            guard case .held(let holds)? = error else {
                Issue.record("no hold is named: \(columns)")
                continue
            }
            #expect(holds.map(\.id) == [number])
            #expect(try fixture.lake.erasures() == [])
            #expect(try !fixture.lake.isErased(account: Self.account))
            try database.run(
                "UPDATE holds SET released_micros = 2 WHERE id = ?1", [.integer(number)])
        }
        // Holds on others, and on other days, say nothing.
        _ = try hold("account", "'\(Self.other)'")
        _ = try hold("key", "'11'")
        _ = try hold("last_day", "\(day - 100)")
        let receipt = try erase(from: fixture)
        #expect(receipt.counts[.endedHolds] == 2)
        #expect(try places(of: Self.account, in: fixture) == [])
    }

    @Test func archivedFilesAndRestoredCopiesAreRewritten() throws {
        let fixture = try fixture()
        let lake = fixture.lake
        let iceberg = try IcebergTable.open("posts", in: lake.catalog, lakeFolder: lake.path)
        let source = try Sources.id(of: "posts", lake.database)
        let cold = try ColdTier(lake: lake.path, database: lake.database)
        try cold.prepare(isKnown: false)
        let files = try #require(iceberg.currentSnapshot).liveFiles()
        // One file's bytes are archived as well, another one is said to be a restored copy.
        let live = try #require(files.first).file
        let path = try iceberg.location.resolve(live.path)
        let relative = "tables/posts/\(path.split(separator: "/").last ?? "")"
        try DurableFile.makeFolder(cold.absolute("tables/posts"))
        let bytes = try DurableFile.read(path)
        try DurableFile.write(bytes, to: cold.absolute(relative))
        let spec = try #require(iceberg.metadata.partitionSpec(id: live.specID))
        try ColdFiles.add(
            lake.database,
            ColdFiles.Record(
                source: source, partition: ErasureSurvey.partition(of: live), sequence: 1,
                kind: .partition, place: .cold, path: relative, storageClass: .glacier,
                rowCount: live.recordCount, sizeBytes: live.fileSizeBytes,
                sha256: SHA256.digest(bytes), specID: live.specID,
                entry: DataFileBytes.encode(live, spec: spec, metadata: iceberg.metadata),
                archivedMicros: 1))
        let copy = try #require(files.last).file
        try RestoredFiles.add(
            lake.database,
            RestoredFiles.Record(
                path: copy.path, source: source, partition: ErasureSurvey.partition(of: copy),
                rowCount: copy.recordCount, sizeBytes: copy.fileSizeBytes,
                expiresMicros: 9_000_000_000_000_000))
        try lake.database.execute(
            """
            INSERT INTO restores(source, account, tier, days, state, requested_micros,
              available_micros, row_count, size_bytes)
            VALUES (\(source), '\(Self.account)', 'bulk', 1, 'expired', 1, 1, 0, 0)
            """)
        try lake.database.execute(
            "INSERT INTO verifications VALUES ('raw/posts/\(Self.account)/1.json', 1, NULL)")
        let receipt = try erase(from: fixture)
        #expect(receipt.counts[.archivedFilesRewritten] == 1)
        #expect(receipt.counts[.restoreRequests] == 1)
        #expect(receipt.counts[.verifications] == 1)
        #expect(try places(of: Self.account, in: fixture) == [])
        let filed = try #require(ColdFiles.list(lake.database).first)
        #expect(filed.rowCount == live.recordCount - 2)
        let left = try DurableFile.read(cold.absolute(filed.path))
        #expect(SHA256.digest(left) == filed.sha256 && Int64(left.count) == filed.sizeBytes)
        let restored = try #require(RestoredFiles.list(lake.database).first)
        let now = try IcebergTable.open("posts", in: lake.catalog, lakeFolder: lake.path)
        let paths = try #require(now.currentSnapshot).liveFiles().map(\.file.path)
        #expect(paths.contains(restored.path) && restored.path != copy.path)
    }

    @Test func filesOfManyRecordsLoseTheirRowsAndAreReported() throws {
        let fixture = try LakeFixture()
        let schema = """
            {
              "table": "notes",
              "raw": { "path": "notes/{file}.jsonl", "format": "jsonl" },
              "settings": { "account": "author" },
              "columns": [
                { "name": "id", "type": "bigint", "class": "key" },
                { "name": "author", "type": "bigint" },
                { "name": "text", "type": "varchar" }
              ]
            }
            """
        try schema.write(
            toFile: fixture.lake.path + "/schemas/notes.json", atomically: true, encoding: .utf8)
        mkdir(fixture.raw + "/notes", 0o755)
        try fixture.folder.write(
            """
            {"id": 1, "author": \(Self.account), "text": "mine"}
            {"id": 2, "author": \(Self.other), "text": "hello \(Self.account)!"}
            {"id": 3, "author": \(Self.other), "text": "\(Self.account)1 is another"}

            """, to: "raw/notes/shared.jsonl")
        try fixture.folder.write(
            "{\"id\": 4, \"author\": \(Self.account)}\n", to: "raw/notes/own.jsonl")
        try fixture.compact()
        let receipt = try erase(from: fixture)
        #expect(receipt.rows["notes"] == 2)
        #expect(receipt.isPartial)
        #expect(receipt.left.map(\.path) == ["raw/notes/shared.jsonl"])
        #expect(!FileManager.default.fileExists(atPath: fixture.raw + "/notes/own.jsonl"))
        // The other's text is told of: in the raw file, and in the column of the table.
        let found = receipt.proof?.found ?? []
        #expect(found.contains { $0.path == "raw/notes/shared.jsonl" })
        #expect(found.contains { $0.reason.contains("in column text") })
        #expect(
            try LakeFixture.rows(of: fixture.lake, table: "notes", ["id"]) == ["int(2)", "int(3)"])
        let json = String(decoding: receipt.json(), as: UTF8.self)
        #expect(!json.contains(Self.account))
        #expect(ErasureReceipt(json: json) == receipt)
        #expect(try fixture.compact().files.read == 0)
    }

    @Test func idsAreFoundOnlyWhereTheyStandAlone() {
        let search = AccountSearch("12345")
        #expect(search.count(inText: "12345 a12345b 612345 123456 x/12345/y 12345") == 4)
        #expect(search.masked("a/12345/123456.json") == "a/[account]/123456.json")
        let word = AccountSearch("ann")
        #expect(word.count(inText: "ann anna xann ann1 (ann) ann-b ännann") == 3)
        #expect(AccountSearch("aa").masked("aa aa") == "[account] [account]")
    }
}
