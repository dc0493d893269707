/// The table of sources: a small number for each table that raw files go into.
enum Sources {
    static let table = """
        CREATE TABLE sources (
          id INTEGER PRIMARY KEY,
          name TEXT NOT NULL UNIQUE) STRICT
        """

    /// The number of a source, given out at first sight; inside a transaction or on its own.
    static func id(of name: String, _ database: Database) throws(LakeError) -> Int64 {
        let known = try database.integer("SELECT id FROM sources WHERE name = ?1", [.text(name)])
        if known != 0 { return known }
        try database.run(
            "INSERT INTO sources(name) VALUES (?1) ON CONFLICT DO NOTHING", [.text(name)])
        return try database.integer("SELECT id FROM sources WHERE name = ?1", [.text(name)])
    }

    /// The number of a source; nil before its first run.
    static func known(_ name: String, _ database: Database) throws(LakeError) -> Int64? {
        let id = try database.integer("SELECT id FROM sources WHERE name = ?1", [.text(name)])
        return id == 0 ? nil : id
    }

    /// The names of all numbers given out.
    static func names(_ database: Database) throws(LakeError) -> [Int64: String] {
        let statement = try database.prepare("SELECT id, name FROM sources")
        var names: [Int64: String] = [:]
        while try statement.step() { names[statement.integer(0)] = statement.text(1) }
        return names
    }

    /// All numbers given out.
    static func all(_ database: Database) throws(LakeError) -> [Int64] {
        let statement = try database.prepare("SELECT id FROM sources ORDER BY id")
        var ids: [Int64] = []
        while try statement.step() { ids.append(statement.integer(0)) }
        return ids
    }
}
