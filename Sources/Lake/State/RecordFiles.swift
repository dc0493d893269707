/// The table of records in files that hold many: one row a file, read only when the file's bytes changed.
///
/// Beside the file's own entry in `raw_files`, which tells by stat and hash whether to look at it at all.
enum RecordFiles {
    static let table = """
        CREATE TABLE record_files (
          source INTEGER NOT NULL REFERENCES sources(id),
          path TEXT NOT NULL,
          records BLOB NOT NULL,
          PRIMARY KEY (source, path)) STRICT, WITHOUT ROWID
        """
}
