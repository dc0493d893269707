import Columnar
import Foundation
import Testing

import Lake

@Suite struct IcebergTableTests {
    private static let id = ScanColumnPath(index: 0)
    private static let ts = ScanColumnPath(index: 1)
    private static let day = CivilTime.microsPerDay

    @Test func ourFilesComeBackPruned() throws {
        let lake = try IcebergFixture()
        var files: [DataFile] = []
        for day in Int64(10)..<20 {
            files.append(try lake.write(day: day, ids: day * 100, rows: 5))
        }
        _ = try lake.commit(TableChange(operation: .append, added: files.reversed()))
        let request = ScanRequest(
            columns: [ScanColumn(index: 0), ScanColumn(index: 2)],
            predicates: [
                .compare(Self.ts, .greaterOrEqual, .int(12 * Self.day)),
                .compare(Self.ts, .less, .int(14 * Self.day)),
            ])
        let (rows, counters) = try lake.scan(request)
        #expect(
            rows == [
                "1200 text 1200", "1201 text 1201", "1202 text 1202", "1203 text 1203", "1204 null",
                "1300 text 1300", "1301 text 1301", "1302 text 1302", "1303 text 1303", "1304 null",
            ])
        #expect(counters.filesTotal.load(ordering: .relaxed) == 10)
        #expect(counters.filesRead.load(ordering: .relaxed) == 2)
        let one = ScanRequest(
            columns: [ScanColumn(index: 0)], predicates: [.compare(Self.id, .equal, .int(1503))])
        #expect(try lake.scan(one).counters.filesRead.load(ordering: .relaxed) == 1)
        #expect(try lake.scan(ScanRequest(columns: [ScanColumn(index: 0)])).rows.count == 50)
    }

    @Test func aMovedLakeOpens() throws {
        let lake = try IcebergFixture()
        let file = try lake.write(day: 1, ids: 1, rows: 3)
        _ = try lake.commit(TableChange(operation: .append, added: [file]))
        let moved = try TemporaryFolder()
        let target = moved.path + "/somewhere else"
        try FileManager.default.copyItem(atPath: lake.folder.path, toPath: target)
        try FileManager.default.removeItem(atPath: lake.folder.path + "/tables")
        let database = try Database.open(path: target + "/lake.db", access: .readOnly)
        let table = try IcebergTable.open(
            "posts", in: SQLCatalog(database), lakeFolder: target)
        #expect(!table.location.isUnmoved)
        #expect(table.location.folder == target + "/tables/posts")
        let snapshot = try #require(table.currentSnapshot)
        let live = try snapshot.liveFiles()
        #expect(try snapshot.path(of: live[0].file).hasPrefix(target))
        let scan = try snapshot.scan(
            ScanRequest(columns: [ScanColumn(index: 0)]), pool: BufferPool())
        #expect(scan.morselCount == 1)
    }

    @Test func onlyOneOfTwoCommitsWins() throws {
        let lake = try IcebergFixture()
        _ = try lake.commit(
            TableChange(operation: .append, added: [lake.imagined(day: 1, name: "a")]))
        let before = lake.filesOnDisk()
        let late = try TableCommit.prepare(
            TableChange(operation: .append, added: [lake.imagined(day: 2, name: "b")]),
            on: lake.table, nowMillis: lake.nowMillis, random: &lake.random)
        #expect(lake.filesOnDisk().count == before.count + 3)
        _ = try lake.commit(
            TableChange(operation: .append, added: [lake.imagined(day: 3, name: "c")]))
        #expect(throws: LakeError.conflict(table: "posts")) {
            try lake.database.transaction { () throws(LakeError) in
                try lake.database.run("CREATE TABLE state(x)", [])
                try late.publish(in: lake.catalog)
            }
        }
        try late.discard()
        try lake.reopen()
        #expect(lake.filesOnDisk().count == before.count + 3)
        #expect(try lake.liveFiles().map(\.file.partition) == [[.int(1)], [.int(3)]])
        // The caller's own rows went with the transaction.
        #expect(throws: LakeError.self) { try lake.database.execute("SELECT * FROM state") }
    }

    @Test func aFailedCommitLeavesNothing() throws {
        let lake = try IcebergFixture()
        _ = try lake.commit(
            TableChange(operation: .append, added: [lake.imagined(day: 1, name: "a")]))
        let before = lake.filesOnDisk()
        let gone = try lake.liveFiles()
        _ = try lake.commit(TableChange(operation: .delete, removed: gone))
        let after = lake.filesOnDisk()
        #expect(after.count > before.count)
        // The file is not there any more, so removing it again is refused.
        #expect(throws: LakeError.self) {
            _ = try lake.commit(TableChange(operation: .delete, removed: gone))
        }
        #expect(throws: LakeError.self) {
            var file = lake.imagined(day: 1, name: "b")
            file.partition = []
            _ = try lake.commit(TableChange(operation: .append, added: [file]))
        }
        #expect(lake.filesOnDisk() == after)
        #expect(try lake.liveFiles().isEmpty)
    }

    @Test func deletedEntriesLiveForOneSnapshot() throws {
        let lake = try IcebergFixture()
        let files = (0..<6).map { lake.imagined(day: Int64($0), name: "\($0)") }
        _ = try lake.commit(TableChange(operation: .append, added: files))
        let first = try lake.manifests()
        #expect(first == ["added 6 existing 0 deleted 0 days 0...5"])
        let removed = try lake.liveFiles([.compare(Self.ts, .less, .int(2 * Self.day))])
        _ = try lake.commit(
            TableChange(
                operation: .overwrite, added: [lake.imagined(day: 9, name: "x")],
                removed: removed))
        #expect(
            try lake.manifests() == [
                "added 1 existing 0 deleted 0 days 9...9",
                "added 0 existing 0 deleted 2 days 0...1",
                "added 0 existing 4 deleted 0 days 2...5",
            ])
        _ = try lake.commit(
            TableChange(operation: .append, added: [lake.imagined(day: 10, name: "y")]))
        #expect(
            try lake.manifests() == [
                "added 1 existing 0 deleted 0 days 10...10",
                "added 1 existing 0 deleted 0 days 9...9",
                "added 0 existing 4 deleted 0 days 2...5",
            ])
        // What an entry inherited stays: the file is as old as it was.
        let numbers = try lake.liveFiles().map(\.entry.sequenceNumber)
        #expect(numbers == [1, 1, 1, 1, 2, 3])
    }

    @Test func manyManifestsAreMerged() throws {
        let lake = try IcebergFixture()
        for round in 0..<102 {
            _ = try lake.commit(
                TableChange(
                    operation: .append, added: [lake.imagined(day: Int64(round), name: "\(round)")]
                ))
        }
        #expect(try lake.manifests().count == 3)
        #expect(try lake.liveFiles().count == 102)
        #expect(lake.table.metadata.currentSnapshot?.summary["total-records"] == "1020")
    }

    @Test func historyIsBounded() throws {
        let lake = try IcebergFixture()
        let policy = RetentionPolicy(minimumSnapshots: 2, maximumAgeMillis: 2500, metadataFiles: 4)
        for round in 0..<10 {
            _ = try lake.commit(
                TableChange(operation: .append, added: [lake.imagined(day: 1, name: "\(round)")]),
                policy: policy)
        }
        let metadata = lake.table.metadata
        // One second apart: the current one and two that are younger than 2.5 s.
        #expect(metadata.snapshots.map(\.sequenceNumber) == [8, 9, 10])
        #expect(metadata.snapshotLog.map(\.snapshotID) == metadata.snapshots.map(\.id))
        #expect(metadata.metadataLog.count == 4)
    }

    @Test func metadataReadsBackAsItWas() throws {
        let lake = try IcebergFixture()
        _ = try lake.commit(
            TableChange(operation: .append, added: [lake.imagined(day: 1, name: "a")]))
        let bytes = lake.table.metadata.json()
        let again = try TableMetadata(json: bytes, path: "again")
        #expect(again == lake.table.metadata)
        #expect(again.json() == bytes)
        #expect(again.schema == IcebergFixture.schema)
    }

    @Test func schemasEvolve() throws {
        var metadata = try IcebergFixture().table.metadata
        let rows = DataType.array(.row([RowField(name: "id", type: .bigint)]))
        let added = Schema(
            IcebergFixture.schema.fields + [Field(name: "comments", type: rows)])
        #expect(try metadata.evolveSchema(to: added, table: "posts"))
        #expect(metadata.lastColumnID == 6)
        #expect(metadata.currentSchemaID == 1)
        #expect(metadata.schemas.count == 2)
        #expect(metadata.schema.fields[3].children[0].children[0].id == 6)
        #expect(try !metadata.evolveSchema(to: added, table: "posts"))
        // A column that is not wanted any more stays: old files have it.
        #expect(try !metadata.evolveSchema(to: IcebergFixture.schema, table: "posts"))
        let wrong = Schema([Field(name: "id", type: .text)])
        #expect(throws: LakeError.self) { try metadata.evolveSchema(to: wrong, table: "posts") }
        let needed = Schema([Field(name: "must", type: .text, isNullable: false)])
        #expect(throws: LakeError.self) { try metadata.evolveSchema(to: needed, table: "posts") }
        let again = try TableMetadata(json: metadata.json(), path: "again")
        #expect(again.schema == metadata.schema)
    }

    @Test func hostileRootsAreRefused() throws {
        #expect(throws: LakeError.self) { _ = try TableLocation(newTableIn: "/a/b#c") }
        #expect(throws: LakeError.self) { _ = try TableLocation(newTableIn: "/a/b?c") }
        #expect(throws: LakeError.self) { _ = try TableLocation(newTableIn: "a/b") }
        let location = try TableLocation(newTableIn: "/a é/b")
        #expect(location.stored("data/x") == "file:///a é/b/data/x")
        #expect(try location.resolve("file:/a é/b/data/x") == "/a é/b/data/x")
        #expect(try location.resolve("/elsewhere/x") == "/elsewhere/x")
        #expect(throws: LakeError.self) { _ = try location.resolve("s3://bucket/x") }
        let moved = TableLocation(stored: "file:///old/t", folder: "/new/t")
        #expect(try moved.resolve("file:///old/t/data/x") == "/new/t/data/x")
        #expect(try moved.resolve("/old/t/data/x") == "/new/t/data/x")
        #expect(try moved.resolve("file:///old/table/x") == "/old/table/x")
    }
}
