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

    /// Files those of the paths that are not archived; the same, and after the archive was changed.
    ///
    /// Returns how many those are. An archived file may lie where a snapshot named it before: rows of
    /// GLACIER_IR that went on to GLACIER.
    @discardableResult
    static func add(
        _ database: Database, paths: some Sequence<String>, atMicros: Int64,
        unless archived: ArchivedPaths
    ) throws(LakeError) -> Int {
        var count = 0
        for path in paths where try !archived.contains(path) {
            try add(database, path: path, atMicros: atMicros)
            count += 1
        }
        return count
    }

    /// The paths retired before a time; lakes of older programs may list archived ones: `ArchivedPaths`.
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

/// Asks whether an absolute path is an archived file's or a pack's: such a file is needed, whatever no
/// snapshot names any more.
struct ArchivedPaths {
    private let lake: String
    private let cold: ColdTier
    private let lookup: Statement

    init(lake: String, cold: ColdTier, database: Database) throws(LakeError) {
        self.lake = lake
        self.cold = cold
        lookup = try database.prepare(
            """
            SELECT 1 FROM cold_files WHERE path = ?1 AND place = ?2
            UNION ALL SELECT 1 FROM packs WHERE path = ?1 AND ?2 = 'cold' LIMIT 1
            """)
    }

    func contains(_ path: String) throws(LakeError) -> Bool {
        if try isFiled(path, below: cold.path, .cold) { return true }
        return try isFiled(path, below: lake, .lake)
    }

    private func isFiled(
        _ path: String, below folder: String, _ place: ColdFiles.Place
    ) throws(LakeError) -> Bool {
        guard path.utf8.starts(with: "\(folder)/".utf8) else { return false }
        let relative = path.utf8.dropFirst(folder.utf8.count + 1)
        try lookup.bind(String(decoding: relative, as: UTF8.self), at: 1)
        try lookup.bind(place.rawValue, at: 2)
        defer { lookup.reset() }
        return try lookup.step()
    }
}
