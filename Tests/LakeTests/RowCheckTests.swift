import Columnar
import Foundation
import Testing

@testable import Lake

/// Checks of single rows: each kind with each consequence.
@Suite struct RowCheckTests {
    /// A check, members of a post that keep it, members that break it, and what NULL does.
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var check: String
        var good: String
        var bad: String
        var nullBreaks = false
        var testDescription: String { "\(name) \(bad)" }
    }

    static let cases = [
        Case(
            name: "not_null(code)", check: "\"check\": \"not_null\", \"column\": \"code\"",
            good: "\"code\": \"\"", bad: "\"code\": null", nullBreaks: true),
        Case(
            name: "not_null(tags)", check: "\"check\": \"not_null\", \"column\": \"tags\"",
            good: "\"tags\": []", bad: "\"tags\": null", nullBreaks: true),
        Case(
            name: "not_null(url)", check: "\"check\": \"not_null\", \"column\": \"url\"",
            good: "\"url\": \"u\"", bad: "\"url\": null, \"stars\": 3", nullBreaks: true),
        Case(
            name: "accepted_values(code)",
            check: "\"check\": \"accepted_values\", \"column\": \"code\","
                + "\"values\": [\"b\", \"\", \"aa\", \"bb\", \"ab\", \"ä\"]",
            good: "\"code\": \"ä\"", bad: "\"code\": \"a\""),
        Case(
            name: "accepted_values(code)",
            check: "\"check\": \"accepted_values\", \"column\": \"code\", \"values\": []",
            good: "\"likes\": 1", bad: "\"code\": \"\""),
        Case(
            name: "range(likes)",
            check: "\"check\": \"range\", \"column\": \"likes\", \"minimum\": 0.5, \"maximum\": 7",
            good: "\"likes\": 7", bad: "\"likes\": 0"),
        Case(
            name: "range(likes)",
            check: "\"check\": \"range\", \"column\": \"likes\", \"maximum\": 9007199254740993",
            good: "\"likes\": 9007199254740992", bad: "\"likes\": 9223372036854775807"),
        Case(
            name: "range(stars)",
            check:
                "\"check\": \"range\", \"column\": \"stars\", \"minimum\": -3e10, \"maximum\": 5",
            good: "\"stars\": -2147483648", bad: "\"stars\": 6"),
        Case(
            name: "range(score)",
            check: "\"check\": \"range\", \"column\": \"score\", \"minimum\": -0.25",
            good: "\"score\": -0.25", bad: "\"score\": -0.2500001"),
        Case(
            name: "pattern(code)",
            check: "\"check\": \"pattern\", \"column\": \"code\", \"pattern\": \"^[a-zäö]+$\"",
            good: "\"code\": \"aäö\"", bad: "\"code\": \"a1\""),
    ]

    private func fixture(_ item: Case, _ onFailure: String) throws -> LakeFixture {
        let fixture = try QualityFixture.lake(
            posts: QualityFixture.posts("{\(item.check), \"on_failure\": \"\(onFailure)\"}"))
        try fixture.write(QualityFixture.post(1, item.good), to: "u/1.json")
        if !item.nullBreaks { try fixture.write(QualityFixture.post(2), to: "u/2.json") }
        return fixture
    }

    @Test(arguments: cases) func warnsAndTakesTheRow(_ item: Case) throws {
        let fixture = try fixture(item, "warn")
        let good = try QualityFixture.outcome(item.name, in: fixture.compact().tables[0].checks)
        #expect(good.status == .holds)
        let before = try QualityFixture.ids(fixture)
        try fixture.write(QualityFixture.post(3, item.bad), to: "u/3.json")
        let report = try fixture.compact()
        let bad = try QualityFixture.outcome(item.name, in: report.tables[0].checks)
        #expect(bad.status == .violated)
        #expect(bad.violations == 1)
        #expect(bad.samples == ["posts/u/3.json"])
        #expect(!report.isPartial)
        #expect(try QualityFixture.ids(fixture) == before + ["int(3)"])
        #expect(try QualityFixture.check(fixture) == [bad])
        #expect(RunReport(json: String(decoding: report.json(), as: UTF8.self)) == report)
    }

    @Test(arguments: cases) func quarantinesTheFileAndKeepsTheOldRow(_ item: Case) throws {
        let fixture = try fixture(item, "quarantine")
        try fixture.compact()
        let before = try fixture.rows(["id", "code", "likes"])
        try fixture.write(QualityFixture.post(1, item.bad), to: "u/1.json")
        try fixture.write(QualityFixture.post(3, item.bad), to: "u/3.json")
        let report = try fixture.compact()
        #expect(report.isPartial)
        #expect(report.tables[0].files.quarantined == 2)
        let bad = try QualityFixture.outcome(item.name, in: report.tables[0].checks)
        #expect(bad.violations == 2)
        #expect(try fixture.rows(["id", "code", "likes"]) == before)
        let listed = try Quarantine.list(fixture.lake.database)
        #expect(listed.map(\.file.path) == ["posts/u/1.json", "posts/u/3.json"])
        #expect(listed.allSatisfy { $0.file.reason.contains("the check \(item.name)") })
        #expect(try QualityFixture.check(fixture).allSatisfy { $0.status == .holds })
        // Mended files are taken.
        try fixture.write(QualityFixture.post(1, item.good), to: "u/1.json")
        try fixture.write(QualityFixture.post(3, item.good), to: "u/3.json")
        try fixture.compact()
        #expect(try Quarantine.list(fixture.lake.database).isEmpty)
        #expect(try QualityFixture.ids(fixture).last == "int(3)")
    }

    @Test(arguments: cases) func failsAndCommitsNothing(_ item: Case) throws {
        let fixture = try fixture(item, "fail")
        try fixture.write(QualityFixture.post(3, item.bad), to: "u/3.json")
        try fixture.write("{ half", to: "u/4.json")
        let outcomes = try QualityFixture.failing(fixture)
        #expect(outcomes.map(\.name) == [item.name])
        #expect(outcomes[0].samples == ["posts/u/3.json"])
        try fixture.write(QualityFixture.post(3, item.good), to: "u/3.json")
        #expect(try fixture.compact().tables[0].files.quarantined == 1)
        try fixture.write(QualityFixture.post(1, item.bad), to: "u/1.json")
        #expect(try QualityFixture.failing(fixture).count == 1)
    }

    @Test func countsAndSamplesDoNotDependOnWorkers() throws {
        var found: [[CheckOutcome]] = []
        for workers in [1, 2, 7] {
            let fixture = try QualityFixture.lake(
                posts: QualityFixture.posts(
                    "{\"check\": \"range\", \"column\": \"likes\", \"minimum\": 0}"))
            for id in 0..<200 {
                try fixture.write(
                    QualityFixture.post(id, day: id % 5 + 1, "\"likes\": \(id % 3 - 1)"),
                    to: "u\(id % 20)/\(id).json")
            }
            found.append(try fixture.compact(workers: workers).tables[0].checks)
            found.append(try QualityFixture.check(fixture))
        }
        #expect(found[0][0].violations == 67)
        #expect(found[0][0].samples.count == CheckOutcome.sampleCount)
        #expect(found[0][0].samples[0] == "posts/u0/0.json")
        #expect(found.allSatisfy { $0 == found[0] })
    }

    /// Of a file of many records, those that break a check are left out, and the others taken.
    @Test func recordsAreSetAsideOneByOne() throws {
        let fixture = try BatchFixture()
        func setChecks(_ checks: String) throws {
            let schema = BatchFixture.schema(path: "batches/{batch}.jsonl", format: "jsonl")
                .replacingOccurrences(
                    of: "\"columns\":", with: "\"checks\": [{\(checks)}], \"columns\":")
            try schema.write(
                toFile: fixture.lake.path + "/schemas/posts.json", atomically: true, encoding: .utf8
            )
        }
        let range = "\"check\": \"range\", \"column\": \"likes\", \"minimum\": 0"
        try setChecks("\(range), \"on_failure\": \"quarantine\"")
        func write(_ likes: Int) throws {
            try fixture.write(
                BatchFixture.lines([1], likes: 4) + BatchFixture.lines([2], likes: likes)
                    + BatchFixture.lines([3], likes: 6), to: "a.jsonl")
        }
        try write(5)
        #expect(try fixture.compact().checks.map(\.status) == [.holds])
        try write(-5)
        let report = try fixture.compact()
        #expect(report.checks.map(\.violations) == [1])
        #expect(report.checks[0].samples == ["batches/a.jsonl"])
        #expect(
            report.quarantined.map(\.reason) == [
                "1 of 3 records left out: line 2: breaks the check range(likes): -5"
            ])
        #expect(try fixture.likes() == ["1 4", "2 5", "3 6"])
        try setChecks("\(range), \"on_failure\": \"fail\"")
        try write(-6)
        #expect(throws: LakeError.self) { try fixture.compact() }
        try setChecks(range)
        #expect(try fixture.compact().checks.map(\.violations) == [1])
        #expect(try fixture.likes() == ["1 4", "2 -6", "3 6"])
        // What is remembered is not looked at again.
        try write(-6)
        #expect(try fixture.compact().checks.map(\.violations) == [0])
        try setChecks(
            "\"check\": \"unique\", \"columns\": [\"url\"], \"on_failure\": \"quarantine\"")
        let error = #expect(throws: LakeError.self) { try fixture.compact() }
        #expect("\(error!)".contains("unique cannot quarantine single records"))
    }

    @Test(arguments: [
        ("\"check\": \"range\", \"column\": \"code\", \"minimum\": 0", "range needs a number"),
        (
            "\"check\": \"pattern\", \"column\": \"likes\", \"pattern\": \"a\"",
            "pattern needs a varchar"
        ),
        ("\"check\": \"accepted_values\", \"column\": \"day\", \"values\": []", "needs a varchar"),
        (
            "\"check\": \"freshness\", \"column\": \"code\", \"hours\": 2",
            "needs a date or a timestamp"
        ),
        ("\"check\": \"pattern\", \"column\": \"code\", \"pattern\": \"a(\"", "does not compile"),
        (
            "\"check\": \"range\", \"column\": \"likes\", \"minimum\": 2, \"maximum\": 1",
            "no number is in"
        ),
        ("\"check\": \"unique\", \"columns\": [\"tags\"]", "nested"),
        (
            "\"check\": \"minimum_rows\", \"rows\": 1, \"on_failure\": \"quarantine\"",
            "minimum_rows has no file to quarantine"
        ),
        (
            "\"check\": \"freshness\", \"column\": \"day\", \"hours\": 1, \"on_failure\": \"quarantine\"",
            "freshness has no file to quarantine"
        ),
    ]) func whatCannotBeTestedIsRefused(_ check: String, _ problem: String) throws {
        let schema = QualityFixture.posts("{\(check)}")
        let error = #expect(throws: LakeError.self) {
            try TableDefinition.parse(Array(schema.utf8), path: "posts.json")
        }
        #expect("\(error!)".contains(problem))
    }
}
