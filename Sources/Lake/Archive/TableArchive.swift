import Columnar
import Synchronization

/// What a table has outside of its snapshot at one moment, and which of its files are temporary copies.
///
/// Read in the transaction that finds the table, so that both are of the same moment; the table's own files,
/// which never change, are opened behind it, so that a reader that stands still keeps no writer from its
/// commit. Of cold files only what their partitions come to is read; the files themselves, and what pruning needs
/// of them, only when a query may need them.
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

    /// What the cold files of the partitions come to.
    let partitions: [ColdFiles.Totals]
    let copies: [RestoredFiles.Record]
    let requests: [Request]
    package let table: IcebergTable
    let nowMicros: Int64
    private let source: Int64?
    private let databasePath: String
    /// Temporary copies that are not over, by partition.
    private let readable: [Int32?: [RestoredFiles.Record]]
    /// What was archived of each partition that has such copies.
    private let archived: [Int32?: [ColdFiles.Totals]]

    /// Nothing is archived and nothing restored.
    package var isEmpty: Bool { partitions.isEmpty && copies.isEmpty }

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
        var source: Int64?
        var partitions: [ColdFiles.Totals] = []
        var copies: [RestoredFiles.Record] = []
        var requests: [Request] = []

        init(_ table: String, _ database: Database, nowMicros: Int64) throws(LakeError) {
            guard database.version >= ColdFiles.version,
                let source = try Sources.known(table, database)
            else { return }
            self.source = source
            partitions = try ColdFiles.totals(database, source: source)
            copies = try RestoredFiles.list(database, source: source)
            guard !partitions.isEmpty else { return }
            requests = try TableArchive.requests(database, source: source, nowMicros: nowMicros)
        }
    }

    private init(
        _ table: IcebergTable, _ filed: Filed, databasePath: String, nowMicros: Int64
    ) {
        self.table = table
        self.nowMicros = nowMicros
        self.databasePath = databasePath
        source = filed.source
        partitions = filed.partitions
        copies = filed.copies
        requests = filed.requests
        readable = Dictionary(
            grouping: filed.copies.filter { nowMicros < $0.expiresMicros }, by: \.partition)
        let readable = readable
        archived = Dictionary(
            grouping: filed.partitions.filter { readable[$0.partition] != nil }, by: \.partition)
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

    /// The cold files that may hold rows for which all predicates are true.
    ///
    /// First partitions are left out by their values; only of the others the files and their bounds are read. A
    /// file whose bounds cannot be read may match.
    package func files(
        matching predicates: [ScanPredicate], workers: Int = 1
    ) throws(LakeError) -> ColdSelection {
        guard !predicates.isEmpty else { return .all }
        var pruning: [Int: FilePruning] = [:]
        for specID in Set(partitions.map(\.specID)) {
            pruning[specID] = FilePruning(
                schema: table.metadata.schema, spec: table.metadata.partitionSpec(id: specID),
                predicates: predicates)
        }
        let left = partitions.filter { pruning[$0.specID]?.mayMatch(partitionOnly($0)) ?? true }
        let files = try files(of: left)
        guard !files.isEmpty else { return .files([:]) }
        var decoders: [Int: DataFileBytes.Decoder] = [:]
        for specID in pruning.keys {
            decoders[specID] = try? DataFileBytes.Decoder(
                specID: specID, metadata: table.metadata, path: databasePath)
        }
        let matching = Mutex<[Int64: ColdFiles.Record]>([:])
        let pieces = (files.count + Self.filesPerPiece - 1) / Self.filesPerPiece
        try Workers.forEach(pieces, workers: workers) {
            [pruning, decoders] (piece) throws(LakeError) in
            let start = piece * Self.filesPerPiece
            for file in files[start..<min(start + Self.filesPerPiece, files.count)] {
                let known = try? decoders[file.specID]?.decode(file.entry, path: file.path)
                if known.map({ pruning[file.specID]?.mayMatch($0) ?? true }) ?? true {
                    matching.withLock { $0[file.id] = file }
                }
            }
        }
        return .files(matching.withLock { $0 })
    }

    /// Files whose bounds are decoded at a time: half a millisecond of work.
    private static let filesPerPiece = 32

    /// The files of some partitions with their entries, as of the moment of `open`.
    private func files(of chosen: [ColdFiles.Totals]) throws(LakeError) -> [ColdFiles.Record] {
        guard let source, !chosen.isEmpty else { return [] }
        let values = chosen.compactMap(\.partition)
        // One range of the index, as far as there is one.
        var range: ClosedRange<Int32>?
        if values.count == chosen.count, let first = values.min(), let last = values.max() {
            range = first...last
        }
        let wanted = Set(chosen.map(\.partition))
        let lastSequence = partitions.lazy.map(\.lastSequence).max() ?? 0
        let database = try Database.open(path: databasePath, access: .readOnly)
        return try ColdFiles.list(database, source: source, partitions: range).filter {
            wanted.contains($0.partition) && $0.sequence <= lastSequence
        }
    }

    /// A partition as a file that nothing more is known of.
    private func partitionOnly(_ totals: ColdFiles.Totals) -> DataFile {
        let spec = table.metadata.partitionSpec(id: totals.specID)
        let value = totals.partition.map { Value.int(Int64($0)) } ?? .null
        return DataFile(
            path: "", specID: totals.specID,
            partition: spec?.fields.isEmpty == false ? [value] : [],
            recordCount: totals.rowCount, fileSizeBytes: totals.sizeBytes)
    }

    // MARK: What a query misses

    /// The archived rows of some cold files that a query in this mode does not see; nil if there are none.
    ///
    /// Rows of which a copy can be read are not among them. Of a partition that is restored in part, by
    /// account, what is missing is what the copy has fewer; what was swept after the restore is all missing.
    package func skipped(_ selection: ColdSelection, _ mode: GlacierMode) -> SkippedRows? {
        var skipped = SkippedRows()
        for (partition, parts) in parts(of: selection) {
            guard let totals = Self.sum(parts) else { continue }
            var (rows, bytes) = (totals.rowCount, totals.sizeBytes)
            if mode != .skip, readable[partition] != nil {
                rows = missingRows(of: partition, parts)
                bytes =
                    totals.rowCount > 0
                    ? Int64(Double(bytes) * Double(rows) / Double(totals.rowCount)) : 0
            }
            guard rows > 0 else { continue }
            skipped.partitionCount += 1
            skipped.rowCount += rows
            skipped.sizeBytes += bytes
            skipped.storageClasses.formUnion(totals.storageClasses)
            if let days = days(of: partition, specID: totals.specID) {
                skipped.days = skipped.days.map {
                    min($0.lowerBound, days.lowerBound)...max($0.upperBound, days.upperBound)
                }
                if skipped.days == nil { skipped.days = days }
            }
            let running = requests.filter { $0.isInProgress && $0.covers(partition) }
            // All of it is there with the first request for all of it, else with the last one.
            if let ready = running.lazy.filter(\.isWhole).map(\.availableMicros).min()
                ?? running.lazy.map(\.availableMicros).max()
            {
                skipped.restoringCount += 1
                skipped.availableMicros = max(skipped.availableMicros ?? .min, ready)
            }
        }
        return skipped.partitionCount > 0 ? skipped : nil
    }

    /// What the chosen files come to, by partition.
    private func parts(of selection: ColdSelection) -> [Int32?: [ColdFiles.Totals]] {
        let parts =
            switch selection {
            case .all: partitions
            case .files(let files): files.values.map { ColdFiles.Totals($0) }
            }
        return Dictionary(grouping: parts, by: \.partition)
    }

    private static func sum(_ parts: [ColdFiles.Totals]) -> ColdFiles.Totals? {
        parts.first.map { parts.dropFirst().reduce($0) { $0.adding($1) } }
    }

    /// All archived rows, restored or not.
    package var totals: SkippedRows? { skipped(.all, .skip) }

    private func readableRows(of partition: Int32?) -> Int64 {
        readable[partition, default: []].reduce(0) { $0 + $1.rowCount }
    }

    /// Rows of some files of a partition that its copies do not have.
    ///
    /// A request is for the files up to its run; amendments are put into the copies as they come.
    private func missingRows(of partition: Int32?, _ chosen: [ColdFiles.Totals]) -> Int64 {
        let all = archived[partition] ?? []
        let since = all.lazy.map(\.firstSequence).min() ?? .max
        let living = requests.filter {
            !$0.isInProgress && $0.covers(partition) && since <= $0.asOfRun
        }
        let whole = living.lazy.filter(\.isWhole).map(\.asOfRun).max() ?? .min
        // Copies of no request that is known may have rows of any file.
        let any = living.lazy.map(\.asOfRun).max() ?? .max
        func rows(_ parts: [ColdFiles.Totals], _ isMeant: (ColdFiles.Totals) -> Bool) -> Int64 {
            parts.lazy.filter(isMeant).reduce(0) { $0 &+ $1.rowCount }
        }
        func isWhole(_ part: ColdFiles.Totals) -> Bool {
            whole > .min && (part.kind == .amendment || part.firstSequence <= whole)
        }
        func isLater(_ part: ColdFiles.Totals) -> Bool {
            part.kind == .partition && part.firstSequence > any
        }
        let partly = rows(chosen) { !isWhole($0) && !isLater($0) }
        let copied = max(0, readableRows(of: partition) - rows(all, isWhole))
        return max(0, partly - copied) &+ rows(chosen, isLater)
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

/// Cold files that the scans of a query would need.
package enum ColdSelection: Sendable {
    case all
    /// By their ids.
    case files([Int64: ColdFiles.Record])

    package var isEmpty: Bool {
        if case .files(let files) = self { files.isEmpty } else { false }
    }

    package mutating func formUnion(_ other: ColdSelection) {
        switch (self, other) {
        case (.files(var files), .files(let others)):
            files.merge(others) { first, _ in first }
            self = .files(files)
        default: self = .all
        }
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
