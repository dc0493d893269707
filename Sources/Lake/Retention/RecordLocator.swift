import Columnar
import Glibc

extension Lake {
    /// Everything that is known of the records that a raw path or a key names; none if nothing is.
    ///
    /// Several if tables share the key, or the place of raw files. Throws `tableNotFound` for a table
    /// without schema file.
    ///
    /// - text: a path below the raw folder or an absolute one, or a key: its columns' values with slashes between.
    package func locate(
        _ text: String, table name: String?, nowMicros: Int64, pool: BufferPool
    ) throws(LakeError) -> [RecordPlaces] {
        let definitions = try definitions()
        if let name, !definitions.contains(where: { $0.name == name }) {
            throw .tableNotFound(name)
        }
        let wanted = definitions.filter { name == nil || $0.name == name }
        var path = text
        if let root = try rawRoot(), text.hasPrefix(root + "/") {
            path = String(text.dropFirst(root.utf8.count + 1))
        }
        var found: [RecordPlaces] = []
        for definition in wanted {
            let fits = Array(path.utf8).withUnsafeBytes { definition.raw.captures(in: $0) != nil }
            let locator = try RecordLocator(
                lake: self, definition: definition, nowMicros: nowMicros, pool: pool)
            if fits {
                if let places = try locator.places(ofPath: path) { found.append(places) }
            } else if let values = RowKeyText.values(text, definition) {
                if let places = try locator.places(ofKey: values) { found.append(places) }
            }
        }
        return found
    }
}

/// Finds one table's records: in the raw folder, the state, the snapshot, the cold tier, the quarantine.
struct RecordLocator {
    let lake: Lake
    let definition: TableDefinition
    let source: Int64?
    let nowMicros: Int64
    let pool: BufferPool
    /// nil: the table was never written.
    let table: IcebergTable?
    let tier: ColdTier
    private let keySeed: UInt64
    private let holds: [Holds.Record]

    init(
        lake: Lake, definition: TableDefinition, nowMicros: Int64, pool: BufferPool
    ) throws(LakeError) {
        self.lake = lake
        self.definition = definition
        self.nowMicros = nowMicros
        self.pool = pool
        source = try Sources.known(definition.name, lake.database)
        table =
            try lake.catalog.load(definition.name) == nil
            ? nil : IcebergTable.open(definition.name, in: lake.catalog, lakeFolder: lake.path)
        tier = try ColdTier(lake: lake.path, database: lake.database)
        holds = try Holds.list(lake.database)
        let seed = try Settings.get(.keySeed, lake.database).flatMap { UInt64($0, radix: 16) }
        guard let seed else { throw .notALake(path: lake.path, reason: "its key seed is missing") }
        keySeed = seed
    }

    // MARK: By path

    /// What is known of a raw path; nil if there is no such file and never was.
    func places(ofPath path: String) throws(LakeError) -> RecordPlaces? {
        let state = try state(ofPath: path)
        let raw = try raw(path, state)
        let quarantine = try quarantineReason(path)
        let isErased = try isErased(path)
        if state == nil, raw == .absent(.unknown), quarantine == nil, !isErased { return nil }
        var places = RecordPlaces(table: definition.name, rawPath: path, standing: .untaken)
        places.raw = raw
        places.quarantineReason = quarantine
        places.quietUntilMicros = quietUntil(raw)
        let records = try recordCount(path)
        if let state, let records {
            places.standing = .manyRecords(records)
            places.packs = try packs(path, state)
            return places
        }
        var hits: [RowSearch.Hit] = []
        if let state, state.flags.contains(.hasRow), let search = search() {
            let column = search.schema.index(of: SystemColumn.rawPath.field.name) ?? 0
            for file in try files(of: search, inPartition: .some(state.partition), keys: []) {
                try add(file, search, [(column, .text(path))], &places, &hits)
            }
        }
        try complete(&places, state, hits)
        if isErased { places.standing = .erased }
        return places
    }

    // MARK: By key

    /// What is known of a key; nil if nothing is.
    func places(ofKey values: [Value]) throws(LakeError) -> RecordPlaces? {
        var places = RecordPlaces(table: definition.name, standing: .withoutRow)
        places.key = zip(values, definition.keyColumns).map { value, column in
            RowKeyText.text(value, definition.columns[column].type)
        }.joined(separator: "/")
        var hits: [RowSearch.Hit] = []
        if let search = search() {
            var predicates: [(column: Int, value: Value)] = []
            for (column, value) in zip(definition.keyColumns, values) {
                guard let index = search.schema.index(of: definition.columns[column].name)
                else { continue }
                predicates.append((index, value))
            }
            guard predicates.count == values.count else { return nil }
            // A file that is not there now may hold the key: it counts if the state points to it.
            for file in try files(of: search, inPartition: nil, keys: predicates)
            where DurableFile.exists(file.path) {
                try add(file, search, predicates, &places, &hits)
            }
        }
        // What no file vouches for, the state may still know: an expired row, an unmounted disk's.
        let hash = RowKeyText.hash(values, definition, seed: keySeed).low
        let path: String
        if let hit = try standing(hits) ?? Self.latest(hits) {
            path = hit.rawPath
        } else if let known = try rawPath(ofKey: hash) {
            path = known
        } else {
            return nil
        }
        let state = try state(ofPath: path)
        let raw = try raw(path, state)
        places.rawPath = path
        places.raw = raw
        places.quarantineReason = try quarantineReason(path)
        places.quietUntilMicros = quietUntil(raw)
        if hits.isEmpty, let state, let search = search() {
            // Files that cannot be read now are told by the books.
            for file in try files(of: search, inPartition: .some(state.partition), keys: []) {
                try add(file, search, predicates(values, search), &places, &hits)
            }
        }
        try complete(&places, state, hits)
        if try isErased(path) { places.standing = .erased }
        return places
    }

    private func predicates(
        _ values: [Value], _ search: RowSearch
    ) -> [(column: Int, value: Value)] {
        zip(definition.keyColumns, values).compactMap { column, value in
            search.schema.index(of: definition.columns[column].name).map { ($0, value) }
        }
    }

    // MARK: Rows

    private func search() -> RowSearch? {
        table.map { table in
            RowSearch(definition: definition, schema: table.metadata.schema, pool: pool)
        }
    }

    /// The Parquet files that may hold a row: of one partition, or with bounds that may hold a key.
    ///
    /// - partition: nil is every one, `.some(nil)` that of NULL.
    private func files(
        of search: RowSearch, inPartition partition: Int32??, keys: [(column: Int, value: Value)]
    ) throws(LakeError) -> [RowSearch.File] {
        guard let table, let source else { return [] }
        let predicates = keys.map { key in
            ScanPredicate.compare(ScanColumnPath(index: key.column), .equal, key.value)
        }
        var copies: [String: Int64] = [:]
        for copy in try RestoredFiles.list(lake.database, source: source) {
            copies[copy.path] = copy.expiresMicros
        }
        var files: [RowSearch.File] = []
        for live in try table.currentSnapshot?.liveFiles(matching: predicates) ?? [] {
            var value: Int32?
            if case .int(let number)? = live.file.partition.first {
                value = Int32(clamping: number)
            }
            if let partition, partition != value { continue }
            let path = try table.location.resolve(live.file.path)
            let expiry = copies[live.file.path]
            files.append(
                RowSearch.File(
                    path: path,
                    kind: expiry.map { .restored(expiresMicros: $0) }
                        ?? .live(tier.holds(path) ? .glacierIR : nil), partition: value))
        }
        for record in try ColdFiles.list(lake.database, source: source) {
            if let partition, partition != record.partition { continue }
            let file = try DataFileBytes.decode(
                record.entry, specID: record.specID, metadata: table.metadata, path: record.path)
            let pruning = FilePruning(
                schema: search.schema, spec: table.metadata.partitionSpec(id: record.specID),
                predicates: predicates)
            guard pruning.mayMatch(file) else { continue }
            let kind: RecordPlaces.Row.Kind =
                switch record.kind {
                case .partition:
                    .archived(
                        record.storageClass, sequence: record.sequence,
                        archivedMicros: record.archivedMicros)
                case .amendment: .amendment(record.storageClass, sequence: record.sequence)
                }
            files.append(
                RowSearch.File(
                    path: record.place == .cold
                        ? tier.absolute(record.path) : "\(lake.path)/\(record.path)",
                    kind: kind, partition: record.partition, sequence: record.sequence))
        }
        return files
    }

    /// Adds a file's row to what is known; a file that cannot be read is told, not passed over.
    private func add(
        _ file: RowSearch.File, _ search: RowSearch,
        _ predicates: [(column: Int, value: Value)], _ places: inout RecordPlaces,
        _ hits: inout [RowSearch.Hit]
    ) throws(LakeError) {
        let name = folderName(file.partition)
        guard DurableFile.exists(file.path) else {
            var row = RecordPlaces.Row(kind: file.kind, partition: name, path: file.path)
            row.isSeen = false
            places.rows.append(row)
            return
        }
        for hit in try search.hits(in: file, predicates) {
            places.rows.append(
                RecordPlaces.Row(kind: file.kind, partition: name, path: file.path))
            hits.append(hit)
        }
    }

    private func folderName(_ partition: Int32?) -> String {
        guard let metadata = table?.metadata else { return "" }
        return metadata.partitionSpec.folderName(
            of: [partition.map { .int(Int64($0)) } ?? .null], in: metadata.schema)
    }

    /// The row that counts: the live one, else the latest archived one that the state vouches for.
    private func standing(_ hits: [RowSearch.Hit]) throws(LakeError) -> RowSearch.Hit? {
        if let live = hits.first(where: { $0.file.kind.isLive }) { return live }
        var vouched: [RowSearch.Hit] = []
        for hit in hits where try vouches(for: hit) { vouched.append(hit) }
        return Self.latest(vouched)
    }

    private static func latest(_ hits: [RowSearch.Hit]) -> RowSearch.Hit? {
        // A temporary copy is no version of its own.
        hits.filter { !$0.file.kind.isRestored }.max { $0.file.sequence < $1.file.sequence }
            ?? hits.first
    }

    private func vouches(for hit: RowSearch.Hit) throws(LakeError) -> Bool {
        guard let state = try state(ofPath: hit.rawPath) else { return false }
        let flags = state.flags
        if flags.contains(.isExpired) { return false }
        if definition.raw.format.holdsMany { return try remembers(hit) }
        let keys = definition.keyColumns.map { hit.values[$0] }
        return flags.contains(.hasRow) && state.partition == hit.file.partition
            && state.keyHash == RowKeyText.hash(keys, definition, seed: keySeed).low
    }

    /// Of a file of many records: whether it still has this one, in this partition.
    private func remembers(_ hit: RowSearch.Hit) throws(LakeError) -> Bool {
        guard let source else { return false }
        let keys = definition.keyColumns.map { hit.values[$0] }
        let hash = RowKeyText.hash(keys, definition, seed: keySeed).low
        let entries = try RecordFiles.Reader(lake.database.path, source: source)
            .entries(of: hit.rawPath)
        return entries.find(hash).map { entries.partition(of: $0) == hit.file.partition } ?? false
    }

    // MARK: What follows from it

    private func complete(
        _ places: inout RecordPlaces, _ state: RawFileState?, _ hits: [RowSearch.Hit]
    ) throws(LakeError) {
        let standing = try standing(hits)
        if let standing {
            for index in places.rows.indices {
                let isIt =
                    places.rows[index].path == standing.file.path
                    && places.rows[index].kind == standing.file.kind
                places.rows[index].stands = isIt
            }
        }
        places.standing = Self.standing(
            standing, state, places, hits: hits, nowMicros: nowMicros)
        if let state, let path = places.rawPath { places.packs = try packs(path, state) }
        guard let row = standing ?? Self.latest(hits) else { return }
        if places.key == nil { places.key = RowKeyText.text(row.values, definition) }
        if let column = definition.settings.accountColumn {
            places.account = RowKeyText.text(row.values[column], definition.columns[column].type)
        }
        places.timeMicros = time(of: row.values)
        places.restores = try restores(row, places)
        guard standing != nil else { return }
        let lifecycle = Lifecycle(
            definition, source: source, holds: holds, nowMicros: nowMicros)
        let names = try Sources.names(lake.database)
        places.holds = lifecycle.holds(of: row.values).map { hold in
            HoldEntry(hold: hold, table: hold.source.map { names[$0] ?? "table \($0)" })
        }
        let sizeBytes = try partitionBytes(row.file)
        let due = lifecycle.dueRules(
            of: row.values, partition: row.file.partition, sizeBytes: sizeBytes)
        places.steps = lifecycle.steps(due, from: row.file.kind.storageClass)
        if places.holds.isEmpty, let quiet = places.quietUntilMicros,
            let first = due.map(\.dueMicros).min()
        {
            places.packMicros = max(first, quiet)
        }
    }

    private static func standing(
        _ row: RowSearch.Hit?, _ state: RawFileState?, _ places: RecordPlaces,
        hits: [RowSearch.Hit], nowMicros: Int64
    ) -> RecordPlaces.Standing {
        if let row {
            switch row.file.kind {
            case .live(let storage): return .live(storage)
            case .restored(let expiry): return .restored(nil, expiresMicros: expiry)
            case .archived(let storage, _, _), .amendment(let storage, _):
                for hit in hits {
                    if case .restored(let expiry) = hit.file.kind, expiry > nowMicros {
                        return .restored(storage, expiresMicros: expiry)
                    }
                }
                return .archived(storage)
            }
        }
        if let state, state.flags.contains(.isExpired) { return .expired }
        // The books name its archived file, which cannot be read.
        for row in places.rows where !row.isSeen {
            switch row.kind {
            case .archived(let storage, _, _), .amendment(let storage, _):
                return .archived(storage)
            case .live(let storage): return .live(storage)
            case .restored: continue
            }
        }
        if let state, state.flags.contains(.isQuarantined), !state.flags.contains(.hasRow) {
            return .quarantined
        }
        if places.quarantineReason != nil, hits.isEmpty { return .quarantined }
        guard state == nil, case .present? = places.raw else { return .withoutRow }
        return .untaken
    }

    private func time(of values: [Value]) -> Int64? {
        guard let column = definition.partition?.column, case .int(let number) = values[column]
        else { return nil }
        guard case .date = definition.columns[column].type else { return number }
        let (micros, overflow) = number.multipliedReportingOverflow(by: CivilTime.microsPerDay)
        return overflow ? nil : micros
    }

    /// Bytes of the object that size filters mean: all files of the row's partition, live or archived.
    private func partitionBytes(_ file: RowSearch.File) throws(LakeError) -> Int64 {
        guard let search = search() else { return 0 }
        var sum: Int64 = 0
        for other in try files(of: search, inPartition: .some(file.partition), keys: [])
        where other.kind.isLive == file.kind.isLive && !other.kind.isRestored {
            var status = stat()
            if stat(other.path, &status) == 0 { sum += Int64(status.st_size) }
        }
        return sum
    }
}

extension RecordPlaces.Row.Kind {
    /// In the snapshot, and there to stay.
    var isLive: Bool { if case .live = self { true } else { false } }
    var isRestored: Bool { if case .restored = self { true } else { false } }

    var storageClass: StorageClass? {
        switch self {
        case .live(let storage): storage
        case .restored: nil
        case .archived(let storage, _, _), .amendment(let storage, _): storage
        }
    }
}
