import Columnar

/// What a snapshot did to its table, in the spec's words.
package enum SnapshotOperation: String, Sendable {
    /// Only added files.
    case append
    /// The same rows in other files.
    case replace
    /// Added and removed rows.
    case overwrite
    /// Only removed rows.
    case delete
}

/// One state of a table: a manifest list and what led to it.
///
/// Source: iceberg.apache.org/spec, "Snapshots".
package struct Snapshot: Hashable, Sendable {
    package var id: Int64
    package var parentID: Int64?
    package var sequenceNumber: Int64
    package var timestampMillis: Int64
    /// The stored location of the manifest list.
    package var manifestList: String
    /// `operation` and the counts, all as strings.
    package var summary: [String: String]
    package var schemaID: Int?

    package init(
        id: Int64, parentID: Int64?, sequenceNumber: Int64, timestampMillis: Int64,
        manifestList: String, summary: [String: String], schemaID: Int?
    ) {
        self.id = id
        self.parentID = parentID
        self.sequenceNumber = sequenceNumber
        self.timestampMillis = timestampMillis
        self.manifestList = manifestList
        self.summary = summary
        self.schemaID = schemaID
    }

    init(_ json: MetadataJSON) throws(LakeError) {
        id = try json.long("snapshot-id")
        parentID = try json.optionalLong("parent-snapshot-id")
        sequenceNumber = try json.optionalLong("sequence-number") ?? 0
        timestampMillis = try json.long("timestamp-ms")
        guard json["manifest-list"] != nil else {
            throw .unsupported(
                .init(path: json.path), feature: "version 1 snapshots without a manifest list")
        }
        manifestList = try json.string("manifest-list")
        summary = try json.stringMap("summary")
        schemaID = try json.optionalID("schema-id")
    }

    func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("snapshot-id", id)
        if let parentID { json.member("parent-snapshot-id", parentID) }
        json.member("sequence-number", sequenceNumber)
        json.member("timestamp-ms", timestampMillis)
        json.member("manifest-list", manifestList)
        json.key("summary")
        json.stringMap(summary)
        if let schemaID { json.member("schema-id", schemaID) }
        json.endObject()
    }
}

/// An entry of `snapshot-log`: which snapshot became current when.
package struct SnapshotLogEntry: Hashable, Sendable {
    package var snapshotID: Int64
    package var timestampMillis: Int64
}

/// An entry of `metadata-log`: an earlier metadata file.
package struct MetadataLogEntry: Hashable, Sendable {
    /// Stored location.
    package var file: String
    package var timestampMillis: Int64
}

/// A branch or a tag.
package struct SnapshotReference: Hashable, Sendable {
    package var snapshotID: Int64
    /// `branch` or `tag`.
    package var type: String
    /// The whole object, compact: retention settings are kept as they are.
    var json: [UInt8]
}
