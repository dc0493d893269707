import CSQLite

/// One connection to a lake's SQLite file: state and Iceberg catalog, changed by one transaction.
///
/// Rollback journal, not WAL (SQLite 3.40.1 has the WAL-reset bug). `synchronous=EXTRA` is FULL plus
/// a sync of the folder after the journal is gone: without it a power loss may bring a committed
/// transaction's journal back after files that only the older state names were already deleted.
/// Source: sqlite.org/pragma.html#pragma_synchronous. Not thread-safe; one connection, one owner.
package final class Database {
    /// Who may write through a connection.
    package enum Access: Sendable {
        case readWrite
        /// May roll back a dead writer's journal, but changes nothing else.
        case readOnly
    }

    /// "LAKE" in the file header: tells our file from any other SQLite database.
    package static let applicationID: Int32 = 0x4C41_4B45
    /// The version of all tables in a file that is made or upgraded now; a newer one is refused.
    package static let schemaVersion = Int32(Migrations.versions.count)

    package let path: String
    let handle: OpaquePointer
    /// Keeps what `interrupt` asks alive.
    private var question: Question?
    /// The version of the tables in this file: older than ours until `upgrade`.
    ///
    /// A reader of an older file finds the tables of that version; what a later one added is not there,
    /// which means that nothing was ever written to it.
    package private(set) var version: Int32
    /// True inside `transaction`; SQLite has no nested ones.
    private(set) var isInTransaction = false

    private init(path: String, handle: OpaquePointer) {
        self.path = path
        self.handle = handle
        version = Self.schemaVersion
    }

    deinit {
        sqlite3_close_v2(handle)
    }

    /// Makes a new database file with `tables` (statements), or throws if it holds anything already.
    ///
    /// Durable when it returns; a crash before leaves an empty file, which `create` accepts.
    package static func create(
        path: String, tables: [String], busyMilliseconds: Int32 = 10_000
    ) throws(LakeError) -> Database {
        let database = try connect(
            path: path, flags: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
            busyMilliseconds: busyMilliseconds)
        // State rows hold a chunk of 1.8 KB: four fill a page of this size.
        try database.execute("PRAGMA page_size = 8192")
        try database.transaction { () throws(LakeError) in
            let count = try database.integer("SELECT count(*) FROM sqlite_schema")
            let application = try database.integer("PRAGMA application_id")
            guard count == 0, application == 0 else {
                throw .notALake(path: path, reason: "the file exists and is not empty")
            }
            for statement in tables { try database.execute(statement) }
            try database.execute("PRAGMA application_id = \(applicationID)")
            try database.execute("PRAGMA user_version = \(schemaVersion)")
        }
        return database
    }

    /// Whether a database file holds nothing: what a killed `create` leaves behind.
    package static func isEmpty(path: String) throws(LakeError) -> Bool {
        let database = try connect(path: path, flags: SQLITE_OPEN_READWRITE, busyMilliseconds: 0)
        let count = try database.integer("SELECT count(*) FROM sqlite_schema")
        let application = try database.integer("PRAGMA application_id")
        return count == 0 && application == 0
    }

    /// Opens a file made by `create`; refuses other SQLite files and newer versions.
    ///
    /// An older version opens as it is, so that queries work before the first run of a newer program.
    package static func open(
        path: String, access: Access = .readWrite, busyMilliseconds: Int32 = 10_000
    ) throws(LakeError) -> Database {
        let database = try connect(
            path: path, flags: SQLITE_OPEN_READWRITE, busyMilliseconds: busyMilliseconds)
        guard try database.integer("PRAGMA application_id") == Int64(applicationID) else {
            throw .notALake(path: path, reason: "the database was not made by lake")
        }
        let version = try database.integer("PRAGMA user_version")
        guard let known = Int32(exactly: version), (1...schemaVersion).contains(known) else {
            throw .newerLake(path: path, version: Int(version), known: Int(schemaVersion))
        }
        database.version = known
        if access == .readOnly { try database.execute("PRAGMA query_only = ON") }
        return database
    }

    /// A nameless database on disk, in the folder for temporary files; SQLite removes it with the connection.
    static func temporary() throws(LakeError) -> Database {
        var handle: OpaquePointer?
        let flags =
            SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_EXRESCODE
            | SQLITE_OPEN_NOMUTEX
        let code = sqlite3_open_v2("", &handle, flags, nil)
        guard code == SQLITE_OK, let handle else {
            sqlite3_close_v2(handle)
            throw .database(path: "temporary database", code: code, message: "cannot be opened")
        }
        let database = Database(path: "temporary database", handle: handle)
        try database.execute("PRAGMA journal_mode = OFF")
        try database.execute("PRAGMA synchronous = OFF")
        // 64 MB, then the disk.
        try database.execute("PRAGMA cache_size = -65536")
        return database
    }

    /// Ends statements that run long with `ColumnarError.cancelled` once `isCancelled` says true.
    ///
    /// Asked every few milliseconds, inside of sorts, index builds and checks too.
    func interrupt(when isCancelled: @escaping @Sendable () -> Bool) {
        let question = Question(isCancelled)
        self.question = question
        sqlite3_progress_handler(
            handle, Self.stepsPerQuestion,
            { context in
                guard let context else { return 0 }
                let question = Unmanaged<Question>.fromOpaque(context).takeUnretainedValue()
                return question.isCancelled() ? 1 : 0
            }, Unmanaged.passUnretained(question).toOpaque())
    }

    /// Instructions of SQLite's machine between two questions: some milliseconds.
    private static let stepsPerQuestion: Int32 = 50_000

    /// A closure on the heap, to pass through C.
    private final class Question {
        let isCancelled: @Sendable () -> Bool

        init(_ isCancelled: @escaping @Sendable () -> Bool) {
            self.isCancelled = isCancelled
        }
    }

    /// What SQLite finds wrong with the file; `isFull` also holds indexes against their tables.
    func integrityFindings(isFull: Bool) throws(LakeError) -> [String] {
        let statement = try prepare(
            isFull ? "PRAGMA integrity_check(20)" : "PRAGMA quick_check(20)")
        var findings: [String] = []
        while try statement.step() { findings.append(statement.text(0)) }
        return findings == ["ok"] ? [] : findings
    }

    /// Throws `corrupt` if a small table and its indexes do not agree.
    ///
    /// SQLite has no checksums: one flipped byte in an index hides a row from all who look for it.
    func checkIndexes(of table: String) throws(LakeError) {
        let statement = try prepare("PRAGMA integrity_check('\(table)')")
        while try statement.step() {
            let finding = statement.text(0)
            guard finding == "ok" else {
                throw .corrupt(
                    .init(path: path), reason: "\(finding) in \(table); see lake rebuild --help")
            }
        }
    }

    /// Brings an older file to our version: all steps in one transaction, or none.
    ///
    /// Only the holder of the lake's lock may call this. Readers wait for the transaction's end.
    func upgrade(through versions: [[String]] = Migrations.versions) throws(LakeError) {
        guard Int(version) < versions.count else { return }
        try transaction { () throws(LakeError) in
            // Another process may have done it since this connection was opened.
            let found = Int(try integer("PRAGMA user_version"))
            guard found < versions.count else { return }
            for statements in versions[found...] {
                for statement in statements { try execute(statement) }
            }
            try execute("PRAGMA user_version = \(versions.count)")
        }
        version = Int32(versions.count)
    }

    private static func connect(
        path: String, flags: Int32, busyMilliseconds: Int32
    ) throws(LakeError) -> Database {
        guard path.utf8.first == UInt8(ascii: "/") else {
            throw .invalidLocation(path: path, reason: "a database path must be absolute")
        }
        var handle: OpaquePointer?
        let all = flags | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_NOMUTEX
        let code = sqlite3_open_v2(path, &handle, all, nil)
        guard code == SQLITE_OK, let handle else {
            let message = handle.map { String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
            sqlite3_close_v2(handle)
            throw .database(path: path, code: code, message: message)
        }
        let database = Database(path: path, handle: handle)
        sqlite3_busy_timeout(handle, busyMilliseconds)
        // The file may be anybody's: no functions or virtual tables from its schema.
        try database.execute("PRAGMA trusted_schema = OFF")
        try database.execute("PRAGMA journal_mode = DELETE")
        try database.execute("PRAGMA synchronous = EXTRA")
        return database
    }

    /// Runs one statement without parameters and drops its rows.
    package func execute(_ sql: String) throws(LakeError) {
        let statement = try prepare(sql)
        while try statement.step() {}
    }

    /// Runs one statement with parameters to its end; returns the rows it changed.
    @discardableResult
    package func run(_ sql: String, _ parameters: [SQLValue]) throws(LakeError) -> Int {
        let statement = try prepare(sql)
        try statement.bind(parameters)
        let before = sqlite3_total_changes64(handle)
        while try statement.step() {}
        return Int(sqlite3_total_changes64(handle) - before)
    }

    /// The first column of the first row as an integer; 0 if there is no row.
    package func integer(_ sql: String, _ parameters: [SQLValue] = []) throws(LakeError) -> Int64 {
        let statement = try prepare(sql)
        try statement.bind(parameters)
        return try statement.step() ? statement.integer(0) : 0
    }

    /// A statement to be bound, stepped, and used again.
    package func prepare(_ sql: String) throws(LakeError) -> Statement {
        var pointer: OpaquePointer?
        let code = sqlite3_prepare_v2(handle, sql, -1, &pointer, nil)
        guard code == SQLITE_OK, let pointer else { throw error(code) }
        return Statement(database: self, handle: pointer)
    }

    /// Runs `body` in one transaction: committed when it returns, rolled back when it throws.
    ///
    /// An immediate transaction takes the write lock at once, so it never fails half way as busy.
    @discardableResult
    package func transaction<Output>(
        immediate: Bool = true, _ body: () throws(LakeError) -> Output
    ) throws(LakeError) -> Output {
        precondition(!isInTransaction, "transactions do not nest")
        try execute(immediate ? "BEGIN IMMEDIATE" : "BEGIN")
        isInTransaction = true
        defer { isInTransaction = false }
        do {
            let output = try body()
            try execute("COMMIT")
            return output
        } catch {
            // A failed COMMIT or a full disk may have rolled back already.
            if sqlite3_get_autocommit(handle) == 0 { try? execute("ROLLBACK") }
            throw error
        }
    }

    /// The error of the last call on this connection.
    func error(_ code: Int32) -> LakeError {
        if code & 0xFF == SQLITE_INTERRUPT { return .columnar(.cancelled) }
        if code & 0xFF == SQLITE_BUSY { return .busy(path: path) }
        if code & 0xFF == SQLITE_NOTADB {
            return .notALake(path: path, reason: "the file is not a SQLite database")
        }
        return .database(path: path, code: code, message: String(cString: sqlite3_errmsg(handle)))
    }
}
