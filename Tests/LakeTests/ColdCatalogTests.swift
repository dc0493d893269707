import Columnar
import Glibc
import Testing

@testable import Lake

/// What is known of the cold tier, written beside it.
@Suite struct ColdCatalogTests {
    private func prepared() throws -> LakeFixture {
        let fixture = try LakeFixture()
        for id in 0..<40 {
            try fixture.write(
                fixture.post(id: id, day: id / 10 + 1, likes: id), to: "u\(id % 3)/\(id).json")
        }
        try fixture.compact()
        return fixture
    }

    private func paths(_ fixture: LakeFixture) throws -> [String] {
        try ColdCatalog.paths(
            in: ColdCatalog.folders(lake: fixture.lake.path, tier: try fixture.tier.path))
    }

    @Test func isReadBackAsItWas() throws {
        let fixture = try prepared()
        try fixture.archive(days: 1, 2)
        try fixture.ask(day: 2, state: "in progress", untilMicros: nil)
        let run = RunIdentity(startedMicros: 7, seed: 99)
        try ColdCatalog.write(fixture.lake.database, lake: fixture.lake.path, run: run)
        let path = try #require(try paths(fixture).first { $0.contains(run.uuid) })
        let (read, known) = (
            try ColdCatalog.read(path), try ColdCatalog(fixture.lake.database, writtenMicros: 7)
        )
        #expect(read.tables == known.tables)
        #expect(read.tables["cold_files"]?.rows.count == 2)
        #expect(read.tables["restores"]?.rows.count == 1)
        #expect(read.run == known.run)
        #expect(read.setting(.rawRoot) == fixture.raw)
    }

    @Test func liesInBothPlacesAndFewAreKept() throws {
        let fixture = try prepared()
        for day in 1...4 { try fixture.archive(days: day) }
        let (lake, cold) = (
            try FolderNames.files(in: fixture.lake.path + "/catalog"),
            try FolderNames.files(in: try fixture.tier.absolute("catalog"))
        )
        #expect(lake.count == 3)
        #expect(lake == cold)
        let run = RunIdentity(startedMicros: 7, seed: 99)
        try ColdCatalog.write(fixture.lake.database, lake: fixture.lake.path, run: run)
        try ColdCatalog.keepOnly(run, lake: fixture.lake.path, tier: try fixture.tier)
        #expect(try paths(fixture).count == 2)
    }

    @Test func eachFlippedByteIsRefused() throws {
        let fixture = try prepared()
        try fixture.archive(days: 1)
        let path = try #require(try paths(fixture).first)
        let bytes = try DurableFile.read(path)
        for position in stride(from: 0, to: bytes.count, by: 7) {
            var damaged = bytes
            damaged[position] ^= 4
            try DurableFile.write(damaged, to: path)
            #expect(throws: LakeError.self, "\(position)") { try ColdCatalog.read(path) }
        }
    }

    @Test func whatIsMissingIsTold() throws {
        let fixture = try prepared()
        try fixture.archive(days: 1)
        try fixture.archive(days: 2)
        let (lake, tier) = (fixture.lake.path, try fixture.tier)
        func newest() throws -> ColdAdoption {
            try #require(try ColdAdoption.newest(lake: lake, coldFolder: tier.path).adoption)
        }
        let whole = try newest()
        #expect(whole.missing.isEmpty)
        #expect(whole.catalog.tables["cold_files"]?.rows.count == 2)
        let file = try ColdFiles.list(fixture.lake.database)[1]
        unlink(tier.absolute(file.path))
        let gap = try newest()
        #expect(gap.catalog.tables["cold_files"]?.rows.count == 2)
        #expect(gap.missing == [tier.absolute(file.path)])
    }
}
