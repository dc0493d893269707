import Columnar

/// The table of Parquet files that hold rows outside of their table's snapshot.
///
/// A partition that was archived has one file of kind `partition` for each sweep that took rows of it, and
/// one of kind `amendment` for each run that found changed rows for it meanwhile. Of rows with equal keys
/// the one with the highest `sequence` is the latest. Rows of GLACIER_IR stay in the snapshot: their
/// files are not here.
package enum ColdFiles {
    static let table = """
        CREATE TABLE cold_files (
          id INTEGER PRIMARY KEY,
          source INTEGER NOT NULL REFERENCES sources(id),
          partition INTEGER,
          sequence INTEGER NOT NULL,
          kind TEXT NOT NULL CHECK (kind IN ('partition', 'amendment')),
          place TEXT NOT NULL CHECK (place IN ('lake', 'cold')),
          path TEXT NOT NULL UNIQUE,
          storage_class TEXT NOT NULL,
          row_count INTEGER NOT NULL,
          size_bytes INTEGER NOT NULL,
          sha256 BLOB NOT NULL,
          spec_id INTEGER NOT NULL,
          entry BLOB NOT NULL,
          archived_micros INTEGER NOT NULL) STRICT
        """
    /// Covers all but `entry`: queries list a table's cold files before they know which ones they need.
    static let index = """
        CREATE INDEX cold_files_place ON cold_files(source, partition, sequence, kind, place, path,
          storage_class, row_count, size_bytes, sha256, spec_id, archived_micros)
        """

    /// The database's first version with the tables of the cold tier.
    static let version: Int32 = 3

    package enum Kind: String, Sendable {
        /// Rows that left the snapshot.
        case partition
        /// Newer versions of rows, or new rows, of a partition that is archived.
        case amendment
    }

    /// Below which folder a path lies.
    package enum Place: String, Sendable {
        /// The lake's own: amendments until the next sweep carries them away.
        case lake
        case cold
    }

    /// One row of the table.
    package struct Record: Hashable, Sendable {
        /// 0 before it is filed.
        package var id: Int64 = 0
        package var source: Int64
        /// Days, hours or months since 1970; nil is the partition of NULL.
        package var partition: Int32?
        /// The number of the run that wrote it.
        package var sequence: Int64
        package var kind: Kind
        package var place: Place
        /// Below the folder that `place` names.
        package var path: String
        package var storageClass: StorageClass
        package var rowCount: Int64
        package var sizeBytes: Int64
        /// Of all bytes of the file.
        package var sha256: [UInt8]
        package var specID: Int
        /// `DataFileBytes`: what pruning needs to know of it.
        package var entry: [UInt8]
        package var archivedMicros: Int64
    }

    /// Files a file; inside the transaction that takes its rows out of the snapshot.
    static func add(_ database: Database, _ file: Record) throws(LakeError) {
        try database.run(
            """
            INSERT INTO cold_files(source, partition, sequence, kind, place, path, storage_class,
              row_count, size_bytes, sha256, spec_id, entry, archived_micros)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
            """,
            [
                .integer(file.source), file.partition.map { .integer(Int64($0)) } ?? .null,
                .integer(file.sequence), .text(file.kind.rawValue), .text(file.place.rawValue),
                .text(file.path), .text(file.storageClass.rawValue), .integer(file.rowCount),
                .integer(file.sizeBytes), .blob(file.sha256), .integer(Int64(file.specID)),
                .blob(file.entry), .integer(file.archivedMicros),
            ])
    }

    /// Rows of a source that left its snapshot; none in a file of an older version.
    static func rowCount(_ database: Database, source: Int64) throws(LakeError) -> Int {
        guard database.version >= version else { return 0 }
        return Int(
            try database.integer(
                """
                SELECT coalesce(sum(row_count), 0) FROM cold_files
                WHERE source = ?1 AND kind = 'partition'
                """, [.integer(source)]))
    }

    /// Changes where a file lies and in which class.
    static func move(
        _ database: Database, id: Int64, to place: Place, path: String, _ storage: StorageClass
    ) throws(LakeError) {
        try database.run(
            "UPDATE cold_files SET place = ?2, path = ?3, storage_class = ?4 WHERE id = ?1",
            [.integer(id), .text(place.rawValue), .text(path), .text(storage.rawValue)])
    }

    /// Forgets a file; its bytes are the caller's business.
    static func remove(_ database: Database, id: Int64) throws(LakeError) {
        try database.run("DELETE FROM cold_files WHERE id = ?1", [.integer(id)])
    }

    /// The files of one source, or of all, in order of source, partition and sequence; none in an older file.
    ///
    /// - partitions: only those.
    /// - hasEntries: false leaves `entry` empty, which is most of what a row takes.
    package static func list(
        _ database: Database, source: Int64? = nil, partitions: ClosedRange<Int32>? = nil,
        hasEntries: Bool = true
    ) throws(LakeError) -> [Record] {
        guard database.version >= version else { return [] }
        let statement = try database.prepare(
            """
            SELECT id, source, partition, sequence, kind, place, path, storage_class, row_count,
              size_bytes, sha256, spec_id, \(hasEntries ? "entry" : "NULL"), archived_micros
            FROM cold_files WHERE \(source == nil ? "?1 IS NULL" : "source = ?1")
              \(partitions == nil ? "" : "AND partition BETWEEN ?2 AND ?3")
            ORDER BY source, partition, sequence, id
            """)
        try statement.bind(source.map { .integer($0) } ?? .null, at: 1)
        if let partitions {
            try statement.bind(Int64(partitions.lowerBound), at: 2)
            try statement.bind(Int64(partitions.upperBound), at: 3)
        }
        var files: [Record] = []
        while try statement.step() {
            guard let kind = Kind(rawValue: statement.text(4)),
                let place = Place(rawValue: statement.text(5)),
                let storage = StorageClass(rawValue: statement.text(7))
            else {
                throw .corrupt(
                    FileLocation(path: "lake.db"),
                    reason: "cold_files has a row of an unknown kind")
            }
            files.append(
                Record(
                    id: statement.integer(0), source: statement.integer(1),
                    partition: statement.isNull(2)
                        ? nil : Int32(truncatingIfNeeded: statement.integer(2)),
                    sequence: statement.integer(3), kind: kind, place: place,
                    path: statement.text(6), storageClass: storage,
                    rowCount: statement.integer(8), sizeBytes: statement.integer(9),
                    sha256: statement.blob(10), specID: Int(statement.integer(11)),
                    entry: statement.blob(12), archivedMicros: statement.integer(13)))
        }
        return files
    }

    /// What files of one partition and one spec come to: those of one sweep, or amendments.
    struct Totals: Sendable {
        var partition: Int32?
        var specID: Int
        var kind: Kind
        var storageClasses: Set<StorageClass>
        var firstSequence: Int64
        var lastSequence: Int64
        var rowCount: Int64
        var sizeBytes: Int64

        init(_ file: Record) {
            self.init(
                partition: file.partition, specID: file.specID, kind: file.kind,
                storage: file.storageClass, sequence: file.sequence, rowCount: file.rowCount,
                sizeBytes: file.sizeBytes)
        }

        fileprivate init(
            partition: Int32?, specID: Int, kind: Kind, storage: StorageClass, sequence: Int64,
            rowCount: Int64, sizeBytes: Int64
        ) {
            self.partition = partition
            self.specID = specID
            self.kind = kind
            storageClasses = [storage]
            (firstSequence, lastSequence) = (sequence, sequence)
            self.rowCount = rowCount
            self.sizeBytes = sizeBytes
        }

        /// Whether a file is one of those that are summed up here.
        fileprivate func takes(_ file: Totals) -> Bool {
            partition == file.partition && specID == file.specID && kind == file.kind
                && (kind == .amendment || lastSequence == file.lastSequence)
        }

        /// The sum of two of the same partition.
        func adding(_ other: Totals) -> Totals {
            var sum = self
            sum.storageClasses.formUnion(other.storageClasses)
            sum.firstSequence = min(firstSequence, other.firstSequence)
            sum.lastSequence = max(lastSequence, other.lastSequence)
            sum.rowCount &+= other.rowCount
            sum.sizeBytes &+= other.sizeBytes
            return sum
        }
    }

    /// The totals of a source's partitions, in their order; a partition has several where specs alternate,
    /// where several sweeps took rows of it, and where it has amendments.
    static func totals(_ database: Database, source: Int64) throws(LakeError) -> [Totals] {
        let statement = try database.prepare(
            """
            SELECT partition, spec_id, storage_class, sequence, row_count, size_bytes, kind
            FROM cold_files WHERE source = ?1 ORDER BY partition, sequence
            """)
        try statement.bind(source, at: 1)
        var totals: [Totals] = []
        while try statement.step() {
            guard let storage = StorageClass(rawValue: statement.text(2)),
                let kind = Kind(rawValue: statement.text(6))
            else {
                throw .corrupt(
                    FileLocation(path: "lake.db"),
                    reason: "cold_files has a row of an unknown kind or class")
            }
            let file = Totals(
                partition: statement.isNull(0)
                    ? nil : Int32(truncatingIfNeeded: statement.integer(0)),
                specID: Int(statement.integer(1)), kind: kind, storage: storage,
                sequence: statement.integer(3), rowCount: statement.integer(4),
                sizeBytes: statement.integer(5))
            // Amendments may stand between sweeps.
            var index = totals.count
            while index > 0, totals[index - 1].partition == file.partition {
                index -= 1
                if totals[index].takes(file) { break }
            }
            if index < totals.count, totals[index].takes(file) {
                totals[index] = totals[index].adding(file)
            } else {
                totals.append(file)
            }
        }
        return totals
    }
}
