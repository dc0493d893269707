/// The table of what was last found whole and when: the rolling schedule of `lake verify`.
package enum Verifications {
    static let table = """
        CREATE TABLE verifications (
          path TEXT PRIMARY KEY,
          verified_micros INTEGER NOT NULL,
          finding TEXT) STRICT, WITHOUT ROWID
        """

    /// When a file was last read, and what was wrong with it then.
    struct Record: Hashable, Sendable {
        var verifiedMicros: Int64
        var finding: String?
    }

    /// Everything that was ever read, by name; nothing in a file of an older version.
    static func all(_ database: Database) throws(LakeError) -> [String: Record] {
        guard database.version >= ColdFiles.version else { return [:] }
        let statement = try database.prepare(
            "SELECT path, verified_micros, finding FROM verifications")
        var records: [String: Record] = [:]
        while try statement.step() {
            records[statement.text(0)] = Record(
                verifiedMicros: statement.integer(1), finding: statement.optionalText(2))
        }
        return records
    }

    /// Files what was read; inside a transaction.
    static func put(
        _ database: Database, _ records: [(name: String, record: Record)]
    ) throws(LakeError) {
        let statement = try database.prepare(
            "INSERT OR REPLACE INTO verifications VALUES (?1, ?2, ?3)")
        for (name, record) in records {
            try statement.bind([
                .text(name), .integer(record.verifiedMicros),
                record.finding.map { .text($0) } ?? .null,
            ])
            try statement.run()
        }
    }

    /// Forgets files that are not there to be read any more; inside a transaction.
    static func forget(_ database: Database, _ names: [String]) throws(LakeError) {
        let statement = try database.prepare("DELETE FROM verifications WHERE path = ?1")
        for name in names {
            try statement.bind(name, at: 1)
            try statement.run()
        }
    }
}
