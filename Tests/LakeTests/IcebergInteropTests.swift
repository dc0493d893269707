import Columnar
import Testing

import Lake

/// Tables of ours through pyiceberg and DuckDB, and tables that pyiceberg changed through us.
@Suite(.enabled(if: Peers.areHere, "make peers"))
struct IcebergInteropTests {
    private static let text = ScanColumnPath(index: 2)
    private static let ts = ScanColumnPath(index: 1)

    /// All engines and we see these ids.
    private func check(_ lake: IcebergFixture, ids: [Int64], _ step: String) throws {
        let peers = try lake.peersRead()
        let seen = IcebergFixture.text(peers["pyiceberg"])
        let ours = try lake.ourRows()
        #expect(IcebergFixture.text(peers["duckdb"]) == seen, "\(step)")
        #expect(ours == seen, "\(step)")
        let seenIDs = peers["pyiceberg"]?.array?.map { $0[0]?.integer ?? -1 } ?? []
        #expect(seenIDs == ids, "\(step)")
        // A wrong bound loses rows only when there is a filter.
        #expect(
            peers["duckdb filtered"]?.integer == peers["pyiceberg filtered"]?.integer, "\(step)")
    }

    @Test func peersReadOurCommits() throws {
        let lake = try IcebergFixture()
        let files = try lake.data(first: 0, days: 10, 11, 12)
        _ = try lake.commit(TableChange(operation: .append, added: files))
        try check(lake, ids: Array(0..<30), "append")
        #expect(try lake.peersRead()["hinted"]?.integer == 30)

        let gone = try lake.liveFiles([
            .compare(Self.ts, .equal, .int(11 * CivilTime.microsPerDay + 10_000_000))
        ])
        #expect(gone.map(\.file.partition) == [[.int(11)]])
        let new = try lake.data(first: 100, days: 11, 13)
        _ = try lake.commit(TableChange(operation: .overwrite, added: new, removed: gone))
        try check(lake, ids: Array(0..<10) + Array(20..<30) + Array(100..<120), "overwrite")
        #expect(try lake.peersRead()["manifests"]?.array?.count == 3)

        let day12 = try lake.liveFiles([
            .compare(Self.ts, .less, .int(13 * CivilTime.microsPerDay)),
            .compare(Self.ts, .greaterOrEqual, .int(12 * CivilTime.microsPerDay)),
        ])
        _ = try lake.commit(TableChange(operation: .delete, removed: day12))
        try check(lake, ids: Array(0..<10) + Array(100..<120), "delete")
        let summary = lake.table.metadata.currentSnapshot?.summary ?? [:]
        #expect(summary["total-records"] == "30")
        #expect(summary["total-data-files"] == "3")
        #expect(summary["deleted-data-files"] == "1")
    }

    @Test func weReadWhatPyicebergChanged() throws {
        let lake = try IcebergFixture()
        let files = try lake.data(first: 0, days: 10, 11)
        _ = try lake.commit(TableChange(operation: .append, added: files))
        let steps: [(String, [Int64])] = [
            ("append", Array(0..<20) + [1000, 1001, 1002]),
            ("delete", Array(5..<20) + [1000, 1001, 1002]), ("partial", Array(5..<20) + [2000]),
        ]
        for (step, ids) in steps {
            try lake.peerChanges(step)
            try check(lake, ids: ids, step)
        }
        // And a commit of ours on top of theirs.
        let added = try lake.data(first: 500, days: 30)
        let removed = try lake.liveFiles([.compare(ScanColumnPath(index: 0), .equal, .int(2000))])
        #expect(removed.count == 1)
        _ = try lake.commit(TableChange(operation: .overwrite, added: added, removed: removed))
        try check(lake, ids: Array(5..<20) + Array(500..<510), "ours on theirs")
        try lake.peerChanges("overwrite")
        try check(lake, ids: [3000], "overwrite")
    }

    @Test func theRestOfAnExpiredHistoryIsWhole() throws {
        let lake = try IcebergFixture()
        let policy = RetentionPolicy(minimumSnapshots: 2, maximumAgeMillis: 0, metadataFiles: 2)
        for round in 0..<6 {
            let before = lake.table
            let removed = try lake.liveFiles([
                .compare(Self.ts, .less, .int(11 * CivilTime.microsPerDay))
            ])
            let added = try lake.data(first: round * 100, days: 10, 20 + round)
            _ = try lake.commit(
                TableChange(operation: .overwrite, added: added, removed: removed), policy: policy)
            for path in try ExpiredFiles.between(before, lake.table) {
                try DurableFile.remove(path)
            }
        }
        var ids = Array(Int64(500)..<510)
        for round in Int64(0)..<6 { ids += Array(round * 100 + 10..<round * 100 + 20) }
        try check(lake, ids: ids.sorted(), "after expiry")
        #expect(lake.table.metadata.snapshots.count == 2)
        for snapshot in lake.table.metadata.snapshots {
            for live in try lake.table.snapshot(id: snapshot.id)?.liveFiles() ?? [] {
                #expect(DurableFile.exists(try lake.table.location.resolve(live.file.path)))
            }
        }
        // Two states of day 10 remain, of two snapshots; the older four are gone.
        #expect(lake.filesOnDisk().filter { $0.hasPrefix("data/day=10-") }.count == 2)
        #expect(lake.filesOnDisk().filter { $0.hasSuffix("metadata.json") }.count == 3)
    }
}
