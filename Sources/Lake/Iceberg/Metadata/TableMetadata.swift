import Columnar

/// The state of one Iceberg table: what a `metadata.json` says.
///
/// Source: iceberg.apache.org/spec, "Table Metadata". In: JSON of format versions 1 and 2. Out: version 2.
/// A value: a commit makes a changed copy, never touches the old one. Files and clocks are elsewhere.
package struct TableMetadata: Hashable, Sendable {
    /// The version as read; version 1 can be read and not be written to.
    package var formatVersion = 2
    package var uuid: String
    /// The stored location of the table's folder, as the paths in metadata begin.
    package var location: String
    package var lastSequenceNumber: Int64 = 0
    package var lastUpdatedMillis: Int64
    package var lastColumnID: Int
    package var schemas: [TableSchema]
    package var currentSchemaID: Int
    package var partitionSpecs: [PartitionSpec]
    package var defaultSpecID: Int
    package var lastPartitionID: Int
    package var properties: [String: String] = [:]
    package var currentSnapshotID: Int64?
    package var snapshots: [Snapshot] = []
    package var snapshotLog: [SnapshotLogEntry] = []
    package var metadataLog: [MetadataLogEntry] = []
    package var sortOrders: [SortOrder]
    package var defaultSortOrderID: Int
    package var references: [String: SnapshotReference] = [:]
    /// Compact JSON arrays of peers' statistics files, kept as they are.
    var statistics: [UInt8]?
    var partitionStatistics: [UInt8]?

    /// A new table without snapshots; `schema` must have field ids (`Schema.assigningIDs`).
    ///
    /// `uuid` comes from the caller's randomness, `location` is `file:///abs`.
    package init(
        uuid: String, location: String, schema: Schema, identifierFieldIDs: [Int] = [],
        partitionSpec: PartitionSpec = PartitionSpec(), sortKeys: [SortOrder.Key] = [],
        properties: [String: String] = [:], nowMillis: Int64
    ) {
        self.uuid = uuid
        self.location = location
        lastUpdatedMillis = nowMillis
        lastColumnID = schema.lastFieldID
        schemas = [TableSchema(id: 0, schema: schema, identifierFieldIDs: identifierFieldIDs)]
        currentSchemaID = 0
        partitionSpecs = [partitionSpec]
        defaultSpecID = partitionSpec.id
        lastPartitionID = partitionSpec.fields.reduce(PartitionSpec.firstFieldID - 1) {
            max($0, $1.fieldID)
        }
        self.properties = properties
        sortOrders = [.unsorted]
        if !sortKeys.isEmpty { sortOrders.append(SortOrder(id: 1, keys: sortKeys)) }
        defaultSortOrderID = sortKeys.isEmpty ? 0 : 1
    }

    /// The schema that new snapshots get.
    package var schema: Schema { schemas.first { $0.id == currentSchemaID }?.schema ?? Schema([]) }

    /// The spec that new files get.
    package var partitionSpec: PartitionSpec { partitionSpec(id: defaultSpecID) ?? PartitionSpec() }

    package var currentSnapshot: Snapshot? { currentSnapshotID.flatMap { snapshot(id: $0) } }

    package func snapshot(id: Int64) -> Snapshot? {
        snapshots.first { $0.id == id }
    }

    package func partitionSpec(id: Int) -> PartitionSpec? {
        partitionSpecs.first { $0.id == id }
    }

    /// The types of a spec's partition values; an old spec's column may be in an old schema only.
    func resultTypes(of spec: PartitionSpec) -> [DataType] {
        var types = spec.resultTypes(in: schema)
        for old in schemas.reversed() where types.contains(.unknown) {
            let others = spec.resultTypes(in: old.schema)
            for index in types.indices where types[index] == .unknown {
                types[index] = others[index]
            }
        }
        return types
    }

    func tableSchema(id: Int) -> TableSchema? {
        schemas.first { $0.id == id }
    }

    /// The schema a snapshot was written with; the current one for snapshots that do not say.
    package func schema(of snapshot: Snapshot) -> Schema {
        snapshot.schemaID.flatMap { tableSchema(id: $0) }?.schema ?? schema
    }

    /// Takes over `wanted`'s new columns and docs; true if anything changed.
    ///
    /// Throws `unsupported` for changes that old files cannot follow.
    package mutating func evolveSchema(
        to wanted: Schema, table: String
    ) throws(LakeError) -> Bool {
        var last = lastColumnID
        let changed = try schema.evolved(to: wanted, lastColumnID: &last, table: table)
        guard changed != schema else { return false }
        let keys = tableSchema(id: currentSchemaID)?.identifierFieldIDs ?? []
        // A schema id is never bound to another schema, so it is a new one.
        let id = schemas.reduce(0) { max($0, $1.id) } + 1
        schemas.append(TableSchema(id: id, schema: changed, identifierFieldIDs: keys))
        currentSchemaID = id
        lastColumnID = last
        return true
    }

    /// Files from now on are sorted so; an order that was there before gets its id back.
    package mutating func setSortOrder(_ keys: [SortOrder.Key]) {
        if let known = sortOrders.first(where: { $0.keys == keys }) {
            defaultSortOrderID = known.id
            return
        }
        let id = sortOrders.reduce(0) { max($0, $1.id) } + 1
        sortOrders.append(SortOrder(id: id, keys: keys))
        defaultSortOrderID = id
    }
}
