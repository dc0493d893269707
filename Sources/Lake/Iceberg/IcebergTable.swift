import Columnar

/// A table as of one metadata file: opened once, never changing.
package struct IcebergTable: Sendable {
    package let name: String
    package let metadata: TableMetadata
    /// The stored location of the metadata file: what a commit compares with; nil before the first.
    package let metadataLocation: String?
    package let location: TableLocation

    /// A table that does not exist yet: its first commit creates it in `folder` (absolute).
    package init(new metadata: TableMetadata, name: String, folder: String) {
        self.name = name
        self.metadata = metadata
        metadataLocation = nil
        location = TableLocation(stored: metadata.location, folder: folder)
    }

    /// A table whose next metadata has just been published.
    init(
        published metadata: TableMetadata, name: String, metadataLocation: String,
        location: TableLocation
    ) {
        self.name = name
        self.metadata = metadata
        self.metadataLocation = metadataLocation
        self.location = location
    }

    private init(
        name: String, metadata: TableMetadata, metadataLocation: String, metadataPath: String
    ) throws(LakeError) {
        guard let metadataFolder = DurableFile.parent(of: metadataPath),
            let folder = DurableFile.parent(of: metadataFolder)
        else {
            throw .invalidLocation(path: metadataPath, reason: "not inside a table's folder")
        }
        self.name = name
        self.metadata = metadata
        self.metadataLocation = metadataLocation
        location = TableLocation(stored: metadata.location, folder: folder)
    }

    /// Opens a table by name; `lakeFolder` is the absolute folder of the lake, where it is now.
    ///
    /// Throws `tableNotFound`, and what a metadata file can have wrong.
    package static func open(
        _ name: String, in catalog: SQLCatalog, lakeFolder: String
    ) throws(LakeError) -> IcebergTable {
        guard let stored = try catalog.load(name) else { throw .tableNotFound(name) }
        return try open(name, at: stored, lakeFolder: lakeFolder)
    }

    /// Opens a table by the location that a catalog has stored for it.
    static func open(
        _ name: String, at stored: String, lakeFolder: String
    ) throws(LakeError) -> IcebergTable {
        let path = try locate(stored, lakeFolder: lakeFolder)
        return try IcebergTable(
            name: name, metadata: MetadataFile.read(path), metadataLocation: stored,
            metadataPath: path)
    }

    /// Opens a table by the absolute path of a metadata file.
    package static func open(
        metadataPath: String, name: String
    ) throws(LakeError) -> IcebergTable {
        try IcebergTable(
            name: name, metadata: MetadataFile.read(metadataPath),
            metadataLocation: "file://" + metadataPath, metadataPath: metadataPath)
    }

    /// Where a metadata file is now: in the lake under the longest tail of its path that exists there.
    ///
    /// A lake that was moved or copied opens its own files and never the ones it was copied from.
    private static func locate(
        _ stored: String, lakeFolder: String
    ) throws(LakeError) -> String {
        guard let path = TableLocation.path(of: stored) else {
            throw .unsupported(.init(path: stored), feature: "locations outside of file systems")
        }
        let root = lakeFolder.hasSuffix("/") ? String(lakeFolder.dropLast()) : lakeFolder
        if path.hasPrefix(root + "/") { return path }
        var tail = path.split(separator: "/")[...]
        // A table's file lies at least in <table>/metadata.
        while tail.count >= 3 {
            let candidate = root + "/" + tail.joined(separator: "/")
            // An error is not an absence: behind it lies somebody else's table.
            if try DurableFile.isThere(candidate) { return candidate }
            tail = tail.dropFirst()
        }
        return path
    }

    /// The state to read now; nil for a table without any snapshot.
    package var currentSnapshot: TableSnapshot? {
        metadata.currentSnapshot.map { TableSnapshot(table: self, snapshot: $0) }
    }

    /// An earlier state that has not expired.
    package func snapshot(id: Int64) -> TableSnapshot? {
        metadata.snapshot(id: id).map { TableSnapshot(table: self, snapshot: $0) }
    }

    /// The lines of a snapshot's manifest list.
    package func manifests(of snapshot: Snapshot) throws(LakeError) -> [ManifestFile] {
        let path = try location.resolve(snapshot.manifestList)
        return try ManifestList.read(DurableFile.read(path), path: path)
    }

    /// The entries of a manifest.
    package func entries(of manifest: ManifestFile) throws(LakeError) -> [ManifestEntry] {
        let path = try location.resolve(manifest.path)
        let reader = try ManifestReader(manifest, path: path, metadata: metadata)
        return try reader.entries(DurableFile.read(path))
    }
}
