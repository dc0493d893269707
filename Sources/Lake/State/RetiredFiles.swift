/// The table of files that no snapshot names any more, kept for a grace time: readers may hold them.
enum RetiredFiles {
    static let table = """
        CREATE TABLE retired_files (
          path TEXT PRIMARY KEY,
          retired_micros INTEGER NOT NULL) STRICT, WITHOUT ROWID
        """

    /// Files a path as retired; inside the transaction that stopped naming it.
    static func add(
        _ database: Database, path: String, atMicros: Int64
    ) throws(LakeError) {
        try database.run(
            "INSERT OR IGNORE INTO retired_files VALUES (?1, ?2)",
            [.text(path), .integer(atMicros)])
    }

    /// The paths retired before a time.
    static func due(
        _ database: Database, beforeMicros: Int64
    ) throws(LakeError) -> [String] {
        let statement = try database.prepare(
            "SELECT path FROM retired_files WHERE retired_micros < ?1 ORDER BY path")
        try statement.bind(beforeMicros, at: 1)
        var paths: [String] = []
        while try statement.step() { paths.append(statement.text(0)) }
        return paths
    }

    /// Forgets a path, after its file is gone.
    static func remove(_ database: Database, path: String) throws(LakeError) {
        try database.run("DELETE FROM retired_files WHERE path = ?1", [.text(path)])
    }
}
