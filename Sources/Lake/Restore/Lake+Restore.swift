import Columnar

extension Lake {
    /// Asks archived rows back: files a request, and brings its rows if no delay stands against it.
    ///
    /// Requests whose time has come are settled first. Throws `restore` for what is refused, `busy` while another
    /// process writes, `invalidLocation` if the cold tier is not there.
    package func restore(
        _ ask: RestoreAsk, identity: RunIdentity, options: CompactionOptions, pool: BufferPool
    ) throws(LakeError) -> RestoreReport {
        let lock = try takeLock(options.lock)
        defer { withExtendedLifetime(lock) {} }
        try Leftovers(lake: path, database: database).collect(
            nowMicros: identity.startedMicros, graceMicros: options.graceMicros)
        try VersionHints(lake: path, database: database).mend()
        try RestoredCopies.settle(
            try restoreRun(identity: identity, options: options, pool: pool))
        return try retrying(identity) { (identity) throws(LakeError) in
            let requests = try desk(ask, nowMicros: identity.startedMicros).requests(for: ask)
            let run = try restoreRun(identity: identity, options: options, pool: pool)
            guard let report = try run.run(filing: requests) else {
                throw .restore(.notArchived(table: ask.table))
            }
            return report
        }
    }

    /// What a restore would bring, from what is remembered of files: nothing of the cold tier is read.
    package func planRestore(
        _ ask: RestoreAsk, nowMicros: Int64
    ) throws(LakeError) -> RestorePlan {
        let desk = try desk(ask, nowMicros: nowMicros)
        let found = try desk.find(ask)
        let requests = try desk.requests(for: ask)
        return RestorePlan(
            partitions: found.partitions.count, files: found.files.count,
            rows: found.rowCount, bytes: found.sizeBytes,
            requests: requests.map { RestoreEntry($0, of: desk.table.definition) })
    }

    /// Completes requests whose delay is over and ends those whose time is up.
    ///
    /// One that cannot be completed stays in progress; the report says why.
    ///
    /// - passingOver: numbers of requests that are left alone.
    package func settleRestores(
        passingOver: Set<Int64> = [], identity: RunIdentity, options: CompactionOptions,
        pool: BufferPool
    ) throws(LakeError) -> RestoreReport? {
        guard
            try RestoredCopies.isDue(
                database, nowMicros: identity.startedMicros, passingOver: passingOver)
        else { return nil }
        let lock = try takeLock(options.lock)
        defer { withExtendedLifetime(lock) {} }
        return try retrying(identity) { (identity) throws(LakeError) in
            try RestoredCopies.complete(
                try restoreRun(identity: identity, options: options, pool: pool),
                passingOver: passingOver)
        }
    }

    /// Whether a request is to be completed or ended.
    package func hasDueRestores(nowMicros: Int64) throws(LakeError) -> Bool {
        try RestoredCopies.isDue(database, nowMicros: nowMicros)
    }

    /// All requests, the newest first; those of tables without a schema file are left out.
    package func restores() throws(LakeError) -> [RestoreEntry] {
        let requests = try Restores.list(database)
        guard !requests.isEmpty else { return [] }
        var entries: [RestoreEntry] = []
        for definition in try definitions() {
            guard let source = try Sources.known(definition.name, database) else { continue }
            for request in requests where request.source == source {
                entries.append(RestoreEntry(request, of: definition))
            }
        }
        return entries.sorted { $0.id > $1.id }
    }

    /// A restore run over what the lake says now; the caller holds the lock.
    func restoreRun(
        identity: RunIdentity, options: CompactionOptions, pool: BufferPool
    ) throws(LakeError) -> RestoreRun {
        RestoreRun(
            lake: path, database: database, definitions: try definitions(),
            keySeed: try keySeed(), identity: identity, options: options, pool: pool)
    }

    private func keySeed() throws(LakeError) -> UInt64 {
        guard let seed = try Settings.get(.keySeed, database).flatMap({ UInt64($0, radix: 16) })
        else { throw .notALake(path: path, reason: "its key seed is missing") }
        return seed
    }

    private func desk(
        _ ask: RestoreAsk, nowMicros: Int64
    ) throws(LakeError) -> RestoreDesk {
        let definitions = try definitions()
        guard let definition = definitions.first(where: { $0.name == ask.table }) else {
            throw .tableNotFound(ask.table)
        }
        guard let source = try Sources.known(ask.table, database) else {
            throw .restore(.notArchived(table: ask.table))
        }
        let table = try LakeTable(
            definition, source: source, catalog: catalog, lake: path,
            identity: RunIdentity(startedMicros: nowMicros, seed: 0))
        return RestoreDesk(
            table: table, settings: try ColdSettings.read(lake: path),
            suppressions: try Suppressions(database, definitions), database: database,
            nowMicros: nowMicros)
    }

    /// Begins anew, with other names, when another Iceberg client was first.
    private func retrying<Output>(
        _ first: RunIdentity, _ body: (RunIdentity) throws(LakeError) -> Output
    ) throws(LakeError) -> Output {
        var identity = first
        for _ in 0..<Limits.commitRetries {
            do throws(LakeError) {
                return try body(identity)
            } catch .conflict {
                identity = identity.next
            }
        }
        return try body(identity)
    }
}

/// What a restore would bring, at most.
package struct RestorePlan: Hashable, Sendable {
    package var partitions: Int
    package var files: Int
    /// Superseded versions included.
    package var rows: Int64
    package var bytes: Int64
    /// As they would be filed; a new one has the number 0.
    package var requests: [RestoreEntry]
}
