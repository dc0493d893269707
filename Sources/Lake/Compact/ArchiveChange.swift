import Columnar

/// What a run changes outside of a table's snapshot: amendments to archived partitions, copies written anew.
struct ArchiveChange: Sendable {
    /// Not filed yet.
    var amendments: [ColdFiles.Record] = []
    /// Stored paths of temporary copies that are no longer in the snapshot.
    var copiesRemoved: [String] = []
    var copiesAdded: [RestoredFiles.Record] = []

    /// The archive stays as it was.
    var isEmpty: Bool { amendments.isEmpty && copiesRemoved.isEmpty && copiesAdded.isEmpty }

    /// Of a table's folder: where amendments lie until a sweep carries them to the cold tier.
    static let folder = "amendments"

    /// Files all of it; inside the run's transaction.
    func file(in database: Database) throws(LakeError) {
        for amendment in amendments { try ColdFiles.add(database, amendment) }
        for path in copiesRemoved { try RestoredFiles.remove(database, path: path) }
        for copy in copiesAdded { try RestoredFiles.add(database, copy) }
    }
}

extension TableRun {
    func archivedPartitions() throws(LakeError) -> ArchivedPartitions {
        try ArchivedPartitions(
            database, source: table.source, nowMicros: identity.startedMicros)
    }

    /// What became of the archive in the rewrite.
    func archiveChange(
        _ outcomes: [PartitionRewrite.Outcome], _ archived: ArchivedPartitions
    ) throws(LakeError) -> ArchiveChange {
        var change = ArchiveChange()
        for outcome in outcomes {
            switch outcome.target {
            case .snapshot: continue
            case .amendment:
                if let amendment = try amendment(outcome, archived) {
                    change.amendments.append(amendment)
                }
            case .copy:
                let old = outcome.removed.compactMap { archived.copies[$0.file.path] }
                change.copiesRemoved += old.map(\.path)
                guard let added = outcome.added, let expires = old.map(\.expiresMicros).max()
                else { continue }
                change.copiesAdded.append(
                    RestoredFiles.Record(
                        path: added.path, source: table.source, partition: outcome.partition,
                        rowCount: added.recordCount, sizeBytes: added.fileSizeBytes,
                        expiresMicros: expires))
            }
        }
        return change
    }

    private func amendment(
        _ outcome: PartitionRewrite.Outcome, _ archived: ArchivedPartitions
    ) throws(LakeError) -> ColdFiles.Record? {
        guard let file = outcome.added, let path = outcome.path else { return nil }
        guard let partition = archived.partitions[outcome.partition],
            let spec = table.metadata.partitionSpec(id: file.specID)
        else {
            throw .corrupt(
                FileLocation(path: path), reason: "an amendment of what is not archived")
        }
        let (digest, sizeBytes) = try SHA256.digest(ofFileAt: path)
        return ColdFiles.Record(
            source: table.source, partition: outcome.partition, sequence: runID,
            kind: .amendment, place: .lake, path: String(path.dropFirst(lake.count + 1)),
            storageClass: partition.storageClass, rowCount: file.recordCount,
            sizeBytes: sizeBytes, sha256: digest, specID: file.specID,
            entry: DataFileBytes.encode(file, spec: spec, metadata: table.metadata),
            archivedMicros: identity.startedMicros)
    }
}
