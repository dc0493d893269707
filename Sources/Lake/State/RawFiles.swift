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

    /// Finds the chunks of single folders: for lists of changed paths, and to amend single files.
    final class Finder {
        private let owner: Statement
        private let following: Statement
        private let source: Int64

        init(_ database: Database, source: Int64) throws(LakeError) {
            self.source = source
            owner = try database.prepare(
                """
                SELECT first, entries FROM raw_files
                WHERE source = ?1 AND folder = ?2 AND first <= ?3 ORDER BY first DESC LIMIT 1
                """)
            following = try database.prepare(
                """
                SELECT first, entries FROM raw_files
                WHERE source = ?1 AND folder = ?2 AND first > ?3 ORDER BY first LIMIT 1
                """)
        }

        /// The chunk that owns a name; names before all chunks belong to the first one.
        func chunk(of folder: [UInt8], owning name: [UInt8]) throws(LakeError) -> Row? {
            if let row = try one(owner, folder, name) { return row }
            return try one(following, folder, name)
        }

        /// The chunks of a folder that own sorted names, in order.
        func chunks(of folder: [UInt8], owning names: [[UInt8]]) throws(LakeError) -> [Row] {
            var rows: [Row] = []
            var next: Row?
            for name in names {
                if !rows.isEmpty {
                    // Owned by the last chunk; if that is the folder's last, so is the rest.
                    guard let next else { break }
                    if name.lexicographicallyPrecedes(next.first) { continue }
                }
                guard let row = try chunk(of: folder, owning: name) else { break }
                rows.append(row)
                next = try one(following, folder, row.first)
            }
            return rows
        }

        /// All chunks of a folder, in order.
        func chunks(of folder: [UInt8]) throws(LakeError) -> [Row] {
            var rows: [Row] = []
            while let row = try one(following, folder, rows.last?.first ?? []) {
                rows.append(row)
            }
            return rows
        }

        private func one(
            _ statement: Statement, _ folder: [UInt8], _ name: [UInt8]
        ) throws(LakeError) -> Row? {
            try statement.bind(source, at: 1)
            try statement.bind(String(decoding: folder, as: UTF8.self), at: 2)
            try statement.bind(String(decoding: name, as: UTF8.self), at: 3)
            guard try statement.step() else { return nil }
            defer { statement.reset() }
            return Row(folder: folder, first: statement.blob(0), entries: statement.blob(1))
        }
    }

    /// Applies edits inside the transaction of the run.
    final class Editor {
        private let database: Database
        private let remove: Statement
        private let insert: Statement

        init(_ database: Database) throws(LakeError) {
            self.database = database
            remove = try database.prepare(
                "DELETE FROM raw_files WHERE source = ?1 AND folder = ?2 AND first = ?3")
            insert = try database.prepare(
                "INSERT INTO raw_files(source, folder, first, entries) VALUES (?1, ?2, ?3, ?4)")
        }

        /// Finds chunks to edit.
        func finder(_ source: Int64) throws(LakeError) -> Finder {
            try Finder(database, source: source)
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

        /// Changes what is remembered of single files; after all edits, which know nothing of it.
        ///
        /// A file that is no longer remembered stays forgotten.
        func apply(_ amendments: [RawFileAmendment], source: Int64) throws(LakeError) {
            guard !amendments.isEmpty else { return }
            let finder = try Finder(database, source: source)
            var entries = RawFileChunk.Entries()
            for amendment in amendments {
                guard
                    let row = try finder.chunk(of: amendment.folder, owning: amendment.name)
                else { continue }
                entries.removeAll()
                let isIntact = row.entries.withUnsafeBytes { entries.append(chunk: $0) }
                guard isIntact else { throw RawFileChunk.damaged(folder: row.folder) }
                var writer = RawFileChunk.Writer()
                for index in 0..<entries.count {
                    var state = entries.states[index]
                    if entries.name(index).elementsEqual(amendment.name) {
                        state.distrust(rowHash: amendment.rowHash)
                    }
                    writer.append(name: entries.name(index), state: state)
                }
                writer.endChunk()
                try apply(
                    RawFileEdit(folder: row.folder, removed: row.first, added: writer.chunks),
                    source: source)
            }
        }
    }
}

/// A remembered file whose content is no longer vouched for.
struct RawFileAmendment: Hashable, Sendable {
    /// With a closing slash.
    var folder: [UInt8]
    var name: [UInt8]
    /// Of the row that the table holds now; 0 if it may hold none of this file's.
    var rowHash: UInt64
}

/// One chunk of a folder replaced by others.
struct RawFileEdit: Sendable {
    var folder: [UInt8]
    /// The first name of the chunk that goes; nil if the folder had none.
    var removed: [UInt8]?
    var added: [(first: [UInt8], bytes: [UInt8])]
}
