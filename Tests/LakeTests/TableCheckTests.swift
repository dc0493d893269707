import Columnar
import Foundation
import Testing

@testable import Lake

/// Checks that need all rows of a table: minimum_rows, freshness, unique, references.
@Suite struct TableCheckTests {
    // MARK: minimum_rows and freshness

    @Test func minimumRows() throws {
        let check = "{\"check\": \"minimum_rows\", \"rows\": 2, \"on_failure\": \"fail\"}"
        let fixture = try QualityFixture.lake(posts: QualityFixture.posts(check))
        // A table that waits for its first file must not stop the others, however often it is run.
        for _ in 0..<2 {
            let waiting = try fixture.compact().tables[0].checks
            #expect(waiting.map(\.status) == [.violated])
            #expect(waiting.map(\.onFailure) == [.warn])
            #expect(waiting[0].detail == "the table has had no row yet, 2 are asked for")
            #expect(try QualityFixture.check(fixture).map(\.onFailure) == [.warn])
        }
        try fixture.write(QualityFixture.post(1), to: "u/1.json")
        #expect(try QualityFixture.failing(fixture)[0].detail?.contains("has 1 rows") == true)
        try fixture.write(QualityFixture.post(2), to: "u/2.json")
        #expect(try fixture.compact().tables[0].checks.map(\.status) == [.holds])
        #expect(try QualityFixture.check(fixture).map(\.status) == [.holds])
        try QualityFixture.rewrite(
            fixture, posts: QualityFixture.posts("{\"check\": \"minimum_rows\", \"rows\": 3}"))
        let report = try fixture.compact()
        #expect(report.tables[0].checks.map(\.status) == [.violated])
        #expect(!report.isPartial)
    }

    @Test func aTableThatLosesItsRowsStopsTheRun() throws {
        let fixture = try QualityFixture.lake(
            posts: QualityFixture.posts(
                "{\"check\": \"minimum_rows\", \"rows\": 1, \"on_failure\": \"fail\"}"
            ).replacing("\"metrics\": false", with: "\"metrics\": false, \"on_delete\": \"delete\"")
        )
        try fixture.compact()
        try fixture.write(QualityFixture.post(1), to: "u/1.json")
        try fixture.write("{}", to: "u/2.json")
        try fixture.compact()
        unlink(fixture.raw + "/posts/u/1.json")
        #expect(try QualityFixture.failing(fixture)[0].detail?.contains("has 0 rows") == true)
    }

    @Test func freshness() throws {
        let fixture = try QualityFixture.lake(
            posts: QualityFixture.posts(
                "{\"check\": \"freshness\", \"column\": \"posted_at\", \"hours\": 2}",
                "{\"check\": \"freshness\", \"column\": \"day\", \"hours\": 11}"))
        func run(at hour: Int64) throws -> [CheckOutcome] {
            fixture.seed += 1
            let day = CivilTime.days(year: 2026, month: 1, day: 2) * CivilTime.microsPerDay
            return try fixture.lake.compact(
                identity: RunIdentity(
                    startedMicros: day + hour * 3_600_000_000, seed: fixture.seed),
                options: LakeFixture.options(workers: 1), pool: fixture.pool
            ).tables[0].checks
        }
        // No value at all.
        #expect(try run(at: 0).map(\.status) == [.violated, .violated])
        #expect(try run(at: 0)[0].detail == "there is no value, 2 hours are allowed")
        try fixture.write(QualityFixture.post(1, day: 2, "\"day\": null"), to: "u/1.json")
        #expect(try run(at: 12).map(\.status) == [.holds, .violated])
        try fixture.write(QualityFixture.post(1, day: 2, "\"day\": \"2026-01-02\""), to: "u/1.json")
        #expect(try run(at: 11).map(\.status) == [.holds, .holds])
        // Nothing has changed, but time has.
        let late = try run(at: 13)
        #expect(late.map(\.status) == [.violated, .violated])
        #expect(
            late[0].detail == "the newest value is 2026-01-02 10:00:00 UTC, 2 hours are allowed")
        #expect(late[0].violations == 1)
    }

    @Test func staleTableFailsTheRun() throws {
        let fixture = try QualityFixture.lake(
            posts: QualityFixture.posts(
                "{\"check\": \"freshness\", \"column\": \"day\", \"hours\": 1, \"on_failure\": \"fail\"}"
            ))
        try fixture.write(QualityFixture.post(1, "\"day\": \"2020-01-02\""), to: "u/1.json")
        #expect(try QualityFixture.failing(fixture).map(\.name) == ["freshness(day)"])
    }

    // MARK: unique

    private static func unique(_ onFailure: String) -> String {
        "{\"check\": \"unique\", \"columns\": [\"code\", \"stars\"], \"on_failure\": \"\(onFailure)\"}"
    }

    private func post(_ id: Int, day: Int = 1, code: String?, stars: Int? = 1) -> String {
        QualityFixture.post(
            id, day: day,
            "\"code\": \(code.map { "\"\($0)\"" } ?? "null"), \"stars\": \(stars.map { "\($0)" } ?? "null")"
        )
    }

    @Test func uniqueWarns() throws {
        let fixture = try QualityFixture.lake(posts: QualityFixture.posts(Self.unique("warn")))
        #expect(try fixture.compact().tables[0].checks.map(\.status) == [.skipped])
        #expect(try QualityFixture.check(fixture).map(\.status) == [.holds])
        try fixture.write(post(1, code: "a"), to: "u/1.json")
        try fixture.write(post(2, code: "a", stars: 2), to: "u/2.json")
        // A row with a NULL equals none.
        for id in 3..<6 { try fixture.write(post(id, code: nil), to: "u/\(id).json") }
        for id in 6..<9 { try fixture.write(post(id, code: "n", stars: nil), to: "u/\(id).json") }
        #expect(try fixture.compact().tables[0].checks.map(\.status) == [.holds])
        try fixture.write(post(9, day: 3, code: "a"), to: "v/9.json")
        let broken = try fixture.compact().tables[0].checks
        #expect(broken.map(\.violations) == [2])
        #expect(broken[0].samples == ["posts/u/1.json", "posts/v/9.json"])
        #expect(try QualityFixture.check(fixture) == broken)
        #expect(try fixture.compact().tables[0].checks.map(\.status) == [.skipped])
        // The row moves away from the value.
        try fixture.write(post(1, code: "b"), to: "u/1.json")
        #expect(try fixture.compact().tables[0].checks.map(\.status) == [.holds])
    }

    @Test func uniqueQuarantinesTheRunsFilesOnly() throws {
        let fixture = try QualityFixture.lake(
            posts: QualityFixture.posts(Self.unique("quarantine")))
        try fixture.write(post(1, code: "a"), to: "u/1.json")
        try fixture.write(post(2, code: "b"), to: "u/2.json")
        try fixture.compact()
        // One against a live row, two against each other, one that is good.
        try fixture.write(post(3, day: 2, code: "a"), to: "u/3.json")
        try fixture.write(post(4, day: 2, code: "c"), to: "u/4.json")
        try fixture.write(post(5, day: 3, code: "c"), to: "u/5.json")
        try fixture.write(post(6, day: 3, code: "d"), to: "u/6.json")
        let report = try fixture.compact()
        #expect(report.tables[0].files.quarantined == 3)
        #expect(report.tables[0].files.new == 1)
        #expect(report.isPartial)
        #expect(report.tables[0].checks.map(\.violations) == [3])
        #expect(
            report.tables[0].quarantined.map(\.path) == [
                "posts/u/3.json", "posts/u/4.json", "posts/u/5.json",
            ])
        #expect(report.tables[0].quarantined[0].reason == "breaks the check unique(code, stars)")
        #expect(report.tables[0].quarantined[0].sizeBytes > 0)
        #expect(try QualityFixture.ids(fixture) == ["int(1)", "int(2)", "int(6)"])
        #expect(try QualityFixture.check(fixture).map(\.status) == [.holds])
        // They are remembered: nothing to do the second time.
        let calm = try fixture.compact()
        #expect(calm.tables[0].files.unchangedByStat == 6)
        #expect(calm.tables[0].partitionsRewritten == 0)
        // One of the two is mended, and the other taken again when it is touched.
        try fixture.write(post(4, day: 2, code: "e"), to: "u/4.json")
        try fixture.write(post(5, day: 4, code: "c"), to: "u/5.json")
        #expect(try fixture.compact().tables[0].files.new == 2)
        #expect(
            try Quarantine.list(fixture.lake.database).map(\.file.path) == ["posts/u/3.json"])
    }

    @Test func oldRowsThatStayAreLookedAtAgain() throws {
        let fixture = try QualityFixture.lake(
            posts: QualityFixture.posts(Self.unique("quarantine")))
        try fixture.write(post(1, code: "a"), to: "u/1.json")
        try fixture.write(post(2, code: "b"), to: "u/2.json")
        try fixture.write(post(3, code: "c"), to: "u/3.json")
        try fixture.compact()
        let before = try fixture.rows(["id", "code", "_raw_path"])
        // 1 wants 2's value while 2 wants 3's and 3 keeps its own: 2 and so 1 must stay.
        try fixture.write(post(1, day: 2, code: "b"), to: "u/1.json")
        try fixture.write(post(2, day: 2, code: "c"), to: "u/2.json")
        let report = try fixture.compact()
        #expect(report.tables[0].files.quarantined == 2)
        #expect(report.tables[0].files.changed == 0)
        #expect(try fixture.rows(["id", "code", "_raw_path"]) == before)
        #expect(report.tables[0].checks.map(\.violations) == [2])
        // A file with another key keeps its old row too.
        try fixture.write(post(9, day: 2, code: "c"), to: "u/2.json")
        #expect(try fixture.compact().tables[0].files.quarantined == 1)
        #expect(try fixture.rows(["id", "code", "_raw_path"]) == before)
    }

    @Test func uniqueFails() throws {
        let fixture = try QualityFixture.lake(posts: QualityFixture.posts(Self.unique("fail")))
        try fixture.write(post(1, code: "a"), to: "u/1.json")
        try fixture.compact()
        try fixture.write(post(2, code: "a"), to: "u/2.json")
        let outcomes = try QualityFixture.failing(fixture)
        #expect(outcomes.map(\.samples) == [["posts/u/1.json", "posts/u/2.json"]])
    }

    @Test func keysAreUniqueByConstruction() throws {
        let fixture = try QualityFixture.lake(
            posts: QualityFixture.posts("{\"check\": \"unique\", \"columns\": [\"id\"]}"))
        try fixture.write(post(1, code: "a"), to: "u/1.json")
        try fixture.write(post(1, code: "a"), to: "v/1.json")
        let report = try fixture.compact()
        #expect(report.tables[0].checks.map(\.detail) == ["a table holds each key once"])
        #expect(try QualityFixture.check(fixture).map(\.status) == [.holds])
        #expect(try QualityFixture.check(fixture).map(\.detail) == [nil])
    }

    /// Any limit of memory gives the same answer as a slow count; staged rows on disk, too.
    @Test func manyPassesFindTheSame() throws {
        var random = SeededGenerator(seed: 3)
        var codes: [Int: String] = [:]
        let fixture = try QualityFixture.lake(
            posts: QualityFixture.posts(
                Self.unique("warn"),
                "{\"check\": \"references\", \"column\": \"parent\", \"table\": \"posts\","
                    + "\"foreign_column\": \"id\"}"))
        var parents: [Int: Int] = [:]
        for night in 0..<4 {
            for id in 0..<250 where night == 0 || Int.random(in: 0..<4, using: &random) == 0 {
                let code = "\(Int.random(in: 0..<400, using: &random))"
                let parent = Int.random(in: 0..<260, using: &random)
                codes[id] = code
                parents[id] = parent
                try fixture.write(
                    QualityFixture.post(
                        id, day: id % 7 + 1,
                        "\"code\": \"\(code)\", \"stars\": 1, \"parent\": \(parent)"),
                    to: "u\(id % 9)/\(id).json")
            }
            let limit = [30, 64, 1_000, 20][night]
            let report = try fixture.compact {
                $0.checkHashes = limit
                $0.stagingBytes = night % 2 == 0 ? 1 << 30 : 2_000
            }
            var counts: [String: Int] = [:]
            for code in codes.values { counts[code, default: 0] += 1 }
            let duplicates = codes.values.filter { counts[$0] != 1 }.count
            let orphans = parents.values.filter { $0 >= 250 }.count
            #expect(report.tables[0].checks.map(\.violations) == [duplicates, orphans])
            #expect(duplicates > 20 && orphans > 2)
            for limit in [40, 100_000] {
                let checks = try QualityFixture.check(fixture, hashLimit: limit)
                #expect(checks.map(\.violations) == [duplicates, orphans])
                #expect(checks.allSatisfy { $0.samples.count == CheckOutcome.sampleCount })
            }
        }
    }

    // MARK: references

    private static func references(_ onFailure: String) -> String {
        "{\"check\": \"references\", \"column\": \"user_id\", \"table\": \"accounts\","
            + "\"foreign_column\": \"name\", \"on_failure\": \"\(onFailure)\"}"
    }

    private func writeAccount(
        _ name: String, pinned: Int? = nil, to fixture: LakeFixture
    ) throws {
        try fixture.folder.write(
            "{\"pinned\": \(pinned.map { "\($0)" } ?? "null")}", to: "raw/accounts/\(name).json")
    }

    @Test func referencesToATableOfTheSameRun() throws {
        let fixture = try QualityFixture.lake(
            posts: QualityFixture.posts(Self.references("warn")),
            accounts: QualityFixture.accounts())
        try writeAccount("u", to: fixture)
        try fixture.write(QualityFixture.post(1), to: "u/1.json")
        try fixture.write(QualityFixture.post(2), to: "w/2.json")
        let first = try fixture.compact().tables[1]
        #expect(first.name == "posts")
        #expect(first.checks.map(\.violations) == [1])
        #expect(first.checks[0].samples == ["posts/w/2.json"])
        #expect(try QualityFixture.check(fixture) == first.checks)
        #expect(try fixture.compact().tables[1].checks.map(\.status) == [.skipped])
        // Only the other table changes.
        try writeAccount("w", to: fixture)
        #expect(try fixture.compact().tables[1].checks.map(\.status) == [.holds])
    }

    @Test func referencesQuarantineAndFail() throws {
        let fixture = try QualityFixture.lake(
            posts: QualityFixture.posts(Self.references("quarantine")),
            accounts: QualityFixture.accounts())
        try writeAccount("u", to: fixture)
        try fixture.write(QualityFixture.post(1), to: "u/1.json")
        try fixture.write(QualityFixture.post(2), to: "w/2.json")
        let report = try fixture.compact()
        #expect(report.tables[1].quarantined.map(\.path) == ["posts/w/2.json"])
        #expect(try QualityFixture.ids(fixture) == ["int(1)"])
        try QualityFixture.rewrite(
            fixture, posts: QualityFixture.posts(Self.references("fail")),
            accounts: QualityFixture.accounts())
        try fixture.write(QualityFixture.post(3), to: "x/3.json")
        #expect(try QualityFixture.failing(fixture).map(\.samples) == [["posts/x/3.json"]])
    }

    @Test func referencesInACircleAreTestedLast() throws {
        func pinned(_ onFailure: String) -> String {
            "{\"check\": \"references\", \"column\": \"pinned\", \"table\": \"posts\","
                + "\"foreign_column\": \"id\", \"on_failure\": \"\(onFailure)\"}"
        }
        let fixture = try QualityFixture.lake(
            posts: QualityFixture.posts(Self.references("warn")),
            accounts: QualityFixture.accounts(pinned("warn")))
        try writeAccount("u", pinned: 1, to: fixture)
        try writeAccount("w", pinned: 2, to: fixture)
        try writeAccount("x", to: fixture)
        try fixture.write(QualityFixture.post(1), to: "u/1.json")
        let report = try fixture.compact()
        #expect(report.tables.map(\.name) == ["accounts", "posts"])
        #expect(report.tables[0].checks.map(\.violations) == [1])
        #expect(report.tables[0].checks[0].samples == ["accounts/w.json"])
        #expect(report.tables[1].checks.map(\.violations) == [0])
        #expect(try QualityFixture.check(fixture) == report.tables.flatMap(\.checks))
        #expect(
            try fixture.compact().tables.flatMap(\.checks).map(\.status) == [.skipped, .skipped])
        try QualityFixture.rewrite(
            fixture, posts: QualityFixture.posts(Self.references("quarantine")),
            accounts: QualityFixture.accounts(pinned("quarantine")))
        let error = #expect(throws: LakeError.self) { try fixture.compact() }
        #expect("\(error!)".contains("circle"))
        try QualityFixture.rewrite(
            fixture, posts: QualityFixture.posts(Self.references("warn")),
            accounts: QualityFixture.accounts(pinned("fail")))
        try writeAccount("w", pinned: 3, to: fixture)
        #expect(try QualityFixture.failing(fixture).map(\.name) == ["references(pinned)"])
    }

    @Test(arguments: [
        ("nowhere", "name", "there is no table nowhere"),
        ("accounts", "nothing", "has no column nothing"),
        ("accounts", "pinned", "varchar cannot be compared with accounts.pinned"),
    ]) func referencesThatLeadNowhereAreRefused(
        _ table: String, _ column: String, _ problem: String
    ) throws {
        let fixture = try QualityFixture.lake(
            posts: QualityFixture.posts(
                "{\"check\": \"references\", \"column\": \"user_id\", \"table\": \"\(table)\","
                    + "\"foreign_column\": \"\(column)\", \"on_failure\": \"quarantine\"}"),
            accounts: QualityFixture.accounts())
        let error = #expect(throws: LakeError.self) { try fixture.compact() }
        #expect("\(error!)".contains(problem))
        #expect(throws: LakeError.self) { try QualityFixture.check(fixture) }
    }

    @Test func warningReferenceToATableThatIsNotThereIsLeftOut() throws {
        let fixture = try QualityFixture.lake(posts: QualityFixture.posts(Self.references("warn")))
        try fixture.write(QualityFixture.post(1), to: "u/1.json")
        let checks = try fixture.compact().tables[0].checks
        #expect(checks.map(\.status) == [.impossible])
        #expect(checks[0].detail == "there is no table accounts")
        #expect(try QualityFixture.check(fixture) == checks)
    }

    @Test func checksOfATableThatIsNotThereAreSkipped() throws {
        let fixture = try QualityFixture.lake(posts: QualityFixture.posts(Self.unique("fail")))
        #expect(try QualityFixture.check(fixture).map(\.status) == [.impossible])
        try fixture.compact()
        try QualityFixture.rewrite(
            fixture,
            posts: QualityFixture.posts("{\"check\": \"not_null\", \"column\": \"later\"}")
                .replacingOccurrences(
                    of: "{ \"name\": \"day\"",
                    with: "{ \"name\": \"later\", \"type\": \"bigint\" }, { \"name\": \"day\""))
        #expect(
            try QualityFixture.check(fixture).map(\.detail)
                == ["the table has no column later yet"])
    }
}
