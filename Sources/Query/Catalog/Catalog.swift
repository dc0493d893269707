import Columnar

/// What Query asks of the world: names to tables.
///
/// Implemented by the CLI over a lake, by tests over values.
package protocol Catalog: Sendable {
    /// The table of a possibly qualified name (`table`, `schema.table`, `catalog.schema.table`), case-blind.
    ///
    /// Throws TABLE_NOT_FOUND, SCHEMA_NOT_FOUND or CATALOG_NOT_FOUND without a position; the binder adds it.
    func table(named name: [String]) throws(QueryError) -> any Table
    /// The table that a quoted one-part name means exactly as written, a file's path; nil: none does.
    ///
    /// Asked before `table(named:)`. Throws TABLE_NOT_FOUND if the name can only be such a one.
    func table(written name: String) throws(QueryError) -> (any Table)?
    /// Every table name, for listings and for nearest-name hints.
    func tableNames() -> [String]
    /// Functions that may be called in FROM.
    var tableFunctions: [any TableFunction] { get }
}

extension Catalog {
    package func table(written name: String) throws(QueryError) -> (any Table)? { nil }

    package var tableFunctions: [any TableFunction] { [] }
}

/// A table as the binder and the planner see it; a fixed snapshot from start to end of a query.
package protocol Table: Sendable {
    /// Columns in order; `ScanRequest` positions count in it.
    var schema: Schema { get }
    /// Positions of columns that `*` leaves out (`"$path"`).
    var hiddenColumns: Set<Int> { get }
    /// The exact number of rows, if the table knows it without reading data.
    var rowCount: Int? { get }
    /// About how many rows, for the order of joins and for progress; `rowCount` unless a table knows only that.
    var estimatedRowCount: Int? { get }
    /// Plans a scan: prunes files and row groups by `request.predicates`.
    func scan(_ request: ScanRequest, pool: BufferPool) throws(QueryError) -> any TableScan
}

extension Table {
    package var estimatedRowCount: Int? { rowCount }
}

/// A catalog without tables: `select 1` needs no lake.
package struct EmptyCatalog: Catalog {
    /// What to do about a table that is not there; nil says nothing.
    private let hint: String?

    package init(hint: String? = nil) {
        self.hint = hint
    }

    package func table(named name: [String]) throws(QueryError) -> any Table {
        throw QueryError(
            .tableNotFound, "Table '\(name.joined(separator: "."))' does not exist", hint: hint)
    }

    package func tableNames() -> [String] { [] }
}
