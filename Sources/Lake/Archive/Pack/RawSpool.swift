import Columnar
import Synchronization

/// One raw file that a sweep means to take.
struct SpooledFile: Sendable {
    /// What is to be done.
    enum Kind: Int64, Sendable {
        /// Into a pack, then out of the raw folder.
        case pack
        /// Out of the raw folder, if a pack has the same bytes; else into one.
        case returned
        /// Out of the raw folder: a pack has the same bytes, they were compared.
        case verified
        /// Nothing: it changed after it was planned.
        case changed
    }

    var id: Int64 = 0
    var kind: Kind
    var storageClass: StorageClass
    /// Since 1970, of its row's partition.
    var month: Int32
    var partition: Int32?
    /// With a closing slash.
    var folder: String
    var name: String
    var stat: FileStat
    /// What the state says that its bytes hash to.
    var content: ContentHash

    var path: String { folder + name }
}

/// The files of a sweep's plan for one table, on disk: memory stays the same for any number of them.
///
/// Filled in the order of paths, read in the order of packs. A nameless SQLite database; any thread may ask.
final class RawSpool: @unchecked Sendable {
    /// Files that one pack will hold: rows of `packing`.
    struct Task: Sendable {
        var storageClass: StorageClass
        var month: Int32
        var bucket: Int64
        var buckets: Int64
        /// First and last row, in the order of packs.
        var rows: ClosedRange<Int64>
    }

    private let lock = Mutex<Void>(())
    private let database: Database
    private let insertion: Statement
    private let reclassing: Statement

    init(isCancelled: @escaping @Sendable () -> Bool) throws(LakeError) {
        database = try Database.temporary()
        database.interrupt(when: isCancelled)
        try database.execute(
            """
            CREATE TABLE files (
              id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, class INTEGER NOT NULL,
              month INTEGER NOT NULL, partition INTEGER, hash INTEGER NOT NULL,
              folder TEXT NOT NULL, name TEXT NOT NULL, size INTEGER NOT NULL,
              modified INTEGER NOT NULL, changed INTEGER NOT NULL, inode INTEGER NOT NULL,
              low INTEGER NOT NULL, high INTEGER NOT NULL)
            """)
        insertion = try database.prepare(
            """
            INSERT INTO files(kind, class, month, partition, hash, folder, name, size, modified,
              changed, inode, low, high)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
            """)
        reclassing = try database.prepare("UPDATE files SET kind = ?2 WHERE id = ?1")
        try database.execute("BEGIN")
    }

    private static let classes = StorageClass.allCases

    /// Adds a file; in the order of paths.
    func add(_ file: SpooledFile, folderHash: Int64) throws(LakeError) {
        try locked { () throws(LakeError) in
            let storage = Self.classes.firstIndex(of: file.storageClass) ?? 0
            try insertion.bind(file.kind.rawValue, at: 1)
            try insertion.bind(Int64(storage), at: 2)
            try insertion.bind(Int64(file.month), at: 3)
            try insertion.bind(file.partition.map { .integer(Int64($0)) } ?? .null, at: 4)
            try insertion.bind(folderHash, at: 5)
            try insertion.bind(file.folder, at: 6)
            try insertion.bind(file.name, at: 7)
            try insertion.bind(file.stat.sizeBytes, at: 8)
            try insertion.bind(file.stat.modifiedNanos, at: 9)
            try insertion.bind(file.stat.changedNanos, at: 10)
            try insertion.bind(Int64(bitPattern: file.stat.inode), at: 11)
            try insertion.bind(Int64(bitPattern: file.content.low), at: 12)
            try insertion.bind(Int64(bitPattern: file.content.high), at: 13)
            try insertion.run()
        }
    }

    /// Says that something else is to be done with a file.
    func change(_ file: SpooledFile, to kind: SpooledFile.Kind) throws(LakeError) {
        try locked { () throws(LakeError) in
            try reclassing.bind(file.id, at: 1)
            try reclassing.bind(kind.rawValue, at: 2)
            try reclassing.run()
        }
    }

    /// Divides the files to be packed among packs, `limit` a month and class at most, but for large ones.
    func tasks(buckets limit: Int) throws(LakeError) -> [Task] {
        try locked { () throws(LakeError) in
            try database.execute(
                "CREATE TABLE shares (class INTEGER, month INTEGER, buckets INTEGER)")
            let sums = try database.prepare(
                """
                SELECT class, month, sum(size) FROM files
                WHERE kind = \(SpooledFile.Kind.pack.rawValue) GROUP BY 1, 2
                """)
            while try sums.step() {
                let buckets = PackBucket.count(rawBytes: sums.integer(2), limit: limit)
                try database.run(
                    "INSERT INTO shares VALUES (?1, ?2, ?3)",
                    [.integer(sums.integer(0)), .integer(sums.integer(1)), .integer(buckets)])
            }
            try database.execute(
                """
                CREATE TABLE packing AS
                SELECT files.id AS file, class, month, hash % buckets AS bucket, buckets
                FROM files JOIN shares USING (class, month)
                WHERE kind = \(SpooledFile.Kind.pack.rawValue) ORDER BY class, month, bucket, file
                """)
            let groups = try database.prepare(
                """
                SELECT packing.class, packing.month, bucket, buckets, min(packing.rowid), max(packing.rowid), sum(size)
                FROM packing JOIN files ON files.id = file GROUP BY 1, 2, 3 ORDER BY 5
                """)
            var tasks: [Task] = []
            while try groups.step() {
                let rows = groups.integer(4)...groups.integer(5)
                let task = Task(
                    storageClass: Self.classes[Int(groups.integer(0))],
                    month: Int32(truncatingIfNeeded: groups.integer(1)),
                    bucket: groups.integer(2), buckets: groups.integer(3), rows: rows)
                tasks += Self.cut(task, rawBytes: groups.integer(6))
            }
            return tasks
        }
    }

    /// Several packs in the place of one that would be too large.
    private static func cut(_ task: Task, rawBytes: Int64) -> [Task] {
        let count = Int64(task.rows.count)
        let parts = max(
            1, (count - 1) / Int64(Limits.packFiles) + 1,
            (rawBytes - 1) / Int64(Limits.packRawBytes) + 1)
        let size = (count - 1) / parts + 1
        return stride(from: task.rows.lowerBound, through: task.rows.upperBound, by: Int(size)).map
        {
            var part = task
            part.rows = $0...min($0 + size - 1, task.rows.upperBound)
            return part
        }
    }

    private static let columns =
        "files.id, kind, files.class, files.month, partition, folder, name, size, modified, changed,"
        + " inode, low, high"

    /// Some files of a pack, in the order of paths, from a row on; none behind the last.
    func files(of task: Task, from row: Int64, limit: Int) throws(LakeError) -> [SpooledFile] {
        try locked { () throws(LakeError) in
            let statement = try database.prepare(
                """
                SELECT \(Self.columns) FROM packing JOIN files ON files.id = file
                WHERE packing.rowid BETWEEN ?1 AND ?2 ORDER BY packing.rowid LIMIT \(limit)
                """)
            try statement.bind(row, at: 1)
            try statement.bind(task.rows.upperBound, at: 2)
            return try Self.read(statement)
        }
    }

    /// Some files of any kind, in the order of paths, behind a number.
    func files(after id: Int64, limit: Int = 1_024) throws(LakeError) -> [SpooledFile] {
        try locked { () throws(LakeError) in
            let statement = try database.prepare(
                "SELECT \(Self.columns) FROM files WHERE id > ?1 ORDER BY id LIMIT \(limit)")
            try statement.bind(id, at: 1)
            return try Self.read(statement)
        }
    }

    /// The returned files that a pack may hold.
    func returned(to pack: Packs.Record) throws(LakeError) -> [SpooledFile] {
        try locked { () throws(LakeError) in
            let statement = try database.prepare(
                """
                SELECT \(Self.columns) FROM files
                WHERE kind = \(SpooledFile.Kind.returned.rawValue) AND month = ?1
                  AND hash % ?2 = ?3 ORDER BY id
                """)
            try statement.bind(Int64(pack.month), at: 1)
            try statement.bind(max(1, pack.buckets), at: 2)
            try statement.bind(pack.bucket, at: 3)
            return try Self.read(statement)
        }
    }

    /// Treats all files of a kind as of another one.
    func change(all kind: SpooledFile.Kind, to other: SpooledFile.Kind) throws(LakeError) {
        try locked { () throws(LakeError) in
            try database.run(
                "UPDATE files SET kind = ?2 WHERE kind = ?1",
                [.integer(kind.rawValue), .integer(other.rawValue)])
        }
    }

    private static func read(_ statement: Statement) throws(LakeError) -> [SpooledFile] {
        var files: [SpooledFile] = []
        while try statement.step() {
            files.append(
                SpooledFile(
                    id: statement.integer(0),
                    kind: SpooledFile.Kind(rawValue: statement.integer(1)) ?? .changed,
                    storageClass: classes[Int(statement.integer(2))],
                    month: Int32(truncatingIfNeeded: statement.integer(3)),
                    partition: statement.isNull(4)
                        ? nil : Int32(truncatingIfNeeded: statement.integer(4)),
                    folder: statement.text(5), name: statement.text(6),
                    stat: FileStat(
                        sizeBytes: statement.integer(7), modifiedNanos: statement.integer(8),
                        changedNanos: statement.integer(9),
                        inode: UInt64(bitPattern: statement.integer(10))),
                    content: ContentHash(
                        low: UInt64(bitPattern: statement.integer(11)),
                        high: UInt64(bitPattern: statement.integer(12)))))
        }
        return files
    }

    private func locked<Output>(
        _ body: () throws(LakeError) -> Output
    ) throws(LakeError) -> Output {
        // The lock is held for the database alone, whose results are values.
        nonisolated(unsafe) var result: Result<Output, LakeError>?
        lock.withLock { _ in
            do throws(LakeError) { result = .success(try body()) } catch {
                result = .failure(error)
            }
        }
        guard let result else { preconditionFailure("the lock ran nothing") }
        return try result.get()
    }
}
