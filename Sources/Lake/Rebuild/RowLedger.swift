import Columnar
import Synchronization

/// What a row says of the raw file that it came from.
struct LedgerRow: Sendable {
    var path: String
    var key: ContentHash
    var rowHash: UInt64
    var partition: Int32?
    /// Of rows of one raw file the highest counts: live ones, then archived ones by their sequence.
    var rank = Int64.max

    /// The rank of a file that lies in a pack, whatever the rows say: no row.
    static let packed = Int64.min

    /// A raw file in a pack, which may have lost its key to another one.
    init(packed path: String) {
        self.init(
            path: path, key: ContentHash(low: 0, high: 0), rowHash: 0, partition: nil,
            rank: Self.packed)
    }

    init(
        path: String, key: ContentHash, rowHash: UInt64, partition: Int32?, rank: Int64 = .max
    ) {
        self.path = path
        self.key = key
        self.rowHash = rowHash
        self.partition = partition
        self.rank = rank
    }
}

/// Every row of a table by its raw file, sorted on disk: memory stays the same for any table.
///
/// A nameless SQLite database of its own, which SQLite removes with the connection, in the folder for
/// temporary files. Workers add from any thread.
final class RowLedger: @unchecked Sendable {
    private let lock = Mutex<Void>(())
    private let database: Database
    private let insertion: Statement

    init(isCancelled: @escaping @Sendable () -> Bool) throws(LakeError) {
        database = try Database.temporary()
        database.interrupt(when: isCancelled)
        try database.execute(
            """
            CREATE TABLE rows (
              folder TEXT NOT NULL, name TEXT NOT NULL, key_low INTEGER NOT NULL,
              key_high INTEGER NOT NULL, row_hash INTEGER NOT NULL, partition INTEGER,
              rank INTEGER NOT NULL)
            """)
        insertion = try database.prepare("INSERT INTO rows VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")
        try database.execute("BEGIN")
    }

    func add(_ rows: [LedgerRow]) throws(LakeError) {
        let failure: LakeError? = lock.withLock { _ in
            do throws(LakeError) {
                for row in rows { try add(row) }
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw failure }
    }

    private func add(_ row: LedgerRow) throws(LakeError) {
        let (folder, name) = Self.parts(of: row.path)
        try insertion.bind(folder, at: 1)
        try insertion.bind(name, at: 2)
        try insertion.bind(Int64(bitPattern: row.key.low), at: 3)
        try insertion.bind(Int64(bitPattern: row.key.high), at: 4)
        try insertion.bind(Int64(bitPattern: row.rowHash), at: 5)
        try insertion.bind(row.partition.map { .integer(Int64($0)) } ?? .null, at: 6)
        try insertion.bind(row.rank, at: 7)
        try insertion.run()
    }

    /// A path as the state keeps it: the folder with its closing slash, and the name.
    static func parts(of path: String) -> (folder: String, name: String) {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return ("", path) }
        let end = path.utf8.index(after: slash)
        return (String(path[..<end]), String(path[end...]))
    }

    /// Ends the adding.
    func seal() throws(LakeError) {
        try database.execute("COMMIT")
        try database.execute("CREATE INDEX by_path ON rows(folder, name)")
        try database.execute("CREATE INDEX by_key ON rows(key_low, key_high)")
    }

    /// All rows in the order of the walk, by folder, then by name; of one file the highest rank first.
    func forEach(
        _ body: (_ folder: String, _ name: String, LedgerRow) throws(LakeError) -> Void
    ) throws(LakeError) {
        let statement = try database.prepare(
            """
            SELECT folder, name, key_low, key_high, row_hash, partition, rank FROM rows
            ORDER BY folder, name, rank DESC
            """)
        while try statement.step() {
            let (folder, name) = (statement.text(0), statement.text(1))
            try body(folder, name, Self.row(statement, path: folder + name))
        }
    }

    /// The rows of one raw file.
    func rows(folder: String, name: String) throws(LakeError) -> [LedgerRow] {
        let statement = try database.prepare(
            """
            SELECT folder, name, key_low, key_high, row_hash, partition, rank FROM rows
            WHERE folder = ?1 AND name = ?2
            """)
        try statement.bind(folder, at: 1)
        try statement.bind(name, at: 2)
        var rows: [LedgerRow] = []
        while try statement.step() { rows.append(Self.row(statement, path: folder + name)) }
        return rows
    }

    /// Whether a row with this short key hash is live.
    func holds(keyHash: UInt64) throws(LakeError) -> Bool {
        try database.integer(
            "SELECT count(*) FROM rows WHERE key_low = ?1",
            [.integer(Int64(bitPattern: keyHash))]) > 0
    }

    /// Whether a row with this short key hash lies in a partition, or is another raw file's.
    func holds(
        keyHash: UInt64, in partition: Int32?, orNotOf path: String
    ) throws(LakeError) -> Bool {
        try database.integer(
            """
            SELECT EXISTS (SELECT 1 FROM rows
              WHERE key_low = ?1 AND (partition IS ?2 OR folder || name <> ?3))
            """,
            [
                .integer(Int64(bitPattern: keyHash)),
                partition.map { .integer(Int64($0)) } ?? .null, .text(path),
            ]) > 0
    }

    /// Raw files of rows whose key another live row has too, at most `limit`.
    func sharedKeys(limit: Int) throws(LakeError) -> [String] {
        let statement = try database.prepare(
            """
            SELECT folder || name FROM rows JOIN (
              SELECT key_low AS low, key_high AS high FROM rows GROUP BY 1, 2 HAVING count(*) > 1
              LIMIT \(limit)) ON key_low = low AND key_high = high
            ORDER BY 1 LIMIT \(limit)
            """)
        var paths: [String] = []
        while try statement.step() { paths.append(statement.text(0)) }
        return paths
    }

    private static func row(_ statement: Statement, path: String) -> LedgerRow {
        LedgerRow(
            path: path,
            key: ContentHash(
                low: UInt64(bitPattern: statement.integer(2)),
                high: UInt64(bitPattern: statement.integer(3))),
            rowHash: UInt64(bitPattern: statement.integer(4)),
            partition: statement.isNull(5) ? nil : Int32(clamping: statement.integer(5)),
            rank: statement.integer(6))
    }
}
