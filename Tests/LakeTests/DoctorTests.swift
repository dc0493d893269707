import Columnar
import Glibc
import Testing

@testable import Lake

/// Lakes with one thing wrong, and what the doctor says of it.
@Suite struct DoctorTests {
    private func prepared() throws -> LakeFixture {
        let fixture = try LakeFixture()
        for id in 0..<40 {
            try fixture.write(
                fixture.post(id: id, day: id % 3 + 1, likes: id), to: "u\(id % 4)/\(id).json")
        }
        try fixture.write("{", to: "u1/broken.json")
        try fixture.compact()
        return fixture
    }

    private func examine(
        _ fixture: LakeFixture, isFull: Bool = true, graceMicros: Int64 = 86_400_000_000
    ) throws -> Doctor.Diagnosis {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        var options = Doctor.Options(nowMicros: Int64(now.tv_sec) * 1_000_000 + 2_000_000)
        options.isFull = isFull
        options.graceMicros = graceMicros
        return try Doctor.examine(fixture.lake.path, options: options, pool: fixture.pool)
    }

    @Test func soundLakeIsSound() throws {
        let fixture = try prepared()
        let diagnosis = try examine(fixture)
        #expect(diagnosis.findings == [])
        // The posts, and their counters.
        #expect(diagnosis.facts.rows == 40 + 40)
        #expect(diagnosis.facts.remembered == 41)
        #expect(diagnosis.facts.withRow == 40)
        #expect(diagnosis.facts.quarantined == 1)
        try fixture.write(fixture.post(id: 1, day: 3, likes: 9), to: "u1/1.json")
        unlink(fixture.raw + "/posts/u2/2.json")
        try fixture.compact()
        #expect(try examine(fixture).findings == [])
        #expect(try examine(fixture).facts.vanished == 1)
    }

    @Test func eachDamageIsFound() throws {
        let cases: [(String, (LakeFixture) throws -> Void)] = [
            (
                "the file is missing",
                { unlink(try #require($0.tableFiles().first { $0.hasSuffix(".parquet") })) }
            ),
            (
                "bytes, the table says",
                { truncate(try #require($0.tableFiles().first { $0.hasSuffix(".parquet") }), 100) }
            ),
            (
                "No such file",
                { unlink(try #require($0.tableFiles().first { $0.contains("/snap-") })) }
            ),
            (
                "live files",
                { fixture in
                    let name = try #require(fixture.tableFiles().first { $0.contains("-m0.avro") })
                    try DurableFile.write(Array("garbage".utf8), to: name)
                }
            ),
            (
                "it is not remembered",
                { try $0.lake.database.execute("DELETE FROM raw_files WHERE folder = 'posts/u1/'") }
            ),
            (
                "its row is remembered, and is not in the table",
                { fixture in
                    try fixture.lake.database.execute(
                        "INSERT INTO raw_files SELECT source, 'posts/u9/', first, entries FROM raw_files WHERE folder = 'posts/u1/'"
                    )
                    try fixture.lake.database.execute(
                        "UPDATE settings SET value = '99' WHERE key = 'key_seed'")
                }
            ),
            (
                "do not match their checksum",
                {
                    try $0.lake.database.execute(
                        "UPDATE raw_files SET entries = zeroblob(50) WHERE folder = 'posts/u2/'")
                }
            ),
            (
                "out of order",
                {
                    try $0.lake.database.execute(
                        "UPDATE raw_files SET first = 'zzz' WHERE folder = 'posts/u2/'")
                }
            ),
            (
                "seed of the key hashes",
                { try $0.lake.database.execute("DELETE FROM settings WHERE key = 'key_seed'") }
            ),
            (
                "schema",
                { try DurableFile.write(Array("{".utf8), to: $0.lake.path + "/schemas/x.json") }
            ),
        ]
        for (words, harm) in cases {
            let fixture = try prepared()
            try harm(fixture)
            let diagnosis = try examine(fixture)
            #expect(diagnosis.isDamaged, "\(words)")
            let all = diagnosis.findings.map { "\($0.place): \($0.what)" }.joined(separator: "\n")
            let isSaid =
                all.contains(words)
                || words == "it is not remembered" && all.contains("not remembered")
                || words == "No such file" && all.contains("errorNumber: 2")
                || words == "schema" && all.contains("schemas")
                || words == "live files" && all.contains("m0.avro")
            #expect(isSaid, "\(words)\n\(all)")
            #expect(diagnosis.findings.allSatisfy { !$0.advice.isEmpty })
        }
    }

    @Test func eachWarningIsGiven() throws {
        let cases: [(String, (LakeFixture) throws -> Void)] = [
            ("marker", { unlink($0.raw + "/.lake-raw") }),
            (
                "killed",
                {
                    _ = try Runs.start(
                        $0.lake.database, identity: RunIdentity(startedMicros: 1, seed: 9))
                }
            ),
            (
                "no snapshot names",
                {
                    try DurableFile.write(
                        [1], to: $0.lake.path + "/tables/posts/data/stranger.parquet")
                }
            ),
            (
                "catalog knows no such table",
                { fixture in
                    try DurableFile.makeFolder(fixture.lake.path + "/tables/other/data")
                    try DurableFile.write([1], to: fixture.lake.path + "/tables/other/data/x")
                }
            ),
            ("not listed there", { try $0.lake.database.execute("DELETE FROM quarantine") }),
            (
                "a rebuild that never ended",
                { try DurableFile.write([1], to: $0.lake.path + "/lake.db.new") }
            ),
        ]
        for (words, harm) in cases {
            let fixture = try prepared()
            try harm(fixture)
            let diagnosis = try examine(fixture, graceMicros: 0)
            #expect(!diagnosis.isDamaged, "\(words) \(diagnosis.findings)")
            #expect(
                diagnosis.findings.contains { $0.what.contains(words) },
                "\(words) \(diagnosis.findings)")
        }
    }

    @Test func examinationAndRebuildStopWhenAsked() throws {
        let fixture = try prepared()
        var options = Doctor.Options(nowMicros: 0)
        options.isFull = true
        options.isCancelled = { true }
        #expect(throws: LakeError.columnar(.cancelled)) {
            try Doctor.examine(fixture.lake.path, options: options, pool: fixture.pool)
        }
        var rebuild = LakeRebuild.Options(seed: 1, nowMicros: 0)
        rebuild.isForced = true
        rebuild.isCancelled = { true }
        #expect(throws: LakeError.columnar(.cancelled)) {
            try LakeRebuild.run(lake: fixture.lake.path, options: rebuild, pool: fixture.pool)
        }
        #expect(!DurableFile.exists(fixture.lake.path + "/lake.db.new"))
        #expect(try examine(fixture).findings == [])
        // SQLite itself is asked too, in the middle of a statement.
        let database = try Database.temporary()
        database.interrupt { true }
        #expect(throws: LakeError.columnar(.cancelled)) {
            try database.execute(
                """
                WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000)
                SELECT count(*) FROM n
                """)
        }
    }

    @Test func youngOrphansAndTheWriterAreLeftAlone() throws {
        let fixture = try prepared()
        try DurableFile.write([1], to: fixture.lake.path + "/tables/posts/data/stranger.parquet")
        let lock = try LakeLock.take(fixture.lake.path)
        let diagnosis = try examine(fixture)
        #expect(diagnosis.findings == [])
        #expect(diagnosis.facts.writer?.contains("process") == true)
        withExtendedLifetime(lock) {}
    }
}
