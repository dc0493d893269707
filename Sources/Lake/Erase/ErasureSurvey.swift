import Columnar
import Synchronization

/// Where an account's rows and raw files lie; read only.
struct ErasureSurvey {
    /// A Parquet file with rows of the account.
    struct File: Sendable {
        enum Origin: Sendable {
            /// Of the current snapshot.
            case live(LiveFile)
            /// Archived, with its line for pruning.
            case cold(ColdFiles.Record, DataFile)
            /// Only an older snapshot names it.
            case past
        }

        var origin: Origin
        var path: String
        var partition: Int32?
        /// Of the account.
        var rows = 0
        var keys: Set<ContentHash> = []
        var rawPaths: Set<String> = []
    }

    /// One table in which the account is looked for.
    struct Table: Sendable {
        var iceberg: IcebergTable
        /// Of a table with raw files, and of the one that a metrics table stands beside.
        var definition: TableDefinition
        var source: Int64
        var isMetrics = false
        var rows: AccountRows
        var keyColumns: [Int]
        var pathColumn: Int?
        /// Those with rows of the account, in order.
        var files: [File] = []
        /// Remembered raw files of the account, and what of the state is to change.
        var state = ErasedState()

        var schema: Schema { iceberg.metadata.schema }
        /// Any snapshot holds, or held, rows of the account.
        var isTouched: Bool { !files.isEmpty }
        var rowCount: Int { files.reduce(0) { $0 + $1.liveRows } }

        var keys: ErasedKeys {
            var keys = ErasedKeys()
            for file in files { keys.whole.formUnion(file.keys) }
            keys.short = state.keys
            return keys
        }

        var rawPaths: Set<String> { files.reduce(into: []) { $0.formUnion($1.rawPaths) } }
    }

    let lake: String
    let database: Database
    let definitions: [TableDefinition]
    let account: String
    let keySeed: UInt64
    let cold: ColdTier
    let workers: Int
    let pool: BufferPool
    let isCancelled: @Sendable () -> Bool

    /// Goes through all tables; those that refer to others, and metrics tables, come behind them.
    func run() throws(LakeError) -> [Table] {
        let captures = Suppressions.captures(of: definitions)
        var found: [Table] = []
        var names: [String: Int] = [:]
        for definition in ordered() {
            guard
                var table = try open(
                    definition, captures, { (name) in names[name].map { found[$0] } })
            else { continue }
            try search(&table)
            let paths = AccountPaths(definition.raw, captures: captures, account: account)
            table.state = try ErasedState.find(
                in: database, source: table.source, definition, paths, rows: table)
            names[definition.name] = found.count
            found.append(table)
            if var metrics = try metrics(of: table) {
                try search(&metrics)
                found.append(metrics)
            }
        }
        return found
    }

    /// Tables with accounts first, then those that can only refer to them.
    private func ordered() -> [TableDefinition] {
        definitions.filter { $0.settings.accountColumn != nil }
            + definitions.filter { $0.settings.accountColumn == nil }
    }

    // MARK: Whose rows

    private func open(
        _ definition: TableDefinition, _ captures: Set<String>, _ known: (String) -> Table?
    ) throws(LakeError) -> Table? {
        let catalog = SQLCatalog(database)
        guard let source = try Sources.known(definition.name, database),
            try catalog.load(definition.name) != nil
        else { return nil }
        let iceberg = try IcebergTable.open(definition.name, in: catalog, lakeFolder: lake)
        let schema = iceberg.metadata.schema
        let pathColumn = schema.index(of: SystemColumn.rawPath.field.name)
        var rows = AccountRows(account: account, keySeed: keySeed)
        if let number = definition.settings.accountColumn {
            guard let column = schema.index(of: definition.columns[number].name) else { return nil }
            rows.add(column: column, type: schema.fields[column].type)
        } else {
            let own = definition.raw.captureNames.indices.filter {
                captures.contains(definition.raw.captureNames[$0])
            }
            if !own.isEmpty, let pathColumn {
                rows.add(pathColumn: pathColumn, layout: definition.raw, captures: own)
            }
            for check in definition.checks {
                guard case .references(let column, let name, let foreign) = check.rule,
                    let other = known(name),
                    let place = schema.index(of: definition.columns[column].name),
                    other.definition.keyColumns.map({ other.definition.columns[$0].name }) == [
                        foreign
                    ]
                else { continue }
                rows.add(columns: [place], keys: other.keys)
            }
        }
        var keys: [Int] = []
        for column in definition.keyColumns {
            guard let place = schema.index(of: definition.columns[column].name) else { return nil }
            keys.append(place)
        }
        return Table(
            iceberg: iceberg, definition: definition, source: source, rows: rows,
            keyColumns: keys, pathColumn: pathColumn)
    }

    private func metrics(of base: Table) throws(LakeError) -> Table? {
        let name = base.definition.metricsName
        let catalog = SQLCatalog(database)
        guard try catalog.load(name) != nil, let source = try Sources.known(name, database)
        else { return nil }
        let iceberg = try IcebergTable.open(name, in: catalog, lakeFolder: lake)
        guard iceberg.metadata.properties[MetricsTable.property] == base.definition.name else {
            return nil
        }
        var keys: [Int] = []
        for column in base.keyColumns {
            let name = base.schema.fields[column].name
            guard let place = iceberg.metadata.schema.index(of: name) else { return nil }
            keys.append(place)
        }
        var rows = AccountRows(account: account, keySeed: keySeed)
        rows.add(columns: keys, keys: base.keys)
        return Table(
            iceberg: iceberg, definition: base.definition, source: source, isMetrics: true,
            rows: rows, keyColumns: keys, pathColumn: nil)
    }

    // MARK: Where they lie

    /// Finds the table's files with rows of the account.
    private func search(_ table: inout Table) throws(LakeError) {
        guard !table.rows.isEmpty else { return }
        let candidates = try candidates(table)
        let results = Mutex<[File?]>(Array(repeating: nil, count: candidates.count))
        let (wanted, reading) = (
            table, Reading(keySeed: keySeed, pool: pool, isCancelled: isCancelled)
        )
        try Workers.forEach(candidates.count, workers: workers) { (index) throws(LakeError) in
            var file = candidates[index]
            try reading.look(into: &file, wanted)
            results.withLock { $0[index] = file }
        }
        table.files = results.withLock { $0.compactMap { $0 } }.filter { $0.rows > 0 }
    }

    /// The files that may hold such rows by what is known of them: live, archived, of older snapshots.
    private func candidates(_ table: Table) throws(LakeError) -> [File] {
        let iceberg = table.iceberg
        let predicates = table.rows.predicates
        var files: [File] = []
        var known: Set<String> = []
        for live in try iceberg.currentSnapshot?.liveFiles() ?? [] { known.insert(live.file.path) }
        for live in try iceberg.currentSnapshot?.liveFiles(matching: predicates) ?? [] {
            files.append(
                File(
                    origin: .live(live), path: try iceberg.location.resolve(live.file.path),
                    partition: Self.partition(of: live.file)))
        }
        if !table.isMetrics {
            let pruning = { (spec: Int) in
                FilePruning(
                    schema: iceberg.metadata.schema,
                    spec: iceberg.metadata.partitionSpec(id: spec), predicates: predicates)
            }
            for record in try ColdFiles.list(database, source: table.source) {
                let path =
                    record.place == .cold ? cold.absolute(record.path) : "\(lake)/\(record.path)"
                let line = try DataFileBytes.decode(
                    record.entry, specID: record.specID, metadata: iceberg.metadata, path: path)
                guard pruning(record.specID).mayMatch(line) else { continue }
                files.append(
                    File(origin: .cold(record, line), path: path, partition: record.partition))
            }
        }
        for past in iceberg.metadata.snapshots where past.id != iceberg.metadata.currentSnapshotID {
            for live in try iceberg.snapshot(id: past.id)?.liveFiles() ?? []
            where known.insert(live.file.path).inserted {
                let path = try iceberg.location.resolve(live.file.path)
                if cold.holds(path) { try cold.requireMounted() }
                // What is gone holds nothing.
                guard DurableFile.exists(path) else { continue }
                files.append(
                    File(origin: .past, path: path, partition: Self.partition(of: live.file)))
            }
        }
        return files
    }

    static func partition(of file: DataFile) -> Int32? {
        guard case .int(let value)? = file.partition.first else { return nil }
        return Int32(clamping: value)
    }

    /// Reads files; one for all workers.
    private struct Reading: Sendable {
        let keySeed: UInt64
        let pool: BufferPool
        let isCancelled: @Sendable () -> Bool

        /// Reads what tells of a file's rows, and of the account's their keys and raw paths.
        func look(into file: inout File, _ table: Table) throws(LakeError) {
            var rows = 0
            var keys: Set<ContentHash> = []
            var rawPaths: Set<String> = []
            let wanted = Set(
                table.rows.columns + table.keyColumns + (table.pathColumn.map { [$0] } ?? [])
            ).sorted()
            try ParquetRows(path: file.path, schema: table.schema, pool: pool).forEach(
                wanted, predicates: table.rows.predicates, isCancelled
            ) { (columns, count) throws(ColumnarError) in
                let matches = try table.rows.matches(columns, count: count, pool: pool)
                guard matches.contains(true) else { return }
                let hashes = try RowKeys.hashes(
                    of: table.keyColumns.compactMap { columns[$0] }, count: count, seed: keySeed,
                    pool: pool)
                let paths = try table.pathColumn.flatMap { columns[$0] }?.flattened(pool: pool)
                for row in 0..<count where matches[row] {
                    rows += 1
                    keys.insert(hashes[row])
                    if case .text(let texts)? = paths {
                        rawPaths.insert(String(decoding: texts.bytes(at: row), as: UTF8.self))
                    }
                }
            }
            file.rows = rows
            file.keys = keys
            file.rawPaths = rawPaths
        }
    }
}

extension ErasureSurvey.File {
    /// Rows of the account that a query or a restore could show.
    var liveRows: Int {
        if case .past = origin { return 0 }
        return rows
    }

    var isPast: Bool {
        if case .past = origin { return true }
        return false
    }
}

/// Reads the batches of one Parquet file, checksums held.
struct ParquetRows {
    let path: String
    let schema: Schema
    let pool: BufferPool

    /// Calls `body` with the wanted columns of each batch, by position, and its rows.
    ///
    /// - predicates: rows that cannot match may be left out.
    func forEach(
        _ wanted: [Int], predicates: [ScanPredicate] = [], _ isCancelled: () -> Bool,
        _ body: ([Int: Column], Int) throws(ColumnarError) -> Void
    ) throws(LakeError) {
        do throws(ColumnarError) {
            let scan = try ParquetScan(
                files: [ParquetScanFile(path: path, fileIndex: 0)], schema: schema,
                request: ScanRequest(
                    columns: wanted.map { ScanColumn(index: $0) }, predicates: predicates),
                pool: pool, options: ParquetReadOptions(verifiesChecksums: true))
            for morsel in 0..<scan.morselCount {
                var reader = try scan.open(morsel: morsel, pool: pool)
                while let batch = try reader.next(maxRows: Limits.batchRows) {
                    if isCancelled() { throw .cancelled }
                    var columns: [Int: Column] = [:]
                    for (position, column) in zip(wanted, batch.columns) {
                        columns[position] = try column.resolved()
                    }
                    try body(columns, batch.count)
                }
            }
        } catch {
            throw .columnar(error)
        }
    }
}
