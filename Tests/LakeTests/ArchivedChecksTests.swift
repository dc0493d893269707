import Columnar
import Foundation
import Testing

@testable import Lake

/// Quality checks over tables of which retention took rows: those are neither missing nor broken.
@Suite struct ArchivedChecksTests {
    @Test func archivedRowsAreNotMissing() throws {
        let check = "{\"check\": \"minimum_rows\", \"rows\": 10, \"on_failure\": \"fail\"}"
        let fixture = try LakeFixture.withPosts(
            retention: "\(SweepTests.glacier),\n\"checks\": [\(check)]")
        try fixture.sweep()
        let checks = try fixture.compact().tables[0].checks
        #expect(checks.map(\.status) == [.holds])
        #expect(
            checks.map(\.detail) == [
                "the table has 0 rows and 10 archived ones, 10 are asked for"
            ])
    }

    /// Posts that are past retention, and accounts that pin one.
    private func lake(pinned: Int) throws -> LakeFixture {
        let check =
            "{\"check\": \"references\", \"column\": \"pinned\", \"table\": \"posts\","
            + "\"foreign_column\": \"id\", \"on_failure\": \"fail\"}"
        let parent =
            "{\"check\": \"references\", \"column\": \"parent\", \"table\": \"posts\","
            + "\"foreign_column\": \"id\", \"on_failure\": \"fail\"}"
        let fixture = try QualityFixture.lake(
            posts: QualityFixture.posts(parent).replacing(
                "\"settings\": {",
                with: "\"retention\": \(SweepTests.glacier),\n\"settings\": {\"quiet_days\": 0, "),
            accounts: QualityFixture.accounts(check))
        for id in 1...3 { try fixture.write(QualityFixture.post(id), to: "u/\(id).json") }
        try pin(pinned, by: "u", fixture)
        try fixture.compact()
        return fixture
    }

    private func pin(_ post: Int, by account: String, _ fixture: LakeFixture) throws {
        try fixture.folder.write("{\"pinned\": \(post)}", to: "raw/accounts/\(account).json")
    }

    private func statuses(
        _ column: String, _ fixture: LakeFixture
    ) throws -> [CheckOutcome.Status] {
        let checks = try fixture.compact().tables.flatMap(\.checks)
        return checks.filter { $0.name == "references(\(column))" }.map(\.status)
    }

    @Test func rowsReferToArchivedOnes() throws {
        let fixture = try lake(pinned: 1)
        try fixture.sweep()
        #expect(try fixture.rows(["id"]) == [])
        try pin(2, by: "w", fixture)
        #expect(try statuses("pinned", fixture) == [.holds])
        let checked = try QualityFixture.check(fixture)
        #expect(checked.map(\.status) == [.holds, .holds])
        // Of the same table, too.
        try fixture.write(QualityFixture.post(4, "\"parent\": 3"), to: "u/4.json")
        #expect(try statuses("parent", fixture) == [.holds])
        try pin(99, by: "x", fixture)
        #expect(try QualityFixture.failing(fixture).map(\.samples) == [["accounts/x.json"]])
    }

    @Test func whatLiesOnAnUnmountedTierIsNotCalledBroken() throws {
        let fixture = try lake(pinned: 1)
        try fixture.sweep()
        let cold = fixture.lake.path + "/cold"
        try FileManager.default.moveItem(atPath: cold, toPath: cold + ".away")
        try pin(2, by: "w", fixture)
        let report = try fixture.compact()
        let check = try QualityFixture.outcome(
            "references(pinned)", in: report.tables.flatMap(\.checks))
        #expect(check.status == .impossible)
        #expect(check.detail?.contains("not mounted") == true)
        try FileManager.default.moveItem(atPath: cold + ".away", toPath: cold)
        #expect(
            try QualityFixture.outcome(
                "references(pinned)", in: QualityFixture.check(fixture)
            ).status == .holds)
    }
}
