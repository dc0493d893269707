import Columnar

/// The run table: what each compaction did, and which ones never came to their end.
///
/// A run is filed as started before it writes its first file and as committed in the transaction that
/// publishes them. A started run that no longer holds the lock has crashed: the files that bear
/// its name are leftovers. A run that failed and cleaned up after itself is abandoned with a report
/// that holds its error; one that crashed is abandoned without any.
package enum Runs {
    static let table = """
        CREATE TABLE runs (
          id INTEGER PRIMARY KEY,
          uuid TEXT NOT NULL UNIQUE,
          seed INTEGER NOT NULL,
          state TEXT NOT NULL CHECK (state IN ('started', 'committed', 'abandoned')),
          started_micros INTEGER NOT NULL,
          finished_micros INTEGER,
          report TEXT) STRICT
        """

    /// What a run is, since version 3; runs from before are compactions.
    package enum Kind: String, Sendable {
        case compact, sweep, restore, erase
    }

    static let kindColumn = "ALTER TABLE runs ADD COLUMN kind TEXT NOT NULL DEFAULT 'compact'"

    /// One row of the table.
    package struct Record: Hashable, Sendable {
        package var id: Int64
        package var uuid: String
        /// `RunIdentity.seed`: the names of the run's files follow from it.
        package var seed: UInt64
        package var state: String
        package var startedMicros: Int64
        package var finishedMicros: Int64?
        /// The run's report as JSON.
        package var report: String?
        package var kind = Kind.compact
    }

    /// Files a run as started, durably; returns its number.
    static func start(
        _ database: Database, identity: RunIdentity, kind: Kind = .compact
    ) throws(LakeError) -> Int64 {
        try database.transaction { () throws(LakeError) in
            try database.run(
                """
                INSERT INTO runs(uuid, seed, state, started_micros, kind)
                VALUES (?1, ?2, 'started', ?3, ?4)
                """,
                [
                    .text(identity.uuid), .integer(Int64(bitPattern: identity.seed)),
                    .integer(identity.startedMicros), .text(kind.rawValue),
                ])
            return try database.integer("SELECT last_insert_rowid()")
        }
    }

    /// Files a run as committed; inside the transaction that publishes it.
    static func commit(
        _ database: Database, id: Int64, atMicros: Int64, report: String
    ) throws(LakeError) {
        try database.run(
            "UPDATE runs SET state = 'committed', finished_micros = ?2, report = ?3 WHERE id = ?1",
            [.integer(id), .integer(atMicros), .text(report)])
        try database.run(
            "DELETE FROM runs WHERE id <= ?1 AND state != 'started'",
            [.integer(id - Int64(Limits.filedRuns))])
    }

    /// Says more of a committed run: what it did after its transaction.
    static func amend(
        _ database: Database, id: Int64, atMicros: Int64, report: String
    ) throws(LakeError) {
        try database.run(
            "UPDATE runs SET finished_micros = ?2, report = ?3 WHERE id = ?1",
            [.integer(id), .integer(atMicros), .text(report)])
    }

    /// Files a run as failed, after what it wrote is gone; `report` holds the error.
    static func fail(
        _ database: Database, id: Int64, atMicros: Int64, report: String
    ) throws(LakeError) {
        try database.run(
            """
            UPDATE runs SET state = 'abandoned', finished_micros = ?2, report = ?3
            WHERE id = ?1 AND state = 'started'
            """,
            [.integer(id), .integer(atMicros), .text(report)])
    }

    /// The runs that began and never ended.
    ///
    /// Only the holder of the lake's lock may believe this.
    static func crashed(_ database: Database) throws(LakeError) -> [Record] {
        try read(database, "WHERE state = 'started' ORDER BY id", [])
    }

    /// Files a crashed run as abandoned, after its leftovers are gone.
    static func abandon(_ database: Database, id: Int64) throws(LakeError) {
        try database.run("UPDATE runs SET state = 'abandoned' WHERE id = ?1", [.integer(id)])
    }

    /// The last runs, newest first.
    package static func last(
        _ count: Int, _ database: Database
    ) throws(LakeError) -> [Record] {
        try read(database, "ORDER BY id DESC LIMIT ?1", [.integer(Int64(count))])
    }

    /// The newest run that was published.
    static func lastCommitted(_ database: Database) throws(LakeError) -> Record? {
        try read(database, "WHERE state = 'committed' ORDER BY id DESC LIMIT 1", []).first
    }

    /// The newest sweep that was published; only in a file of this version.
    static func lastSweep(_ database: Database) throws(LakeError) -> Record? {
        try read(
            database, "WHERE state = 'committed' AND kind = 'sweep' ORDER BY id DESC LIMIT 1", []
        ).first
    }

    /// One run by its number.
    package static func record(
        id: Int64, _ database: Database
    ) throws(LakeError) -> Record? {
        try read(database, "WHERE id = ?1", [.integer(id)]).first
    }

    private static func read(
        _ database: Database, _ rest: String, _ parameters: [SQLValue]
    ) throws(LakeError) -> [Record] {
        let kind = database.version < ColdFiles.version ? "'compact'" : "kind"
        let statement = try database.prepare(
            """
            SELECT id, uuid, seed, state, started_micros, finished_micros, report, \(kind)
            FROM runs \(rest)
            """)
        try statement.bind(parameters)
        var records: [Record] = []
        while try statement.step() {
            records.append(
                Record(
                    id: statement.integer(0), uuid: statement.text(1),
                    seed: UInt64(bitPattern: statement.integer(2)), state: statement.text(3),
                    startedMicros: statement.integer(4),
                    finishedMicros: statement.isNull(5) ? nil : statement.integer(5),
                    report: statement.optionalText(6),
                    kind: Kind(rawValue: statement.text(7)) ?? .compact))
        }
        return records
    }
}
