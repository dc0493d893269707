import Columnar
import Glibc

/// What a schema file changes of its table, and what stands against it.
///
/// Old files stay as they are, so a change is possible when they still mean what they say: new optional
/// columns, wider numbers (integer to bigint, real to double), other docs, paths, rules, sorting and
/// settings; a column that the file drops stays, NULL in new rows. Source: iceberg.apache.org/spec,
/// "Schema Evolution".
package struct SchemaChange: Hashable, Sendable {
    /// Why a change cannot be made.
    package struct Obstacle: Hashable, Sendable {
        /// The column that it is about; nil when it is about the table's partition.
        package var column: String?
        package var problem: String
        package var remedy: String
    }

    /// Columns that the table gets, NULL in the rows that it has.
    package private(set) var newColumns: [String] = []
    /// Columns that stay in the table and get no more values.
    package private(set) var droppedColumns: [String] = []
    package private(set) var obstacles: [Obstacle] = []

    /// Compares a schema file with its table.
    package init(_ definition: TableDefinition, of metadata: TableMetadata) {
        let (old, new) = (metadata.schema, definition.schema)
        for field in new.fields {
            guard let index = old.index(of: field.name) else {
                newColumns.append(field.name)
                if !field.isNullable {
                    obstacles.append(
                        Obstacle(
                            column: field.name,
                            problem:
                                "\(field.name) is new and required, but the table's rows do not have it",
                            remedy: "leave out \"required\" and \"class\": \"key\""))
                }
                continue
            }
            compare(old.fields[index], field)
        }
        droppedColumns = old.fields.map(\.name).filter { new.index(of: $0) == nil }
        compareKeys(definition, metadata)
        comparePartition(definition, metadata)
    }

    private mutating func compare(_ old: Field, _ new: Field) {
        var last = 0
        do throws(LakeError) {
            _ = try Schema([old]).evolved(to: Schema([new]), lastColumnID: &last, table: "")
        } catch {
            guard case .unsupported(let location, let feature) = error else { return }
            let reason = feature.drop { $0 != ":" }.dropFirst(2)
            obstacles.append(
                Obstacle(
                    column: new.name, problem: "\(location.column ?? new.name): \(reason)",
                    remedy: "give the new column another name; the old one stays"))
        }
    }

    private mutating func compareKeys(_ definition: TableDefinition, _ metadata: TableMetadata) {
        let ids = metadata.tableSchema(id: metadata.currentSchemaID)?.identifierFieldIDs ?? []
        let old = ids.compactMap { metadata.schema.field(id: $0)?.name }
        let new = definition.keyColumns.map { definition.columns[$0].name }
        guard old != new else { return }
        let key = old.joined(separator: ", ")
        obstacles.append(
            Obstacle(
                column: new.first { !old.contains($0) } ?? new.first,
                problem: "the table's key is \(key), not \(new.joined(separator: ", "))",
                remedy: "make \(key) the key, in this order, or describe a new table"))
    }

    private mutating func comparePartition(
        _ definition: TableDefinition, _ metadata: TableMetadata
    ) {
        let old = metadata.partitionSpec.fields.map {
            "\($0.transform.name)(\(metadata.schema.field(id: $0.sourceID)?.name ?? "?"))"
        }
        let new = definition.partition.map {
            "\($0.transform.rawValue)(\(definition.columns[$0.column].name))"
        }
        guard old != [new].compactMap({ $0 }) else { return }
        let text = old.isEmpty ? "none" : old.joined(separator: ", ")
        obstacles.append(
            Obstacle(
                column: nil, problem: "the table's partition is \(text), not \(new ?? "none")",
                remedy: "leave it, or describe a new table"))
    }
}

extension Lake {
    /// What a schema file would change of its table; nil where the lake has no such table yet.
    package func change(to definition: TableDefinition) throws(LakeError) -> SchemaChange? {
        guard try catalog.load(definition.name) != nil else { return nil }
        let table = try IcebergTable.open(definition.name, in: catalog, lakeFolder: path)
        return SchemaChange(definition, of: table.metadata)
    }

    /// The paths of the lake's schema files, by name.
    package func schemaPaths() throws(LakeError) -> [String] {
        try Self.schemaPaths(in: path)
    }

    static func schemaPaths(in path: String) throws(LakeError) -> [String] {
        let folder = "\(path)/\(schemaFolder)"
        let descriptor = Glibc.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return [] }
            throw .io(operation: "open", path: folder, errorNumber: errno)
        }
        let listing = DirectoryListing()
        let failure = listing.read(closing: descriptor, order: .files)
        guard failure == 0 else {
            throw .io(operation: "list", path: folder, errorNumber: failure)
        }
        return listing.entries.map { String(decoding: listing.name($0), as: UTF8.self) }
            .filter { $0.hasSuffix(".json") && !$0.hasPrefix(".") }.map { "\(folder)/\($0)" }
    }
}
