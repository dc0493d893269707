import Columnar
import Glibc
import Testing

@testable import Lake

/// What a query is told of archived rows: pruned like live files, restored copies counted out.
@Suite struct TableArchiveTests {
    private static let posted = ScanColumnPath(index: 2)
    private static let likes = ScanColumnPath(index: 3)

    /// Nine days with ten posts each; likes are the id, from 0 to 89.
    private func prepared() throws -> LakeFixture {
        let fixture = try LakeFixture()
        for id in 0..<90 {
            try fixture.write(
                fixture.post(id: id, day: id / 10 + 1, likes: id), to: "u\(id % 3)/\(id).json")
        }
        try fixture.compact()
        return fixture
    }

    private func open(_ fixture: LakeFixture, now: Int64 = .max) throws -> TableArchive {
        try TableArchive.open("posts", in: fixture.lake, nowMicros: now)
    }

    private func skipped(
        _ archive: TableArchive, _ predicates: [ScanPredicate] = [], _ mode: GlacierMode = .restored
    ) throws -> SkippedRows? {
        archive.skipped(try archive.files(matching: predicates), mode)
    }

    @Test func nothingArchivedIsNothing() throws {
        let archive = try open(try prepared())
        #expect(archive.isEmpty)
        #expect(try skipped(archive) == nil)
        #expect(archive.totals == nil)
    }

    @Test func whatIsPrunedIsNotCounted() throws {
        let fixture = try prepared()
        try fixture.archive(days: 1, 2, 3)
        try fixture.archive(days: 5, storageClass: .deepArchive)
        let archive = try open(fixture)
        let all = try #require(try skipped(archive))
        #expect(all.partitionCount == 4)
        #expect(all.rowCount == 40)
        #expect(all.sizeBytes > 0)
        #expect(all.storageClasses == [.glacier, .deepArchive])
        #expect(all.days == LakeFixture.partition(1)...LakeFixture.partition(5))
        #expect(archive.totals == all)
        let fourth: [ScanPredicate] = [
            .compare(Self.posted, .greaterOrEqual, .int(LakeFixture.midnight(4)))
        ]
        #expect(try skipped(archive, fourth)?.rowCount == 10)
        #expect(try skipped(archive, fourth)?.storageClasses == [.deepArchive])
        #expect(
            try skipped(
                archive, [.compare(Self.posted, .greaterOrEqual, .int(LakeFixture.midnight(6)))])
                == nil)
        // The bounds of other columns prune too.
        #expect(
            try skipped(archive, [.compare(Self.likes, .less, .int(10))])?.days
                == LakeFixture.partition(1)...LakeFixture.partition(1))
        #expect(try skipped(archive, [.compare(Self.likes, .greater, .int(60))]) == nil)
        #expect(try fixture.rows(["id"]).count == 50)
    }

    @Test func damagedBoundsMayMatch() throws {
        let fixture = try prepared()
        try fixture.archive(days: 1, 2)
        try fixture.lake.database.execute("UPDATE cold_files SET entry = zeroblob(40)")
        let archive = try open(fixture)
        #expect(try skipped(archive, [.compare(Self.likes, .greater, .int(60))])?.rowCount == 20)
    }

    @Test func restoredRowsAreNotSkippedUntilTheyExpire() throws {
        let fixture = try prepared()
        try fixture.archive(days: 1, 2)
        let expiry = LakeFixture.midnight(210)
        try fixture.restore(day: 1, untilMicros: expiry)
        let before = try open(fixture, now: expiry - 1)
        #expect(try skipped(before)?.rowCount == 10)
        #expect(try skipped(before)?.days == LakeFixture.partition(2)...LakeFixture.partition(2))
        #expect(before.hiddenCopies(.restored).isEmpty)
        #expect(before.hiddenCopies(.fail).isEmpty)
        #expect(before.hiddenCopies(.skip).count == 1)
        #expect(before.hiddenRows(.skip) == 10)
        #expect(try skipped(before, [], .skip)?.rowCount == 20)
        let after = try open(fixture, now: expiry)
        #expect(after.hiddenCopies(.restored).count == 1)
        #expect(try skipped(after)?.rowCount == 20)
    }

    @Test func ofAPartRestoredTheRestIsSkipped() throws {
        let fixture = try prepared()
        try fixture.archive(days: 1)
        // Another sweep took later rows of the same day.
        try fixture.lake.database.execute(
            """
            INSERT INTO cold_files(source, partition, sequence, kind, place, path, storage_class,
              row_count, size_bytes, sha256, spec_id, entry, archived_micros)
            SELECT source, partition, sequence + 1, kind, place, path || 'x', storage_class, 5,
              size_bytes, sha256, spec_id, entry, archived_micros FROM cold_files
            """)
        try fixture.restore(day: 1, untilMicros: .max, files: 1)
        #expect(try skipped(try open(fixture, now: 5))?.rowCount == 5)
    }

    @Test func whatIsSweptAfterARestoreIsSkipped() throws {
        let fixture = try prepared()
        try fixture.archive(days: 1)
        try fixture.restore(day: 1, untilMicros: .max)
        func add(_ kind: String, rows: Int, after runs: Int) throws {
            try fixture.lake.database.execute(
                """
                INSERT INTO cold_files(source, partition, sequence, kind, place, path,
                  storage_class, row_count, size_bytes, sha256, spec_id, entry, archived_micros)
                SELECT source, partition, (SELECT max(id) FROM runs) + \(runs), '\(kind)', place,
                  path || '\(kind)', storage_class, \(rows), size_bytes, sha256, spec_id, entry,
                  archived_micros FROM cold_files ORDER BY id LIMIT 1
                """)
        }
        // A later version of a row was put into the copy by the run that wrote it.
        try add("amendment", rows: 1, after: 1)
        #expect(try skipped(try open(fixture, now: 5)) == nil)
        try add("partition", rows: 5, after: 2)
        #expect(try skipped(try open(fixture, now: 5))?.rowCount == 5)
        #expect(
            try skipped(
                try open(fixture, now: 5), [.compare(Self.likes, .less, .int(10))])?.rowCount == 5)
    }

    @Test func requestsInProgressAreSaid() throws {
        let fixture = try prepared()
        try fixture.archive(days: 1, 2)
        try fixture.ask(day: 2, state: "in progress", untilMicros: nil)
        let rows = try #require(try skipped(try open(fixture, now: 1)))
        #expect(rows.partitionCount == 2)
        #expect(rows.restoringCount == 1)
        #expect(rows.availableMicros == 2)
    }

    @Test func partitionOfSeveralRequestsIsThereWithTheLast() throws {
        let fixture = try prepared()
        try fixture.archive(days: 1)
        for _ in 1...2 { try fixture.ask(day: 1, state: "in progress", untilMicros: nil) }
        try fixture.lake.database.execute(
            "UPDATE restores SET account = 'u' || id, available_micros = 10 * id")
        #expect(try skipped(try open(fixture, now: 1))?.availableMicros == 20)
        // Unless one of them is for all of it.
        try fixture.ask(day: 1, state: "in progress", untilMicros: nil)
        #expect(try skipped(try open(fixture, now: 1))?.availableMicros == 2)
    }

    @Test func everythingColdIsListed() throws {
        let fixture = try prepared()
        try fixture.archive(days: 1, 2)
        try fixture.archive(days: 3, storageClass: .glacierIR)
        try fixture.restore(day: 2, untilMicros: LakeFixture.midnight(210))
        let archive = try open(fixture, now: LakeFixture.midnight(205))
        let entries = try archive.entries(in: fixture.lake)
        #expect(entries.map(\.partition) == ["2026-01-01", "2026-01-02", "2026-01-03"])
        #expect(entries.map(\.state) == [.archived, .restored, .live])
        #expect(entries.map(\.rowCount) == [10, 10, 10])
        #expect(entries[1].restoredUntilMicros == LakeFixture.midnight(210))
        #expect(entries[2].storageClass == .glacierIR)
        #expect(entries[2].archivedMicros != nil)
        #expect(entries.allSatisfy { DurableFile.exists($0.path) })
    }

    /// Files of the cold tier inside a lake are found where the lake is moved to.
    @Test func movedLakeFindsItsColdFiles() throws {
        let fixture = try prepared()
        try fixture.archive(days: 3, storageClass: .glacierIR)
        let rows = try fixture.rows()
        let moved = fixture.folder.path + "/moved"
        #expect(rename(fixture.lake.path, moved) == 0)
        let lake = try Lake.open(at: moved)
        #expect(
            try LakeFixture.rows(
                of: lake, ["id", "posted_at", "likes", "caption", "_raw_path"]) == rows)
    }
}
