import Columnar
import Glibc
import Testing

@testable import Lake

/// `lake.db` lost or damaged, and made anew from tables and rows.
@Suite struct RebuildTests {
    private static let columns = [
        "id", "user_id", "posted_at", "likes", "caption", "url", "_extra", "_raw_path",
        "_ingested_at",
    ]

    private func prepared() throws -> LakeFixture {
        let fixture = try LakeFixture()
        for id in 0..<300 {
            var post = fixture.post(
                id: id, day: id % 9 + 1, likes: id, caption: id % 5 == 0 ? "été 😀" : "hello")
            if id % 7 == 0 {
                post = post.split(separator: "\n").joined().replacing(
                    #""tags": ["a", "b"]"#, with: #""tags": [null, "é", ""]"#)
            }
            if id % 11 == 0 { post = post.replacing("hello", with: "") }
            if id % 13 == 0 {
                post = #"{"id": \#(id), "posted_at": "2026-01-05T00:00:00Z", "tags": "none"}"#
            }
            try fixture.write(post, to: "u\(id % 23)/\(id).json")
        }
        try fixture.write("{", to: "u1/broken.json")
        try fixture.compact()
        return fixture
    }

    /// Everything that is remembered of raw files, as text.
    private func dump(_ lake: Lake, hidesContent: Bool = false) throws -> [String] {
        var lines: [String] = []
        for source in try Sources.all(lake.database) {
            let files = try RememberedFiles(lake.database, source: source)
            while let file = try files.next() {
                var state = file.state
                if hidesContent { (state.hint, state.content) = (.none, .none) }
                lines.append("\(source) \(file.folder) \(file.name) \(state)")
            }
        }
        return lines
    }

    private func rebuild(
        _ fixture: LakeFixture, isForced: Bool = false, raw: String? = nil
    ) throws -> RebuildReport {
        var options = LakeRebuild.Options(seed: 4_711, nowMicros: 1_800_000_000_000_000)
        options.isForced = isForced
        options.rawPath = raw
        options.workers = 2
        return try LakeRebuild.run(lake: fixture.lake.path, options: options, pool: fixture.pool)
    }

    /// A fixture over the same folders with the new database.
    private func reopened(_ fixture: LakeFixture) throws -> Lake {
        try Lake.open(at: fixture.lake.path)
    }

    private func compact(_ lake: Lake, seed: UInt64) throws -> RunReport {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return try lake.compact(
            identity: RunIdentity(
                startedMicros: (Int64(now.tv_sec) + 86_400) * 1_000_000, seed: seed),
            options: LakeFixture.options(workers: 2), pool: BufferPool())
    }

    private func isClean(_ lake: Lake, full: Bool = true) throws -> [Doctor.Finding] {
        var options = Doctor.Options(nowMicros: 1_700_000_000_000_000)
        options.isFull = full
        return try Doctor.examine(lake.path, options: options, pool: BufferPool()).findings
    }

    @Test func lostDatabaseComesBackEqual() throws {
        let fixture = try prepared()
        #expect(try isClean(fixture.lake) == [])
        let (rows, state) = (try fixture.rows(Self.columns), try dump(fixture.lake))
        let snapshots = try fixture.lake.tables()[0].snapshots
        let seed = try #require(try Settings.get(.keySeed, fixture.lake.database))
        unlink(fixture.lake.path + "/lake.db")
        #expect(
            try Doctor.examine(
                fixture.lake.path, options: .init(nowMicros: 0), pool: fixture.pool
            ).isDamaged)
        #expect(throws: LakeError.self) { try rebuild(fixture) }
        let report = try rebuild(fixture, raw: fixture.raw)
        #expect(report.tables.map(\.rawFiles) == [300, nil])
        #expect(report.skipped.isEmpty)
        #expect(report.setAside == nil)
        let lake = try reopened(fixture)
        #expect(try Settings.get(.keySeed, lake.database) != seed)
        #expect(try isClean(lake) == [])
        let run = try compact(lake, seed: 90)
        #expect(run.tables[0].files.unchangedByRow == 300)
        #expect(run.tables[0].files.quarantined == 1)
        #expect(run.tables[0].partitionsRewritten == 0)
        #expect(try LakeFixture.rows(of: lake, Self.columns) == rows)
        #expect(try lake.tables()[0].snapshots == snapshots)
        #expect(try dump(lake).count == state.count)
        #expect(try isClean(lake) == [])
        #expect(try compact(lake, seed: 91).tables[0].files.unchangedByStat == 301)
    }

    @Test func damagedDatabaseIsSetAsideAndItsSeedKept() throws {
        let fixture = try prepared()
        let (rows, state) = (try fixture.rows(Self.columns), try dump(fixture.lake))
        #expect(throws: LakeError.self) { try rebuild(fixture) }
        let report = try rebuild(fixture, isForced: true)
        let aside = try #require(report.setAside)
        #expect(DurableFile.exists(aside))
        let lake = try reopened(fixture)
        // The quarantine is not in the rows.
        let rebuilt = try dump(lake, hidesContent: true)
        let known = try dump(fixture.lake, hidesContent: true).filter { !$0.contains("broken") }
        #expect(rebuilt == known)
        _ = try compact(lake, seed: 90)
        #expect(try dump(lake) == state)
        #expect(try LakeFixture.rows(of: lake, Self.columns) == rows)
    }

    @Test func foreignAndCorruptFilesAreNeverDeleted() throws {
        for bytes in [
            Array("not a database, but somebody's letter".utf8),
            [UInt8](repeating: 0, count: 9_000),
        ] {
            let fixture = try prepared()
            try DurableFile.write(bytes, to: fixture.lake.path + "/lake.db")
            let report = try rebuild(fixture, raw: fixture.raw)
            let aside = try #require(report.setAside)
            #expect(try DurableFile.read(aside) == bytes)
            #expect(try isClean(try reopened(fixture)) == [])
        }
    }

    @Test func whatChangedMeanwhileIsTakenOver() throws {
        let fixture = try prepared()
        unlink(fixture.lake.path + "/lake.db")
        _ = try rebuild(fixture, raw: fixture.raw)
        try fixture.write(fixture.post(id: 3, day: 4, likes: 777), to: "u3/3.json")
        try fixture.write(fixture.post(id: 900, day: 4, likes: 1), to: "u3/900.json")
        unlink(fixture.raw + "/posts/u5/5.json")
        let lake = try reopened(fixture)
        let run = try compact(lake, seed: 90)
        #expect(run.tables[0].files.changed == 1)
        #expect(run.tables[0].files.new == 1)
        #expect(run.tables[0].files.vanished == 1)
        #expect(run.tables[0].rowsWritten == 2)
        let rows = Set(try LakeFixture.rows(of: lake, ["id", "likes"]))
        #expect(rows.isSuperset(of: ["int(3) int(777)", "int(900) int(1)"]))
        #expect(rows.count == 301)
        #expect(try isClean(lake) == [])
    }

    @Test func everyTypeIsHashedAsTheFlattenerDid() throws {
        let schema = """
            {
              "table": "posts", "raw": { "path": "posts/{user_id}/{post}.json", "format": "json" },
              "settings": { "volatile": "ignore" },
              "columns": [
                { "name": "id", "type": "varchar", "class": "key" },
                { "name": "post", "type": "bigint", "capture": "post", "class": "key" },
                { "name": "flag", "type": "boolean" }, { "name": "small", "type": "integer" },
                { "name": "big", "type": "bigint" }, { "name": "thin", "type": "real" },
                { "name": "wide", "type": "double" }, { "name": "day", "type": "date" },
                { "name": "at", "type": "timestamp(6)" }, { "name": "short", "type": "varchar(5)" },
                { "name": "any", "type": "json" }, { "name": "link", "type": "varchar", "class": "volatile" },
                { "name": "numbers", "type": "array(double)" },
                { "name": "grid", "type": "json" },
                { "name": "owner", "type": "row", "fields": [
                  { "name": "id", "type": "varchar" },
                  { "name": "photo", "type": "varchar", "class": "volatile" },
                  { "name": "home", "type": "row", "fields": [
                    { "name": "city", "type": "varchar" }, { "name": "since", "type": "date" } ] } ] },
                { "name": "children", "type": "array(row)", "fields": [
                  { "name": "id", "type": "bigint" },
                  { "name": "url", "type": "varchar", "class": "volatile" },
                  { "name": "tags", "type": "array(varchar)" } ] }
              ]
            }
            """
        let fixture = try LakeFixture()
        try DurableFile.write(Array(schema.utf8), to: fixture.lake.path + "/schemas/posts.json")
        var random = SeededGenerator(seed: 9)
        let choices: [String: [String]] = [
            "flag": ["true", "false", "null", "\"yes\""],
            "small": ["-1", "2147483647", "9e9", "null"],
            "big": ["9223372036854775807", "\"12\"", "1.5"],
            "thin": ["0.1", "-0.0", "1e38", "1e39"],
            "wide": ["0.1", "-0.0", "1e308", "\"2.5\"", "[]"],
            "day": ["\"2026-02-28\"", "\"x\"", "null"],
            "at": ["\"2026-02-28T01:02:03.456789Z\"", "1700000000"],
            "short": ["\"\"", "\"été\"", "\"123456\"", "12345", "true"],
            "any": ["{\"b\": 1, \"a\": [null, 2.50]}", "\"t\"", "null", "[]"],
            "link": ["\"u\"", "null"], "numbers": ["[1, null, 2.5]", "[]", "null", "[\"x\"]", "3"],
            "grid": ["[[1], [], null, [2, null]]", "[]", "[1]"],
            "owner": [
                "{\"id\": 1, \"photo\": \"p\", \"home\": {\"city\": \"B\", \"since\": \"2020-01-01\"}, \"x\": 1}",
                "{}", "null", "{\"home\": null}", "7",
            ],
            "children": [
                "[{\"id\": 1, \"url\": \"u\", \"tags\": [\"a\", null]}, null, {}, {\"tags\": []}]",
                "[]",
                "[7]", "null",
            ],
            "odd": ["1", "{\"z\": 1, \"a\": \"\\u00e9\"}"],
        ]
        for post in 0..<400 {
            var members = ["\"id\": \"k\(post % 50)\""]
            for (name, values) in choices.sorted(by: { $0.key < $1.key })
            where Int.random(in: 0..<4, using: &random) > 0 {
                members.append("\"\(name)\": \(values.randomElement(using: &random)!)")
            }
            try fixture.write(
                "{\(members.joined(separator: ", "))}", to: "u\(post % 7)/\(post).json")
        }
        #expect(try fixture.compact().tables[0].files.new == 400)
        let known = try dump(fixture.lake, hidesContent: true)
        _ = try rebuild(fixture, isForced: true)
        let lake = try reopened(fixture)
        #expect(try dump(lake, hidesContent: true) == known)
        #expect(try compact(lake, seed: 90).tables[0].files.unchangedByRow == 400)
    }

    @Test func keyOfTwoFilesIsDecidedAsBefore() throws {
        let fixture = try LakeFixture()
        for (name, likes, age) in [
            ("u1/1.json", 1, 100), ("u2/1.json", 2, 50), ("u3/1.json", 3, 200),
        ] {
            try fixture.write(fixture.post(id: 1, day: likes, likes: likes), to: name)
            var now = timespec()
            clock_gettime(CLOCK_REALTIME, &now)
            now.tv_sec -= age
            let times = [now, now]
            utimensat(AT_FDCWD, fixture.raw + "/posts/" + name, times, 0)
        }
        try fixture.compact()
        let columns = ["id", "posted_at", "likes", "_raw_path"]
        let (rows, state) = (try fixture.rows(columns), try dump(fixture.lake))
        #expect(rows.count == 1)
        #expect(rows[0].contains("int(2)"))
        _ = try rebuild(fixture, isForced: true)
        let lake = try reopened(fixture)
        _ = try compact(lake, seed: 90)
        #expect(try LakeFixture.rows(of: lake, columns) == rows)
        #expect(try isClean(lake) == [])
        _ = try compact(lake, seed: 91)
        #expect(try dump(lake, hidesContent: true).count == state.count)
        #expect(try compact(lake, seed: 92).tables[0].partitionsRewritten == 0)
    }

    @Test func filesThatWentLongAgoAreNoNews() throws {
        let fixture = try prepared()
        for id in 0..<300 where id % 2 == 0 {
            unlink(fixture.raw + "/posts/u\(id % 23)/\(id).json")
        }
        try fixture.compact { $0.maxMissing = .percent(100) }
        let state = try dump(fixture.lake, hidesContent: true).filter { !$0.contains("broken") }
        _ = try rebuild(fixture, isForced: true)
        let lake = try reopened(fixture)
        #expect(try dump(lake, hidesContent: true) == state)
        // The guard against missing files is not alarmed.
        let run = try compact(lake, seed: 90)
        #expect(run.tables[0].files.vanished == 0)
        #expect(run.tables[0].files.unchangedByRow == 150)
    }

    @Test func newestStateThatIsWholeIsAdopted() throws {
        let fixture = try prepared()
        let rows = try fixture.rows(Self.columns)
        try fixture.write(fixture.post(id: 3, day: 4, likes: 777), to: "u3/3.json")
        let before = Set(fixture.tableFiles())
        try fixture.compact()
        let added = try #require(
            fixture.tableFiles().first { !before.contains($0) && $0.hasSuffix(".parquet") })
        unlink(added)
        let findings = try isClean(fixture.lake, full: false)
        #expect(findings.map(\.what) == ["the file is missing"])
        #expect(findings[0].place == added)
        let report = try rebuild(fixture, isForced: true)
        #expect(report.tables.map(\.rows) == [300, 301])
        #expect(report.retired > 0)
        let lake = try reopened(fixture)
        #expect(try LakeFixture.rows(of: lake, Self.columns) == rows)
        #expect(try compact(lake, seed: 90).tables[0].files.changed == 1)
        #expect(try isClean(lake) == [])
    }

    @Test func tableWithDamagedFileIsNotAdopted() throws {
        let fixture = try prepared()
        for path in fixture.tableFiles() where path.hasSuffix(".parquet") {
            var bytes = try DurableFile.read(path)
            for index in 4..<60 { bytes[index] ^= 0x5A }
            try DurableFile.write(bytes, to: path)
        }
        #expect(try isClean(fixture.lake, full: false) == [])
        #expect(try isClean(fixture.lake).contains { $0.severity == .damage })
        let report = try rebuild(fixture, isForced: true)
        #expect(report.skipped.map(\.name) == ["posts"])
        let lake = try reopened(fixture)
        #expect(try compact(lake, seed: 90).tables[0].files.new == 300)
        #expect(try LakeFixture.rows(of: lake, ["id"]).count == 300)
    }
}
