/// What a snapshot did with a file.
enum EntryStatus: Int64, Sendable {
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
struct ManifestEntry: Hashable, Sendable {
    var status: EntryStatus
    var snapshotID: Int64?
    var sequenceNumber: Int64?
    var fileSequenceNumber: Int64?
    var file: DataFile

    var isLive: Bool { status != .deleted }
}

/// A file that belongs to a snapshot, and the manifest that says so.
package struct LiveFile: Hashable, Sendable {
    let entry: ManifestEntry
    /// Stored location of the manifest.
    let manifestPath: String

    package var file: DataFile { entry.file }
}
