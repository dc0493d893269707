import Columnar

/// What a commit does to a table.
package struct TableChange: Sendable {
    package var operation: SnapshotOperation
    /// New files, partitioned by the table's default spec.
    package var added: [DataFile]
    /// Files of the table's current snapshot that are no longer part of it.
    package var removed: [LiveFile]
    /// More lines for the snapshot's summary.
    package var summary: [String: String]

    package init(
        operation: SnapshotOperation, added: [DataFile] = [], removed: [LiveFile] = [],
        summary: [String: String] = [:]
    ) {
        self.operation = operation
        self.added = added
        self.removed = removed
        self.summary = summary
    }
}

/// Turns a table's state and a change into the next state: manifests, manifest list, metadata file.
///
/// Source: iceberg.apache.org/spec, "Snapshots" and "Optimistic Concurrency". All files are written and
/// synced before anything is published, so a crash leaves orphans and never half a commit. Manifests that
/// lose no file are taken over as they are; what is left of the others goes, in partition order, into
/// new ones; DELETED entries get manifests of their own, which the next commit drops.
package struct TableCommit<Random: RandomNumberGenerator> {
    private let table: IcebergTable
    private let change: TableChange
    private let policy: RetentionPolicy
    private var random: Random
    private var metadata: TableMetadata
    private let schema: TableSchema
    private let snapshotID: Int64
    private let sequenceNumber: Int64
    private let timestampMillis: Int64
    private let commitID: String
    private var manifestCount = 0
    private var written: [String] = []

    /// Entries of one rewritten manifest: 60 bytes each when deflated, so half a megabyte.
    private static var manifestEntries: Int { 8_192 }
    /// From this many manifests on, small ones are merged, so that planning opens few files.
    private static var manifestsToMerge: Int { 100 }

    /// Prepares a commit on `table`; nothing of it is visible before `PreparedCommit.publish`.
    ///
    /// `metadata` is the table's with changed schema or properties, or nil for the same. `nowMillis` and
    /// `random` are the caller's clock and randomness. `commitID` is a UUID that every file name of this
    /// commit holds, for a caller that must find them after a crash. On an error all written is removed.
    package static func prepare(
        _ change: TableChange, on table: IcebergTable, metadata: TableMetadata? = nil,
        policy: RetentionPolicy = RetentionPolicy(), nowMillis: Int64, commitID: String? = nil,
        random: inout Random
    ) throws(LakeError) -> PreparedCommit {
        var commit = try TableCommit(
            change, table, metadata ?? table.metadata, policy, nowMillis, commitID, random)
        defer { random = commit.random }
        do throws(LakeError) {
            return try commit.run()
        } catch {
            for path in commit.written { try? DurableFile.remove(path) }
            throw error
        }
    }

    private init(
        _ change: TableChange, _ table: IcebergTable, _ metadata: TableMetadata,
        _ policy: RetentionPolicy, _ nowMillis: Int64, _ commitID: String?, _ random: Random
    ) throws(LakeError) {
        guard metadata.formatVersion == 2 else {
            throw .unsupported(
                .init(path: table.name), feature: "commits to Iceberg version 1 tables")
        }
        guard let schema = metadata.tableSchema(id: metadata.currentSchemaID) else {
            throw .corrupt(.init(path: table.name), reason: "the metadata has no current schema")
        }
        self.table = table
        self.change = change
        self.policy = policy
        self.random = random
        self.metadata = metadata
        self.schema = schema
        snapshotID = RandomIdentity.snapshotID(for: metadata, using: &self.random)
        sequenceNumber = metadata.lastSequenceNumber + 1
        // Clocks step back; a table's history must not.
        timestampMillis = max(nowMillis, metadata.lastUpdatedMillis)
        self.commitID = commitID ?? RandomIdentity.uuid(using: &self.random)
    }

    private mutating func run() throws(LakeError) -> PreparedCommit {
        try DurableFile.makeFolder(table.location.folder + "/metadata")
        let parent = metadata.currentSnapshot
        let manifests = try nextManifests(parent)
        let listName = "metadata/snap-\(snapshotID)-0-\(commitID).avro"
        let snapshot = Snapshot(
            id: snapshotID, parentID: parent?.id, sequenceNumber: sequenceNumber,
            timestampMillis: timestampMillis, manifestList: table.location.stored(listName),
            summary: SnapshotSummary.make(
                operation: change.operation, added: change.added,
                removed: change.removed.map(\.file), manifests: manifests, parent: parent,
                extra: change.summary), schemaID: schema.id)
        let sync = RandomIdentity.bytes(AvroContainer.syncBytes, using: &random)
        try write(ManifestList.write(manifests, snapshot: snapshot, sync: sync), to: listName)
        advance(to: snapshot)
        return try writeMetadata()
    }

    private mutating func advance(to snapshot: Snapshot) {
        metadata.lastSequenceNumber = sequenceNumber
        if let location = table.metadataLocation {
            metadata.metadataLog.append(
                MetadataLogEntry(
                    file: location, timestampMillis: table.metadata.lastUpdatedMillis))
        }
        metadata.lastUpdatedMillis = timestampMillis
        metadata.currentSnapshotID = snapshot.id
        metadata.snapshots.append(snapshot)
        metadata.snapshotLog.append(
            SnapshotLogEntry(snapshotID: snapshot.id, timestampMillis: timestampMillis))
        var json = JSONWriter()
        json.beginObject()
        json.member("snapshot-id", snapshot.id)
        json.member("type", "branch")
        json.endObject()
        metadata.references["main"] = SnapshotReference(
            snapshotID: snapshot.id, type: "branch", json: json.bytes)
        metadata.expire(policy, nowMillis: timestampMillis)
    }

    private mutating func writeMetadata() throws(LakeError) -> PreparedCommit {
        let version = table.metadataLocation.map { (MetadataFile.version(of: $0) ?? -1) + 1 } ?? 0
        let name = "metadata/" + MetadataFile.name(version: version, uuid: commitID)
        try write(MetadataFile.bytes(of: metadata), to: name)
        try DurableFile.syncFolder(table.location.folder + "/metadata")
        return PreparedCommit(
            table: table, metadata: metadata, metadataLocation: table.location.stored(name),
            metadataPath: "\(table.location.folder)/\(name)", writtenPaths: written)
    }

    // MARK: Manifests

    /// The next snapshot's manifests: new, rewritten, gone, carried.
    private mutating func nextManifests(_ parent: Snapshot?) throws(LakeError) -> [ManifestFile] {
        var existing: [ManifestFile] = []
        if let parent { existing = try table.manifests(of: parent) }
        for manifest in existing where manifest.content != .data {
            throw .unsupported(.init(path: manifest.path), feature: "Iceberg delete files")
        }
        let carried = existing.filter(\.mayHaveLiveFiles)
        let touched = Set(change.removed.map(\.manifestPath))
        let mergesSmall = carried.count >= Self.manifestsToMerge
        var kept: [ManifestFile] = []
        var rewritten: [ManifestEntry] = []
        var missing = Set(change.removed.map(\.file.path))
        for manifest in carried {
            let live = manifest.added.files + manifest.existing.files
            let isSmall = manifest.hasCounts && live < Int64(Self.manifestEntries / 2)
            guard touched.contains(manifest.path) || mergesSmall && isSmall else {
                kept.append(manifest)
                continue
            }
            for var entry in try table.entries(of: manifest) where entry.isLive {
                if missing.remove(entry.file.path) != nil { continue }
                entry.status = .existing
                rewritten.append(entry)
            }
        }
        guard let lost = missing.first else {
            return try newManifests(rewritten) + kept
        }
        throw .corrupt(.init(path: lost), reason: "a file to remove is not in the snapshot")
    }

    private mutating func newManifests(
        _ rewritten: [ManifestEntry]
    ) throws(LakeError) -> [ManifestFile] {
        var manifests: [ManifestFile] = []
        let added = change.added.map {
            ManifestEntry(status: .added, snapshotID: snapshotID, file: $0)
        }
        let deleted = change.removed.map { live in
            var entry = live.entry
            entry.status = .deleted
            entry.snapshotID = snapshotID
            return entry
        }
        for group in [added, deleted, rewritten] {
            manifests += try writeManifests(group)
        }
        return manifests
    }

    /// Writes entries in partition order, one spec a manifest.
    private mutating func writeManifests(
        _ entries: [ManifestEntry]
    ) throws(LakeError) -> [ManifestFile] {
        let sorted = entries.sorted { $0.file.precedes($1.file) }
        var manifests: [ManifestFile] = []
        var start = 0
        while start < sorted.count {
            var end = start
            let specID = sorted[start].file.specID
            while end < sorted.count, end - start < Self.manifestEntries,
                sorted[end].file.specID == specID
            {
                end += 1
            }
            manifests.append(try writeManifest(sorted[start..<end], specID: specID))
            start = end
        }
        return manifests
    }

    private mutating func writeManifest(
        _ entries: ArraySlice<ManifestEntry>, specID: Int
    ) throws(LakeError) -> ManifestFile {
        guard let spec = metadata.partitionSpec(id: specID) else {
            throw .corrupt(.init(path: table.name), reason: "no partition spec \(specID)")
        }
        let name = "metadata/\(commitID)-m\(manifestCount).avro"
        manifestCount += 1
        var writer = try ManifestWriter(
            path: table.location.stored(name), spec: spec, schema: schema,
            types: metadata.resultTypes(of: spec), snapshotID: snapshotID,
            sequenceNumber: sequenceNumber,
            sync: RandomIdentity.bytes(AvroContainer.syncBytes, using: &random))
        for entry in entries { try writer.append(entry) }
        let (bytes, manifest) = try writer.finish()
        try write(bytes, to: name)
        return manifest
    }

    private mutating func write(_ bytes: [UInt8], to name: String) throws(LakeError) {
        let path = "\(table.location.folder)/\(name)"
        written.append(path)
        try DurableFile.write(bytes, to: path)
    }
}
