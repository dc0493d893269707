import Columnar
import Lake

/// A scan without the rows of accounts that are being erased.
///
/// It asks for the account column besides what is wanted and copies the rows that may be seen. Only as long as
/// an erasure is unfinished: afterwards there is nothing to hide.
struct HidingScan: TableScan {
    private let scan: any TableScan
    /// Position of the account column among the columns of the scan.
    private let column: Int
    /// Whether it was wanted anyway.
    private let isWanted: Bool
    private let type: DataType
    private let accounts: Set<String>

    /// - column: of the account, in the table's schema.
    /// - scan: makes the scan of the request that it is given.
    init(
        _ request: ScanRequest, hiding accounts: [String], column: Int, type: DataType,
        _ scan: (ScanRequest) throws(ColumnarError) -> any TableScan
    ) throws(ColumnarError) {
        var request = request
        let place = request.columns.firstIndex { $0.index == column && $0.leaves == nil }
        self.column = place ?? request.columns.count
        isWanted = place != nil
        if place == nil { request.columns.append(ScanColumn(index: column)) }
        // Hidden rows must not use up the limit.
        request.rowLimit = nil
        self.type = type
        self.accounts = Set(accounts)
        self.scan = try scan(request)
    }

    var morselCount: Int { scan.morselCount }
    var counters: ScanCounters { scan.counters }

    func open(morsel: Int, pool: BufferPool) throws(ColumnarError) -> any BatchReader {
        Reader(scan: self, reader: try scan.open(morsel: morsel, pool: pool), pool: pool)
    }

    private struct Reader: BatchReader {
        let scan: HidingScan
        var reader: any BatchReader
        let pool: BufferPool

        mutating func next(maxRows: Int) throws(ColumnarError) -> Batch? {
            while var batch = try reader.next(maxRows: maxRows) {
                let rows = try scan.seen(batch)
                if rows.isEmpty { continue }
                if !scan.isWanted { batch.columns.remove(at: scan.column) }
                return rows.count == batch.count ? batch : try scan.chosen(rows, of: batch, pool)
            }
            return nil
        }
    }

    /// The rows of a batch that may be seen.
    private func seen(_ batch: Batch) throws(ColumnarError) -> [UInt32] {
        let values = try batch.columns[column].resolved()
        var rows: [UInt32] = []
        rows.reserveCapacity(batch.count)
        for row in 0..<batch.count {
            switch try values.value(at: row, type: type) {
            case .text(let text) where accounts.contains(text): continue
            case .int(let number) where accounts.contains(String(number)): continue
            default: rows.append(UInt32(row))
            }
        }
        return rows
    }

    private func chosen(
        _ rows: [UInt32], of batch: Batch, _ pool: BufferPool
    ) throws(ColumnarError) -> Batch {
        var columns: [Column] = []
        for column in batch.columns {
            columns.append(try column.resolved().gathered(at: rows.span, pool: pool))
        }
        var origin: RowOrigin?
        if let old = batch.origin {
            let buffer = try pool.allocate(UInt64.self, count: rows.count)
            var ids = buffer.mutableSpan(of: UInt64.self, count: rows.count)
            for (index, row) in rows.enumerated() {
                switch old {
                case .consecutive(let first): ids[index] = first.bits + UInt64(row)
                case .each(let each):
                    ids[index] = each.span(of: UInt64.self, count: batch.count)[Int(row)]
                }
            }
            origin = .each(buffer)
        }
        return Batch(columns: columns, count: rows.count, origin: origin)
    }
}
