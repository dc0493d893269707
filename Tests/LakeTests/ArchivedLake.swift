import Columnar
import Glibc
import Testing

@testable import Lake

/// Partitions of January 2026 on the cold tier and back, by the same tables and commits as a sweep's.
extension LakeFixture {
    /// Days since 1970 of a day of January 2026.
    static func partition(_ day: Int) -> Int32 { Int32(20_453 + day) }

    /// Midnight UTC of a day of January 2026, in microseconds.
    static func midnight(_ day: Int) -> Int64 {
        Int64(partition(day)) * CivilTime.microsPerDay
    }

    var tier: ColdTier { get throws { try lake.coldTier() } }
    var posts: IcebergTable {
        get throws { try IcebergTable.open("posts", in: lake.catalog, lakeFolder: lake.path) }
    }
    var source: Int64 { get throws { try #require(try Sources.known("posts", lake.database)) } }

    /// Takes the rows of some days out of the snapshot and files copies of their Parquet.
    func archive(days: Int..., storageClass: StorageClass = .glacier) throws {
        try archive(days: days, storageClass: storageClass)
    }

    func archive(days: [Int], storageClass: StorageClass = .glacier) throws {
        seed += 1
        let run = RunIdentity(startedMicros: Self.midnight(200), seed: seed)
        let number = try Runs.start(lake.database, identity: run, kind: .sweep)
        let tier = try tier
        try tier.prepare(isKnown: try lake.hasColdFiles())
        let table = try posts
        let wanted = Set(days.map { Value.int(Int64(Self.partition($0))) })
        let live = try #require(table.currentSnapshot).liveFiles().filter {
            $0.file.partition.first.map(wanted.contains) ?? false
        }
        var records: [ColdFiles.Record] = []
        var moved: [DataFile] = []
        for (index, file) in live.map(\.file).enumerated() {
            guard case .int(let day)? = file.partition.first else { continue }
            let folder = table.metadata.partitionSpec.folderName(
                of: file.partition, in: table.metadata.schema)
            let relative = "tables/posts/\(folder)/\(run.uuid)-\(index).parquet"
            let bytes = try DurableFile.read(try table.location.resolve(file.path))
            try DurableFile.makeFolder(tier.absolute("tables/posts/\(folder)"))
            try DurableFile.write(bytes, to: tier.absolute(relative))
            if storageClass == .glacierIR {
                var copy = file
                copy.path = "file://" + tier.absolute(relative)
                moved.append(copy)
                continue
            }
            records.append(
                ColdFiles.Record(
                    source: try source, partition: Int32(day), sequence: number, kind: .partition,
                    place: .cold, path: relative, storageClass: storageClass,
                    rowCount: file.recordCount, sizeBytes: file.fileSizeBytes,
                    sha256: SHA256.digest(bytes), specID: file.specID,
                    entry: DataFileBytes.encode(
                        file, spec: table.metadata.partitionSpec, metadata: table.metadata),
                    archivedMicros: run.startedMicros))
        }
        try publish(
            TableChange(
                operation: moved.isEmpty ? .delete : .overwrite, added: moved, removed: live),
            run, number
        ) { () throws(LakeError) in
            for record in records { try ColdFiles.add(lake.database, record) }
        }
    }

    /// Puts a copy of a day's archived rows into the snapshot until a midnight, for a request of the whole day.
    func restore(day: Int, untilMicros: Int64, files: Int = .max) throws {
        seed += 1
        let run = RunIdentity(startedMicros: Self.midnight(201), seed: seed)
        let number = try Runs.start(lake.database, identity: run, kind: .restore)
        let (table, tier, partition) = (try posts, try tier, Self.partition(day))
        let cold = try ColdFiles.list(lake.database).filter { $0.partition == partition }
        var copies: [DataFile] = []
        for record in cold.prefix(files) {
            let bytes = try DurableFile.read(tier.absolute(record.path))
            var file = try DataFileBytes.decode(
                record.entry, specID: record.specID, metadata: table.metadata, path: record.path)
            let relative = "data/restored-\(run.uuid)-\(copies.count).parquet"
            try DurableFile.write(bytes, to: "\(table.location.folder)/\(relative)")
            file.path = table.location.stored(relative)
            copies.append(file)
        }
        let source = try source
        try publish(TableChange(operation: .append, added: copies), run, number) {
            () throws(LakeError) in
            for file in copies {
                try RestoredFiles.add(
                    lake.database,
                    RestoredFiles.Record(
                        path: file.path, source: source, partition: partition,
                        rowCount: file.recordCount, sizeBytes: file.fileSizeBytes,
                        expiresMicros: untilMicros))
            }
            guard files == .max else { return }
            try ask(day: day, state: "completed", untilMicros: untilMicros)
        }
    }

    /// Files a restore request for a whole day.
    func ask(day: Int, state: String, untilMicros: Int64?) throws(LakeError) {
        try lake.database.run(
            """
            INSERT INTO restores(source, first_partition, last_partition, tier, days, state,
              requested_micros, available_micros, as_of_run, completed_micros, expires_micros,
              row_count, size_bytes)
            VALUES (1, ?1, ?1, 'standard', 3, ?2, 1, 2, (SELECT max(id) FROM runs), ?3, ?3, 0, 0)
            """,
            [
                .integer(Int64(Self.partition(day))), .text(state),
                untilMicros.map { .integer($0) } ?? .null,
            ])
        try lake.database.run(
            "UPDATE restores SET source = (SELECT id FROM sources WHERE name = 'posts')", [])
    }

    private func publish(
        _ change: TableChange, _ run: RunIdentity, _ number: Int64,
        _ body: () throws(LakeError) -> Void
    ) throws {
        var random = run.random(stream: 5)
        let commit = try TableCommit.prepare(
            change, on: try posts, nowMillis: run.startedMicros / 1_000, random: &random)
        try lake.database.transaction { () throws(LakeError) in
            try commit.publish(in: lake.catalog)
            try body()
            try Runs.commit(
                lake.database, id: number, atMicros: run.startedMicros, report: "{}")
            try ColdCatalog.write(lake.database, lake: lake.path, run: run)
        }
    }
}
