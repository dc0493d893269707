/// The table of remembered raw files: one row a chunk of a folder's files, in path order.
///
/// Keyed (source, folder, first name) without rowid, so that reading it front to back is reading the
/// file front to back, in the very order of the walk. 62 bytes a file with 17-digit names.
package enum RawFiles {
    static let table = """
        CREATE TABLE raw_files (
          source INTEGER NOT NULL REFERENCES sources(id),
          folder TEXT NOT NULL,
          first TEXT NOT NULL,
          entries BLOB NOT NULL,
          PRIMARY KEY (source, folder, first)) WITHOUT ROWID
        """

    /// One chunk as stored.
    struct Row: Sendable {
        var folder: [UInt8]
        var first: [UInt8]
        var entries: [UInt8]
    }

    /// Reads the chunks of one source in order, some at a time.
    ///
    /// Between two batches no lock is held: a walk takes minutes, and other writers of the catalog
    /// (another Iceberg client) must not wait for it.
    final class Cursor {
        private let statement: Statement
        private let source: Int64
        private var batch: [Row] = []
        private var position = 0
        private var isAtEnd = false
        private var last: (folder: [UInt8], first: [UInt8]) = ([], [])
        private static let batchRows = 512

        init(_ database: Database, source: Int64) throws(LakeError) {
            self.source = source
            statement = try database.prepare(
                """
                SELECT folder, first, entries FROM raw_files
                WHERE source = ?1 AND (folder, first) > (?2, ?3)
                ORDER BY folder, first LIMIT \(Self.batchRows)
                """)
        }

        /// The next chunk without taking it.
        func peek() throws(LakeError) -> Row? {
            if position == batch.count { try refill() }
            return position < batch.count ? batch[position] : nil
        }

        /// Takes the chunk that `peek` showed.
        func advance() {
            position += 1
        }

        private func refill() throws(LakeError) {
            guard !isAtEnd else { return }
            batch.removeAll(keepingCapacity: true)
            position = 0
            try statement.bind(source, at: 1)
            try statement.bind(String(decoding: last.folder, as: UTF8.self), at: 2)
            try statement.bind(String(decoding: last.first, as: UTF8.self), at: 3)
            while try statement.step() {
                batch.append(
                    Row(
                        folder: statement.blob(0), first: statement.blob(1),
                        entries: statement.blob(2)))
            }
            isAtEnd = batch.count < Self.batchRows
            if let row = batch.last { last = (row.folder, row.first) }
        }
    }

    /// Applies edits inside the transaction of the run.
    final class Editor {
        private let remove: Statement
        private let insert: Statement

        init(_ database: Database) throws(LakeError) {
            remove = try database.prepare(
                "DELETE FROM raw_files WHERE source = ?1 AND folder = ?2 AND first = ?3")
            insert = try database.prepare(
                "INSERT INTO raw_files(source, folder, first, entries) VALUES (?1, ?2, ?3, ?4)")
        }

        func apply(_ edit: RawFileEdit, source: Int64) throws(LakeError) {
            let folder = String(decoding: edit.folder, as: UTF8.self)
            if let first = edit.removed {
                try remove.bind(source, at: 1)
                try remove.bind(folder, at: 2)
                try remove.bind(String(decoding: first, as: UTF8.self), at: 3)
                try remove.run()
            }
            for chunk in edit.added {
                try insert.bind(source, at: 1)
                try insert.bind(folder, at: 2)
                try insert.bind(String(decoding: chunk.first, as: UTF8.self), at: 3)
                try insert.bind(chunk.bytes, at: 4)
                try insert.run()
            }
        }
    }
}

/// One chunk of a folder replaced by others.
struct RawFileEdit: Sendable {
    var folder: [UInt8]
    /// The first name of the chunk that goes; nil if the folder had none.
    var removed: [UInt8]?
    var added: [(first: [UInt8], bytes: [UInt8])]
}
