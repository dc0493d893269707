/// The table of legal holds: what neither sweep nor expiry nor erasure may touch, and why.
package enum Holds {
    static let table = """
        CREATE TABLE holds (
          id INTEGER PRIMARY KEY,
          source INTEGER REFERENCES sources(id),
          account TEXT,
          key TEXT,
          first_day INTEGER,
          last_day INTEGER,
          reason TEXT NOT NULL,
          placed_by TEXT NOT NULL,
          placed_micros INTEGER NOT NULL,
          ends_micros INTEGER,
          released_micros INTEGER,
          released_by TEXT,
          release_reason TEXT) STRICT
        """

    /// One row of the table.
    ///
    /// What is nil restricts nothing; at least one of account, key and days is given.
    package struct Record: Hashable, Sendable {
        package var id: Int64 = 0
        /// nil: of every table.
        package var source: Int64?
        package var account: String?
        /// The text of a row's only key column.
        package var key: String?
        /// Days since 1970 of the partition column.
        package var firstDay: Int32?
        package var lastDay: Int32?
        package var reason: String
        package var placedBy: String
        package var placedMicros: Int64
        /// When it ends by itself.
        package var endsMicros: Int64?
        package var releasedMicros: Int64?
        package var releasedBy: String?
        package var releaseReason: String?

        package init(reason: String, placedBy: String, placedMicros: Int64) {
            self.reason = reason
            self.placedBy = placedBy
            self.placedMicros = placedMicros
        }

        package func isActive(atMicros now: Int64) -> Bool {
            releasedMicros == nil && endsMicros.map { now < $0 } ?? true
        }
    }

    /// All holds, released ones too, in order of number; none in a file of an older version.
    package static func list(_ database: Database) throws(LakeError) -> [Record] {
        guard database.version >= ColdFiles.version else { return [] }
        let statement = try database.prepare(
            """
            SELECT id, source, account, key, first_day, last_day, reason, placed_by,
              placed_micros, ends_micros, released_micros, released_by, release_reason
            FROM holds ORDER BY id
            """)
        func integer(_ column: Int32) -> Int64? {
            statement.isNull(column) ? nil : statement.integer(column)
        }
        var holds: [Record] = []
        while try statement.step() {
            var hold = Record(
                reason: statement.text(6), placedBy: statement.text(7),
                placedMicros: statement.integer(8))
            hold.id = statement.integer(0)
            hold.source = integer(1)
            hold.account = statement.optionalText(2)
            hold.key = statement.optionalText(3)
            hold.firstDay = integer(4).map { Int32(truncatingIfNeeded: $0) }
            hold.lastDay = integer(5).map { Int32(truncatingIfNeeded: $0) }
            hold.endsMicros = integer(9)
            hold.releasedMicros = integer(10)
            hold.releasedBy = statement.optionalText(11)
            hold.releaseReason = statement.optionalText(12)
            holds.append(hold)
        }
        return holds
    }

    /// Files a hold, under its own number or, if that is 0, the next one; returns the number.
    @discardableResult
    static func add(_ database: Database, _ hold: Record) throws(LakeError) -> Int64 {
        func optional(_ number: Int64?) -> SQLValue { number.map { .integer($0) } ?? .null }
        func optional(_ text: String?) -> SQLValue { text.map { .text($0) } ?? .null }
        try database.run(
            """
            INSERT INTO holds(id, source, account, key, first_day, last_day, reason, placed_by,
              placed_micros, ends_micros, released_micros, released_by, release_reason)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
            """,
            [
                hold.id == 0 ? .null : .integer(hold.id), optional(hold.source),
                optional(hold.account), optional(hold.key),
                optional(hold.firstDay.map { Int64($0) }),
                optional(hold.lastDay.map { Int64($0) }), .text(hold.reason), .text(hold.placedBy),
                .integer(hold.placedMicros), optional(hold.endsMicros),
                optional(hold.releasedMicros), optional(hold.releasedBy),
                optional(hold.releaseReason),
            ])
        return hold.id == 0 ? try database.integer("SELECT max(id) FROM holds") : hold.id
    }

    /// Ends a hold; it stays on the list.
    static func release(
        _ database: Database, id: Int64, by: String, reason: String, atMicros: Int64
    ) throws(LakeError) {
        try database.run(
            """
            UPDATE holds SET released_micros = ?2, released_by = ?3, release_reason = ?4
            WHERE id = ?1
            """,
            [.integer(id), .integer(atMicros), .text(by), .text(reason)])
    }
}
