import Columnar
import Glibc
import Testing

@testable import Lake

/// A lake with a cold tier, examined and made anew: losing `lake.db` loses no archived row.
@Suite struct ColdRebuildTests {
    private static let now: Int64 = 1_800_000_000_000_000

    /// Five days, of which two are on the cold tier and one of those is restored.
    private func prepared() throws -> LakeFixture {
        let fixture = try LakeFixture()
        for id in 0..<50 {
            try fixture.write(
                fixture.post(id: id, day: id / 10 + 1, likes: id), to: "u\(id % 3)/\(id).json")
        }
        try fixture.compact()
        try fixture.archive(days: 1, 2)
        return fixture
    }

    private func examine(
        _ lake: Lake, isFull: Bool = true, graceMicros: Int64 = 86_400_000_000
    ) throws -> Doctor.Diagnosis {
        var options = Doctor.Options(nowMicros: Self.now)
        options.isFull = isFull
        options.graceMicros = graceMicros
        return try Doctor.examine(lake.path, options: options, pool: BufferPool())
    }

    private func rebuild(
        _ fixture: LakeFixture, isForced: Bool = false, rawPath: String? = nil
    ) throws -> RebuildReport {
        var options = LakeRebuild.Options(seed: 4_711, nowMicros: Self.now)
        options.rawPath = rawPath
        options.isForced = isForced
        options.workers = 2
        return try LakeRebuild.run(lake: fixture.lake.path, options: options, pool: fixture.pool)
    }

    private func compact(_ lake: Lake) throws -> RunReport {
        try lake.compact(
            identity: RunIdentity(startedMicros: Self.now, seed: 901),
            options: LakeFixture.options(workers: 2), pool: BufferPool())
    }

    private func skipped(_ lake: Lake) throws -> SkippedRows? {
        let archive = try TableArchive.open("posts", in: lake, nowMicros: Self.now)
        return archive.skipped(.all, .restored)
    }

    /// The archive without what is new in each database.
    private func archived(_ lake: Lake) throws -> [ColdFiles.Record] {
        try ColdFiles.list(lake.database).map { file in
            var file = file
            (file.id, file.source) = (0, 0)
            return file
        }
    }

    @Test(arguments: [false, true])
    func archivedRowsOutliveTheDatabase(hasLostCatalog: Bool) throws {
        let fixture = try prepared()
        try fixture.restore(day: 2, untilMicros: .max)
        let (rows, missing, cold) = (
            try fixture.rows(), try skipped(fixture.lake), try archived(fixture.lake)
        )
        #expect(missing?.rowCount == 10)
        #expect(try examine(fixture.lake).findings == [])
        let runs = try Runs.last(1, fixture.lake.database)[0].id
        unlink(fixture.lake.path + "/lake.db")
        if hasLostCatalog {
            #expect(rename(fixture.lake.path + "/catalog", fixture.folder.path + "/gone") == 0)
        }
        let report = try rebuild(fixture)
        #expect(report.archive == .init(files: 2, rows: 20, packs: 0, missing: []))
        #expect(report.rawRoot == fixture.raw)
        let lake = try Lake.open(at: fixture.lake.path)
        #expect(try archived(lake) == cold)
        #expect(try skipped(lake) == missing)
        #expect(try examine(lake).findings == [])
        let run = try compact(lake)
        #expect(run.runID > runs)
        #expect(run.tables[0].files.unchangedByRow == 50)
        #expect(run.tables[0].rowsWritten == 0)
        #expect(
            try LakeFixture.rows(
                of: lake, ["id", "posted_at", "likes", "caption", "_raw_path"]) == rows)
        #expect(try examine(lake).findings == [])
        #expect(try archived(lake) == cold)
    }

    @Test func soundDatabaseKeepsItsArchive() throws {
        let fixture = try prepared()
        let cold = try archived(fixture.lake)
        let report = try rebuild(fixture, isForced: true)
        #expect(report.archive?.files == 2)
        #expect(try archived(try Lake.open(at: fixture.lake.path)) == cold)
    }

    @Test func unmountedTierRefuses() throws {
        let fixture = try prepared()
        let tier = try fixture.tier.path
        unlink(fixture.lake.path + "/lake.db")
        #expect(rename(tier, tier + "-away") == 0)
        #expect(throws: LakeError.self) { try rebuild(fixture) }
        #expect(!DurableFile.exists(fixture.lake.path + "/lake.db"))
        #expect(rename(tier + "-away", tier) == 0)
        #expect(try rebuild(fixture).archive?.files == 2)
    }

    @Test func lostColdFilesAreTold() throws {
        let fixture = try prepared()
        let path = try fixture.tier.absolute(try ColdFiles.list(fixture.lake.database)[0].path)
        unlink(path)
        unlink(fixture.lake.path + "/lake.db")
        let report = try rebuild(fixture)
        #expect(report.archive == .init(files: 1, rows: 10, packs: 0, missing: [path]))
    }

    /// A catalog that cannot be read may have named what an older one does not.
    @Test func damagedCatalogsAreTold() throws {
        let fixture = try prepared()
        try fixture.restore(day: 2, untilMicros: .max)
        let paths = try ColdCatalog.paths(
            in: ColdCatalog.folders(lake: fixture.lake.path, tier: fixture.tier.path))
        let newest = try #require(paths.first?.split(separator: "/").last)
        let twins = paths.filter { $0.hasSuffix("/\(newest)") }
        try #require(twins.count == 2 && paths.count > 2)
        truncate(twins[0], 40)
        unlink(fixture.lake.path + "/lake.db")
        #expect(try rebuild(fixture).archive?.missing == [])
        truncate(twins[1], 40)
        unlink(fixture.lake.path + "/lake.db")
        #expect(try rebuild(fixture).archive?.missing == twins)
        for path in paths { truncate(path, 40) }
        unlink(fixture.lake.path + "/lake.db")
        // Where the raw files lie was known by them only.
        #expect(throws: LakeError.self) { try rebuild(fixture) }
        let report = try rebuild(fixture, rawPath: fixture.raw)
        #expect(report.archive?.files == 0)
        #expect(report.archive?.missing == paths)
    }

    /// A sweep that was killed between its metadata and its commit takes no row away.
    @Test(arguments: [true, false])
    func uncommittedSweepsAreNotAdopted(hasDatabase: Bool) throws {
        let fixture = try prepared()
        let rows = try fixture.rows()
        let run = RunIdentity(startedMicros: LakeFixture.midnight(205), seed: 77)
        let day = Value.int(Int64(LakeFixture.partition(3)))
        let table = try fixture.posts
        let live = try #require(table.currentSnapshot).liveFiles().filter {
            $0.file.partition == [day]
        }
        var random = run.random(stream: 5)
        let commit = try TableCommit.prepare(
            TableChange(
                operation: .delete, removed: live,
                summary: ["lake.run": run.uuid, "lake.plan": "plan"]),
            on: table, nowMillis: run.startedMicros / 1_000, random: &random)
        if !hasDatabase { unlink(fixture.lake.path + "/lake.db") }
        let report = try rebuild(fixture, isForced: true)
        #expect(report.tables.first { $0.name == "posts" }?.rows == 30)
        let lake = try Lake.open(at: fixture.lake.path)
        let columns = ["id", "posted_at", "likes", "caption", "_raw_path"]
        #expect(try LakeFixture.rows(of: lake, columns) == rows)
        // What the sweep wrote goes, what the adopted state needs stays.
        let retired = try RetiredFiles.due(lake.database, beforeMicros: .max)
        #expect(retired.contains { $0 == commit.metadataPath })
        #expect(try examine(lake).findings == [])
    }

    /// Without any catalog nothing of the archive is adopted: that is said, and the tier stays ours.
    @Test func lostCatalogsAreTold() throws {
        let fixture = try prepared()
        let tier = try fixture.tier.path
        for (index, folder) in [fixture.lake.path, tier].enumerated() {
            #expect(rename(folder + "/catalog", fixture.folder.path + "/gone\(index)") == 0)
        }
        unlink(fixture.lake.path + "/lake.db")
        let report = try rebuild(fixture, rawPath: fixture.raw)
        #expect(report.archive == .init(unnamed: 2, folder: tier))
        let lake = try Lake.open(at: fixture.lake.path)
        #expect(try lake.coldTier().isMounted())
        // Nobody knows whether their rows are still needed.
        let retired = try RetiredFiles.due(lake.database, beforeMicros: .max)
        #expect(!retired.contains { $0.hasPrefix(tier) })
    }

    /// What expired goes after its grace, although only the lost database knew of it.
    @Test(arguments: [true, false])
    func expiredFilesGoAllTheSame(hasDatabase: Bool) throws {
        let fixture = try LakeFixture.withPosts(retention: SweepTests.glacier)
        try fixture.sweep()
        try fixture.hold(account: "u1")
        try fixture.setRetention("[{\"after_days\": 30, \"expire\": true}]")
        try fixture.sweep()
        try #require(fixture.coldFiles().count == 6)
        let tier = try fixture.tier
        if !hasDatabase { unlink(fixture.lake.path + "/lake.db") }
        _ = try rebuild(fixture, isForced: true)
        let lake = try Lake.open(at: fixture.lake.path)
        let needed = Set(try ColdFiles.list(lake.database).map { tier.absolute($0.path) })
        #expect(needed.count == 3)
        let retired = try RetiredFiles.due(lake.database, beforeMicros: .max)
            .filter { $0.hasPrefix(tier.absolute("tables/")) }
        #expect(retired.count == 3)
        #expect(needed.isDisjoint(with: retired))
    }

    // MARK: Doctor

    @Test func archiveIsExamined() throws {
        let fixture = try prepared()
        let diagnosis = try examine(fixture.lake)
        #expect(diagnosis.findings == [])
        #expect(diagnosis.facts.coldFiles == 2)
        #expect(diagnosis.facts.coldRows == 20)
        #expect(diagnosis.facts.rows == 30 + 50)
    }

    @Test func eachDamageOfTheArchiveIsFound() throws {
        let cases: [(String, Doctor.Severity, (LakeFixture) throws -> Void)] = [
            ("the file is missing", .damage, { unlink(try self.coldPath($0)) }),
            ("bytes, lake.db says", .damage, { truncate(try self.coldPath($0), 50) }),
            (
                "what is remembered of it", .damage,
                { try $0.lake.database.execute("UPDATE cold_files SET entry = zeroblob(30)") }
            ),
            (
                "no snapshot names it", .damage,
                {
                    try RestoredFiles.add(
                        $0.lake.database,
                        .init(
                            path: "file:///x", source: try $0.source, partition: 1, rowCount: 1,
                            sizeBytes: 1, expiresMicros: .max))
                }
            ),
            (
                "has expired", .warning,
                { try $0.restore(day: 1, untilMicros: LakeFixture.midnight(210)) }
            ),
            (
                "nothing of its partition is archived", .damage,
                {
                    try $0.restore(day: 1, untilMicros: .max)
                    try $0.lake.database.execute(
                        "DELETE FROM cold_files WHERE partition = \(LakeFixture.partition(1))")
                }
            ),
            (
                "amends a partition", .warning,
                {
                    try $0.lake.database.execute(
                        "UPDATE cold_files SET kind = 'amendment' WHERE id = 1")
                }
            ),
            (
                "does not know the file", .warning,
                { try DurableFile.write([1], to: try $0.tier.absolute("tables/stranger.parquet")) }
            ),
            (
                "not mounted", .warning,
                { unlink(try $0.tier.absolute(ColdTier.markerName)) }
            ),
            (
                "its row is remembered, and is not in the table", .damage,
                { try $0.lake.database.execute("DELETE FROM cold_files") }
            ),
        ]
        for (words, severity, harm) in cases {
            let fixture = try prepared()
            try harm(fixture)
            let diagnosis = try examine(fixture.lake, graceMicros: 1_000_000)
            let found = diagnosis.findings.filter { "\($0.place) \($0.what)".contains(words) }
            #expect(found.contains { $0.severity == severity }, "\(words): \(diagnosis.findings)")
        }
    }

    private func coldPath(_ fixture: LakeFixture) throws -> String {
        try fixture.tier.absolute(try ColdFiles.list(fixture.lake.database)[0].path)
    }
}
