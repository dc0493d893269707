import Columnar
import Glibc
import Synchronization

/// How an account is erased; none of it changes what is erased.
package struct ErasureOptions: Sendable {
    /// Threads that read and write Parquet, and search.
    package var workers: Int
    /// Also an account that the lake knows nothing of: it is suppressed.
    package var isForced = false
    /// How long a file that no snapshot names is kept for readers, if it is none of the account's.
    package var graceMicros: Int64 = 86_400 * 1_000_000
    package var lock = LakeLock.Request()
    package var isCancelled: @Sendable () -> Bool = { false }
    /// An error as the record of a failed run tells it.
    package var errorText: @Sendable (LakeError) -> String = { "\($0)" }

    package init(workers: Int) {
        self.workers = max(1, workers)
    }
}

/// Forgets one account everywhere.
///
/// ```
///  survey ─► holds? ─► BEGIN hidden, suppressed COMMIT ─► suppressions.json
///    ─► raw files unlinked ─► Parquet written anew, read back
///    ─► BEGIN snapshots, archived files, state, quarantine, reports COMMIT ─► old files unlinked, no grace
///    ─► BEGIN the id forgotten COMMIT ─► VACUUM ─► proof ─► BEGIN receipt, done COMMIT
/// ```
/// Each step may be killed: what was begun is told by `erasures`, and done again from the survey on, which then
/// finds less. Nothing of other accounts is at stake: their rows are copied, read back and committed before
/// the files that held them go. Errors: `held`, `unknownAccount`, what files and the system can have.
struct AccountErasure {
    let lake: String
    let database: Database
    let definitions: [TableDefinition]
    let account: String
    let root: RawRootHandle?
    let cold: ColdTier
    let keySeed: UInt64
    let identity: RunIdentity
    let options: ErasureOptions
    let pool: BufferPool
    let search: AccountSearch

    /// What was found of the account before anything is changed.
    struct Plan {
        var tables: [ErasureSurvey.Table]
        var raw: AccountRawFiles.Found

        var isEmpty: Bool {
            raw.captured.isEmpty && raw.folders.isEmpty
                && tables.allSatisfy { !$0.isTouched && $0.state.fileCount == 0 }
        }
    }

    /// Looks everywhere and changes nothing; throws `held` if a hold is in the way.
    func plan() throws(LakeError) -> Plan {
        let filed = try ColdFiles.list(database)
        let packs = try Packs.list(database)
        if filed.contains(where: { $0.place == .cold }) || !packs.isEmpty {
            try cold.requireMounted()
        }
        let tables = try ErasureSurvey(
            lake: lake, database: database, definitions: definitions, account: account,
            keySeed: keySeed, cold: cold, workers: options.workers, pool: pool,
            isCancelled: options.isCancelled
        ).run()
        var raw = AccountRawFiles.Found()
        var unread: Set<Int64?> = []
        if let files = rawFiles {
            for (definition, paths) in zip(definitions, allPaths) {
                let found = try files.find(paths)
                let read =
                    tables.first { !$0.isMetrics && $0.definition.name == definition.name }?
                    .state.captured ?? []
                if !read.isSuperset(of: found.captured) {
                    unread.insert(try Sources.known(definition.name, database))
                }
                raw.captured += found.captured
                raw.folders += found.folders
            }
        }
        let holds = try ErasureHolds(
            account: account, keySeed: keySeed, nowMicros: identity.startedMicros
        ).inTheWay(Holds.list(database), of: tables, unread: unread)
        guard holds.isEmpty else { throw .held(holds) }
        return Plan(tables: tables, raw: raw)
    }

    private var rawFiles: AccountRawFiles? {
        root.map { AccountRawFiles(root: $0, account: account) }
    }

    /// Where paths tell the account, by table.
    private var allPaths: [AccountPaths] {
        let captures = Suppressions.captures(of: definitions)
        return definitions.map { AccountPaths($0.raw, captures: captures, account: account) }
    }

    /// Erases; the caller holds the lake's lock.
    func run() throws(LakeError) -> ErasureReceipt {
        try database.execute("PRAGMA secure_delete = ON")
        try Leftovers(lake: lake, database: database).collect(
            nowMicros: identity.startedMicros, graceMicros: options.graceMicros)
        try VersionHints(lake: lake, database: database).mend()
        let unfinished = try unfinishedErasure()
        let plan = try plan()
        if plan.isEmpty, unfinished == nil, !options.isForced {
            throw .unknownAccount(account)
        }
        var erasure = try hide(unfinished)
        try SuppressionFile.write(lake: lake, database)
        var receipt =
            erasure.receipt.flatMap { ErasureReceipt(json: $0) } ?? ErasureReceipt()
        receipt.code = erasure.code
        receipt.requestedMicros = erasure.requestedMicros
        try rewrite(plan, &erasure, &receipt)
        try forgetID(&erasure)
        receipt.proof = try ErasureProof(
            roots: roots, search: search, workers: options.workers, pool: pool,
            isCancelled: options.isCancelled
        ).run()
        try finish(&erasure, &receipt)
        return receipt
    }

    private var roots: [ErasureProof.Root] {
        var roots = [ErasureProof.Root(label: "", path: lake)]
        if DurableFile.exists(cold.path), !cold.path.hasPrefix(lake + "/") {
            roots.append(.init(label: "cold/", path: cold.path))
        }
        if let root, !root.path.hasPrefix(lake + "/") {
            roots.append(.init(label: "raw/", path: root.path))
        }
        return roots
    }

    // MARK: Hiding

    /// The erasure of this account that was begun, also if its id is forgotten already.
    private func unfinishedErasure() throws(LakeError) -> Erasures.Record? {
        let hidden = try Erasures.list(database).filter { $0.state == .hidden }
        if let found = hidden.first(where: { $0.account == account }) { return found }
        let statement = try database.prepare("SELECT erasure, salt, hash FROM suppressions")
        var numbers: Set<Int64> = []
        while try statement.step() {
            if Suppressions.hash(of: account, salt: statement.blob(1)) == statement.blob(2) {
                numbers.insert(statement.integer(0))
            }
        }
        return hidden.first { numbers.contains($0.id) && $0.account == nil }
    }

    /// Files the erasure: from here on no query shows the account and nothing takes its files.
    private func hide(_ unfinished: Erasures.Record?) throws(LakeError) -> Erasures.Record {
        var random = identity.random(stream: 1 << 60)
        let salt = try salt() ?? RandomIdentity.bytes(Suppressions.saltBytes, using: &random)
        let code = Self.code(&random)
        return try database.transaction { () throws(LakeError) in
            var erasure =
                unfinished
                ?? Erasures.Record(
                    code: code, state: .hidden, requestedMicros: identity.startedMicros)
            erasure.account = account
            if unfinished == nil {
                erasure.id = try Erasures.add(database, erasure)
            } else {
                try Erasures.update(database, erasure)
            }
            try Suppressions.add(
                database, hash: Suppressions.hash(of: account, salt: salt), salt: salt,
                erasure: erasure.id)
            return erasure
        }
    }

    private func salt() throws(LakeError) -> [UInt8]? {
        let statement = try database.prepare("SELECT salt FROM suppressions LIMIT 1")
        defer { statement.reset() }
        return try statement.step() ? statement.blob(0) : nil
    }

    /// `K7QD-2MXW-9RTB`: 60 bits without letters that are read for others.
    private static func code(_ random: inout SplitMix) -> String {
        let letters = Array("23456789ABCDEFGHJKLMNPQRSTUVWXYZ")
        return (0..<3).map { _ in
            String((0..<4).map { _ in letters[Int(random.next() % UInt64(letters.count))] })
        }.joined(separator: "-")
    }

    // MARK: Rewriting

    private func rewrite(
        _ plan: Plan, _ erasure: inout Erasures.Record, _ receipt: inout ErasureReceipt
    ) throws(LakeError) {
        let runID = try Runs.start(database, identity: identity, kind: .erase)
        var commits: [PreparedCommit] = []
        do throws(LakeError) {
            try removeRawFiles(plan, &receipt)
            let rewrites = try plan.tables.map { (table) throws(LakeError) in
                try outcomes(of: table)
            }
            for (table, outcomes) in zip(plan.tables, rewrites) where table.isTouched {
                commits.append(try prepare(table, outcomes))
            }
            let packs = try ErasedPacks(erasure: self).prepare(
                plan.tables, &receipt)
            let publication = ErasurePublication(
                erasure: self, runID: runID, plan: plan, rewrites: rewrites, packs: packs,
                commits: commits)
            try publication.publish(&erasure, &receipt)
        } catch {
            Leftovers(lake: lake, database: database).undo(
                RunFailure(
                    runID: runID, uuid: identity.uuid, startedMicros: identity.startedMicros,
                    error: search.masked(options.errorText(error))),
                atMicros: identity.startedMicros)
            throw error
        }
        for commit in commits { try? commit.writeVersionHint() }
        try writeHolds()
        try ErasurePublication.removeOldFiles(
            lake: lake, cold: cold, database: database, tables: plan.tables.map(\.iceberg.name))
        if let rawFiles {
            receipt.left += rawFiles.removeFolders(plan.raw.folders).map(place)
        }
    }

    /// What of ended holds is gone from the database must not stay in the file beside it.
    private func writeHolds() throws(LakeError) {
        guard try DurableFile.isThere("\(lake)/\(HoldFile.name)") else { return }
        let names = try Sources.names(database)
        try HoldFile.write(
            Holds.list(database).map { hold in
                HoldEntry(hold: hold, table: hold.source.map { names[$0] ?? "table \($0)" })
            }, lake: lake)
    }

    private func place(_ left: AccountRawFiles.Left) -> ErasureReceipt.Place {
        .init(path: search.masked("raw/" + left.path), reason: left.reason)
    }

    private func removeRawFiles(
        _ plan: Plan, _ receipt: inout ErasureReceipt
    ) throws(LakeError) {
        guard let rawFiles else { return }
        var removed = try rawFiles.remove(plan.raw.captured)
        for table in plan.tables {
            let more = try rawFiles.remove(
                contents: table.state.contents, search: search, pool: pool)
            removed.count += more.count
            removed.left += more.left
            removed.left += table.state.shared.map {
                .init(
                    path: $0,
                    reason:
                        "it holds records of the account beside others', and cannot be rewritten")
            }
        }
        receipt.add(.rawFilesRemoved, removed.count)
        for left in removed.left.map(place) where !receipt.left.contains(left) {
            receipt.left.append(left)
        }
    }

    private func outcomes(
        of table: ErasureSurvey.Table
    ) throws(LakeError) -> [ErasureRewrite.Outcome] {
        let rewrite = ErasureRewrite(
            identity: identity, pool: pool, isCancelled: options.isCancelled)
        let results = Mutex<[ErasureRewrite.Outcome]>(
            Array(repeating: ErasureRewrite.Outcome(), count: table.files.count))
        try Workers.forEach(table.files.count, workers: options.workers) {
            (index) throws(LakeError) in
            let outcome = try rewrite.run(table.files[index], of: table, number: index)
            results.withLock { $0[index] = outcome }
        }
        return results.withLock { $0 }
    }

    /// A snapshot without the account's rows, and none before it.
    private func prepare(
        _ table: ErasureSurvey.Table, _ outcomes: [ErasureRewrite.Outcome]
    ) throws(LakeError) -> PreparedCommit {
        var added: [DataFile] = []
        var removed: [LiveFile] = []
        for (file, outcome) in zip(table.files, outcomes) {
            guard case .live(let live) = file.origin else { continue }
            if let new = outcome.added?.file { added.append(new) }
            // The manifest that tells of what is gone must not hold its bounds.
            var entry = live.entry
            entry.file.lowerBounds = []
            entry.file.upperBounds = []
            removed.append(LiveFile(entry: entry, manifestPath: live.manifestPath))
        }
        var metadata = table.iceberg.metadata
        // Branches and tags would keep what is to be forgotten.
        metadata.references = [:]
        var policy = RetentionPolicy(minimumSnapshots: 1, maximumAgeMillis: 0)
        policy.maximumSnapshots = 0
        policy.metadataFiles = 0
        var random = identity.random(stream: UInt64(bitPattern: table.source))
        return try TableCommit.prepare(
            TableChange(
                operation: added.isEmpty ? (removed.isEmpty ? .replace : .delete) : .overwrite,
                added: added, removed: removed, summary: ["lake.run": identity.uuid]),
            on: table.iceberg, metadata: metadata, policy: policy,
            nowMillis: identity.startedMicros / 1_000,
            commitID: identity.commitID(source: table.source), random: &random)
    }

    // MARK: The end

    /// Writes the cold catalog anew, if there is one; inside a transaction, as its last step.
    func writeCatalog() throws(LakeError) {
        guard DurableFile.exists("\(lake)/\(ColdCatalog.folder)") else { return }
        try ColdCatalog.write(database, lake: lake, run: identity, changesTier: true)
    }

    /// Forgets the id itself, in every page of the database; only its salted hash is left.
    private func forgetID(_ erasure: inout Erasures.Record) throws(LakeError) {
        erasure.account = nil
        let forgotten = erasure
        try database.transaction { () throws(LakeError) in
            try Erasures.update(database, forgotten)
            try writeCatalog()
        }
        // Older ones may name the account.
        if DurableFile.exists("\(lake)/\(ColdCatalog.folder)") {
            let isMounted = try cold.isMounted()
            try ColdCatalog.keepOnly(identity, lake: lake, tier: isMounted ? cold : nil)
        }
        try SuppressionFile.write(lake: lake, database)
        try database.execute("VACUUM")
    }

    private func finish(
        _ erasure: inout Erasures.Record, _ receipt: inout ErasureReceipt
    ) throws(LakeError) {
        receipt.finishedMicros = identity.startedMicros
        erasure.state = .done
        erasure.finishedMicros = identity.startedMicros
        erasure.receipt = String(decoding: receipt.json(), as: UTF8.self)
        let done = erasure
        try database.transaction { () throws(LakeError) in
            try Erasures.update(database, done)
            try writeCatalog()
        }
        try SuppressionFile.write(lake: lake, database)
    }
}
