import Columnar
import Foundation
import Testing

@testable import Lake

/// Accounts that were erased stay away: their raw files and records are seen, counted and not taken.
@Suite struct SuppressionTests {
    /// Files an erasure of an account as if it were done.
    private func suppress(_ account: String, in lake: Lake) throws {
        let salt = [UInt8](repeating: 7, count: Suppressions.saltBytes)
        let number = try Erasures.add(
            lake.database,
            Erasures.Record(code: "C-\(account)", state: .done, requestedMicros: 1))
        try Suppressions.add(
            lake.database, hash: Suppressions.hash(of: account, salt: salt), salt: salt,
            erasure: number)
    }

    @Test func filesOfASuppressedAccountAreCountedAndNotTaken() throws {
        let fixture = try LakeFixture(settings: "\"account\": \"user_id\"")
        try suppress("7", in: fixture.lake)
        try fixture.write(fixture.post(id: 1, day: 1, likes: 1), to: "7/1.json")
        try fixture.write("{ broken", to: "7/2.json")
        try fixture.write(fixture.post(id: 3, day: 1, likes: 1), to: "77/3.json")
        let first = try fixture.compact()
        #expect(first.files.suppressed == 2)
        #expect(first.files.new == 1)
        #expect(first.files.classed == first.files.seen)
        #expect(first.files.quarantined == 0)
        #expect(try fixture.rows(["id"]) == ["int(3)"])
        let second = try fixture.compact()
        #expect(second.files.read == 0)
        #expect(second.files.unchangedByStat == 3)
        try fixture.write(fixture.post(id: 1, day: 2, likes: 9), to: "7/1.json")
        let third = try fixture.compact()
        #expect(third.files.suppressed == 1)
        #expect(try fixture.rows(["id"]) == ["int(3)"])
    }

    @Test func rowOfAnAccountThatIsSuppressedLaterLeavesWithItsNextChange() throws {
        let fixture = try LakeFixture(settings: "\"account\": \"user_id\"")
        try fixture.write(fixture.post(id: 1, day: 1, likes: 1), to: "7/1.json")
        try fixture.write(fixture.post(id: 2, day: 1, likes: 1), to: "8/2.json")
        try fixture.compact()
        try suppress("7", in: fixture.lake)
        try fixture.write(fixture.post(id: 1, day: 1, likes: 2), to: "7/1.json")
        #expect(try fixture.compact().files.suppressed == 1)
        #expect(try fixture.rows(["id"]) == ["int(2)"])
    }

    @Test func recordsOfASuppressedAccountAreLeftOut() throws {
        let fixture = try LakeFixture()
        let schema = """
            {
              "table": "notes",
              "raw": { "path": "notes/{file}.jsonl", "format": "jsonl" },
              "settings": { "account": "author" },
              "columns": [
                { "name": "id", "type": "bigint", "class": "key" },
                { "name": "author", "type": "bigint" }
              ]
            }
            """
        try schema.write(
            toFile: fixture.lake.path + "/schemas/notes.json", atomically: true, encoding: .utf8)
        mkdir(fixture.raw + "/notes", 0o755)
        try fixture.folder.write(
            "{\"id\": 1, \"author\": 7}\n{\"id\": 2, \"author\": 8}\n{\"id\": 3}\n",
            to: "raw/notes/a.jsonl")
        try fixture.folder.write("{\"id\": 4, \"author\": 7}\n", to: "raw/notes/b.jsonl")
        try suppress("7", in: fixture.lake)
        let report = try fixture.compact()
        let notes = try #require(report.tables.first { $0.name == "notes" })
        #expect(notes.recordsSuppressed == 2)
        #expect(notes.files.suppressed == 1)
        #expect(notes.files.new == 1)
        #expect(
            try LakeFixture.rows(of: fixture.lake, table: "notes", ["id"]) == ["int(2)", "int(3)"])
        #expect(try fixture.compact().files.read == 0)
    }
}
