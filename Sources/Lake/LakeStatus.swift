import Columnar

/// What a lake says of itself without touching its data.
package struct LakeStatus: Hashable, Sendable {
    package var path: String
    package var rawRoot: String?
    package var tables: [TableSummary]
    package var quarantinedCount: Int
    /// The last run that was committed.
    package var lastRun: Runs.Record?
    /// The cold tier's folder; nil as long as nothing was archived.
    package var coldFolder: String?
    /// False: its marker is gone.
    package var coldIsMounted = true
}

/// One table in a list of tables.
package struct TableSummary: Hashable, Sendable {
    package var name: String
    package var rows: Int64
    package var files: Int64
    package var bytes: Int64
    package var snapshots: Int
    /// Of the current snapshot; nil for a table without any.
    package var updatedMillis: Int64?
    /// Rows that are archived, restored or not; nil if there are none.
    package var archived: SkippedRows?
}

/// One table in full.
package struct TableDetails: Hashable, Sendable {
    package var summary: TableSummary
    package var schema: Schema
    package var partitionSpec: PartitionSpec
    package var location: String
    /// The schema file's view; nil for a table made by SQL.
    package var definition: TableDefinition?
    /// Files, rows and bytes by partition folder name, in partition order.
    package var partitions: [PartitionTotals]
}

/// One partition of a table.
package struct PartitionTotals: Hashable, Sendable {
    package var name: String
    package var files: Int
    package var rows: Int64
    package var bytes: Int64
}

extension Lake {
    /// The lake at a glance.
    package func status() throws(LakeError) -> LakeStatus {
        let committed = try Runs.last(20, database).first { $0.state == "committed" }
        var status = LakeStatus(
            path: path, rawRoot: try rawRoot(), tables: try tables(),
            quarantinedCount: Int(try database.integer("SELECT count(*) FROM quarantine")),
            lastRun: committed)
        if try hasColdFiles() {
            let tier = try coldTier()
            status.coldFolder = tier.path
            status.coldIsMounted = try tier.isMounted()
        }
        return status
    }

    /// Whether anything lies on the cold tier.
    func hasColdFiles() throws(LakeError) -> Bool {
        guard database.version >= ColdFiles.version else { return false }
        return try database.integer(
            "SELECT EXISTS (SELECT 1 FROM cold_files) OR EXISTS (SELECT 1 FROM packs)") != 0
    }

    /// All tables of the catalog, by name.
    package func tables() throws(LakeError) -> [TableSummary] {
        var summaries: [TableSummary] = []
        for name in try catalog.list() {
            summaries.append(Self.summary(try TableArchive.open(name, in: self, nowMicros: 0)))
        }
        return summaries
    }

    /// One table with its columns and partitions; throws `tableNotFound`.
    package func describe(_ name: String) throws(LakeError) -> TableDetails {
        let archive = try TableArchive.open(name, in: self, nowMicros: 0)
        let table = archive.table
        var partitions: [PartitionTotals] = []
        for live in try table.currentSnapshot?.liveFiles() ?? [] {
            let spec = table.metadata.partitionSpec(id: live.file.specID) ?? PartitionSpec()
            let folder = spec.folderName(of: live.file.partition, in: table.metadata.schema)
            if partitions.last?.name != folder {
                partitions.append(PartitionTotals(name: folder, files: 0, rows: 0, bytes: 0))
            }
            partitions[partitions.count - 1].files += 1
            partitions[partitions.count - 1].rows += live.file.recordCount
            partitions[partitions.count - 1].bytes += live.file.fileSizeBytes
        }
        return TableDetails(
            summary: Self.summary(archive), schema: table.metadata.schema,
            partitionSpec: table.metadata.partitionSpec, location: table.location.folder,
            definition: try definitions().first { $0.name == name }, partitions: partitions)
    }

    private static func summary(_ archive: TableArchive) -> TableSummary {
        let table = archive.table
        let snapshot = table.metadata.currentSnapshot
        func count(_ key: String) -> Int64 {
            snapshot?.summary[key].flatMap { Int64($0) } ?? 0
        }
        return TableSummary(
            name: table.name, rows: count("total-records"), files: count("total-data-files"),
            bytes: count("total-files-size"), snapshots: table.metadata.snapshots.count,
            updatedMillis: snapshot?.timestampMillis, archived: archive.totals)
    }
}
