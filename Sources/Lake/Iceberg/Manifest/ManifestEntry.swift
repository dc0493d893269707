/// What a snapshot did with a file.
package enum EntryStatus: Int64, Sendable {
    /// Live, from an earlier snapshot.
    case existing = 0
    /// Live, new with this manifest's snapshot.
    case added = 1
    /// Gone with this manifest's snapshot.
    case deleted = 2
}

/// One line of a manifest: a file and since when it is there or gone.
///
/// Source: iceberg.apache.org/spec, "Manifests", struct `manifest_entry`. Sequence numbers are nil only as
/// long as the entry is ADDED and its manifest list does not exist yet: they are inherited from there.
package struct ManifestEntry: Hashable, Sendable {
    package var status: EntryStatus
    package var snapshotID: Int64?
    package var sequenceNumber: Int64?
    package var fileSequenceNumber: Int64?
    package var file: DataFile

    package var isLive: Bool { status != .deleted }
}

/// A file that belongs to a snapshot, and the manifest that says so.
package struct LiveFile: Hashable, Sendable {
    package let entry: ManifestEntry
    /// Stored location of the manifest.
    package let manifestPath: String

    package var file: DataFile { entry.file }
}
