import Columnar

/// The table of packs: zstd files of the cold tier that hold raw files byte for byte.
///
/// A pack is filed by the transaction that marks its files as cold, so whatever is listed is whole and
/// verified. `deleting`: some of its sources may still lie in the raw folder, the next sweep goes on.
/// A raw file's packs are found by its folder and its row's month: `bucket` = hash of the folder modulo
/// `buckets`.
package enum Packs {
    static let table = """
        CREATE TABLE packs (
          id INTEGER PRIMARY KEY,
          source INTEGER NOT NULL REFERENCES sources(id),
          month INTEGER NOT NULL,
          bucket INTEGER NOT NULL,
          buckets INTEGER NOT NULL,
          path TEXT NOT NULL UNIQUE,
          storage_class TEXT NOT NULL,
          state TEXT NOT NULL CHECK (state IN ('deleting', 'done')),
          file_count INTEGER NOT NULL,
          raw_bytes INTEGER NOT NULL,
          size_bytes INTEGER NOT NULL,
          sha256 BLOB NOT NULL,
          first_partition INTEGER,
          last_partition INTEGER,
          packed_micros INTEGER NOT NULL) STRICT
        """
    static let index = "CREATE INDEX packs_place ON packs(source, month)"

    package enum State: String, Sendable {
        case deleting, done
    }

    /// One row of the table.
    package struct Record: Hashable, Sendable {
        /// 0 before it is filed.
        package var id: Int64 = 0
        package var source: Int64
        /// Months since 1970.
        package var month: Int32
        package var bucket: Int64
        package var buckets: Int64
        /// Below the cold tier.
        package var path: String
        package var storageClass: StorageClass
        package var state: State
        package var fileCount: Int64
        /// Bytes of the raw files.
        package var rawBytes: Int64
        package var sizeBytes: Int64
        /// Of all bytes of the pack.
        package var sha256: [UInt8]
        /// Of its files' rows; nil in a pack of files of many records, or of NULL.
        package var firstPartition: Int32?
        package var lastPartition: Int32?
        /// Of two packs with a path the one that was packed later has the later version.
        package var packedMicros: Int64

        /// Whether the files of a folder lie here; `hash` is `PackBucket.hash`.
        func mayHold(folderHash hash: Int64) -> Bool { hash % max(1, buckets) == bucket }
    }

    /// Files a pack and returns its number; inside the transaction that marks its files as cold.
    @discardableResult
    static func add(_ database: Database, _ pack: Record) throws(LakeError) -> Int64 {
        func integer(_ value: Int32?) -> SQLValue { value.map { .integer(Int64($0)) } ?? .null }
        try database.run(
            """
            INSERT INTO packs(source, month, bucket, buckets, path, storage_class, state,
              file_count, raw_bytes, size_bytes, sha256, first_partition, last_partition,
              packed_micros)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
            """,
            [
                .integer(pack.source), .integer(Int64(pack.month)), .integer(pack.bucket),
                .integer(pack.buckets), .text(pack.path), .text(pack.storageClass.rawValue),
                .text(pack.state.rawValue), .integer(pack.fileCount), .integer(pack.rawBytes),
                .integer(pack.sizeBytes), .blob(pack.sha256), integer(pack.firstPartition),
                integer(pack.lastPartition), .integer(pack.packedMicros),
            ])
        return try database.integer("SELECT last_insert_rowid()")
    }

    /// Says how far a pack is.
    static func setState(_ database: Database, id: Int64, _ state: State) throws(LakeError) {
        try database.run(
            "UPDATE packs SET state = ?2 WHERE id = ?1", [.integer(id), .text(state.rawValue)])
    }

    /// Moves a pack to another storage class: the rules of all its files lead there.
    static func setClass(
        _ database: Database, id: Int64, _ storage: StorageClass
    ) throws(LakeError) {
        try database.run(
            "UPDATE packs SET storage_class = ?2 WHERE id = ?1",
            [.integer(id), .text(storage.rawValue)])
    }

    /// Forgets a pack; its file is the caller's business.
    static func remove(_ database: Database, id: Int64) throws(LakeError) {
        try database.run("DELETE FROM packs WHERE id = ?1", [.integer(id)])
    }

    /// The packs of one source or of all, the earliest first; none in an older file.
    package static func list(
        _ database: Database, source: Int64? = nil
    ) throws(LakeError) -> [Record] {
        try read(database, "?1 IS NULL OR source = ?1", source)
    }

    /// The packs in one state.
    static func list(_ database: Database, in state: State) throws(LakeError) -> [Record] {
        try read(database, "state = '\(state.rawValue)' AND ?1 IS NULL", nil)
    }

    private static func read(
        _ database: Database, _ condition: String, _ source: Int64?
    ) throws(LakeError) -> [Record] {
        guard database.version >= ColdFiles.version else { return [] }
        let statement = try database.prepare(
            """
            SELECT id, source, month, bucket, buckets, path, storage_class, state, file_count,
              raw_bytes, size_bytes, sha256, first_partition, last_partition, packed_micros
            FROM packs WHERE \(condition) ORDER BY packed_micros, id
            """)
        try statement.bind(source.map { .integer($0) } ?? .null, at: 1)
        func partition(_ column: Int32) -> Int32? {
            statement.isNull(column) ? nil : Int32(truncatingIfNeeded: statement.integer(column))
        }
        var packs: [Record] = []
        while try statement.step() {
            guard let storage = StorageClass(rawValue: statement.text(6)),
                let state = State(rawValue: statement.text(7))
            else {
                throw .corrupt(
                    FileLocation(path: "lake.db"), reason: "packs has a row of an unknown kind")
            }
            packs.append(
                Record(
                    id: statement.integer(0), source: statement.integer(1),
                    month: Int32(truncatingIfNeeded: statement.integer(2)),
                    bucket: statement.integer(3), buckets: statement.integer(4),
                    path: statement.text(5), storageClass: storage, state: state,
                    fileCount: statement.integer(8), rawBytes: statement.integer(9),
                    sizeBytes: statement.integer(10), sha256: statement.blob(11),
                    firstPartition: partition(12), lastPartition: partition(13),
                    packedMicros: statement.integer(14)))
        }
        return packs
    }
}
