import Columnar
import Synchronization

/// What a table has outside of its snapshot at one moment, and which of its files are temporary copies.
///
/// Read in the transaction that finds the table, so that both are of the same moment; the table's own files,
/// which never change, are opened behind it, so that a reader that stands still keeps no writer from its
/// commit. What pruning needs of a file is read only when a query may need that file: of partitions beside the
/// query nothing is decoded.
package struct TableArchive: Sendable {
    /// A restore that is not over.
    struct Request: Sendable {
        var firstPartition: Int32?
        var lastPartition: Int32?
        /// It asks for all rows of its partitions.
        var isWhole: Bool
        var isInProgress: Bool
        /// When the tier's delay is over.
        var availableMicros: Int64
        /// It is for what was archived up to this run.
        var asOfRun: Int64

        func covers(_ partition: Int32?) -> Bool {
            guard firstPartition != nil || lastPartition != nil else { return true }
            guard let partition else { return false }
            return firstPartition.map { $0 <= partition } ?? true
                && lastPartition.map { partition <= $0 } ?? true
        }
    }

    /// Cold files without their entries.
    let files: [ColdFiles.Record]
    let copies: [RestoredFiles.Record]
    let requests: [Request]
    package let table: IcebergTable
    let nowMicros: Int64
    private let databasePath: String
    /// Temporary copies that are not over, by partition.
    private let readable: [Int32?: [RestoredFiles.Record]]
    /// The run that archived each partition's first rows.
    private let archivedSince: [Int32?: Int64]

    /// Nothing is archived and nothing restored.
    package var isEmpty: Bool { files.isEmpty && copies.isEmpty }

    /// Opens a table with its archive as of one moment; throws `tableNotFound`.
    package static func open(
        _ name: String, in lake: Lake, nowMicros: Int64
    ) throws(LakeError) -> TableArchive {
        let (stored, filed) = try lake.database.transaction(immediate: false) {
            () throws(LakeError) in
            guard let stored = try lake.catalog.load(name) else { throw .tableNotFound(name) }
            return (stored, try Filed(name, lake.database, nowMicros: nowMicros))
        }
        return TableArchive(
            try IcebergTable.open(name, at: stored, lakeFolder: lake.path), filed,
            databasePath: lake.database.path, nowMicros: nowMicros)
    }

    /// What `lake.db` says of a table's rows outside of its snapshot.
    private struct Filed {
        var files: [ColdFiles.Record] = []
        var copies: [RestoredFiles.Record] = []
        var requests: [Request] = []

        init(_ table: String, _ database: Database, nowMicros: Int64) throws(LakeError) {
            guard database.version >= ColdFiles.version,
                let source = try Sources.known(table, database)
            else { return }
            files = try ColdFiles.list(database, source: source, hasEntries: false)
            copies = try RestoredFiles.list(database, source: source)
            guard !files.isEmpty else { return }
            requests = try TableArchive.requests(database, source: source, nowMicros: nowMicros)
        }
    }

    private init(
        _ table: IcebergTable, _ filed: Filed, databasePath: String, nowMicros: Int64
    ) {
        self.table = table
        self.nowMicros = nowMicros
        self.databasePath = databasePath
        files = filed.files
        copies = filed.copies
        requests = filed.requests
        readable = Dictionary(
            grouping: filed.copies.filter { nowMicros < $0.expiresMicros }, by: \.partition)
        archivedSince = Dictionary(
            filed.files.lazy.map { ($0.partition, $0.sequence) }, uniquingKeysWith: min)
    }

    private static func requests(
        _ database: Database, source: Int64, nowMicros: Int64
    ) throws(LakeError) -> [Request] {
        let statement = try database.prepare(
            """
            SELECT first_partition, last_partition,
              account IS NULL AND key IS NULL AND pack IS NULL, state = 'in progress',
              available_micros, as_of_run
            FROM restores WHERE source = ?1
              AND (state = 'in progress' OR state = 'completed' AND expires_micros > ?2)
            """)
        try statement.bind([.integer(source), .integer(nowMicros)])
        func partition(_ column: Int32) -> Int32? {
            statement.isNull(column) ? nil : Int32(truncatingIfNeeded: statement.integer(column))
        }
        var requests: [Request] = []
        while try statement.step() {
            requests.append(
                Request(
                    firstPartition: partition(0), lastPartition: partition(1),
                    isWhole: statement.integer(2) != 0, isInProgress: statement.integer(3) != 0,
                    availableMicros: statement.integer(4), asOfRun: statement.integer(5)))
        }
        return requests
    }

    /// Stored paths of the temporary copies that a query in this mode passes over.
    package func hiddenCopies(_ mode: GlacierMode) -> Set<String> {
        Set(copies.filter { mode == .skip || $0.expiresMicros <= nowMicros }.map(\.path))
    }

    /// Rows of the copies that are passed over.
    package func hiddenRows(_ mode: GlacierMode) -> Int64 {
        copies.filter { mode == .skip || $0.expiresMicros <= nowMicros }
            .reduce(0) { $0 + $1.rowCount }
    }

    // MARK: Pruning

    /// Positions of the cold files that may hold rows for which all predicates are true.
    ///
    /// First by their partitions alone; only of those that are left the bounds are read. A file whose bounds
    /// cannot be read may match.
    package func files(
        matching predicates: [ScanPredicate], workers: Int = 1
    ) throws(LakeError) -> [Int] {
        guard !files.isEmpty, !predicates.isEmpty else { return Array(files.indices) }
        var pruning: [Int: FilePruning] = [:]
        for specID in Set(files.map(\.specID)) {
            pruning[specID] = FilePruning(
                schema: table.metadata.schema, spec: table.metadata.partitionSpec(id: specID),
                predicates: predicates)
        }
        let left = files.indices.filter { index in
            let file = files[index]
            return pruning[file.specID]?.mayMatch(partitionOnly(file)) ?? true
        }
        guard !left.isEmpty else { return [] }
        let entries = try entries(of: left)
        var decoders: [Int: DataFileBytes.Decoder] = [:]
        for specID in pruning.keys {
            decoders[specID] = try? DataFileBytes.Decoder(
                specID: specID, metadata: table.metadata, path: databasePath)
        }
        let matching = Mutex<[Int]>([])
        let pieces = (left.count + Self.filesPerPiece - 1) / Self.filesPerPiece
        try Workers.forEach(pieces, workers: workers) {
            [files, pruning, decoders] (piece) throws(LakeError) in
            let start = piece * Self.filesPerPiece
            var found: [Int] = []
            for position in start..<min(start + Self.filesPerPiece, left.count) {
                let file = files[left[position]]
                let known = try? decoders[file.specID]?.decode(entries[position], path: file.path)
                if known.map({ pruning[file.specID]?.mayMatch($0) ?? true }) ?? true {
                    found.append(left[position])
                }
            }
            matching.withLock { [found] in $0 += found }
        }
        return matching.withLock { $0 }.sorted()
    }

    /// Files whose bounds are decoded at a time: half a millisecond of work.
    private static let filesPerPiece = 32

    /// What is remembered of some files for pruning; empty for one that is gone meanwhile.
    private func entries(of positions: [Int]) throws(LakeError) -> [[UInt8]] {
        let database = try Database.open(path: databasePath, access: .readOnly)
        let partitions = positions.compactMap { files[$0].partition }
        // One range of the index, as far as there is one.
        let isRange = partitions.count == positions.count
        let statement = try database.prepare(
            "SELECT path, entry FROM cold_files WHERE source = ?1"
                + (isRange ? " AND partition BETWEEN ?2 AND ?3" : ""))
        try statement.bind(files[positions[0]].source, at: 1)
        if isRange, let first = partitions.min(), let last = partitions.max() {
            try statement.bind(Int64(first), at: 2)
            try statement.bind(Int64(last), at: 3)
        }
        var places: [String: Int] = [:]
        for (place, position) in positions.enumerated() { places[files[position].path] = place }
        var entries = [[UInt8]](repeating: [], count: positions.count)
        while try statement.step() {
            guard let place = places[statement.text(0)] else { continue }
            entries[place] = statement.blob(1)
        }
        return entries
    }

    /// A file as far as its row in the table knows it.
    private func partitionOnly(_ file: ColdFiles.Record) -> DataFile {
        let spec = table.metadata.partitionSpec(id: file.specID)
        let value = file.partition.map { Value.int(Int64($0)) } ?? .null
        return DataFile(
            path: file.path, specID: file.specID,
            partition: spec?.fields.isEmpty == false ? [value] : [],
            recordCount: file.rowCount, fileSizeBytes: file.sizeBytes)
    }

    // MARK: What a query misses

    /// The archived rows of some cold files that a query in this mode does not see; nil if there are none.
    ///
    /// Rows of which a copy can be read are not among them. Of a partition that is restored in part, by
    /// account, what is missing is what the copy has fewer.
    package func skipped(_ positions: Set<Int>, _ mode: GlacierMode) -> SkippedRows? {
        var skipped = SkippedRows()
        let partitions = Dictionary(grouping: positions) { files[$0].partition }
        for (partition, positions) in partitions {
            var rows = positions.reduce(Int64(0)) { $0 + files[$1].rowCount }
            var bytes = positions.reduce(Int64(0)) { $0 + files[$1].sizeBytes }
            let copied = mode == .skip ? 0 : readableRows(of: partition)
            if copied > 0 {
                let all = rows
                rows = isWholeRestored(partition) ? 0 : max(0, rows - copied)
                bytes = all > 0 ? Int64(Double(bytes) * Double(rows) / Double(all)) : 0
            }
            guard rows > 0 else { continue }
            skipped.partitionCount += 1
            skipped.rowCount += rows
            skipped.sizeBytes += bytes
            skipped.storageClasses.formUnion(positions.map { files[$0].storageClass })
            if let days = days(of: partition, specID: files[positions[0]].specID) {
                skipped.days = skipped.days.map {
                    min($0.lowerBound, days.lowerBound)...max($0.upperBound, days.upperBound)
                }
                if skipped.days == nil { skipped.days = days }
            }
            let running = requests.filter { $0.isInProgress && $0.covers(partition) }
            if let request = running.min(by: { $0.availableMicros < $1.availableMicros }) {
                skipped.restoringCount += 1
                skipped.availableMicros = max(
                    skipped.availableMicros ?? .min, request.availableMicros)
            }
        }
        return skipped.partitionCount > 0 ? skipped : nil
    }

    /// All archived rows, restored or not.
    package var totals: SkippedRows? { skipped(Set(files.indices), .skip) }

    private func readableRows(of partition: Int32?) -> Int64 {
        readable[partition, default: []].reduce(0) { $0 + $1.rowCount }
    }

    private func isWholeRestored(_ partition: Int32?) -> Bool {
        let since = archivedSince[partition] ?? .max
        return requests.contains {
            $0.isWhole && !$0.isInProgress && $0.covers(partition) && since <= $0.asOfRun
        }
    }

    private func days(of partition: Int32?, specID: Int) -> ClosedRange<Int32>? {
        guard let partition, let spec = table.metadata.partitionSpec(id: specID) else { return nil }
        return spec.fields.first?.transform.days(of: partition)
    }

    /// The cold tier's folder, if it is not mounted now.
    package func unmountedTier() throws(LakeError) -> String? {
        guard let lake = DurableFile.parent(of: databasePath) else { return nil }
        return try ColdTier.unmarkedFolder(ofLake: lake)
    }

    /// What became of a partition's rows: `restored` with the end of their copies, `restoring`, `archived`.
    func state(of partition: Int32?) -> (ArchiveEntry.State, restoredUntilMicros: Int64?) {
        if let copy = readable[partition]?.max(by: { $0.expiresMicros < $1.expiresMicros }) {
            return (.restored, copy.expiresMicros)
        }
        let isRunning = requests.contains { $0.isInProgress && $0.covers(partition) }
        return (isRunning ? .restoring : .archived, nil)
    }
}

/// Archived rows that a query would need and does not see.
package struct SkippedRows: Hashable, Sendable {
    package var partitionCount = 0
    package var rowCount: Int64 = 0
    package var sizeBytes: Int64 = 0
    /// Days since 1970 that the rows may have; nil where partitions are not of time.
    package var days: ClosedRange<Int32>?
    package var storageClasses: Set<StorageClass> = []
    /// Partitions that a restore in progress will bring back.
    package var restoringCount = 0
    /// When the last of those will be there.
    package var availableMicros: Int64?
}
