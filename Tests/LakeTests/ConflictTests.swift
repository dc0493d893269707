import Columnar
import Foundation
import Synchronization
import Testing

@testable import Lake

/// Another Iceberg client that commits to a table just before each of our first commits.
private final class Rival: CompactionProgress {
    private let lake: String
    private let times: Int
    private let committed = Mutex(0)
    private let failure = Mutex<(any Error)?>(nil)

    init(lake: String, times: Int) {
        self.lake = lake
        self.times = times
    }

    var count: Int { committed.withLock { $0 } }

    func check() throws {
        if let error = failure.withLock({ $0 }) { throw error }
    }

    func scanning(table: String) {}
    func scanned(_ counts: FileCounts) {}
    func rewriting(table: String, done: Int, total: Int) {}
    var isCancelled: Bool { false }

    func committing() {
        do {
            let number = committed.withLock { committed in
                committed += 1
                return committed
            }
            if number <= times { try commit(number) }
        } catch {
            failure.withLock { $0 = error }
        }
    }

    /// A snapshot without any change, as a client's own maintenance makes it.
    private func commit(_ number: Int) throws {
        let database = try Database.open(path: lake + "/lake.db")
        let catalog = SQLCatalog(database)
        let table = try IcebergTable.open("posts", in: catalog, lakeFolder: lake)
        var random = SeededRandom(seed: UInt64(number))
        let prepared = try TableCommit.prepare(
            TableChange(operation: .append, summary: ["rival": "\(number)"]), on: table,
            nowMillis: table.metadata.lastUpdatedMillis + 1, random: &random)
        try database.transaction { () throws(LakeError) in try prepared.publish(in: catalog) }
    }
}

@Suite struct ConflictTests {
    private func prepared() throws -> LakeFixture {
        let fixture = try LakeFixture()
        for id in 1...6 {
            try fixture.write(fixture.post(id: id, day: id % 3 + 1, likes: id), to: "u/\(id).json")
        }
        try fixture.compact()
        try fixture.write(fixture.post(id: 2, day: 3, likes: 22), to: "u/2.json")
        try fixture.write(fixture.post(id: 7, day: 1, likes: 7), to: "u/7.json")
        return fixture
    }

    @Test(arguments: [1, 2, Limits.commitRetries])
    func runBeginsAnewOnWhatAnotherClientLeft(times: Int) throws {
        let fixture = try prepared()
        let rival = Rival(lake: fixture.lake.path, times: times)
        let report = try fixture.compact { $0.progress = rival }
        try rival.check()
        #expect(rival.count == times + 1)
        #expect(report.tables[0].files.changed == 1)
        #expect(report.tables[0].rowsTotal == 7)
        let rows = try fixture.rows(["id", "likes"])
        #expect(rows.count == 7 && rows.contains("int(2) int(22)"))
        // The others' snapshots are part of the history; of the failed attempts no file is left.
        let table = try IcebergTable.open(
            "posts", in: fixture.lake.catalog, lakeFolder: fixture.lake.path)
        #expect(table.metadata.currentSnapshot?.summary["lake.run"] == report.uuid)
        #expect(table.metadata.snapshots.filter { $0.summary["rival"] != nil }.count == times)
        let runs = try Runs.last(20, fixture.lake.database).map(\.state)
        #expect(runs.filter { $0 == "committed" }.count == 2)
        #expect(!runs.contains("started"))
        let named = try Set(
            table.metadata.snapshots.flatMap { snapshot in
                try table.manifests(of: snapshot).flatMap { manifest in
                    try table.entries(of: manifest).map { try table.location.resolve($0.file.path) }
                }
            })
        let data = fixture.tableFiles().filter {
            $0.contains("/tables/posts/") && $0.hasSuffix(".parquet")
        }
        #expect(named.isSuperset(of: data))
        #expect(try fixture.compact().tables[0].partitionsRewritten == 0)
    }

    @Test func runGivesUpWhenItIsNeverFirst() throws {
        let fixture = try prepared()
        let before = try fixture.rows()
        let rival = Rival(lake: fixture.lake.path, times: .max)
        #expect(throws: LakeError.conflict(table: "posts")) {
            try fixture.compact { $0.progress = rival }
        }
        try rival.check()
        #expect(rival.count == Limits.commitRetries + 1)
        #expect(try fixture.rows() == before)
        try fixture.compact()
        #expect(try fixture.rows(["id", "likes"]).contains("int(2) int(22)"))
    }
}
