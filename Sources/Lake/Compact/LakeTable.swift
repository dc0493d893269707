import Columnar

/// One table of a lake as a run writes it: definition, Iceberg state, and which columns matter.
struct LakeTable: Sendable {
    let definition: TableDefinition
    let source: Int64
    /// The state before the run; without metadata location if the run's commit creates the table.
    let iceberg: IcebergTable
    /// Metadata with the definition's columns; differs from `iceberg`'s if the schema file got new ones.
    let metadata: TableMetadata
    /// Position in the file schema of each column of a flattened batch.
    let positions: [Int]
    let keyColumns: [Int]
    let sortColumns: [SortRule]
    let pathColumn: Int
    /// Columns that this run adds to a table that has been there before.
    let newColumns: [String]

    /// The columns of data files.
    var schema: Schema { metadata.schema }
    var isNew: Bool { iceberg.metadataLocation == nil }

    /// Opens a table of the catalog, or plans a new one in `folder`.
    init(
        _ definition: TableDefinition, source: Int64, catalog: SQLCatalog, lake: String,
        identity: RunIdentity
    ) throws(LakeError) {
        self.definition = definition
        self.source = source
        let wanted = definition.schema
        let keys = definition.keyColumns
        if try catalog.load(definition.name) == nil {
            iceberg = try Self.planned(definition, lake: lake, source: source, identity)
            metadata = iceberg.metadata
            newColumns = []
        } else {
            iceberg = try IcebergTable.open(definition.name, in: catalog, lakeFolder: lake)
            // The lake that this one was copied from is not ours to write to.
            guard iceberg.location.folder.hasPrefix(lake + "/") else {
                throw .invalidLocation(
                    path: iceberg.location.folder,
                    reason: "the table \(definition.name) lies outside of the lake \(lake)")
            }
            var evolved = iceberg.metadata
            let change = SchemaChange(definition, of: evolved)
            guard change.obstacles.isEmpty else {
                throw .schemaChange(table: definition.name, obstacles: change.obstacles)
            }
            newColumns = change.newColumns
            _ = try evolved.evolveSchema(to: wanted, table: definition.name)
            evolved.setSortOrder(
                definition.sort.compactMap { rule in
                    evolved.schema.index(of: wanted.fields[rule.column].name).flatMap {
                        evolved.schema.fields[$0].id
                    }.map {
                        SortOrder.Key(sourceID: $0, isDescending: rule.isDescending)
                    }
                })
            metadata = evolved
        }
        var positions: [Int] = []
        for field in wanted.fields {
            guard let position = metadata.schema.index(of: field.name) else {
                throw .unsupported(
                    FileLocation(path: definition.name, column: field.name),
                    feature: "a column that the table does not take over")
            }
            positions.append(position)
        }
        self.positions = positions
        keyColumns = keys.map { positions[$0] }
        var sort = definition.sort.map {
            SortRule(column: positions[$0.column], isDescending: $0.isDescending)
        }
        // Keys are unique, so with them the order of rows has no ties.
        for key in keyColumns where !sort.contains(where: { $0.column == key }) {
            sort.append(SortRule(column: key, isDescending: false))
        }
        sortColumns = sort
        pathColumn = positions[definition.columns.count + SystemColumn.rawPath.rawValue]
    }

    private static func planned(
        _ definition: TableDefinition, lake: String, source: Int64, _ identity: RunIdentity
    ) throws(LakeError) -> IcebergTable {
        let folder = "\(lake)/tables/\(definition.name)"
        let schema = definition.schema
        var random = identity.random(stream: UInt64(bitPattern: source) | 1 << 62)
        var spec = PartitionSpec()
        if let partition = definition.partition {
            spec = .single(
                IcebergTransform(partition.transform.rawValue), of: schema.fields[partition.column])
        }
        let metadata = TableMetadata(
            uuid: RandomIdentity.uuid(using: &random),
            location: try TableLocation(newTableIn: folder).stored,
            schema: schema,
            identifierFieldIDs: definition.keyColumns.compactMap { schema.fields[$0].id },
            partitionSpec: spec,
            sortKeys: definition.sort.compactMap { rule in
                schema.fields[rule.column].id.map {
                    SortOrder.Key(sourceID: $0, isDescending: rule.isDescending)
                }
            },
            nowMillis: identity.startedMicros / 1_000)
        return IcebergTable(new: metadata, name: definition.name, folder: folder)
    }

    /// The live files with the partition value that a flattened row would have.
    func liveFiles() throws(LakeError) -> [(partition: Int32?, file: LiveFile)] {
        guard let snapshot = iceberg.currentSnapshot else { return [] }
        var files: [(partition: Int32?, file: LiveFile)] = []
        for file in try snapshot.liveFiles() {
            guard file.file.specID == metadata.defaultSpecID else {
                throw .unsupported(
                    FileLocation(path: file.file.path), feature: "files of an older partitioning")
            }
            var partition: Int32?
            if case .int(let value)? = file.file.partition.first {
                partition = Int32(clamping: value)
            }
            files.append((partition, file))
        }
        return files
    }

    /// Rows before the run, as the snapshot says.
    var rowsTotal: Int64 { Self.rows(of: metadata) }

    static func rows(of metadata: TableMetadata) -> Int64 {
        metadata.currentSnapshot?.summary["total-records"].flatMap { Int64($0) } ?? 0
    }

    /// The folder of a partition: `posted_at_day=2026-01-02`; empty in an unpartitioned table.
    func folderName(of value: Int32?) -> String {
        metadata.partitionSpec.folderName(of: partition(of: value), in: schema)
    }

    /// The Iceberg partition of a value.
    func partition(of value: Int32?) -> [Value] {
        metadata.partitionSpec.fields.isEmpty ? [] : [value.map { .int(Int64($0)) } ?? .null]
    }
}
