/// A scan without columns: so many rows, known without reading any.
package final class RowCountScan: TableScan {
    private let rowCount: Int
    package let counters = ScanCounters()

    /// `files` and `rowGroups` are what the rows lie in; none of it is read.
    package init(rowCount: Int, files: Int, rowGroups: Int = 0) {
        self.rowCount = rowCount
        counters.filesTotal.store(files, ordering: .relaxed)
        counters.rowGroupsTotal.store(rowGroups, ordering: .relaxed)
    }

    package var morselCount: Int { rowCount > 0 ? 1 : 0 }

    package func open(
        morsel: Int, pool: BufferPool
    ) throws(ColumnarError) -> any BatchReader {
        counters.rowsRead.wrappingAdd(rowCount, ordering: .relaxed)
        return Reader(rowCount: rowCount)
    }

    private struct Reader: BatchReader {
        let rowCount: Int
        var position = 0

        mutating func next(maxRows: Int) throws(ColumnarError) -> Batch? {
            guard position < rowCount else { return nil }
            let count = min(maxRows, rowCount - position)
            defer { position += count }
            return Batch(
                columns: [], count: count,
                origin: .consecutive(first: RowID(bits: UInt64(position))))
        }
    }
}
