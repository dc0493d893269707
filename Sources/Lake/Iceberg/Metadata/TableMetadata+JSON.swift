import Columnar

extension TableMetadata {
    /// Reads a `metadata.json`; `path` is for errors.
    ///
    /// Tolerant of missing optional members and version 1's older spellings. Throws `unsupported` for
    /// version 3 and up, `corrupt` with key and place for what is wrong.
    package init(json bytes: [UInt8], path: String) throws(LakeError) {
        let json = MetadataJSON(value: try parseJSON(bytes, path: path), path: path)
        let version = try json.id("format-version")
        guard (1...2).contains(version) else {
            throw .unsupported(.init(path: path), feature: "Iceberg format version \(version)")
        }
        formatVersion = version
        uuid = try json["table-uuid"] == nil ? "" : json.string("table-uuid")
        location = try json.string("location")
        lastSequenceNumber = try json.optionalLong("last-sequence-number") ?? 0
        lastUpdatedMillis = try json.long("last-updated-ms")
        properties = try json.stringMap("properties")
        (schemas, currentSchemaID) = try Self.schemas(json)
        lastColumnID = try json.id("last-column-id")
        (partitionSpecs, defaultSpecID) = try Self.specs(json)
        let lastField = partitionSpecs.flatMap(\.fields).map(\.fieldID).max()
        lastPartitionID =
            try json.optionalID("last-partition-id") ?? lastField
            ?? PartitionSpec.firstFieldID - 1
        sortOrders = []
        for order in try json.optionalArray("sort-orders") ?? [] {
            sortOrders.append(try SortOrder(order))
        }
        if sortOrders.isEmpty { sortOrders = [.unsorted] }
        defaultSortOrderID = try json.optionalID("default-sort-order-id") ?? 0
        for snapshot in try json.optionalArray("snapshots") ?? [] {
            snapshots.append(try Snapshot(snapshot))
        }
        try readHistory(json)
        statistics = json["statistics"].map(Self.compact)
        partitionStatistics = json["partition-statistics"].map(Self.compact)
        // Old writers say -1 for "no snapshot yet".
        let current = try json.optionalLong("current-snapshot-id") ?? -1
        currentSnapshotID = current == -1 ? nil : current
        guard currentSnapshotID == nil || currentSnapshot != nil else {
            throw json.corrupt("the current snapshot \(current) is not in \"snapshots\"")
        }
        guard lastSequenceNumber >= 0, lastSequenceNumber < Int64.max else {
            throw json.corrupt("\"last-sequence-number\" is out of range")
        }
    }

    private static func schemas(_ json: MetadataJSON) throws(LakeError) -> ([TableSchema], Int) {
        guard let list = try json.optionalArray("schemas"), !list.isEmpty else {
            let only = try TableSchema(json.member("schema"))
            return ([only], only.id)
        }
        var schemas: [TableSchema] = []
        for schema in list { schemas.append(try TableSchema(schema)) }
        let current = try json.id("current-schema-id")
        guard schemas.contains(where: { $0.id == current }) else {
            throw json.corrupt("the current schema \(current) is not in \"schemas\"")
        }
        return (schemas, current)
    }

    private static func specs(_ json: MetadataJSON) throws(LakeError) -> ([PartitionSpec], Int) {
        guard let list = try json.optionalArray("partition-specs"), !list.isEmpty else {
            let fields = try PartitionSpec.fields(json.optionalArray("partition-spec") ?? [])
            return ([PartitionSpec(id: 0, fields: fields)], 0)
        }
        var specs: [PartitionSpec] = []
        for spec in list {
            specs.append(
                PartitionSpec(
                    id: try spec.id("spec-id"),
                    fields: try PartitionSpec.fields(spec.array("fields"))))
        }
        let current = try json.id("default-spec-id")
        guard specs.contains(where: { $0.id == current }) else {
            throw json.corrupt("the default spec \(current) is not in \"partition-specs\"")
        }
        return (specs, current)
    }

    private mutating func readHistory(_ json: MetadataJSON) throws(LakeError) {
        for entry in try json.optionalArray("snapshot-log") ?? [] {
            snapshotLog.append(
                SnapshotLogEntry(
                    snapshotID: try entry.long("snapshot-id"),
                    timestampMillis: try entry.long("timestamp-ms")))
        }
        for entry in try json.optionalArray("metadata-log") ?? [] {
            metadataLog.append(
                MetadataLogEntry(
                    file: try entry.string("metadata-file"),
                    timestampMillis: try entry.long("timestamp-ms")))
        }
        for member in json["refs"]?.value.object ?? [] {
            let entry = MetadataJSON(value: member.value, path: json.path)
            references[member.key] = SnapshotReference(
                snapshotID: try entry.long("snapshot-id"), type: try entry.string("type"),
                json: Self.compact(entry))
        }
    }

    private static func compact(_ json: MetadataJSON) -> [UInt8] {
        var writer = JSONWriter()
        writer.value(json.value)
        return writer.bytes
    }

    /// The text of a `metadata.json` of version 2; the same bytes for the same metadata.
    package func json() -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.member("format-version", 2)
        json.member("table-uuid", uuid)
        json.member("location", location)
        json.member("last-sequence-number", lastSequenceNumber)
        json.member("last-updated-ms", lastUpdatedMillis)
        json.member("last-column-id", lastColumnID)
        json.key("schemas")
        json.beginArray()
        for schema in schemas { json.raw(schema.json) }
        json.endArray()
        json.member("current-schema-id", currentSchemaID)
        json.key("partition-specs")
        json.beginArray()
        for spec in partitionSpecs { spec.write(to: &json) }
        json.endArray()
        json.member("default-spec-id", defaultSpecID)
        json.member("last-partition-id", lastPartitionID)
        json.key("sort-orders")
        json.beginArray()
        for order in sortOrders { order.write(to: &json) }
        json.endArray()
        json.member("default-sort-order-id", defaultSortOrderID)
        json.key("properties")
        json.stringMap(properties)
        // Absent, not null, while there is none: old Trino fails on null.
        if let currentSnapshotID { json.member("current-snapshot-id", currentSnapshotID) }
        writeHistory(to: &json)
        json.endObject()
        return json.bytes
    }

    private func writeHistory(to json: inout JSONWriter) {
        json.key("refs")
        json.beginObject()
        let names = references.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        for name in names {
            json.key(name)
            json.raw(references[name]?.json ?? [])
        }
        json.endObject()
        json.key("snapshots")
        json.beginArray()
        for snapshot in snapshots { snapshot.write(to: &json) }
        json.endArray()
        json.objects("snapshot-log", snapshotLog) { json, entry in
            json.member("snapshot-id", entry.snapshotID)
            json.member("timestamp-ms", entry.timestampMillis)
        }
        json.objects("metadata-log", metadataLog) { json, entry in
            json.member("metadata-file", entry.file)
            json.member("timestamp-ms", entry.timestampMillis)
        }
        json.key("statistics")
        json.raw(statistics ?? Array("[]".utf8))
        json.key("partition-statistics")
        json.raw(partitionStatistics ?? Array("[]".utf8))
    }
}
