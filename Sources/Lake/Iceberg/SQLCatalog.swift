import Columnar

/// The Iceberg SQL (JDBC) catalog in a lake's database: table names to metadata files.
///
/// Source: `JdbcUtil` of the Java library, schema version V1. The tables are the ones that Spark, Trino and
/// pyiceberg expect in the same file, under the catalog name and the namespace `lake`. A commit is a
/// compare-and-swap of one row inside the caller's transaction.
package struct SQLCatalog {
    /// The name clients must give: `SqlCatalog("lake")`, `spark.sql.catalog.lake`.
    package static let catalogName = "lake"
    package static let namespace = "lake"

    /// What `Database.create` needs to run for a new lake.
    package static let tables = [
        """
        CREATE TABLE iceberg_tables (
          catalog_name VARCHAR(255) NOT NULL,
          table_namespace VARCHAR(255) NOT NULL,
          table_name VARCHAR(255) NOT NULL,
          metadata_location VARCHAR(1000),
          previous_metadata_location VARCHAR(1000),
          iceberg_type VARCHAR(5),
          PRIMARY KEY (catalog_name, table_namespace, table_name))
        """,
        """
        CREATE TABLE iceberg_namespace_properties (
          catalog_name VARCHAR(255) NOT NULL,
          namespace VARCHAR(255) NOT NULL,
          property_key VARCHAR(255) NOT NULL,
          property_value VARCHAR(1000) NOT NULL,
          PRIMARY KEY (catalog_name, namespace, property_key))
        """,
        """
        INSERT INTO iceberg_namespace_properties
        VALUES ('\(catalogName)', '\(namespace)', 'exists', 'true')
        """,
    ]

    private static let isTable = """
        catalog_name = ? AND table_namespace = ?
        AND (iceberg_type = 'TABLE' OR iceberg_type IS NULL)
        """

    private let database: Database

    package init(_ database: Database) {
        self.database = database
    }

    /// The stored location of a table's metadata file; nil if there is no such table.
    package func load(_ table: String) throws(LakeError) -> String? {
        let statement = try database.prepare(
            "SELECT metadata_location FROM iceberg_tables WHERE \(Self.isTable) AND table_name = ?")
        try statement.bind([.text(Self.catalogName), .text(Self.namespace), .text(table)])
        defer { statement.reset() }
        return try statement.step() ? statement.optionalText(0) : nil
    }

    /// The names of all tables, in byte order.
    package func list() throws(LakeError) -> [String] {
        let statement = try database.prepare(
            "SELECT table_name FROM iceberg_tables WHERE \(Self.isTable) ORDER BY table_name")
        try statement.bind([.text(Self.catalogName), .text(Self.namespace)])
        var names: [String] = []
        while try statement.step() { names.append(statement.text(0)) }
        return names
    }

    /// Registers a new table.
    ///
    /// Throws `tableExists`; must run inside a transaction.
    package func create(_ table: String, metadataLocation: String) throws(LakeError) {
        precondition(database.isInTransaction)
        let inserted = try database.run(
            """
            INSERT INTO iceberg_tables VALUES (?, ?, ?, ?, NULL, 'TABLE') ON CONFLICT DO NOTHING
            """,
            [
                .text(Self.catalogName), .text(Self.namespace), .text(table),
                .text(metadataLocation),
            ])
        guard inserted == 1 else { throw .tableExists(table) }
    }

    /// Moves a table from one metadata file to the next; must run inside a transaction.
    ///
    /// Throws `conflict` if the table is not at `old` any more: somebody else committed first.
    package func swap(
        _ table: String, from old: String, to new: String
    ) throws(LakeError) {
        precondition(database.isInTransaction)
        let changed = try database.run(
            """
            UPDATE iceberg_tables SET metadata_location = ?, previous_metadata_location = ?
            WHERE \(Self.isTable) AND table_name = ? AND metadata_location = ?
            """,
            [
                .text(new), .text(old), .text(Self.catalogName), .text(Self.namespace),
                .text(table), .text(old),
            ])
        guard changed == 1 else { throw .conflict(table: table) }
    }

    /// Forgets a table; its files stay.
    ///
    /// Throws `tableNotFound`; must run inside a transaction.
    package func drop(_ table: String) throws(LakeError) {
        precondition(database.isInTransaction)
        let deleted = try database.run(
            "DELETE FROM iceberg_tables WHERE \(Self.isTable) AND table_name = ?",
            [.text(Self.catalogName), .text(Self.namespace), .text(table)])
        guard deleted == 1 else { throw .tableNotFound(table) }
    }
}
