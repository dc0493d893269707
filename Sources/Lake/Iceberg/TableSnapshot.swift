import Columnar

/// One state of a table: its schema and the files that make it up.
package struct TableSnapshot: Sendable {
    package let table: IcebergTable
    package let snapshot: Snapshot
    /// The columns, with field ids; positions in scan predicates are positions in it.
    package let schema: Schema

    init(table: IcebergTable, snapshot: Snapshot) {
        self.table = table
        self.snapshot = snapshot
        // Now is read with the newest columns; a past state with the ones it had.
        let isCurrent = snapshot.id == table.metadata.currentSnapshotID
        schema = isCurrent ? table.metadata.schema : table.metadata.schema(of: snapshot)
    }

    /// Rows, if the snapshot's summary says.
    package var recordCount: Int64? { snapshot.summary["total-records"].flatMap { Int64($0) } }

    /// Data files, if the snapshot's summary says.
    package var fileCount: Int? { snapshot.summary["total-data-files"].flatMap { Int($0) } }

    /// The files that may hold rows for which all `predicates` are true, in order of partition and path.
    ///
    /// Manifests, then files are left out by their partitions, files also by their bounds. Never leaves
    /// out a file with such a row. Refuses tables with delete files.
    package func liveFiles(
        matching predicates: [ScanPredicate] = []
    ) throws(LakeError) -> [LiveFile] {
        try plan(matching: predicates).files
    }

    /// The same, and how many files the snapshot has in all, from the counts of its manifests.
    package func plan(
        matching predicates: [ScanPredicate] = []
    ) throws(LakeError) -> (files: [LiveFile], total: Int) {
        var files: [LiveFile] = []
        var total = 0
        for manifest in try table.manifests(of: snapshot) where manifest.mayHaveLiveFiles {
            guard manifest.content == .data else {
                throw .unsupported(
                    .init(path: manifest.path), feature: "Iceberg delete files")
            }
            let pruning = FilePruning(
                schema: schema, spec: table.metadata.partitionSpec(id: manifest.specID),
                predicates: predicates)
            if manifest.hasCounts, !pruning.mayMatch(manifest) {
                total += Int(manifest.added.files + manifest.existing.files)
                continue
            }
            for entry in try table.entries(of: manifest) where entry.isLive {
                total += 1
                if pruning.mayMatch(entry.file) {
                    files.append(LiveFile(entry: entry, manifestPath: manifest.path))
                }
            }
        }
        files.sort { $0.file.precedes($1.file) }
        for index in files.indices.dropFirst()
        where files[index - 1].file.path == files[index].file.path {
            throw .corrupt(
                .init(path: files[index].file.path), reason: "the file is in the snapshot twice")
        }
        return (files, total)
    }

    /// The absolute path of a data file.
    package func path(of file: DataFile) throws(LakeError) -> String {
        try table.location.resolve(file.path)
    }
}

extension DataFile {
    /// The deterministic order of a table's files: spec, partition values, path.
    func precedes(_ other: DataFile) -> Bool {
        if specID != other.specID { return specID < other.specID }
        for (a, b) in zip(partition, other.partition) {
            if a.precedes(b) { return true }
            if b.precedes(a) { return false }
        }
        return path.utf8.lexicographicallyPrecedes(other.path.utf8)
    }
}
