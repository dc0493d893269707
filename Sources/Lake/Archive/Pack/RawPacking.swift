import Columnar

/// Carries the raw files of one table's due rows into packs, and then out of the raw folder.
///
/// ```
///  plan ─► write: packs, synced, read back ─► the sweep's transaction: publish ─► PackedSources: unlink
/// ```
/// Whatever ends it before the transaction leaves packs that bear the run's name and that nothing points to;
/// whatever ends it behind leaves packs that say `deleting`, with which the next sweep or run goes on.
struct RawPacking {
    let table: LakeTable
    let database: Database
    let root: RawRootHandle
    let tier: ColdTier
    let identity: RunIdentity
    let keySeed: UInt64
    /// Files written to later than so long ago are left alone: somebody may be at work on them.
    var quietMicros: Int64
    var workers = 1
    let pool: BufferPool
    var isCancelled: @Sendable () -> Bool = { false }

    /// What a plan is about, in files.
    struct Counts: Hashable, Sendable {
        /// To be packed, and their bytes.
        var packed = 0
        var packedBytes: Int64 = 0
        /// Lie in the raw folder again with the bytes that a pack has.
        var returned = 0
        var returnedBytes: Int64 = 0
        /// Due, and left where they are: written to lately; held; changed, gone or unreadable since the last
        /// run looked, whose next one will see.
        var waiting = 0
        var held = 0
        var changed = 0
        /// Of those to be packed.
        var firstPartition: Int32?
        var lastPartition: Int32?
        var oldestNanos: Int64?
        var newestNanos: Int64?

        /// Nothing would be done.
        var isEmpty: Bool { packed + returned == 0 }
    }

    /// What is to be done, file by file.
    struct Plan: Sendable {
        var counts = Counts()
        /// SHA-256 over all files with their stats: equal for equal plans.
        var digest: [UInt8] = []
        let spool: RawSpool
    }

    /// What was written; to be published, or discarded.
    struct Written: Sendable {
        /// Not filed yet.
        var packs: [Packs.Record] = []
        /// Files of the plan that changed since, or refused to be read: they stay, and are news.
        var changed = 0
        let plan: Plan
    }

    /// Below the cold tier: `packs/NAME/2026-01`.
    static func folder(table: String, month: Int32) -> String {
        "\(ColdTier.packFolder)/\(table)/\(monthText(month))"
    }

    /// `2026-01`, of months since 1970.
    static func monthText(_ month: Int32) -> String {
        let year = Int64(month).quotientTowardsPast(12)
        let number = Int64(month) - year * 12 + 1
        func padded(_ value: Int64, _ digits: Int) -> String {
            let text = String(value.magnitude)
            return String(repeating: "0", count: max(0, digits - text.count)) + text
        }
        let years = 1970 + year
        return (years < 0 ? "-" : "") + padded(years, 4) + "-" + padded(number, 2)
    }
}
