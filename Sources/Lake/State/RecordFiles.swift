import Columnar
import Synchronization

/// The table of records in files that hold many: one row a file, read only when the file's bytes changed.
///
/// Beside the file's own entry in `raw_files`, which tells by stat and hash whether to look at it at all.
enum RecordFiles {
    static let table = """
        CREATE TABLE record_files (
          source INTEGER NOT NULL REFERENCES sources(id),
          path TEXT NOT NULL,
          records BLOB NOT NULL,
          PRIMARY KEY (source, path)) STRICT, WITHOUT ROWID
        """

    /// The database's first version with this table.
    static let version: Int32 = 2

    private static func decode(_ statement: Statement, path: String) throws(LakeError)
        -> RecordEntries
    {
        guard let entries = statement.withBytes(1, { RecordEntries(decoding: $0) }) else {
            throw .corrupt(
                FileLocation(path: "lake.db"),
                reason: "the remembered records of '\(path)' do not match their checksum")
        }
        return entries
    }

    /// Reads the records of one source's files, from any thread, on a connection of its own.
    ///
    /// Between two calls no lock is held on the database.
    final class Reader: @unchecked Sendable {
        private let lock = Mutex<Void>(())
        private let path: String
        private let source: Int64
        private var statements: (one: Statement, next: Statement)?
        /// The database is of a version that remembers no records.
        private var isEmpty = false

        /// - path: of the database; opened when first asked.
        init(_ path: String, source: Int64) {
            self.path = path
            self.source = source
        }

        /// What is remembered of one file; nothing of an unknown one.
        func entries(of path: String) throws(LakeError) -> RecordEntries {
            try locked { (statements) throws(LakeError) in try find(statements.one, path) }?
                .entries ?? RecordEntries()
        }

        /// The first file behind a path, in path order; nil behind the last.
        func next(after path: String) throws(LakeError) -> (path: String, entries: RecordEntries)? {
            try locked { (statements) throws(LakeError) in try find(statements.next, path) }
        }

        private func find(
            _ statement: Statement, _ path: String
        ) throws(LakeError) -> (path: String, entries: RecordEntries)? {
            try statement.bind(source, at: 1)
            try statement.bind(path, at: 2)
            guard try statement.step() else { return nil }
            defer { statement.reset() }
            let found = statement.text(0)
            return (found, try RecordFiles.decode(statement, path: found))
        }

        private func locked<Output: Sendable>(
            _ body: ((one: Statement, next: Statement)) throws(LakeError) -> Output?
        ) throws(LakeError) -> Output? {
            let result: Result<Output?, LakeError> = lock.withLock { _ in
                do throws(LakeError) {
                    if statements == nil, !isEmpty { try open() }
                    guard let statements else { return .success(nil) }
                    return .success(try body(statements))
                } catch {
                    return .failure(error)
                }
            }
            return try result.get()
        }

        private func open() throws(LakeError) {
            let database = try Database.open(path: path, access: .readOnly)
            isEmpty = database.version < RecordFiles.version
            guard !isEmpty else { return }
            let select = "SELECT path, records FROM record_files WHERE source = ?1 AND path"
            statements = (
                try database.prepare("\(select) = ?2"),
                try database.prepare("\(select) > ?2 ORDER BY path LIMIT 1")
            )
        }
    }

    /// Applies edits inside the transaction of the run.
    final class Editor {
        private let remove: Statement
        private let insert: Statement

        init(_ database: Database) throws(LakeError) {
            remove = try database.prepare(
                "DELETE FROM record_files WHERE source = ?1 AND path = ?2")
            insert = try database.prepare(
                """
                INSERT INTO record_files VALUES (?1, ?2, ?3)
                ON CONFLICT DO UPDATE SET records = excluded.records
                """)
        }

        func apply(_ edit: RecordFileEdit, source: Int64) throws(LakeError) {
            guard let records = edit.records else {
                try remove.bind(source, at: 1)
                try remove.bind(edit.path, at: 2)
                return try remove.run()
            }
            try insert.bind(source, at: 1)
            try insert.bind(edit.path, at: 2)
            try insert.bind(records, at: 3)
            try insert.run()
        }
    }
}

/// What is remembered of one file's records from now on.
struct RecordFileEdit: Sendable {
    var path: String
    /// Encoded; nil: nothing.
    var records: [UInt8]?
}
