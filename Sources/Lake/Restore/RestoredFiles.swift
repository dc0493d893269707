import Columnar

/// The table of temporary copies: data files of a snapshot whose rows are archived and were asked back.
///
/// One copy a partition, with the rows of all requests that are alive; it expires with the last of them.
/// After that moment readers pass it over, and the next sweep or run takes it out of the snapshot.
package enum RestoredFiles {
    static let table = """
        CREATE TABLE restored_files (
          path TEXT PRIMARY KEY,
          source INTEGER NOT NULL REFERENCES sources(id),
          partition INTEGER,
          row_count INTEGER NOT NULL,
          size_bytes INTEGER NOT NULL,
          expires_micros INTEGER NOT NULL) STRICT, WITHOUT ROWID
        """

    /// One row of the table.
    package struct Record: Hashable, Sendable {
        /// The stored location, as the snapshot has it.
        package var path: String
        package var source: Int64
        package var partition: Int32?
        package var rowCount: Int64
        package var sizeBytes: Int64
        /// A midnight UTC.
        package var expiresMicros: Int64
    }

    /// Files a copy; inside the transaction that puts it into the snapshot.
    static func add(_ database: Database, _ file: Record) throws(LakeError) {
        try database.run(
            "INSERT OR REPLACE INTO restored_files VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            [
                .text(file.path), .integer(file.source),
                file.partition.map { .integer(Int64($0)) } ?? .null, .integer(file.rowCount),
                .integer(file.sizeBytes), .integer(file.expiresMicros),
            ])
    }

    /// Forgets a copy; inside the transaction that takes it out of the snapshot.
    static func remove(_ database: Database, path: String) throws(LakeError) {
        try database.run("DELETE FROM restored_files WHERE path = ?1", [.text(path)])
    }

    /// The copies of one source, or of all, in order of partition; none in a file of an older version.
    package static func list(
        _ database: Database, source: Int64? = nil
    ) throws(LakeError) -> [Record] {
        guard database.version >= ColdFiles.version else { return [] }
        let statement = try database.prepare(
            """
            SELECT path, source, partition, row_count, size_bytes, expires_micros
            FROM restored_files WHERE ?1 IS NULL OR source = ?1 ORDER BY source, partition, path
            """)
        try statement.bind(source.map { .integer($0) } ?? .null, at: 1)
        var files: [Record] = []
        while try statement.step() {
            files.append(
                Record(
                    path: statement.text(0), source: statement.integer(1),
                    partition: statement.isNull(2)
                        ? nil : Int32(truncatingIfNeeded: statement.integer(2)),
                    rowCount: statement.integer(3), sizeBytes: statement.integer(4),
                    expiresMicros: statement.integer(5)))
        }
        return files
    }
}
