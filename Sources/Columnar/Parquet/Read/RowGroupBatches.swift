/// The batches of the wanted rows of one row group.
struct RowGroupBatches: BatchReader {
    enum Source {
        case lazy(RowGroupColumn)
        case constant(Column)
    }

    private let columns: [Source]
    private let rows: RowRanges
    /// The id of the row group's first row.
    private let firstRow: RowID
    private let counters: ScanCounters?
    private var range = 0
    /// Rows of the current range that were handed out.
    private var done = 0

    /// No batches: the row group was pruned after planning.
    static var empty: RowGroupBatches {
        RowGroupBatches(
            columns: [], rows: RowRanges(), firstRow: RowID(bits: 0), counters: nil)
    }

    init(columns: [Source], rows: RowRanges, firstRow: RowID, counters: ScanCounters?) {
        self.columns = columns
        self.rows = rows
        self.firstRow = firstRow
        self.counters = counters
    }

    mutating func next(maxRows: Int) throws(ColumnarError) -> Batch? {
        if range < rows.ranges.count, done == rows.ranges[range].count {
            range += 1
            done = 0
        }
        guard range < rows.ranges.count else { return nil }
        let start = rows.ranges[range].lowerBound + done
        let count = min(maxRows, rows.ranges[range].upperBound - start)
        done += count
        counters?.rowsRead.wrappingAdd(count, ordering: .relaxed)
        let batch = columns.map { source -> Column in
            switch source {
            case .lazy(let column):
                .lazy(
                    LazyColumn(
                        count: count, loader: RowGroupColumnSlice(column: column, start: start)))
            case .constant(let value): .constant(ConstantColumn(value, count: count))
            }
        }
        return Batch(
            columns: batch, count: count,
            origin: .consecutive(first: RowID(bits: firstRow.bits + UInt64(start))))
    }
}
