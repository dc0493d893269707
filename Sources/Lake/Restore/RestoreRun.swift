import Columnar
import Synchronization

/// A run that makes the temporary copies what the living requests ask for: writes, narrows, removes them.
///
/// ```
///  requests that expire, requests whose delay is over ─► per partition: copy anew, narrower, or none
///       ─► BEGIN  catalog pointers, requests, restored_files, run record  COMMIT ─► hints
/// ```
/// Everything or nothing, like a compaction: a crash leaves files that bear the run's name.
struct RestoreRun {
    let lake: String
    let database: Database
    let definitions: [TableDefinition]
    let keySeed: UInt64
    var identity: RunIdentity
    let options: CompactionOptions
    let pool: BufferPool

    /// What becomes of one partition's copies.
    enum Step: Sendable {
        /// From cold files: a request for its rows is completed.
        case restore
        /// Rows go that nobody asks for any more.
        case narrow
        case remove
        /// Only another end.
        case prolong
    }

    /// One table's part.
    struct Part {
        let table: LakeTable
        var commit: PreparedCommit?
        var removed: [String] = []
        var added: [RestoredFiles.Record] = []
        var written: [String] = []
    }

    /// Settles all requests as of now; nil if there is nothing to do.
    ///
    /// - filing: requests to be added (number 0) or changed before that, in the same transaction.
    /// - completes: numbers of requests that are completed if they are due, beside those of `filing`; without
    ///   any no cold file is read.
    func run(
        filing: [Restores.Record] = [], completes: Set<Int64> = []
    ) throws(LakeError) -> RestoreReport? {
        let begun = options.nanos()
        var ledger = try RequestLedger(
            Restores.list(database), filing: filing, known: sources(),
            nowMicros: identity.startedMicros, completes: completes)
        guard ledger.hasChanges else { return nil }
        var report = RestoreReport(uuid: identity.uuid, startedMicros: identity.startedMicros)
        guard ledger.touchesCopies else {
            let requests = ledger.changed
            var filed: [Restores.Record] = []
            try database.transaction { () throws(LakeError) in
                filed = try file(requests)
                try ColdCatalog.write(database, lake: lake, run: identity)
            }
            report.requests = try entries(filed)
            report.totalNanos = options.nanos() &- begun
            return report
        }
        // Before the run is filed: it would stay open, as nobody could look for what it left there.
        try requireTier(ledger)
        report.runID = try Runs.start(database, identity: identity, kind: .restore)
        ledger.complete(inRun: report.runID)
        var parts: [Part] = []
        do throws(LakeError) {
            for (source, definition) in try tables() where ledger.concerns(source) {
                let part = try TableCopies(run: self, ledger: ledger, runID: report.runID).part(
                    definition, source: source, &ledger, &report)
                parts.append(part)
            }
            try publish(parts, ledger, &report, begun: begun)
        } catch {
            Leftovers(lake: lake, database: database).undo(
                RunFailure(
                    runID: report.runID, uuid: identity.uuid, startedMicros: identity.startedMicros,
                    error: options.errorText(error)),
                atMicros: finishedMicros(begun: begun))
            throw error
        }
        for part in parts { try? part.commit?.writeVersionHint() }
        return report
    }

    private func tables() throws(LakeError) -> [(source: Int64, definition: TableDefinition)] {
        var tables: [(Int64, TableDefinition)] = []
        for definition in definitions {
            if let source = try Sources.known(definition.name, database) {
                tables.append((source, definition))
            }
        }
        return tables
    }

    /// Throws `invalidLocation` if files are needed of a cold tier that is not mounted.
    private func requireTier(_ ledger: RequestLedger) throws(LakeError) {
        for (source, _) in try tables() where ledger.concerns(source) {
            let isNeeded = try ColdFiles.list(database, source: source, hasEntries: false)
                .contains {
                    $0.place == .cold && ledger.brings(source: source, partition: $0.partition)
                }
            if isNeeded { try ColdTier(lake: lake, database: database).requireMounted() }
        }
    }

    private func sources() throws(LakeError) -> Set<Int64> { Set(try tables().map(\.source)) }

    // MARK: Publishing

    /// The one transaction of the run.
    private func publish(
        _ parts: [Part], _ ledger: RequestLedger, _ report: inout RestoreReport, begun: UInt64
    ) throws(LakeError) {
        var expired: [String] = []
        let cold = try ColdTier(lake: lake, database: database)
        for commit in parts.compactMap(\.commit) {
            expired += try ExpiredFiles.between(
                commit.table, commit.published(), coldFolder: cold.path)
        }
        report.totalNanos = options.nanos() &- begun
        var final = report
        try database.transaction { () throws(LakeError) in
            let catalog = SQLCatalog(database)
            for part in parts {
                try part.commit?.publish(in: catalog)
                for path in part.removed { try RestoredFiles.remove(database, path: path) }
                for copy in part.added { try RestoredFiles.add(database, copy) }
            }
            final.requests = try entries(try file(ledger.changed))
            try RetiredFiles.add(
                database, paths: expired, atMicros: identity.startedMicros,
                unless: ArchivedPaths(lake: lake, cold: cold, database: database))
            try options.checkCancelled()
            try Runs.commit(
                database, id: report.runID, atMicros: finishedMicros(begun: begun),
                report: String(decoding: final.json(), as: UTF8.self))
            try ColdCatalog.write(database, lake: lake, run: identity)
        }
        report = final
    }

    /// Writes requests down; returns them with their numbers.
    private func file(_ requests: [Restores.Record]) throws(LakeError) -> [Restores.Record] {
        var filed = requests
        for index in filed.indices {
            if filed[index].id == 0 {
                filed[index].id = try Restores.add(database, filed[index])
            } else {
                try Restores.update(database, filed[index])
            }
        }
        return filed
    }

    private func entries(_ requests: [Restores.Record]) throws(LakeError) -> [RestoreEntry] {
        var entries: [RestoreEntry] = []
        for (source, definition) in try tables() {
            for request in requests where request.source == source {
                entries.append(RestoreEntry(request, of: definition))
            }
        }
        return entries.sorted { $0.id < $1.id }
    }

    private func finishedMicros(begun: UInt64) -> Int64 {
        let micros = Int64(clamping: (options.nanos() &- begun) / 1_000)
        return identity.startedMicros.addingReportingOverflow(micros).partialValue
    }
}

extension RestoreEntry {
    init(_ request: Restores.Record, of definition: TableDefinition) {
        let life = Lifecycle(definition, source: request.source, holds: [], nowMicros: 0)
        self.init(
            id: request.id, table: definition.name,
            firstDay: request.scope.firstPartition.flatMap { life.days(of: $0)?.lowerBound },
            lastDay: request.scope.lastPartition.flatMap { life.days(of: $0)?.upperBound },
            request: request)
    }
}
