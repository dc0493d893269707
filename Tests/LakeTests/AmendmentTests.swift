import Columnar
import Glibc
import Testing

@testable import Lake

/// Late updates: what a compaction makes of rows whose partition is archived.
@Suite struct AmendmentTests {
    private func prepared(settings: String = "") throws -> LakeFixture {
        let fixture = try LakeFixture(settings: settings)
        for id in 1...6 {
            try fixture.write(
                fixture.post(id: id, day: id % 3 + 1, likes: id), to: "u\(id % 2)/\(id).json")
        }
        try fixture.compact()
        try fixture.archive(day: 2)
        return fixture
    }

    private func ids(_ fixture: LakeFixture) throws -> [String] { try fixture.rows(["id"]) }

    private func amendments(_ fixture: LakeFixture) throws -> [ColdFiles.Record] {
        try ColdFiles.list(fixture.lake.database).filter { $0.kind == .amendment }
    }

    private func observed(_ fixture: LakeFixture) throws -> [String] {
        try LakeFixture.rows(of: fixture.lake, table: "posts_metrics", ["id", "likes"])
    }

    @Test func changedRowOfAnArchivedPartitionBecomesAnAmendment() throws {
        let fixture = try prepared()
        let before = try ids(fixture)
        #expect(before.count == 4)
        try fixture.write(fixture.post(id: 1, day: 2, likes: 100), to: "u1/1.json")
        let table = try fixture.compact().tables[0]
        #expect(table.rowsAmended == 1)
        #expect(table.rowsWritten == 0)
        #expect(table.partitionsRewritten == 0)
        #expect(try ids(fixture) == before)
        let found = try amendments(fixture)
        #expect(found.count == 1)
        #expect(found[0].partition == LakeFixture.partition(day: 2))
        #expect(found[0].place == .lake)
        #expect(found[0].storageClass == .glacier)
        #expect(found[0].rowCount == 1)
        let path = "\(fixture.lake.path)/\(found[0].path)"
        #expect(try SHA256.digest(ofFileAt: path).digest == found[0].sha256)
        #expect(
            try found[0].sequence > ColdFiles.list(fixture.lake.database)[0].sequence,
            "the latest version wins")
        // Counters over time go on, although the row is not in the table.
        #expect(try observed(fixture).contains("int(1) int(100)"))
        let again = try fixture.compact().tables[0]
        #expect(again.rowsAmended == 0)
        #expect(try amendments(fixture).count == 1)
    }

    @Test func sameRowAgainCostsNothing() throws {
        let fixture = try prepared()
        let files = fixture.tableFiles()
        // Another signature, another time, other bytes: the same row.
        try fixture.write(fixture.post(id: 1, day: 2, likes: 1, url: "new"), to: "u1/1.json")
        let table = try fixture.compact().tables[0]
        #expect(table.files.unchangedByRow == 1)
        #expect(table.rowsAmended == 0)
        #expect(fixture.tableFiles() == files)
    }

    @Test func rowsMoveOutOfAnArchivedPartitionAndIntoOne() throws {
        let fixture = try prepared()
        try fixture.write(fixture.post(id: 1, day: 3, likes: 1), to: "u1/1.json")
        try fixture.write(fixture.post(id: 2, day: 2, likes: 2), to: "u0/2.json")
        let table = try fixture.compact().tables[0]
        #expect(table.rowsWritten == 1)
        #expect(table.rowsAmended == 1)
        // Of days 1 and 3: 2 has left, 1 has come.
        #expect(try ids(fixture) == ["int(1)", "int(3)", "int(5)", "int(6)"])
        #expect(try amendments(fixture).map(\.rowCount) == [1])
    }

    @Test func aDeletedRowOfAnArchivedPartitionIsForgotten() throws {
        let fixture = try prepared(settings: #""on_delete": "delete""#)
        unlink("\(fixture.raw)/posts/u1/1.json")
        let table = try fixture.compact().tables[0]
        #expect(table.files.deleted == 1)
        #expect(table.rowsAmended == 0)
        #expect(try ids(fixture).count == 4)
        let remembered = try RememberedFiles(
            fixture.lake.database, source: amendmentSource(fixture))
        var names: [String] = []
        while let file = try remembered.next() { names.append(file.name) }
        #expect(!names.contains("1.json"))
    }

    private func amendmentSource(_ fixture: LakeFixture) throws -> Int64 {
        try #require(try Sources.known("posts", fixture.lake.database))
    }

    @Test func twoRunsLeaveTwoAmendmentsOfOneKey() throws {
        let fixture = try prepared()
        for likes in [10, 20] {
            try fixture.write(fixture.post(id: 1, day: 2, likes: likes), to: "u1/1.json")
            try fixture.compact()
        }
        let found = try amendments(fixture)
        #expect(found.count == 2)
        #expect(found[0].sequence < found[1].sequence)
    }

    @Test func newRowOfAnArchivedPartitionIsKeptOutsideOfTheTable() throws {
        let fixture = try prepared()
        try fixture.write(fixture.post(id: 9, day: 2, likes: 9), to: "u1/9.json")
        let table = try fixture.compact().tables[0]
        #expect(table.files.new == 1)
        #expect(table.rowsAmended == 1)
        #expect(try !ids(fixture).contains("int(9)"))
    }

    /// Of two files with a key the one that counts moves to an archived day: the other is sound.
    @Test func fileThatLostItsKeyToAnAmendmentIsNoDamage() throws {
        let fixture = try prepared()
        try fixture.write(fixture.post(id: 3, day: 1, likes: 30), to: "u8/x.json")
        try fixture.compact()
        try fixture.write(fixture.post(id: 3, day: 2, likes: 31), to: "u8/x.json")
        #expect(try fixture.compact().tables[0].rowsAmended == 1)
        #expect(try !ids(fixture).contains("int(3)"))
        var options = Doctor.Options(nowMicros: LakeFixture.nowMicros())
        options.isFull = true
        let diagnosis = try Doctor.examine(fixture.lake.path, options: options, pool: fixture.pool)
        #expect(diagnosis.findings.filter { $0.severity == .damage } == [])
    }

    @Test func partitionThatIsOnlyPartlyArchivedStaysLive() throws {
        let fixture = try prepared()
        // The whole day is archived again with a row that is written live in between.
        let database = fixture.lake.database
        let files = try ColdFiles.list(database)
        try database.run("DELETE FROM cold_files", [])
        try fixture.write(fixture.post(id: 9, day: 2, likes: 9), to: "u1/9.json")
        try fixture.compact()
        try ColdFiles.add(database, files[0])
        try fixture.write(fixture.post(id: 1, day: 2, likes: 100), to: "u1/1.json")
        let table = try fixture.compact().tables[0]
        #expect(table.rowsAmended == 0)
        #expect(table.rowsWritten == 1)
        #expect(try ids(fixture).contains("int(1)"))
    }

    @Test func dryRunSaysWhatWouldBeAmended() throws {
        let fixture = try prepared()
        try fixture.write(fixture.post(id: 1, day: 2, likes: 100), to: "u1/1.json")
        fixture.seed += 1
        let report = try fixture.lake.dryRun(
            identity: RunIdentity(startedMicros: LakeFixture.nowMicros(), seed: fixture.seed),
            options: LakeFixture.options(workers: 1), pool: fixture.pool)
        #expect(report.tables[0].rowsAmended == 1)
        #expect(report.tables[0].rowsWritten == 0)
        #expect(report.tables[0].planned.map(\.isArchived) == [true])
        #expect(try amendments(fixture).isEmpty)
    }

    @Test func aReportOfAmendmentsComesBackFromJSON() throws {
        let fixture = try prepared()
        try fixture.write(fixture.post(id: 1, day: 2, likes: 100), to: "u1/1.json")
        let report = try fixture.compact()
        let back = try #require(RunReport(json: String(decoding: report.json(), as: UTF8.self)))
        #expect(back.tables[0].rowsAmended == 1)
    }
}
