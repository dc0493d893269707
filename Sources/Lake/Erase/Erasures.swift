/// The table of erasures: what was asked, how far it is, and the receipt.
///
/// `account` is the id itself, and only until nothing of it is left: then there is only the salted hash in
/// `suppressions`. `receipt` holds the counts so far while it is `hidden`, the whole receipt when it is `done`.
package enum Erasures {
    static let table = """
        CREATE TABLE erasures (
          id INTEGER PRIMARY KEY,
          code TEXT NOT NULL UNIQUE,
          account TEXT,
          state TEXT NOT NULL CHECK (state IN ('hidden', 'done')),
          requested_micros INTEGER NOT NULL,
          finished_micros INTEGER,
          receipt TEXT) STRICT
        """

    package enum State: String, Sendable {
        /// Begun: no query shows the account's rows any more.
        case hidden
        case done
    }

    /// One row of the table.
    package struct Record: Hashable, Sendable {
        package var id: Int64 = 0
        /// What the person who asked is given: tells the erasure, and nothing of the account.
        package var code: String
        package var account: String?
        package var state: State
        package var requestedMicros: Int64
        package var finishedMicros: Int64?
        /// JSON.
        package var receipt: String?
    }

    /// All erasures in order of number; none in a file of an older version.
    package static func list(_ database: Database) throws(LakeError) -> [Record] {
        guard database.version >= ColdFiles.version else { return [] }
        let statement = try database.prepare(
            """
            SELECT id, code, account, state, requested_micros, finished_micros, receipt
            FROM erasures ORDER BY id
            """)
        var records: [Record] = []
        while try statement.step() {
            records.append(
                Record(
                    id: statement.integer(0), code: statement.text(1),
                    account: statement.optionalText(2),
                    state: State(rawValue: statement.text(3)) ?? .hidden,
                    requestedMicros: statement.integer(4),
                    finishedMicros: statement.isNull(5) ? nil : statement.integer(5),
                    receipt: statement.optionalText(6)))
        }
        return records
    }

    /// The accounts that are being erased.
    static func hiddenAccounts(_ database: Database) throws(LakeError) -> [String] {
        try list(database).filter { $0.state == .hidden }.compactMap(\.account)
    }

    /// Files an erasure; returns its number.
    static func add(_ database: Database, _ record: Record) throws(LakeError) -> Int64 {
        try database.run(
            """
            INSERT INTO erasures(code, account, state, requested_micros, finished_micros, receipt)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            """,
            [
                .text(record.code), record.account.map { .text($0) } ?? .null,
                .text(record.state.rawValue), .integer(record.requestedMicros),
                record.finishedMicros.map { .integer($0) } ?? .null,
                record.receipt.map { .text($0) } ?? .null,
            ])
        return try database.integer("SELECT last_insert_rowid()")
    }

    /// Replaces what is filed of an erasure.
    static func update(_ database: Database, _ record: Record) throws(LakeError) {
        try database.run(
            """
            UPDATE erasures SET account = ?2, state = ?3, finished_micros = ?4, receipt = ?5
            WHERE id = ?1
            """,
            [
                .integer(record.id), record.account.map { .text($0) } ?? .null,
                .text(record.state.rawValue),
                record.finishedMicros.map { .integer($0) } ?? .null,
                record.receipt.map { .text($0) } ?? .null,
            ])
    }
}

/// Which rows of a table no query shows: those of accounts that are being erased.
package struct HiddenRows: Hashable, Sendable {
    /// The name of the column that says whose a row is.
    package var column: String
    package var accounts: [String]
}

extension Lake {
    /// What is hidden of a table; nil for a table without rows of accounts, and while nothing is erased.
    ///
    /// Throws `beingErased` for a table with rows of accounts that no column of its own tells: metrics, and
    /// tables that are told by their raw paths or by what they refer to.
    package func hiddenRows(of table: String) throws(LakeError) -> HiddenRows? {
        let accounts = try Erasures.hiddenAccounts(database)
        guard !accounts.isEmpty else { return nil }
        let definitions = try definitions()
        if let definition = definitions.first(where: { $0.name == table }),
            let column = definition.settings.accountColumn
        {
            return HiddenRows(column: definition.columns[column].name, accounts: accounts)
        }
        let told = Self.tablesOfAccounts(definitions)
        for definition in definitions where told.contains(definition.name) {
            if definition.name == table || definition.metricsName == table {
                throw .beingErased(table: table)
            }
        }
        return nil
    }

    /// The tables of which `AccountRows` can say whose rows they are.
    private static func tablesOfAccounts(_ definitions: [TableDefinition]) -> Set<String> {
        let captures = Suppressions.captures(of: definitions)
        var told: Set<String> = []
        var count = -1
        while count < told.count {
            count = told.count
            for definition in definitions {
                let isTold =
                    definition.settings.accountColumn != nil
                    || definition.raw.captureNames.contains { captures.contains($0) }
                    || definition.checks.contains { check in
                        guard case .references(_, let name, _) = check.rule else { return false }
                        return told.contains(name)
                    }
                if isTold { told.insert(definition.name) }
            }
        }
        return told
    }

    /// The erasures that were begun and are not done.
    package func unfinishedErasures() throws(LakeError) -> [Erasures.Record] {
        try Erasures.list(database).filter { $0.state == .hidden }
    }

    /// All erasures, the newest last.
    package func erasures() throws(LakeError) -> [Erasures.Record] {
        try Erasures.list(database)
    }
}
