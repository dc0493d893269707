/// Facts of the lake that are written once: where its raw data lies, its random identity.
enum Settings {
    static let table = """
        CREATE TABLE settings (
          key TEXT PRIMARY KEY,
          value TEXT NOT NULL) STRICT, WITHOUT ROWID
        """

    /// The keys in use.
    enum Key: String {
        /// Absolute path of the raw root; absent in a lake without raw data.
        case rawRoot = "raw_root"
        /// "1" if the raw root bears our marker, "0" where we may not write.
        case rawIsMarked = "raw_is_marked"
        /// Seed of the key hashes, 16 hex digits: outsiders cannot make two keys collide.
        case keySeed = "key_seed"
    }

    static func get(_ key: Key, _ database: Database) throws(LakeError) -> String? {
        let statement = try database.prepare("SELECT value FROM settings WHERE key = ?1")
        try statement.bind(key.rawValue, at: 1)
        guard try statement.step() else { return nil }
        let value = statement.text(0)
        statement.reset()
        return value
    }

    /// The statement that writes a setting of a new lake, together with its tables.
    static func insertion(_ key: Key, _ value: String) -> String {
        let quoted = value.split(separator: "'", omittingEmptySubsequences: false)
            .joined(separator: "''")
        return "INSERT INTO settings VALUES ('\(key.rawValue)', '\(quoted)')"
    }
}
