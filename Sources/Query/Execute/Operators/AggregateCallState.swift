import Columnar

/// One worker's state of one aggregate call: FILTER, then DISTINCT or ORDER BY collection, or straight in.
struct AggregateCallState {
    private let call: AggregateCallSpec
    private let query: QueryContext
    private var accumulator: any Accumulator
    private var distinct: DistinctArguments?
    private var ordered: OrderedArguments?

    init(
        _ call: AggregateCallSpec, distinct interner: KeyInterner?, query: QueryContext
    ) throws(QueryError) {
        self.call = call
        self.query = query
        accumulator = try call.makeAccumulator(query.registry)
        if let interner {
            distinct = DistinctArguments(call, interner)
        } else if !call.orderBy.isEmpty {
            ordered = try OrderedArguments(call, pool: query.pool)
        }
    }

    /// Whether the call is a plain count(*), which needs no row.
    var countsRows: Bool {
        guard call.filter == nil, distinct == nil, ordered == nil,
            let count = accumulator as? CountAccumulator
        else { return false }
        return count.countsRows
    }

    /// Counts rows of the only group; for calls that only count rows.
    mutating func count(rows: Int) {
        guard var count = accumulator as? CountAccumulator else { return }
        count.add(rows: rows, group: 0)
        accumulator = count
    }

    mutating func grow(groupCount: Int, pool: BufferPool) throws(QueryError) {
        try accumulator.grow(groupCount: groupCount, pool: pool)
    }

    mutating func consume(
        _ rows: AggregateRows, context: inout KernelContext
    ) throws(QueryError) {
        var rows = rows
        if let filter = call.filter {
            rows = try Self.filtered(rows, by: filter, pool: context.pool)
        }
        guard rows.list.count > 0 else { return }
        if distinct != nil {
            try distinct?.consume(rows, context: &context)
        } else if ordered != nil {
            try ordered?.consume(rows)
        } else {
            try accumulator.update(
                arguments: call.arguments.map { rows.columns[$0] }, rows: rows.list.span(),
                groups: rows.groups.span(of: UInt32.self, count: rows.list.count),
                order: rows.order, context: &context)
        }
    }

    private static func filtered(
        _ rows: AggregateRows, by filter: Int, pool: BufferPool
    ) throws(QueryError) -> AggregateRows {
        var result = rows
        do throws(ColumnarError) {
            guard case .bits(let bits) = try rows.columns[filter].flattened(pool: pool) else {
                return rows
            }
            let kept = try pool.allocate(UInt16.self, count: rows.list.count)
            let groups = try pool.allocate(UInt32.self, count: rows.list.count)
            var keptSpan = kept.mutableSpan(of: UInt16.self, count: rows.list.count)
            var groupSpan = groups.mutableSpan(of: UInt32.self, count: rows.list.count)
            let list = rows.list.span()
            let from = rows.groups.span(of: UInt32.self, count: rows.list.count)
            let values = bits.values.words()
            var count = 0
            for i in list.indices {
                let row = Int(list[i])
                guard Bitmap.isSet(values, row), bits.validity.map({ $0[row] }) ?? true else {
                    continue
                }
                keptSpan[count] = list[i]
                groupSpan[count] = from[i]
                count += 1
            }
            result.list = RowList(buffer: kept, count: count)
            result.groups = groups
            return result
        } catch {
            throw QueryError(error)
        }
    }

    mutating func merge(
        _ other: AggregateCallState, mapping: Span<UInt32>, context: inout KernelContext
    ) throws(QueryError) {
        if let their = other.distinct {
            try distinct?.merge(their, context: &context)
        } else if let their = other.ordered {
            try ordered?.merge(their)
        } else {
            try accumulator.merge(other.accumulator, mapping: mapping, context: &context)
        }
    }

    mutating func finish(
        groupCount: Int, context: inout KernelContext
    ) throws(QueryError) -> Column {
        if let distinct {
            try distinct.feed(&accumulator, context: &context)
        } else if let ordered {
            try ordered.feed(&accumulator, context: &context)
        }
        return try accumulator.finish(range: 0..<groupCount, context: &context)
    }
}

/// Feeds whole columns to an accumulator in batches, numbered from zero.
enum AggregateFeed {
    static func feed(
        _ accumulator: inout any Accumulator, columns: [Column], groups: Buffer, count: Int,
        context: inout KernelContext
    ) throws(QueryError) {
        let pool = context.pool
        var start = 0
        while start < count {
            let size = min(Limits.batchRows, count - start)
            var parts: [Column] = []
            var rows: RowList
            do throws(ColumnarError) {
                for column in columns {
                    parts.append(try column.sliced(start: start, count: size, pool: pool))
                }
                rows = try Selection.all.rowList(count: size, pool: pool)
            } catch {
                throw QueryError(error)
            }
            try accumulator.update(
                arguments: parts, rows: rows.span(),
                groups: groups.span(of: UInt32.self, start: start, count: size),
                order: .consecutive(first: RowID(bits: UInt64(start))), context: &context)
            start += size
        }
    }
}
