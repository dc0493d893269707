import Synchronization

/// A planned scan: pruned files and row groups, cut into morsels that do not depend on the worker count.
package protocol TableScan: Sendable {
    /// Morsels in the scan's order; morsel order is row order.
    var morselCount: Int { get }
    /// What was read and what was pruned so far.
    var counters: ScanCounters { get }
    /// A reader over one morsel; each morsel is opened once, by one worker.
    func open(morsel: Int, pool: BufferPool) throws(ColumnarError) -> any BatchReader
}

/// The batches of one morsel, in order.
package protocol BatchReader {
    /// The next batch of at most `maxRows` rows, or nil at the end.
    mutating func next(maxRows: Int) throws(ColumnarError) -> Batch?
}

/// Exact counters of one scan; shared by its readers.
package final class ScanCounters: Sendable {
    package let bytesRead = Atomic<Int>(0)
    package let rowsRead = Atomic<Int>(0)
    package let filesTotal = Atomic<Int>(0)
    package let filesRead = Atomic<Int>(0)
    package let rowGroupsTotal = Atomic<Int>(0)
    package let rowGroupsRead = Atomic<Int>(0)
    package let pagesRead = Atomic<Int>(0)
    package let pagesPruned = Atomic<Int>(0)

    package init() {}
}
