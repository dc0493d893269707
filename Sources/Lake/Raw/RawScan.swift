import Columnar
import Synchronization

/// Scans all raw files of one table with several workers: what changed goes to their sinks.
struct RawScan {
    let root: RawRootHandle
    let layout: RawLayout
    let clock: ScanClock
    let pool: BufferPool

    /// Scans everything; state edits go to `journal`, counts and lists come back.
    ///
    /// - makeSink: one sink for each worker; `finish` is called with it when the worker has no more work.
    /// - advanced: called after each few folders with what they held.
    func run<Sink: RawFileSink>(
        database: Database, source: Int64, workers: Int, journal: StateJournal,
        makeSink: @escaping @Sendable (Int) throws(LakeError) -> Sink,
        finish: @escaping @Sendable (inout Sink) throws(LakeError) -> Void,
        advanced: @escaping @Sendable (FileCounts) throws(LakeError) -> Void
    ) throws(LakeError) -> ScanResult {
        let queue = try FolderQueue(
            root: root, layout: layout, database: database, source: source)
        let total = ScanTotal()
        try Workers.run(count: workers) { (worker) throws(LakeError) in
            var sink = try makeSink(worker)
            var scan = try FolderScan(root: root, layout: layout, clock: clock, pool: pool)
            while true {
                let tasks = try queue.next()
                if tasks.isEmpty { break }
                var result = ScanResult()
                for task in tasks { try scan.scan(task, sink: &sink, into: &result) }
                try journal.add(result.edits)
                result.edits.removeAll()
                total.add(result)
                try advanced(result.counts)
            }
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

/// The sum of what the workers found.
private final class ScanTotal: Sendable {
    private let sum = Mutex(ScanResult())

    func add(_ result: ScanResult) {
        sum.withLock { sum in
            sum.counts += result.counts
            sum.quarantined += result.quarantined
            sum.released += result.released
            sum.unreadable += result.unreadable
        }
    }

    var result: ScanResult { sum.withLock { $0 } }
}
