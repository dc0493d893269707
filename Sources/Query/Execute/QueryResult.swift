import Columnar

/// What a finished query tells besides its batches.
package struct QueryResult: Sendable {
    package var columns: [OutputColumn]
    package var statistics: QueryStatistics

    package init(columns: [OutputColumn], statistics: QueryStatistics) {
        self.columns = columns
        self.statistics = statistics
    }
}

/// What a query read, put out and took: the line that follows every result.
package struct QueryStatistics: Sendable, Hashable {
    /// Rows put out.
    package var rows = 0
    /// Bytes read from storage as stored, of the columns and row groups read.
    package var bytesScanned = 0
    package var rowsScanned = 0
    package var filesTotal = 0
    package var filesRead = 0
    package var rowGroupsTotal = 0
    package var rowGroupsRead = 0
    package var pagesRead = 0
    package var pagesPruned = 0
    /// The most bytes that the query held at once.
    package var peakMemoryBytes = 0
    package var elapsedNanoseconds: UInt64 = 0

    package init() {}

    /// Adds what one scan did.
    mutating func add(_ scan: ScanCounters) {
        bytesScanned += scan.bytesRead.load(ordering: .relaxed)
        rowsScanned += scan.rowsRead.load(ordering: .relaxed)
        filesTotal += scan.filesTotal.load(ordering: .relaxed)
        filesRead += scan.filesRead.load(ordering: .relaxed)
        rowGroupsTotal += scan.rowGroupsTotal.load(ordering: .relaxed)
        rowGroupsRead += scan.rowGroupsRead.load(ordering: .relaxed)
        pagesRead += scan.pagesRead.load(ordering: .relaxed)
        pagesPruned += scan.pagesPruned.load(ordering: .relaxed)
    }
}
