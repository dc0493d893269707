import Columnar

/// Takes the files whose rows have expired out of their packs; after the sweep's transaction has marked them.
///
/// The state's marks say which: whatever a crash leaves undone the next sweep finds again.
struct ExpiredPacks {
    let database: Database
    let tier: ColdTier
    let identity: RunIdentity
    let pool: BufferPool
    var isCancelled: @Sendable () -> Bool = { false }

    /// Files that left packs, and their bytes.
    struct Counts: Hashable, Sendable {
        var files = 0
        var bytes: Int64 = 0
        /// Packs that were damaged and so left as they are.
        var damaged: [String] = []
    }

    /// Rewrites the packs of one source that hold expired files; a transaction for some at a time, because each
    /// writes all that is known of the cold tier.
    func drop(source: Int64, definition: TableDefinition) throws(LakeError) -> Counts {
        var counts = Counts()
        let packs = try Packs.list(database, source: source)
        guard !packs.isEmpty else { return counts }
        let expired = try expired(source, definition, months: Set(packs.map(\.month)))
        let rewrite = PackRewrite(
            database: database, tier: tier, identity: identity, pool: pool,
            isCancelled: isCancelled)
        var batch: [PackRewrite.Prepared] = []
        for pack in packs where expired.months.contains(pack.month) {
            let prepared: PackRewrite.Prepared?
            do throws(LakeError) {
                prepared = try rewrite.prepare(pack) { (entry) throws(LakeError) in
                    try expired.holds(entry.path)
                }
            } catch {
                guard rewrite.isDamage(error, of: pack) else { throw error }
                counts.damaged.append(pack.path)
                continue
            }
            guard let prepared else { continue }
            batch.append(prepared)
            if batch.count == Self.packsPerTransaction { try exchange(&batch, &counts) }
        }
        try exchange(&batch, &counts)
        return counts
    }

    private static let packsPerTransaction = 64

    /// Puts new packs in the old ones' places, and removes the old ones.
    private func exchange(
        _ batch: inout [PackRewrite.Prepared], _ counts: inout Counts
    ) throws(LakeError) {
        guard !batch.isEmpty else { return }
        let prepared = batch
        do throws(LakeError) {
            try database.transaction { () throws(LakeError) in
                for pack in prepared { try pack.publish(database) }
                if let lake = DurableFile.parent(of: database.path) {
                    try ColdCatalog.write(database, lake: lake, run: identity, changesTier: true)
                }
            }
        } catch {
            for pack in prepared { pack.discard(tier) }
            throw error
        }
        for pack in prepared {
            try pack.removeOld(database)
            counts.files += pack.droppedFiles
            counts.bytes += pack.droppedBytes
        }
        batch = []
    }

    private func expired(
        _ source: Int64, _ definition: TableDefinition, months: Set<Int32>
    ) throws(LakeError) -> PathSet {
        let paths = try PathSet()
        let walk = try RememberedFiles(database, source: source)
        while let file = try walk.next() {
            if isCancelled() { throw .columnar(.cancelled) }
            guard file.state.flags.isSuperset(of: [.isExpired, .isCold]) else { continue }
            // A file of many records does not say its month: any pack may have it.
            let month = RawPacking.month(of: file.state.partition, definition)
            if definition.raw.format.holdsMany {
                paths.months.formUnion(months)
            } else {
                guard months.contains(month) else { continue }
                paths.months.insert(month)
            }
            try paths.add(file.folder + file.name)
        }
        return paths
    }

    /// Raw paths, and the months of their rows; on disk.
    private final class PathSet {
        var months: Set<Int32> = []
        private let database: Database
        private let insertion: Statement
        private let lookup: Statement

        init() throws(LakeError) {
            database = try Database.temporary()
            try database.execute("CREATE TABLE paths (path TEXT PRIMARY KEY) WITHOUT ROWID")
            insertion = try database.prepare("INSERT OR IGNORE INTO paths VALUES (?1)")
            lookup = try database.prepare("SELECT 1 FROM paths WHERE path = ?1")
            try database.execute("BEGIN")
        }

        func add(_ path: String) throws(LakeError) {
            try insertion.bind(path, at: 1)
            try insertion.run()
        }

        func holds(_ path: String) throws(LakeError) -> Bool {
            try lookup.bind(path, at: 1)
            defer { lookup.reset() }
            return try lookup.step()
        }
    }
}
