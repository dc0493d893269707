import Columnar

/// The state against the rows: one merge of both in the order of the walk.
extension Doctor {
    /// Holds a table's live rows against what is remembered of their raw files.
    ///
    /// Each live key is once in the table; each row's raw file is remembered with its key and partition;
    /// each remembered row is live, or another file's row with its key is.
    func compareState(
        _ definition: TableDefinition, _ database: Database, _ diagnosis: inout Diagnosis
    ) throws(LakeError) {
        guard let seed = try Settings.get(.keySeed, database).flatMap({ UInt64($0, radix: 16) })
        else { return }
        let source = try Sources.known(definition.name, database)
        let table = try LakeTable(
            definition, source: source ?? 0, catalog: SQLCatalog(database), lake: lake,
            identity: RunIdentity(startedMicros: options.nowMicros, seed: seed))
        let ledger = try RowLedger(isCancelled: options.isCancelled)
        _ = try LiveRows(
            table: table, keySeed: seed, workers: options.workers, pool: pool,
            isCancelled: options.isCancelled
        ).enter(into: ledger)
        for path in try ledger.sharedKeys(limit: 20) {
            diagnosis.add(
                .damage, path, "another row of \(definition.name) has the key of this file's row",
                advice: "touch both raw files and compact: the latest wins")
        }
        let archive = try ArchivedRows(table, database, self, keySeed: seed)
        for path in archive.damaged {
            diagnosis.add(.damage, path, "it cannot be read", advice: Self.coldAdvice)
        }
        if definition.raw.format.holdsMany {
            return try compareRecords(
                definition, source ?? 0, database, ledger, archive, &diagnosis)
        }
        let files = try RememberedFiles(database, source: source ?? 0)
        var comparison = StateComparison(
            files: files, ledger: ledger, archive: archive, table: definition.name)
        try ledger.forEach { (folder, name, row) throws(LakeError) in
            if options.isCancelled() { throw .columnar(.cancelled) }
            try comparison.take(folder, name, row, &diagnosis)
        }
        try comparison.finish(&diagnosis)
    }
}

/// The merge: rows come in order, remembered files are pulled.
private struct StateComparison {
    let files: RememberedFiles
    let ledger: RowLedger
    let archive: ArchivedRows
    let table: String
    private var next: RememberedFiles.File?
    /// Whether a row of `next` was met.
    private var isMet = false
    private var isStarted = false

    init(
        files: RememberedFiles, ledger: RowLedger, archive: ArchivedRows, table: String
    ) {
        self.files = files
        self.ledger = ledger
        self.archive = archive
        self.table = table
    }

    mutating func take(
        _ folder: String, _ name: String, _ row: LedgerRow, _ diagnosis: inout Doctor.Diagnosis
    ) throws(LakeError) {
        try start()
        while let file = next, Self.precedes(file, folder, name) {
            try missRow(of: file, &diagnosis)
            try advance()
        }
        guard let file = next, file.folder == folder, file.name == name else {
            return complain(row.path, "its row is live, and the file is not remembered", &diagnosis)
        }
        // The file stays next: another row may name it too.
        let state = file.state
        if isMet {
            complain(row.path, "more than one live row names it", &diagnosis)
        } else if !state.flags.contains(.hasRow) {
            complain(
                row.path, "its row is live, and the file is remembered without one", &diagnosis)
        } else if state.keyHash != row.key.low || state.partition != row.partition {
            complain(
                row.path, "its live row has another key or partition than is remembered",
                &diagnosis)
        }
        isMet = true
    }

    mutating func finish(_ diagnosis: inout Doctor.Diagnosis) throws(LakeError) {
        try start()
        while let file = next {
            try missRow(of: file, &diagnosis)
            try advance()
        }
    }

    private mutating func start() throws(LakeError) {
        guard !isStarted else { return }
        isStarted = true
        try advance()
    }

    private mutating func advance() throws(LakeError) {
        next = try files.next()
        isMet = false
    }

    /// A remembered file of which no row was met.
    private func missRow(
        of file: RememberedFiles.File, _ diagnosis: inout Doctor.Diagnosis
    ) throws(LakeError) {
        let state = file.state
        // Another file with the same key may have won.
        guard !isMet, state.flags.contains(.hasRow), !state.flags.contains(.isExpired),
            try !ledger.holds(keyHash: state.keyHash),
            try !archive.holds(
                keyHash: state.keyHash, partition: state.partition, path: file.folder + file.name)
        else { return }
        complain(
            file.folder + file.name, "its row is remembered, and is not in the table", &diagnosis)
    }

    private func complain(_ path: String, _ what: String, _ diagnosis: inout Doctor.Diagnosis) {
        diagnosis.add(
            .damage, path, "\(table): \(what)",
            advice: "lake rebuild --force makes the state anew from the rows")
    }

    private static func precedes(
        _ file: RememberedFiles.File, _ folder: String, _ name: String
    ) -> Bool {
        if file.folder != folder {
            return file.folder.utf8.lexicographicallyPrecedes(folder.utf8)
        }
        return file.name.utf8.lexicographicallyPrecedes(name.utf8)
    }
}
