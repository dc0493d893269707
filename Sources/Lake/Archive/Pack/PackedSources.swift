import Columnar
import Synchronization

/// Takes out of the raw folder what lies in packs: the last step of a sweep, and the first of the next one.
///
/// A file goes only if size, times and inode are those with which it was packed. Whatever is there besides
/// stays; the next run reads it, and finds a change or a file that has returned.
struct PackedSources {
    let database: Database
    let tier: ColdTier
    let root: RawRootHandle
    var isCancelled: @Sendable () -> Bool = { false }

    /// What became of raw files.
    struct Counts: Hashable, Sendable {
        var removed = 0
        var removedBytes: Int64 = 0
        /// Were not there any more.
        var gone = 0
        /// Changed since they were packed: kept.
        var kept = 0
        /// The system refused to unlink them, for the reason of the last one.
        var refused = 0
        var errorNumber: Int32 = 0

        static func += (a: inout Counts, b: Counts) {
            a.removed += b.removed
            a.removedBytes += b.removedBytes
            a.gone += b.gone
            a.kept += b.kept
            a.refused += b.refused
            if b.errorNumber != 0 { a.errorNumber = b.errorNumber }
        }

        mutating func add(_ removal: RawFolders.Removal, sizeBytes: Int64) {
            switch removal {
            case .removed:
                removed += 1
                removedBytes += sizeBytes
            case .gone: gone += 1
            case .changed: kept += 1
            case .refused(let number):
                refused += 1
                errorNumber = number
            }
        }
    }

    /// Goes on where a crashed sweep has stopped; a cold tier that is not there can wait.
    static func resume(
        lake: String, database: Database, root: RawRootHandle
    ) throws(LakeError) {
        guard try !Packs.list(database, in: .deleting).isEmpty else { return }
        let tier = try ColdTier(lake: lake, database: database)
        guard try tier.isMounted() else { return }
        _ = try PackedSources(database: database, tier: tier, root: root).finish(
            rereading: BufferPool())
    }

    /// Goes through the packs whose sources may still be there, some at a time.
    ///
    /// The caller holds the lake's lock; nothing is asked of a lake without packs.
    ///
    /// - rereading: time has passed since the packs were written, so each is read again first.
    func finish(rereading pool: BufferPool? = nil) throws(LakeError) -> Counts {
        let packs = try Packs.list(database, in: .deleting)
        guard !packs.isEmpty else { return Counts() }
        let total = Mutex<(counts: Counts, done: [Int64])>((Counts(), []))
        let (tier, root, isCancelled) = (tier, root, isCancelled)
        try Workers.forEach(packs.count, workers: Self.threads) { (index) throws(LakeError) in
            let path = tier.absolute(packs[index].path)
            if let pool, try !Self.isSound(packs[index], at: path, pool, isCancelled) { return }
            guard let counts = try Self.removeSources(of: path, root, isCancelled) else { return }
            total.withLock { total in
                total.counts += counts
                total.done.append(packs[index].id)
            }
        }
        let (counts, done) = total.withLock { $0 }
        try database.transaction { () throws(LakeError) in
            for id in done { try Packs.setState(database, id: id, .done) }
        }
        return counts
    }

    /// Whether a pack is, byte for byte, what was filed.
    private static func isSound(
        _ pack: Packs.Record, at path: String, _ pool: BufferPool, _ isCancelled: () -> Bool
    ) throws(LakeError) -> Bool {
        do throws(LakeError) {
            return try PackReader(path: path, isFresh: true).verify(
                pool: pool, isCancelled: isCancelled) == pack.sha256
        } catch .corrupt, .io, .columnar(.corrupt), .columnar(.io) {
            return false
        }
    }

    /// An unlink waits for the disk most of the time.
    private static let threads = 4

    /// nil: the pack is damaged, so what it holds stays where it is; verification tells of the damage.
    private static func removeSources(
        of path: String, _ root: RawRootHandle, _ isCancelled: () -> Bool
    ) throws(LakeError) -> Counts? {
        let reader: PackReader
        do throws(LakeError) {
            reader = try PackReader(path: path)
        } catch .corrupt, .io {
            return nil
        }
        var counts = Counts()
        let folders = RawFolders(root: root)
        for position in 0..<reader.count {
            if isCancelled() { throw .columnar(.cancelled) }
            let entry = reader.entry(position)
            let (folder, name) = RowLedger.parts(of: entry.path)
            counts.add(
                try folders.remove(name, in: folder, ifStill: entry.stat),
                sizeBytes: entry.stat.sizeBytes)
        }
        return counts
    }

    /// Takes out the files of a sweep's plan that older packs hold.
    ///
    /// After the sweep's transaction. What a crash leaves of them the next run finds as returned.
    func removeReturned(of plan: RawPacking.Plan) throws(LakeError) -> Counts {
        var counts = Counts()
        guard plan.counts.returned > 0 else { return counts }
        let folders = RawFolders(root: root)
        var files = SpoolReader(plan.spool)
        while let file = try files.next() {
            if isCancelled() { throw .columnar(.cancelled) }
            guard file.kind == .verified else { continue }
            counts.add(
                try folders.remove(file.name, in: file.folder, ifStill: file.stat),
                sizeBytes: file.stat.sizeBytes)
        }
        return counts
    }
}
