import Columnar

/// How a run is done; none of it changes what is written.
package struct CompactionOptions: Sendable {
    /// Threads that flatten and that rewrite partitions.
    package var workers: Int
    /// Threads that list, stat and read raw files: a cold disk wants 8...16 requests at once.
    package var ioThreads: Int
    /// Percent of the files that their stat says are unchanged and that are read all the same.
    package var auditPercent = 0.0
    /// How many files may be gone at once.
    package var maxMissing = MissingLimit.standard
    /// The paths to look at instead of walking; nil for all.
    package var changed: ChangedPaths?
    /// Whether columns are filled from `_extra` in the rows that the tables have.
    package var fillsFromExtra = false
    /// Stats younger than this are not remembered.
    package var settleNanos: Int64 = 2_000_000_000
    /// Files younger than this that cannot be flattened are left for the next run.
    package var inFlightNanos = Self.standardInFlightNanos
    package static let standardInFlightNanos: Int64 = 5_000_000_000
    /// How long a file that no snapshot names is kept for readers.
    package var graceMicros: Int64 = 86_400 * 1_000_000
    /// Bytes of staged rows that are held in memory before they are written to disk.
    package var stagingBytes = 96 << 20
    /// Hashes that a check of a whole table holds at a time.
    package var checkHashes = Limits.checkHashes
    /// How much history tables keep.
    package var retention = RetentionPolicy()
    /// A clock that never jumps, for the report's timings; nanoseconds.
    package var nanos: @Sendable () -> UInt64
    package var progress: (any CompactionProgress)?
    /// How long another writer's lock is waited for, and what ours says of us.
    package var lock = LakeLock.Request()
    /// An error as the record of a failed run tells it.
    package var errorText: @Sendable (LakeError) -> String = { "\($0)" }

    package init(workers: Int, nanos: @escaping @Sendable () -> UInt64) {
        self.workers = max(1, workers)
        ioThreads = max(8, 2 * workers)
        self.nanos = nanos
    }

    /// Ends the run here if somebody asked for it.
    func checkCancelled() throws(LakeError) {
        if progress?.isCancelled == true { throw .columnar(.cancelled) }
    }
}

/// Told how far a run is; called from its worker threads, often: be quick.
package protocol CompactionProgress: Sendable {
    /// A table's scan begins.
    func scanning(table: String)
    /// More files of the table being scanned are done.
    func scanned(_ counts: FileCounts)
    /// `done` of `total` partitions of a table are rewritten.
    func rewriting(table: String, done: Int, total: Int)
    /// All files are written; the transaction begins.
    func committing()
    /// Asked all the time: true ends the run with `ColumnarError.cancelled`, nothing published.
    var isCancelled: Bool { get }
}
