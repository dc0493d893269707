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

    @Test func onlyDamageOfTheOldPackIsToldAsLeft() throws {
        let packed = try PackFixture()
        for user in 1...2 {
            try packed.fixture.write(
                packed.fixture.post(id: user, day: user, likes: 1), to: "u\(user)/\(user).json")
        }
        try packed.fixture.compact()
        try packed.sweep()
        let old = try packed.packs()[0]
        let identity = RunIdentity(startedMicros: PackFixture.nowMicros, seed: 77)
        let rewrite = PackRewrite(
            database: packed.database, tier: packed.tier, identity: identity,
            pool: packed.fixture.pool)
        // A folder lies where the new pack is to be written.
        let folder = RawPacking.folder(table: "posts", month: old.month)
        let name = "\(old.bucket)-\(identity.uuid)-r\(old.id)\(PackFormat.nameEnd)"
        let obstacle = packed.tier.absolute("\(folder)/\(name).tmp")
        try DurableFile.makeFolder(obstacle)
        let refused = #expect(throws: LakeError.self) {
            try rewrite.prepare(old) { $0.path.hasPrefix("posts/u2/") }
        }
        #expect(refused.map { rewrite.isDamage($0, of: old) } == false)
        rmdir(obstacle)
        let path = packed.tier.absolute(old.path)
        var bytes = try DurableFile.read(path)
        bytes[try PackReader(path: path).index.frames[0].offset] ^= 1
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        let rotten = #expect(throws: LakeError.self) {
            try rewrite.prepare(old) { $0.path.hasPrefix("posts/u2/") }
        }
        #expect(rotten.map { rewrite.isDamage($0, of: old) } == true)
        let receipt = try erase("u2", from: packed.fixture)
        #expect(receipt.left.map(\.path).contains(old.path))
        #expect(try packed.packs().map(\.path) == [old.path])
    }

    @Test func tablesThatCannotHideAnAccountAreNotRead() throws {
        let fixture = try fixture()
        for (name, path) in [("notes", "notes/{user_id}/{note}"), ("labels", "labels/{label}")] {
            let schema = """
                {
                  "table": "\(name)",
                  "raw": { "path": "\(path).json", "format": "json" },
                  "columns": [ { "name": "id", "type": "bigint", "class": "key" } ]
                }
                """
            try fixture.folder.write(schema, to: "lake/schemas/\(name).json")
        }
        let tables = ["posts", "posts_metrics", "notes", "labels"]
        for table in tables { #expect(try fixture.lake.hiddenRows(of: table) == nil) }
        try fixture.lake.database.execute(
            """
            INSERT INTO erasures(code, account, state, requested_micros)
            VALUES ('X', 'u2', 'hidden', 1)
            """)
        #expect(
            try fixture.lake.hiddenRows(of: "posts")
                == HiddenRows(column: "user_id", accounts: ["u2"]))
        for table in ["posts_metrics", "notes"] {
            #expect(throws: LakeError.beingErased(table: table)) {
                try fixture.lake.hiddenRows(of: table)
            }
        }
        #expect(try fixture.lake.hiddenRows(of: "labels") == nil)
    }

    @Test func holdsForbidToUnlinkWhatNoRunHasRead() throws {
        let fixture = try fixture()
        try fixture.write(fixture.post(id: 3, day: 9, likes: 1), to: "u2/3.json")
        // Of a day that the account has no known row of.
        try fixture.lake.database.execute(
            """
            INSERT INTO holds(source, first_day, reason, placed_by, placed_micros)
            VALUES (\(fixture.source), \(LakeFixture.partition(9)), 'case 7', 'legal', 1)
            """)
        #expect(throws: LakeError.self) { try erase("u2", from: fixture) }
        #expect(FileManager.default.fileExists(atPath: fixture.raw + "/posts/u2/3.json"))
        // The days of the rows that are known are not held.
        unlink(fixture.raw + "/posts/u2/3.json")
        try erase("u2", from: fixture)
        #expect(try fixture.rows(["id"]) == ["int(1)"])
    }
}
