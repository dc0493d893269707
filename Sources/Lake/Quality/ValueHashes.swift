import Columnar
import Synchronization

/// Finds equal and missing values among millions of rows in bounded memory.
///
/// Values are seeded 128-bit hashes, equal only if the values are. The hash space is cut into as many
/// ranges as keep the hashes of one range below a limit, and each range is one pass over the columns.
struct ValueHashes: Sendable {
    /// What a check of many rows found.
    struct Found: Sendable {
        var violations = 0
        /// The first live rows that break it.
        var live: [CheckedRows.Place] = []
        /// All staged rows that do.
        var staged: [StagedPlace] = []
        /// Why rows that might mend it could not be read.
        var unread: String?

        fileprivate mutating func add(_ place: CheckedRows.Place) {
            violations += 1
            switch place {
            case .staged(let batch, let row):
                staged.append(StagedPlace(batch: Int32(batch), row: Int32(row)))
            case .live:
                let limit = CheckOutcome.sampleCount
                if live.count == limit, let last = live.last, last < place { return }
                live.insert(place, at: live.firstIndex { place < $0 } ?? live.count)
                if live.count > limit { live.removeLast() }
            }
        }
    }

    /// One row's value.
    private struct Entry: BitwiseCopyable {
        var high: UInt64
        var low: UInt64
        var place: UInt64
    }

    let seed: UInt64
    let workers: Int
    /// Entries in memory at a time, of 24 bytes each.
    let limit: Int
    let isCancelled: @Sendable () -> Bool

    /// The rows whose values in these columns another row has too; a row with a NULL among them has none.
    func duplicates(
        in rows: CheckedRows, columns: [Int]
    ) throws(ColumnarError) -> Found {
        var found = Found()
        let passes = passCount(rows.count)
        for pass in 0..<passes {
            let entries = try gather(rows, columns, pass: pass, of: passes)
            var start = 0
            while start < entries.count {
                var end = start + 1
                while end < entries.count, entries[end].high == entries[start].high,
                    entries[end].low == entries[start].low
                {
                    end += 1
                }
                if end - start > 1 {
                    for entry in entries[start..<end] { found.add(.init(bits: entry.place)) }
                }
                start = end
            }
        }
        return found
    }

    /// The rows whose value in a column, if it is not NULL, no row of the others has in theirs.
    func missing(
        of rows: CheckedRows, column: Int, in others: CheckedRows, column other: Int
    ) throws(ColumnarError) -> Found {
        let passes = passCount(others.count)
        let total = Mutex(Found())
        for pass in 0..<passes {
            let known = try gather(others, [other], pass: pass, of: passes)
            try Workers.forEach(rows.partCount, workers: workers) {
                (part) throws(ColumnarError) in
                var places: [CheckedRows.Place] = []
                try forEach(rows, part, [column], pass, passes) { hash, place in
                    if !Self.contains(hash, known) { places.append(place) }
                }
                total.withLock { total in
                    for place in places { total.add(place) }
                }
            }
        }
        return total.withLock { $0 }
    }

    private func passCount(_ rows: Int) -> Int {
        max(1, (rows + limit - 1) / max(1, limit))
    }

    /// The entries of one range of hashes, in order.
    private func gather(
        _ rows: CheckedRows, _ columns: [Int], pass: Int, of passes: Int
    ) throws(ColumnarError) -> [Entry] {
        let all = Mutex<[Entry]>([])
        try Workers.forEach(rows.partCount, workers: workers) { (part) throws(ColumnarError) in
            var own: [Entry] = []
            try forEach(rows, part, columns, pass, passes) { hash, place in
                own.append(Entry(high: hash.high, low: hash.low, place: place.bits))
            }
            all.withLock { $0.append(contentsOf: own) }
        }
        var entries = all.withLock { entries in
            let taken = entries
            entries = []
            return taken
        }
        entries.sort { a, b in
            if a.high != b.high { return a.high < b.high }
            if a.low != b.low { return a.low < b.low }
            return a.place < b.place
        }
        return entries
    }

    /// The hashes of one part that lie in a range.
    private func forEach(
        _ rows: CheckedRows, _ part: Int, _ columns: [Int], _ pass: Int, _ passes: Int,
        _ body: (ContentHash, CheckedRows.Place) -> Void
    ) throws(ColumnarError) {
        try rows.read(part: part, columns: columns) { (values, live, place) throws(ColumnarError) in
            if isCancelled() { throw .cancelled }
            guard let count = values.first?.count else { return }
            var flat: [Column] = []
            var valid: [Bitmap] = []
            for value in values {
                let column = try value.resolved().flattened(pool: rows.pool)
                flat.append(column)
                if let bits = try column.validity(pool: rows.pool) { valid.append(bits) }
            }
            let hashes = try RowKeys.hashes(of: flat, count: count, seed: seed, pool: rows.pool)
            for row in live {
                let hash = hashes[Int(row)]
                let range = hash.high.multipliedFullWidth(by: UInt64(passes)).high
                guard range == UInt64(pass), valid.allSatisfy({ $0[Int(row)] }) else { continue }
                body(hash, place(row))
            }
        }
    }

    private static func contains(_ hash: ContentHash, _ entries: [Entry]) -> Bool {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            let entry = entries[middle]
            if entry.high == hash.high, entry.low == hash.low { return true }
            if (entry.high, entry.low) < (hash.high, hash.low) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return false
    }
}
