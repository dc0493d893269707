import Columnar

/// The append-only table beside a table with counters: what a row's counters were, each time one changed.
///
/// ```
/// posts(id, …, like_count, owner(followers_count))
///   ─► posts_metrics(id, observed_at, like_count, owner_followers_count)
/// ```
/// A run appends a row for each key whose row is new, or has other counters than the row that it replaces;
/// a row that came from another partition counts as changed. Partitioned by the day of `observed_at`;
/// within a run's file, rows have the order of the table's partitions and of its sort columns.
struct MetricsTable: Sendable {
    let source: Int64
    /// The state before the run; without metadata location if the run's commit creates the table.
    let iceberg: IcebergTable
    /// Metadata with the counters of today's schema file.
    let metadata: TableMetadata
    let definition: TableDefinition
    /// Positions in the base table's file schema.
    private let keyColumns: [Int]
    /// A column's position in the base table's file schema, then those of fields within rows.
    private let counters: [[Int]]
    /// For each column of the metrics table, its place among keys, `observed_at` and counters; nil for
    /// a counter that the schema file no longer names.
    private let places: [Int?]

    /// Marks a table as ours in its properties, with the name of the base table.
    static let property = "lake.metrics-of"

    var schema: Schema { metadata.schema }
    var isNew: Bool { iceberg.metadataLocation == nil }

    /// Opens or plans the metrics table of `base`; nil if it has no counters or wants none.
    ///
    /// Throws `tableExists` if a table of that name is not the base's metrics table.
    init?(
        of base: LakeTable, catalog: SQLCatalog, database: Database, lake: String,
        identity: RunIdentity
    ) throws(LakeError) {
        definition = base.definition
        let counterColumns = definition.counters
        guard definition.settings.metrics, !counterColumns.isEmpty else { return nil }
        let name = definition.metricsName
        source = try Sources.id(of: name, database)
        keyColumns = base.keyColumns
        var counters: [[Int]] = []
        for counter in counterColumns {
            guard let path = Self.positions(of: counter.path, in: base.schema) else {
                throw .unsupported(
                    FileLocation(path: base.definition.name, column: counter.name),
                    feature: "a column that the table does not take over")
            }
            counters.append(path)
        }
        self.counters = counters
        let wanted = Self.schema(of: base, counterColumns)
        if try catalog.load(name) == nil {
            iceberg = try Self.planned(
                wanted, keys: keyColumns.count, of: base, lake: lake, source: source, identity)
            metadata = iceberg.metadata
        } else {
            iceberg = try IcebergTable.open(name, in: catalog, lakeFolder: lake)
            guard iceberg.location.folder.hasPrefix(lake + "/") else {
                throw .invalidLocation(
                    path: iceberg.location.folder,
                    reason: "the table \(name) lies outside of the lake \(lake)")
            }
            guard iceberg.metadata.properties[Self.property] == definition.name else {
                throw .tableExists(name)
            }
            var evolved = iceberg.metadata
            _ = try evolved.evolveSchema(to: wanted, table: name)
            metadata = evolved
        }
        places = metadata.schema.fields.map { wanted.index(of: $0.name) }
    }

    private static func schema(of base: LakeTable, _ counters: [CounterColumn]) -> Schema {
        var fields: [Field] = base.keyColumns.map { position in
            let key = base.schema.fields[position]
            return Field(
                name: key.name, type: key.type, isNullable: key.isNullable, doc: key.doc)
        }
        fields.append(TableDefinition.observedAt)
        fields += counters.map { Field(name: $0.name, type: $0.type, doc: $0.doc) }
        var ids = FieldIDs()
        ids.assign(to: &fields)
        return Schema(fields)
    }

    private static func planned(
        _ schema: Schema, keys: Int, of base: LakeTable, lake: String, source: Int64,
        _ identity: RunIdentity
    ) throws(LakeError) -> IcebergTable {
        let name = base.definition.metricsName
        let folder = "\(lake)/tables/\(name)"
        var random = identity.random(stream: UInt64(bitPattern: source) | 1 << 62)
        let metadata = TableMetadata(
            uuid: RandomIdentity.uuid(using: &random),
            location: try TableLocation(newTableIn: folder).stored, schema: schema,
            partitionSpec: .single(.day, of: schema.fields[keys]),
            properties: [property: base.definition.name],
            nowMillis: identity.startedMicros / 1_000)
        return IcebergTable(new: metadata, name: name, folder: folder)
    }

    private static func positions(of path: [String], in schema: Schema) -> [Int]? {
        var fields = schema.fields
        var positions: [Int] = []
        for name in path {
            guard let position = fields.firstIndex(where: { $0.name == name }) else { return nil }
            positions.append(position)
            fields = fields[position].children
        }
        return positions
    }

    /// Positions of all columns of the base table that matter here.
    var baseColumns: [Int] { keyColumns + Set(counters.map { $0[0] }).sorted() }

    /// Hashes of the counters of a batch in the base table's columns, row by row.
    func counterHashes(
        of columns: [Column], count: Int, seed: UInt64, pool: BufferPool
    ) throws(ColumnarError) -> [ContentHash] {
        var values: [Column] = []
        for path in counters { values.append(try Self.column(at: path, of: columns, pool: pool)) }
        return try RowKeys.hashes(of: values, count: count, seed: seed, pool: pool)
    }

    /// The rows of a batch in the base table's columns as rows of this table.
    func observations(
        of columns: [Column], count: Int, atMicros: Int64, pool: BufferPool
    ) throws(ColumnarError) -> Batch {
        let time = try Column.from(
            [.int(atMicros)], type: TableDefinition.observedAt.type, pool: pool)
        var values: [Column] = keyColumns.map { columns[$0] }
        values.append(.constant(ConstantColumn(time, count: count)))
        for path in counters { values.append(try Self.column(at: path, of: columns, pool: pool)) }
        var row: [Column] = []
        for (place, field) in zip(places, schema.fields) {
            if let place {
                row.append(values[place])
            } else {
                row.append(try Column.nulls(field.type, count: count, pool: pool))
            }
        }
        return Batch(columns: row, count: count)
    }

    /// A column, or a field within rows, NULL where a row around it is.
    private static func column(
        at path: [Int], of columns: [Column], pool: BufferPool
    ) throws(ColumnarError) -> Column {
        var column = columns[path[0]]
        for position in path.dropFirst() {
            guard case .row(let row) = try column.flattened(pool: pool) else {
                preconditionFailure("a path leads through rows")
            }
            column = try row.children[position].resolved()
            if let valid = row.validity { column = try column.masked(by: valid, pool: pool) }
        }
        return column
    }
}
