/// The counts of a snapshot's `summary`, all as strings.
///
/// Source: iceberg.apache.org/spec, appendix F "Snapshot summary". Redshift fails without the totals.
enum SnapshotSummary {
    static func make(
        operation: SnapshotOperation, added: [DataFile], removed: [DataFile],
        manifests: [ManifestFile], parent: Snapshot?, extra: [String: String]
    ) -> [String: String] {
        var summary = extra
        summary["operation"] = operation.rawValue
        let addedBytes = bytes(added)
        let removedBytes = bytes(removed)
        if !added.isEmpty {
            summary["added-data-files"] = String(added.count)
            summary["added-records"] = String(rows(added))
            summary["added-files-size"] = String(addedBytes)
        }
        if !removed.isEmpty {
            summary["deleted-data-files"] = String(removed.count)
            summary["deleted-records"] = String(rows(removed))
            summary["removed-files-size"] = String(removedBytes)
        }
        let changed = Set((added + removed).map(\.partition))
        summary["changed-partition-count"] = String(changed.count)
        var files: Int64 = 0
        var rows: Int64 = 0
        for manifest in manifests {
            files &+= manifest.added.files &+ manifest.existing.files
            rows &+= manifest.added.rows &+ manifest.existing.rows
        }
        summary["total-data-files"] = String(files)
        summary["total-records"] = String(rows)
        let before = parent == nil ? 0 : parent?.summary["total-files-size"].flatMap { Int64($0) }
        if let before, before >= 0 {
            summary["total-files-size"] = String(before &+ addedBytes &- removedBytes)
        }
        for count in ["total-delete-files", "total-position-deletes", "total-equality-deletes"] {
            summary[count] = "0"
        }
        return summary
    }

    private static func rows(_ files: [DataFile]) -> Int64 {
        files.reduce(0) { $0 &+ $1.recordCount }
    }

    private static func bytes(_ files: [DataFile]) -> Int64 {
        files.reduce(0) { $0 &+ $1.fileSizeBytes }
    }
}
