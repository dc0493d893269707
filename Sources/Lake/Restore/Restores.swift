import Columnar

/// The table of restore requests: what was asked back, how fast, for how long.
///
/// A scope is a range of partitions, an account, a key, a pack's raw files, or several of them together; a
/// column that is NULL restricts nothing. A request is for what was archived when it was completed:
/// `as_of_run` is the run that did. Source of the states: S3's RestoreObject.
package enum Restores {
    static let table = """
        CREATE TABLE restores (
          id INTEGER PRIMARY KEY,
          source INTEGER NOT NULL REFERENCES sources(id),
          first_partition INTEGER,
          last_partition INTEGER,
          account TEXT,
          key TEXT,
          pack INTEGER,
          bucket INTEGER,
          buckets INTEGER,
          tier TEXT NOT NULL CHECK (tier IN ('expedited', 'standard', 'bulk')),
          days INTEGER NOT NULL,
          state TEXT NOT NULL CHECK (state IN ('in progress', 'completed', 'expired')),
          requested_micros INTEGER NOT NULL,
          available_micros INTEGER NOT NULL,
          as_of_run INTEGER,
          completed_micros INTEGER,
          expires_micros INTEGER,
          row_count INTEGER NOT NULL,
          size_bytes INTEGER NOT NULL) STRICT
        """

    package enum State: String, Hashable, Sendable {
        /// The tier's delay is not over.
        case inProgress = "in progress"
        /// The copies are in the snapshot.
        case completed
        /// They are not any more, or nobody reads them.
        case expired
    }

    /// One row of the table.
    package struct Record: Hashable, Sendable {
        /// 0 before it is filed.
        package var id: Int64 = 0
        package var source: Int64
        package var scope: RestoreScope
        package var tier: RestoreTier
        package var days: Int
        package var state = State.inProgress
        package var requestedMicros: Int64
        /// When the tier's delay is over.
        package var availableMicros: Int64
        /// The run that completed it.
        package var asOfRun: Int64?
        package var completedMicros: Int64?
        /// A midnight UTC.
        package var expiresMicros: Int64?
        /// Of the copies that it brought; of a request in progress at most so many.
        package var rowCount: Int64 = 0
        package var sizeBytes: Int64 = 0

        package init(
            source: Int64, scope: RestoreScope, tier: RestoreTier, days: Int,
            requestedMicros: Int64, availableMicros: Int64
        ) {
            self.source = source
            self.scope = scope
            self.tier = tier
            self.days = days
            self.requestedMicros = requestedMicros
            self.availableMicros = availableMicros
        }

        /// Whether its copies are to be seen now.
        package func isAlive(atMicros now: Int64) -> Bool {
            state == .completed && expiresMicros.map { now < $0 } ?? false
        }

        /// Whether it asks for rows of a partition of which the first rows were archived by run `sequence`.
        func covers(_ partition: Int32?, archivedSince sequence: Int64) -> Bool {
            scope.covers(partition) && asOfRun.map { sequence <= $0 } ?? false
        }

        /// Whether it brought what it asks for of a cold file; amendments are put into its copies as they come.
        func brought(_ file: ColdFiles.Record, archivedSince sequence: Int64) -> Bool {
            covers(file.partition, archivedSince: sequence)
                && (file.kind == .amendment || asOfRun.map { file.sequence <= $0 } ?? false)
        }
    }

    /// Files a request; returns its number.
    static func add(_ database: Database, _ request: Record) throws(LakeError) -> Int64 {
        let scope = request.scope
        func integer(_ value: Int64?) -> SQLValue { value.map { .integer($0) } ?? .null }
        func text(_ value: String?) -> SQLValue { value.map { .text($0) } ?? .null }
        try database.run(
            """
            INSERT INTO restores(source, first_partition, last_partition, account, key, pack,
              bucket, buckets, tier, days, state, requested_micros, available_micros, as_of_run,
              completed_micros, expires_micros, row_count, size_bytes)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)
            """,
            [
                .integer(request.source), integer(scope.firstPartition.map(Int64.init)),
                integer(scope.lastPartition.map(Int64.init)), text(scope.account),
                text(scope.key), integer(scope.pack?.id), integer(scope.pack?.bucket),
                integer(scope.pack?.buckets), .text(request.tier.rawValue),
                .integer(Int64(request.days)), .text(request.state.rawValue),
                .integer(request.requestedMicros), .integer(request.availableMicros),
                integer(request.asOfRun), integer(request.completedMicros),
                integer(request.expiresMicros), .integer(request.rowCount),
                .integer(request.sizeBytes),
            ])
        return try database.integer("SELECT last_insert_rowid()")
    }

    /// Files what has become of a request: everything but its source and scope.
    static func update(_ database: Database, _ request: Record) throws(LakeError) {
        func integer(_ value: Int64?) -> SQLValue { value.map { .integer($0) } ?? .null }
        try database.run(
            """
            UPDATE restores SET tier = ?2, days = ?3, state = ?4, available_micros = ?5,
              as_of_run = ?6, completed_micros = ?7, expires_micros = ?8, row_count = ?9,
              size_bytes = ?10 WHERE id = ?1
            """,
            [
                .integer(request.id), .text(request.tier.rawValue), .integer(Int64(request.days)),
                .text(request.state.rawValue), .integer(request.availableMicros),
                integer(request.asOfRun), integer(request.completedMicros),
                integer(request.expiresMicros), .integer(request.rowCount),
                .integer(request.sizeBytes),
            ])
    }

    /// All requests in order of number, expired ones too; none in a file of an older version.
    package static func list(
        _ database: Database, source: Int64? = nil
    ) throws(LakeError) -> [Record] {
        guard database.version >= ColdFiles.version else { return [] }
        let statement = try database.prepare(
            """
            SELECT id, source, first_partition, last_partition, account, key, pack, bucket,
              buckets, tier, days, state, requested_micros, available_micros, as_of_run,
              completed_micros, expires_micros, row_count, size_bytes
            FROM restores WHERE ?1 IS NULL OR source = ?1 ORDER BY id
            """)
        try statement.bind(source.map { .integer($0) } ?? .null, at: 1)
        func integer(_ column: Int32) -> Int64? {
            statement.isNull(column) ? nil : statement.integer(column)
        }
        var requests: [Record] = []
        while try statement.step() {
            guard let tier = RestoreTier(rawValue: statement.text(9)),
                let state = State(rawValue: statement.text(11))
            else {
                throw .corrupt(
                    FileLocation(path: "lake.db"), reason: "restores has a row of an unknown kind")
            }
            var scope = RestoreScope()
            scope.firstPartition = integer(2).map { Int32(truncatingIfNeeded: $0) }
            scope.lastPartition = integer(3).map { Int32(truncatingIfNeeded: $0) }
            scope.account = statement.optionalText(4)
            scope.key = statement.optionalText(5)
            if let pack = integer(6), let bucket = integer(7), let buckets = integer(8) {
                scope.pack = .init(id: pack, bucket: bucket, buckets: buckets)
            }
            var request = Record(
                source: statement.integer(1), scope: scope, tier: tier,
                days: Int(clamping: statement.integer(10)), requestedMicros: statement.integer(12),
                availableMicros: statement.integer(13))
            request.id = statement.integer(0)
            request.state = state
            request.asOfRun = integer(14)
            request.completedMicros = integer(15)
            request.expiresMicros = integer(16)
            request.rowCount = statement.integer(17)
            request.sizeBytes = statement.integer(18)
            requests.append(request)
        }
        return requests
    }
}
