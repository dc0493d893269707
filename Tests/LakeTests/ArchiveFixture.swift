import Columnar
import Glibc
import Testing

@testable import Lake

/// Partitions of a fixture's lake made cold as a sweep makes them: copied, filed, out of the snapshot.
extension LakeFixture {
    /// Days since 1970 of a day of January 2026, the month of `post`.
    static func partition(day: Int) -> Int32 {
        Int32(CivilTime.days(year: 2026, month: 1, day: day))
    }

    /// Archives a day's live files; those that hold temporary copies stay.
    func archive(day: Int, as storage: StorageClass = .glacier) throws {
        seed += 1
        try Self.archive(lake, day: day, as: storage, seed: seed)
    }

    /// Archives a day's live files; those that hold temporary copies stay.
    static func archive(
        _ lake: Lake, day: Int, as storage: StorageClass = .glacier,
        table name: String = "posts", seed: UInt64
    ) throws {
        let identity = RunIdentity(startedMicros: nowMicros(), seed: seed)
        let database = lake.database
        let tier = try ColdTier(lake: lake.path, database: database)
        try tier.prepare(isKnown: !ColdFiles.list(database).isEmpty)
        let source = try #require(try Sources.known(name, database))
        let copies = Set(try RestoredFiles.list(database).map(\.path))
        let table = try IcebergTable.open(name, in: lake.catalog, lakeFolder: lake.path)
        let partition = Self.partition(day: day)
        let gone = try table.currentSnapshot?.liveFiles().filter {
            $0.file.partition == [.int(Int64(partition))] && !copies.contains($0.file.path)
        }
        let runID = try Runs.start(database, identity: identity, kind: .sweep)
        var records: [ColdFiles.Record] = []
        for (number, live) in (gone ?? []).enumerated() {
            let path = "tables/\(name)/\(partition)/\(identity.uuid)-0000\(number).parquet"
            let bytes = try DurableFile.read(table.location.resolve(live.file.path))
            let folder = try #require(DurableFile.parent(of: tier.absolute(path)))
            try DurableFile.makeFolder(folder)
            try DurableFile.write(bytes, to: tier.absolute(path))
            let spec = try #require(table.metadata.partitionSpec(id: live.file.specID))
            records.append(
                ColdFiles.Record(
                    source: source, partition: partition, sequence: runID, kind: .partition,
                    place: .cold, path: path, storageClass: storage,
                    rowCount: live.file.recordCount, sizeBytes: Int64(bytes.count),
                    sha256: SHA256.digest(bytes), specID: live.file.specID,
                    entry: DataFileBytes.encode(
                        live.file, spec: spec, metadata: table.metadata),
                    archivedMicros: identity.startedMicros))
        }
        var random = identity.random(stream: 1)
        let commit = try TableCommit.prepare(
            TableChange(operation: .overwrite, removed: gone ?? []), on: table,
            nowMillis: identity.startedMicros / 1_000, random: &random)
        try database.transaction { () throws(LakeError) in
            try commit.publish(in: lake.catalog)
            for record in records { try ColdFiles.add(database, record) }
            try Runs.commit(
                database, id: runID, atMicros: identity.startedMicros, report: "{}")
        }
    }

    /// A day ahead, so that the file system's clock is always behind.
    static func nowMicros() -> Int64 {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return (Int64(now.tv_sec) + 86_400) * 1_000_000 + Int64(now.tv_nsec) / 1_000
    }
}
