/// How much history a table keeps, so that its metadata stays small.
///
/// Source: Iceberg's `history.expire.*` and `write.metadata.previous-versions-max`.
package struct RetentionPolicy: Sendable {
    /// Snapshots that are kept however old they are, the current one included.
    package var minimumSnapshots: Int
    /// Younger snapshots are kept however many they are.
    package var maximumAgeMillis: Int64
    /// Beyond so many, older snapshots go however young they are: a table that is committed to every few
    /// seconds would carry a day's thousands of them in each metadata file.
    package var maximumSnapshots = 200
    /// Earlier metadata files that are kept.
    package var metadataFiles: Int

    package init(
        minimumSnapshots: Int = 3, maximumAgeMillis: Int64 = 5 * 86_400_000,
        metadataFiles: Int = 20
    ) {
        self.minimumSnapshots = max(1, minimumSnapshots)
        self.maximumAgeMillis = max(0, maximumAgeMillis)
        self.metadataFiles = max(1, metadataFiles)
    }
}

extension TableMetadata {
    /// Drops snapshots and metadata log entries that the policy does not keep.
    ///
    /// Branches and tags keep what they name. The files of what goes are `ExpiredFiles`' business.
    mutating func expire(_ policy: RetentionPolicy, nowMillis: Int64) {
        var kept = Set(references.values.map(\.snapshotID))
        if let currentSnapshotID { kept.insert(currentSnapshotID) }
        let newest = snapshots.sorted { $0.sequenceNumber > $1.sequenceNumber }
        kept.formUnion(newest.prefix(policy.minimumSnapshots).map(\.id))
        let (oldest, overflow) = nowMillis.subtractingReportingOverflow(policy.maximumAgeMillis)
        for snapshot in newest.prefix(policy.maximumSnapshots)
        where overflow || snapshot.timestampMillis >= oldest {
            kept.insert(snapshot.id)
        }
        snapshots.removeAll { !kept.contains($0.id) }
        // The log may only tell of snapshots that are there, so it is cut behind the last gap.
        if let gap = snapshotLog.lastIndex(where: { !kept.contains($0.snapshotID) }) {
            snapshotLog.removeSubrange(...gap)
        }
        if metadataLog.count > policy.metadataFiles {
            metadataLog.removeFirst(metadataLog.count - policy.metadataFiles)
        }
    }
}
