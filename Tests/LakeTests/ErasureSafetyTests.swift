import Columnar
import Foundation
import Testing

@testable import Lake

/// What an erasure must not do to others, and what it must not leave of the account.
@Suite struct ErasureSafetyTests {
    /// After all runs of the fixtures.
    private static let eraseMicros: Int64 = 5_000_000_000_000_000

    /// A post of u1 on day 1 and one of u2 on day 2, compacted.
    private func fixture() throws -> LakeFixture {
        let fixture = try LakeFixture(settings: "\"account\": \"user_id\"")
        try fixture.write(fixture.post(id: 1, day: 1, likes: 1), to: "u1/1.json")
        try fixture.write(fixture.post(id: 2, day: 2, likes: 1), to: "u2/2.json")
        try fixture.compact()
        return fixture
    }

    @discardableResult
    private func erase(_ account: String, from fixture: LakeFixture) throws -> ErasureReceipt {
        fixture.seed += 1
        return try fixture.lake.erase(
            account: account,
            identity: RunIdentity(startedMicros: Self.eraseMicros, seed: fixture.seed),
            options: ErasureOptions(workers: 2), pool: fixture.pool)
    }

    @Test func archivedFilesOfOthersStayThoughTheyAreListedAsRetired() throws {
        let fixture = try fixture()
        let database = fixture.lake.database
        try fixture.archive(days: 1)
        let filed = try #require(ColdFiles.list(database).first)
        let path = try fixture.tier.absolute(filed.path)
        let archived = try ArchivedPaths(
            lake: fixture.lake.path, cold: fixture.tier, database: database)
        #expect(
            try RetiredFiles.add(database, paths: [path], atMicros: 1, unless: archived) == 0)
        #expect(try RetiredFiles.due(database, beforeMicros: .max) == [])
        // As an older program did.
        try RetiredFiles.add(database, path: path, atMicros: Self.eraseMicros)
        try erase("u2", from: fixture)
        #expect(DurableFile.exists(path))
        #expect(try fixture.coldIDs() == [1])
        #expect(try RetiredFiles.due(database, beforeMicros: .max) == [])
    }

    @Test func supersededFilesOfTheColdTierGo() throws {
        let fixture = try fixture()
        try fixture.archive(days: 1, storageClass: .glacierIR)
        let old = try #require(fixture.coldFiles().first)
        try fixture.write(fixture.post(id: 1, day: 1, likes: 5), to: "u1/1.json")
        try fixture.compact()
        #expect(fixture.coldFiles().contains(old))
        try erase("u2", from: fixture)
        #expect(!fixture.coldFiles().contains(old))
        #expect(try fixture.rows(["id", "likes"]) == ["int(1) int(5)"])
    }

    @Test func theNextRowOfAnErasedKeyComesBack() throws {
        let fixture = try fixture()
        try fixture.write(fixture.post(id: 1, day: 1, likes: 7), to: "u2/1.json")
        try fixture.compact()
        #expect(try fixture.rows(["id", "likes"]) == ["int(1) int(7)", "int(2) int(1)"])
        try erase("u2", from: fixture)
        try fixture.compact()
        #expect(try fixture.rows(["id", "likes"]) == ["int(1) int(1)"])
        #expect(try fixture.compact().files.changed == 0)
    }
}
