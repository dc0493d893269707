import Columnar

/// One worker's share of the rows that a breaker keeps, with the morsels that they came from.
struct RowCollector {
    private(set) var count = 0
    private var appenders: [ColumnAppender] = []
    private var segments: [Segment] = []

    private struct Segment {
        var morsel: Int
        var start: Int
        var count: Int
    }

    init(types: [DataType], pool: BufferPool) throws(QueryError) {
        for type in types {
            appenders.append(
                try storage { () throws(ColumnarError) in
                    try ColumnAppender(type: type, pool: pool)
                })
        }
    }

    /// Keeps rows of the columns.
    mutating func append(
        _ columns: [Column], rows: Span<UInt32>, morsel: Int
    ) throws(QueryError) {
        guard count + rows.count < Int(ColumnAppender.nullIndex) else {
            throw QueryError(.exceededMemoryLimit, "Too many rows in one operator")
        }
        do throws(ColumnarError) {
            for i in appenders.indices { try appenders[i].append(columns[i], at: rows) }
        } catch {
            throw QueryError(error)
        }
        if let last = segments.last, last.morsel == morsel {
            segments[segments.count - 1].count += rows.count
        } else {
            segments.append(Segment(morsel: morsel, start: count, count: rows.count))
        }
        count += rows.count
    }

    /// All workers' rows in morsel order, as whole columns.
    static func combine(
        _ collectors: [RowCollector], types: [DataType], pool: BufferPool
    ) throws(QueryError) -> (columns: [Column], count: Int) {
        let total = collectors.reduce(0) { $0 + $1.count }
        guard total < Int(ColumnAppender.nullIndex) else {
            throw QueryError(.exceededMemoryLimit, "Too many rows in one operator")
        }
        let filled = collectors.filter { $0.count > 0 }
        return try storage { () throws(ColumnarError) in
            if filled.count <= 1 {
                var columns: [Column] = []
                guard let only = filled.first ?? collectors.first else {
                    for type in types {
                        columns.append(try ColumnAppender(type: type, pool: pool).finish())
                    }
                    return (columns, 0)
                }
                for appender in only.appenders { columns.append(try appender.finish()) }
                return (columns, total)
            }
            return (try merge(filled, types: types, pool: pool), total)
        }
    }

    private static func merge(
        _ collectors: [RowCollector], types: [DataType], pool: BufferPool
    ) throws(ColumnarError) -> [Column] {
        var pieces: [(morsel: Int, worker: Int, range: Range<Int>)] = []
        for (worker, collector) in collectors.enumerated() {
            for segment in collector.segments {
                pieces.append(
                    (segment.morsel, worker, segment.start..<segment.start + segment.count))
            }
        }
        pieces.sort { $0.morsel < $1.morsel }
        let longest = collectors.map(\.count).max() ?? 0
        let identity = try pool.identity(count: longest)
        var columns: [Column] = []
        for (i, type) in types.enumerated() {
            var parts: [Column] = []
            for collector in collectors { parts.append(try collector.appenders[i].finish()) }
            var whole = try ColumnAppender(type: type, pool: pool)
            for piece in pieces {
                let rows = identity.span(
                    of: UInt32.self, start: piece.range.lowerBound, count: piece.range.count)
                try whole.append(parts[piece.worker], at: rows)
            }
            columns.append(try whole.finish())
        }
        return columns
    }
}

/// The selected rows of a batch as UInt32, with lazy columns decoded for them.
struct SelectedRows {
    let columns: [Column]
    let buffer: Buffer
    let count: Int

    init(_ batch: Batch, pool: BufferPool) throws(QueryError) {
        do throws(ColumnarError) {
            var columns: [Column] = []
            for column in batch.columns { columns.append(try column.resolved(batch.selection)) }
            self.columns = columns
            (buffer, count) = try batch.selection.rowIndices(count: batch.count, pool: pool)
        } catch {
            throw QueryError(error)
        }
    }

    @_lifetime(borrow self)
    func rowSpan() -> Span<UInt32> {
        let span = buffer.span(of: UInt32.self, count: count)
        return _overrideLifetime(span, borrowing: self)
    }
}
