import Columnar
import Synchronization

/// Scans all raw files of one table with many threads: what changed goes to a few sinks.
///
/// A cold disk wants 8...16 requests at once, flattening only the cores: so `ioThreads` list, stat and
/// read, and `workers` sinks go from hand to hand.
struct RawScan {
    let root: RawRootHandle
    let layout: RawLayout
    let clock: ScanClock
    let pool: BufferPool
    var audit = RawAudit.none
    /// The row of a file that is gone leaves the table.
    var forgetsVanished = false
    /// The paths to look at; nil for all.
    var changed: ChangedPaths.List?

    /// Scans everything; state edits go to `journal`, counts and lists come back.
    ///
    /// - makeSink: at most one sink for each worker; `finish` is called with it after the last file.
    /// - advanced: called after each few folders with what they held.
    func run<Sink: RawFileSink>(
        database: Database, source: Int64, workers: Int, ioThreads: Int, journal: StateJournal,
        makeSink: @escaping @Sendable (Int) throws(LakeError) -> Sink,
        finish: @escaping @Sendable (inout Sink) throws(LakeError) -> Void,
        advanced: @escaping @Sendable (FileCounts) throws(LakeError) -> Void
    ) throws(LakeError) -> ScanResult {
        let queue = try FolderQueue(
            root: root, layout: layout, changed: changed, database: database, source: source)
        let total = ScanTotal()
        let sinks = SinkPool(limit: workers, make: makeSink)
        try Workers.run(count: max(workers, ioThreads)) { (_) throws(LakeError) in
            do throws(LakeError) {
                var scan = try FolderScan(self, sinks: sinks)
                while true {
                    let tasks = try queue.next()
                    if tasks.isEmpty { break }
                    var result = ScanResult()
                    for task in tasks { try scan.scan(task, into: &result) }
                    try journal.add(result.edits)
                    result.edits.removeAll()
                    total.add(result)
                    try advanced(result.counts)
                }
            } catch {
                queue.stop()
                throw error
            }
        }
        try Workers.forEach(sinks.count, workers: workers) { (_) throws(LakeError) in
            var sink = try sinks.take()
            try finish(&sink)
        }
        var result = total.result
        let leftovers = queue.leftovers
        result.counts.ignored += leftovers.ignored
        result.unreadable += leftovers.unreadable
        // Whoever came first, the report reads the same.
        result.quarantined.sort { $0.path < $1.path }
        result.unreadable.sort { $0.path < $1.path }
        result.released.sort()
        return result
    }
}

/// The sum of what the threads found.
private final class ScanTotal: Sendable {
    private let sum = Mutex(ScanResult())

    func add(_ result: ScanResult) {
        sum.withLock { sum in
            sum.counts += result.counts
            sum.quarantined += result.quarantined
            sum.released += result.released
            sum.unreadable += result.unreadable
            let room = max(0, Limits.watchedInFlight - sum.inFlight.count)
            sum.inFlight += result.inFlight.prefix(room)
        }
    }

    var result: ScanResult { sum.withLock { $0 } }
}
