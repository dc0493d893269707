import Columnar

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
        _ = try PackedSources(database: database, tier: tier, root: root).finish()
    }

    /// Goes through the packs whose sources may still be there.
    ///
    /// The caller holds the lake's lock; nothing is asked of a lake without packs.
    func finish() throws(LakeError) -> Counts {
        var counts = Counts()
        let folders = RawFolders(root: root)
        for pack in try Packs.list(database, in: .deleting) {
            let reader: PackReader
            do throws(LakeError) {
                reader = try PackReader(path: tier.absolute(pack.path))
            } catch .corrupt, .io {
                // What a damaged pack holds stays where it is; verification tells of the damage.
                continue
            }
            for position in 0..<reader.count {
                if isCancelled() { throw .columnar(.cancelled) }
                let entry = reader.entry(position)
                let (folder, name) = RowLedger.parts(of: entry.path)
                counts.add(
                    try folders.remove(name, in: folder, ifStill: entry.stat),
                    sizeBytes: entry.stat.sizeBytes)
            }
            try Packs.setState(database, id: pack.id, .done)
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
