import Columnar
import Synchronization

/// What a breaker hands to the next pipeline: filled once by the sink's `finish`, then read as a source.
package final class ResultSlot: Source {
    private let held = Mutex<[[Batch]]>([])

    package init() {}

    /// Keeps batches, cut into morsels of `Limits.morselRows` rows: the cut follows rows only.
    package func fill(_ batches: [Batch]) {
        var morsels: [[Batch]] = []
        var rows = Limits.morselRows
        for batch in batches {
            if rows >= Limits.morselRows {
                morsels.append([])
                rows = 0
            }
            morsels[morsels.count - 1].append(batch)
            rows += batch.count
        }
        held.withLock { $0 = morsels }
    }

    package var morselCount: Int { held.withLock { $0.count } }

    package func open(
        morsel: Int, worker: WorkerContext
    ) throws(QueryError) -> any MorselReader {
        HeldReader(batches: held.withLock { $0[morsel] })
    }

    /// All batches in order.
    package var batches: [Batch] { held.withLock { $0.flatMap(\.self) } }
}

/// Hands out held batches.
struct HeldReader: MorselReader {
    private let batches: [Batch]
    private var position = 0

    init(batches: [Batch]) {
        self.batches = batches
    }

    mutating func next() throws(QueryError) -> Batch? {
        guard position < batches.count else { return nil }
        defer { position += 1 }
        return batches[position]
    }
}

/// Numbers the rows of a pipeline: `morsel << 40 | row in morsel`, the same for any thread count.
struct RowNumbering: Sendable {
    private var morsel = -1
    private var row = 0

    /// The number of the first row of a batch; its rows count on from there.
    mutating func take(_ count: Int, morsel: Int) -> RowID {
        if morsel != self.morsel {
            self.morsel = morsel
            row = 0
        }
        defer { row += count }
        return RowID(file: morsel, row: row)
    }
}

extension QueryContext {
    /// Throws once the query has been cancelled; asked per batch.
    func checkCancelled() throws(QueryError) {
        if isCancelled.load(ordering: .relaxed) { throw QueryError(ColumnarError.cancelled) }
    }

    /// Cuts columns into batches of `batchRows`.
    func batches(_ columns: [Column], count: Int) throws(QueryError) -> [Batch] {
        var result: [Batch] = []
        var start = 0
        while start < count {
            let size = min(batchRows, count - start)
            var parts: [Column] = []
            for column in columns {
                parts.append(
                    try storage { () throws(ColumnarError) in
                        try column.sliced(start: start, count: size, pool: pool)
                    })
            }
            result.append(Batch(columns: parts, count: size))
            start += size
        }
        return result
    }
}
