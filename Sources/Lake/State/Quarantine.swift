/// The table of raw files that could not be taken, with the reason of the last attempt.
package enum Quarantine {
    static let table = """
        CREATE TABLE quarantine (
          source INTEGER NOT NULL REFERENCES sources(id),
          path TEXT NOT NULL,
          reason TEXT NOT NULL,
          first_seen_micros INTEGER NOT NULL,
          last_seen_micros INTEGER NOT NULL,
          size_bytes INTEGER NOT NULL,
          modified_nanos INTEGER NOT NULL,
          PRIMARY KEY (source, path)) STRICT, WITHOUT ROWID
        """

    /// One row of the table.
    package struct Record: Hashable, Sendable {
        package var table: String
        package var file: QuarantinedFile
        package var firstSeenMicros: Int64
        package var lastSeenMicros: Int64
    }

    /// Adds a file or renews its reason; inside the transaction of the run.
    static func add(
        _ database: Database, source: Int64, file: QuarantinedFile, atMicros: Int64
    ) throws(LakeError) {
        try database.run(
            """
            INSERT INTO quarantine VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6)
            ON CONFLICT DO UPDATE SET reason = excluded.reason,
              last_seen_micros = excluded.last_seen_micros, size_bytes = excluded.size_bytes,
              modified_nanos = excluded.modified_nanos
            """,
            [
                .integer(source), .text(file.path), .text(file.reason), .integer(atMicros),
                .integer(file.sizeBytes), .integer(file.modifiedNanos),
            ])
    }

    /// Takes a file off the list: its content is good again, or it is gone without having had a row.
    static func remove(_ database: Database, source: Int64, path: String) throws(LakeError) {
        try database.run(
            "DELETE FROM quarantine WHERE source = ?1 AND path = ?2",
            [.integer(source), .text(path)])
    }

    /// The paths of one source.
    static func paths(_ database: Database, source: Int64) throws(LakeError) -> [String] {
        let statement = try database.prepare("SELECT path FROM quarantine WHERE source = ?1")
        try statement.bind(source, at: 1)
        var paths: [String] = []
        while try statement.step() { paths.append(statement.text(0)) }
        return paths
    }

    /// The list, by table and path.
    package static func list(_ database: Database) throws(LakeError) -> [Record] {
        let statement = try database.prepare(
            """
            SELECT name, path, reason, first_seen_micros, last_seen_micros, size_bytes,
              modified_nanos
            FROM quarantine JOIN sources ON sources.id = source ORDER BY name, path
            """)
        var records: [Record] = []
        while try statement.step() {
            records.append(
                Record(
                    table: statement.text(0),
                    file: QuarantinedFile(
                        path: statement.text(1), reason: statement.text(2),
                        sizeBytes: statement.integer(5), modifiedNanos: statement.integer(6)),
                    firstSeenMicros: statement.integer(3), lastSeenMicros: statement.integer(4)))
        }
        return records
    }
}
