import Columnar

/// One line of what a table has on the cold tier, and in amendments to it.
package struct ArchiveEntry: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable {
        case partition, amendment
        /// Raw files.
        case pack
    }

    package enum State: String, Hashable, Sendable {
        case archived, restoring, restored
        /// GLACIER_IR: queries read it as it is.
        case live
    }

    /// The partition's value, `2026-01-02`, and of a pack its month; nil of NULL.
    package var partition: String?
    package var kind: Kind
    package var state: State
    package var storageClass: StorageClass
    /// nil of a pack: its rows lie in partitions.
    package var rowCount: Int64?
    package var sizeBytes: Int64
    package var archivedMicros: Int64?
    package var restoredUntilMicros: Int64?
    /// Absolute.
    package var path: String
}

extension TableArchive {
    /// Everything of the table that is cold, in order of kind, partition and age.
    package func entries(in lake: Lake) throws(LakeError) -> [ArchiveEntry] {
        let tier = try ColdTier(lake: lake.path, database: lake.database)
        var entries: [ArchiveEntry] = []
        let source = try Sources.known(table.name, lake.database)
        for file in try source.map({ (source) throws(LakeError) in
            try ColdFiles.list(lake.database, source: source, hasEntries: false)
        }) ?? [] {
            let spec = table.metadata.partitionSpec(id: file.specID) ?? PartitionSpec()
            let (state, until) = state(of: file.partition)
            entries.append(
                ArchiveEntry(
                    partition: spec.valueText(of: file.partition, in: table.metadata.schema),
                    kind: file.kind == .partition ? .partition : .amendment, state: state,
                    storageClass: file.storageClass, rowCount: file.rowCount,
                    sizeBytes: file.sizeBytes, archivedMicros: file.archivedMicros,
                    restoredUntilMicros: until,
                    path: file.place == .cold
                        ? tier.absolute(file.path) : "\(lake.path)/\(file.path)"))
        }
        return try entries + liveEntries() + packEntries(lake.database, tier)
    }

    /// GLACIER_IR: files of the snapshot outside of the table's folder.
    private func liveEntries() throws(LakeError) -> [ArchiveEntry] {
        var entries: [ArchiveEntry] = []
        for live in try table.currentSnapshot?.liveFiles() ?? []
        where table.location.relative(live.file.path) == nil {
            let spec = table.metadata.partitionSpec(id: live.file.specID) ?? PartitionSpec()
            var partition: Int32?
            if case .int(let value)? = live.file.partition.first {
                partition = Int32(clamping: value)
            }
            let snapshot = live.entry.snapshotID.flatMap { table.metadata.snapshot(id: $0) }
            entries.append(
                ArchiveEntry(
                    partition: spec.valueText(of: partition, in: table.metadata.schema),
                    kind: .partition, state: .live, storageClass: .glacierIR,
                    rowCount: live.file.recordCount, sizeBytes: live.file.fileSizeBytes,
                    archivedMicros: snapshot.map { $0.timestampMillis * 1_000 },
                    restoredUntilMicros: nil, path: try table.location.resolve(live.file.path)))
        }
        return entries
    }

    private func packEntries(
        _ database: Database, _ tier: ColdTier
    ) throws(LakeError) -> [ArchiveEntry] {
        guard let source = try Sources.known(table.name, database) else { return [] }
        let months = PartitionSpec.single(.month, of: Field(name: "m", type: .date, id: 1))
        let schema = Schema([Field(name: "m", type: .date, id: 1)])
        return try Packs.list(database, source: source).map { pack in
            ArchiveEntry(
                partition: months.valueText(of: pack.month, in: schema), kind: .pack,
                state: .archived, storageClass: pack.storageClass, rowCount: nil,
                sizeBytes: pack.sizeBytes, archivedMicros: pack.packedMicros,
                restoredUntilMicros: nil, path: tier.absolute(pack.path))
        }
    }
}
