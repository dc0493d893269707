/// The tables of `lake.db`, as the steps that made them; the Iceberg catalog's own are `SQLCatalog`'s.
///
/// A file of an older version is upgraded by the first process that locks the lake for writing. What a
/// released version says never changes: a new fact is a new version, and `CREATE TABLE` texts of released
/// versions stay as they were.
enum Migrations {
    /// The statements of each version, from version 1.
    static let versions: [[String]] = [
        [
            Settings.table, Sources.table, RawFiles.table, Runs.table, Quarantine.table,
            RetiredFiles.table,
        ],
        [RecordFiles.table],
        [
            Runs.kindColumn, ColdFiles.table, ColdFiles.index, Packs.table, Packs.index,
            Restores.table, RestoredFiles.table, Holds.table, Erasures.table, Suppressions.table,
            Verifications.table,
        ],
    ]

    /// What makes a new file's tables.
    static var all: [String] { versions.flatMap { $0 } }
}
