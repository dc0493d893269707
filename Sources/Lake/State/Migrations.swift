/// The tables of `lake.db`, by version; the Iceberg catalog's own are `Catalog`'s.
enum Migrations {
    /// The statements that make version 1, in order.
    static let version1 = [
        Settings.table, Sources.table, RawFiles.table, Runs.table, Quarantine.table,
        RetiredFiles.table,
    ]
}
