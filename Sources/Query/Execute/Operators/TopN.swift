import Columnar
import Synchronization

/// ORDER BY with LIMIT: the first `limit` rows after `offset`.
///
/// Each worker keeps candidates and cuts them to the best now and then. The first key of the worst row kept
/// is shared: no worker keeps a row behind it, and the scan may skip what lies behind (`threshold`).
package final class TopNSink: Sink {
    package let output = ResultSlot()
    let keys: [ColumnOrder]
    let types: [DataType]
    let limit: Int
    let offset: Int
    let query: QueryContext
    /// The largest first word (after DESC) that can still win; all ones at first.
    let shared = Atomic<UInt64>(.max)
    private let threshold: (filter: DynamicFilter, path: ScanColumnPath)?

    package init(
        keys: [ColumnOrder], types: [DataType], limit: Int, offset: Int, query: QueryContext,
        threshold: (filter: DynamicFilter, path: ScanColumnPath)? = nil
    ) {
        self.keys = keys
        self.types = types
        self.limit = limit
        self.offset = offset
        self.query = query
        self.threshold = threshold
    }

    /// Rows that each worker must keep.
    var wanted: Int { limit.addingReportingOverflow(offset).overflow ? .max : limit + offset }

    package var isSatisfied: Bool { limit == 0 }

    package func makeState(worker: WorkerContext) throws(QueryError) -> any SinkState {
        try TopNWorker(self)
    }

    package func finish(
        _ states: [any SinkState], worker: WorkerContext
    ) throws(QueryError) {
        var columns: [[Column]] = []
        var counts: [Int] = []
        for case let state as TopNWorker in states {
            try state.cut()
            let (kept, count) = try state.kept()
            columns.append(kept)
            counts.append(count)
        }
        let pool = query.pool
        let total = counts.reduce(0, +)
        let all = try storage { () throws(ColumnarError) in
            let identity = try pool.identity(count: counts.max() ?? 0)
            var whole: [Column] = []
            for (i, type) in (types + [.bigint]).enumerated() {
                var appender = try ColumnAppender(type: type, pool: pool)
                for (part, count) in zip(columns, counts) {
                    try appender.append(part[i], at: identity.span(of: UInt32.self, count: count))
                }
                whole.append(try appender.finish())
            }
            return whole
        }
        let order = try Self.order(all, keys: keys, count: total, pool: pool)
        let first = min(offset, total)
        let size = min(limit, total - first)
        let store = RowStore(
            columns: Array(all.dropLast()), types: types, count: total, pool: pool)
        let taken = try storage { () throws(ColumnarError) in
            let buffer = try pool.allocate(UInt32.self, count: size)
            let from = order.span(of: UInt32.self, count: total)
            var to = buffer.mutableSpan(of: UInt32.self, count: size)
            for i in 0..<size { to[i] = from[first + i] }
            return buffer
        }
        try output.fill(query.batches(store, order: taken, count: size))
    }

    /// By the keys, then by the row's number, which is the last column.
    static func order(
        _ columns: [Column], keys: [ColumnOrder], count: Int, pool: BufferPool
    ) throws(QueryError) -> Buffer {
        var inputs = keys.map { key in
            SortInput(
                column: columns[key.column], type: key.type, isDescending: key.isDescending,
                nullsFirst: key.nullsFirst)
        }
        inputs.append(
            SortInput(
                column: columns[columns.count - 1], type: .bigint, isDescending: false,
                nullsFirst: false))
        return try storage { () throws(ColumnarError) in
            try RowSorter(inputs, count: count, pool: pool).sorted()
        }
    }

    /// Tightens the shared bound, and the scan's filter with it.
    func publish(word: UInt64, value: Value) {
        var seen = shared.load(ordering: .relaxed)
        while word < seen {
            let result = shared.weakCompareExchange(
                expected: seen, desired: word, ordering: .relaxed)
            if result.exchanged { break }
            seen = result.original
        }
        guard word <= seen, let threshold, let key = keys.first else { return }
        // Bounds in files know nothing of NaN.
        switch value {
        case .null: return
        case .double(let double) where double.isNaN: return
        case .float(let float) where float.isNaN: return
        default: break
        }
        let bound = ScanPredicate.compare(
            threshold.path, key.isDescending ? .greaterOrEqual : .lessOrEqual, value)
        threshold.filter.publish(
            key.nullsFirst ? .or([.isNull(threshold.path), bound]) : bound)
    }
}

/// One worker's candidates; the last kept column is the row's number.
final class TopNWorker: SinkState {
    private let sink: TopNSink
    private let pool: BufferPool
    private var numbering = RowNumbering()
    private var appenders: [ColumnAppender] = []
    private var count = 0

    init(_ sink: TopNSink) throws(QueryError) {
        self.sink = sink
        pool = sink.query.pool
        try reset()
    }

    private func reset() throws(QueryError) {
        appenders = []
        count = 0
        for type in sink.types + [.bigint] {
            appenders.append(
                try storage { () throws(ColumnarError) in
                    try ColumnAppender(type: type, pool: pool)
                })
        }
    }

    func kept() throws(QueryError) -> ([Column], Int) {
        var columns: [Column] = []
        for appender in appenders {
            columns.append(try storage { () throws(ColumnarError) in try appender.finish() })
        }
        return (columns, count)
    }

    func consume(_ batch: Batch, morsel: Int) throws(QueryError) {
        try sink.query.checkCancelled()
        let origin = numbering.take(batch.count, morsel: morsel)
        let (rows, rowCount) = try candidates(batch)
        guard rowCount > 0 else { return }
        let span = rows.span(of: UInt32.self, count: rowCount)
        do throws(ColumnarError) {
            for (i, column) in batch.columns.enumerated() {
                let held = try column.resolved(batch.selection)
                try appenders[i].append(held, at: span)
            }
            let all = try pool.identity(count: rowCount)
            let numbers = try pool.allocate(Int64.self, count: rowCount)
            var target = numbers.mutableSpan(of: Int64.self, count: rowCount)
            for i in 0..<rowCount { target[i] = Int64(origin.bits) + Int64(span[i]) }
            let column = FlatColumn(storage: .int64, buffer: numbers, count: rowCount)
            try appenders[appenders.count - 1].append(
                .flat(column), at: all.span(of: UInt32.self, count: rowCount))
        } catch {
            throw QueryError(error)
        }
        count += rowCount
        if count >= max(4096, sink.wanted < 1 << 40 ? sink.wanted * 2 : .max) { try cut() }
    }

    /// The selected rows whose first key is not behind the shared bound.
    private func candidates(_ batch: Batch) throws(QueryError) -> (Buffer, Int) {
        let (all, total) = try storage { () throws(ColumnarError) in
            try batch.selection.rowIndices(count: batch.count, pool: pool)
        }
        let bound = sink.shared.load(ordering: .relaxed)
        guard bound != .max, let key = sink.keys.first, total > 0 else { return (all, total) }
        let words = try firstWords(batch.columns[key.column], key, all, total, batch.selection)
        guard let words else { return (all, total) }
        let kept = try storage { () throws(ColumnarError) in
            try pool.allocate(UInt32.self, count: total)
        }
        let rows = all.span(of: UInt32.self, count: total)
        let span = words.words.span(of: UInt64.self, count: total)
        var target = kept.mutableSpan(of: UInt32.self, count: total)
        var count = 0
        for i in 0..<total {
            let isNull = words.validity.map { !$0[Int(rows[i])] } ?? false
            target[count] = rows[i]
            count &+= (isNull ? key.nullsFirst : span[i] <= bound) ? 1 : 0
        }
        return (kept, count)
    }

    private struct FirstWords {
        var words: Buffer
        var validity: Bitmap?
    }

    /// Rising words of the first key: exact values, or 8 bytes of text; nil where there are none.
    private func firstWords(
        _ column: Column, _ key: ColumnOrder, _ rows: Buffer, _ count: Int, _ selection: Selection
    ) throws(QueryError) -> FirstWords? {
        let flat = try storage { () throws(ColumnarError) in
            try column.flattened(selection, pool: pool)
        }
        let validity = try storage { () throws(ColumnarError) in try flat.validity(pool: pool) }
        let words = try storage { () throws(ColumnarError) in
            try pool.allocate(UInt64.self, count: count)
        }
        let span = rows.span(of: UInt32.self, count: count)
        if OrderedWord.isExact(key.type) {
            OrderedWord.encode(flat, type: key.type, rows: span, into: words)
        } else if case .text(let text) = flat {
            let slices = text.sliceSpan()
            var target = words.mutableSpan(of: UInt64.self, count: count)
            for i in 0..<count {
                target[i] = ByteOrder.prefix(text.bytes(of: slices[Int(span[i])]), from: 0)
            }
        } else {
            return nil
        }
        if key.isDescending {
            var target = words.mutableSpan(of: UInt64.self, count: count)
            for i in 0..<count { target[i] = ~target[i] }
        }
        return FirstWords(words: words, validity: validity)
    }

    /// Keeps the best rows only and tightens the bound.
    func cut() throws(QueryError) {
        let wanted = sink.wanted
        guard count > wanted else { return }
        let (columns, total) = try kept()
        let order = try TopNSink.order(columns, keys: sink.keys, count: total, pool: pool)
        try reset()
        do throws(ColumnarError) {
            let best = order.span(of: UInt32.self, count: wanted)
            for i in columns.indices { try appenders[i].append(columns[i], at: best) }
        } catch {
            throw QueryError(error)
        }
        count = wanted
        guard wanted > 0, let key = sink.keys.first else { return }
        let worst = order.span(of: UInt32.self, count: wanted)[wanted - 1]
        let one = try storage { () throws(ColumnarError) in
            try pool.allocate(UInt32.self, count: 1)
        }
        one.pointer(UInt32.self)[0] = worst
        let words = try firstWords(columns[key.column], key, one, 1, .all)
        guard let words, words.validity.map({ $0[Int(worst)] }) ?? true else { return }
        let value = try storage { () throws(ColumnarError) in
            try columns[key.column].value(at: Int(worst), type: key.type)
        }
        sink.publish(word: words.words.pointer(UInt64.self)[0], value: value)
    }
}
