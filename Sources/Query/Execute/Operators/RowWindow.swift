import Columnar

/// Which rows of an ordered stream LIMIT and OFFSET let through; consumed front to back.
struct RowWindow: Sendable {
    private var skip: Int
    /// nil is no limit.
    private var remaining: Int?

    init(limit: Int?, offset: Int) {
        skip = offset
        remaining = limit
    }

    /// No further row passes.
    var isExhausted: Bool { remaining == 0 }

    /// Rows that any one morsel could contribute at most; nil is all.
    static func rowsPerMorsel(limit: Int?, offset: Int) -> Int? {
        guard let limit else { return nil }
        let (sum, overflow) = limit.addingReportingOverflow(offset)
        return overflow ? nil : sum
    }

    /// The part of a compact batch that passes, or nil.
    mutating func take(_ batch: Batch, pool: BufferPool) throws(ColumnarError) -> Batch? {
        let dropped = min(skip, batch.count)
        skip -= dropped
        let left = batch.count - dropped
        let kept = min(left, remaining ?? left)
        if let rest = remaining { remaining = rest - kept }
        guard kept > 0 else { return nil }
        if kept == batch.count { return batch }
        return try batch.sliced(start: dropped, count: kept, pool: pool)
    }
}
