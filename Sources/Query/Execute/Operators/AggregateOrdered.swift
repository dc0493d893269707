import Columnar

/// The rows of one call with ORDER BY, kept until all are known, then fed in order.
struct OrderedArguments {
    private let call: AggregateCallSpec
    private let pool: BufferPool
    private var arguments: [ColumnAppender] = []
    private var keys: [ColumnAppender] = []
    private var groups = StateArray<UInt32>(initial: 0)
    private var numbers = StateArray<UInt64>(initial: 0)

    init(_ call: AggregateCallSpec, pool: BufferPool) throws(QueryError) {
        self.call = call
        self.pool = pool
        do throws(ColumnarError) {
            for type in call.function.argumentTypes {
                arguments.append(try ColumnAppender(type: type, pool: pool))
            }
            for key in call.orderBy {
                keys.append(try ColumnAppender(type: key.type, pool: pool))
            }
        } catch {
            throw QueryError(error)
        }
    }

    mutating func consume(_ rows: AggregateRows) throws(QueryError) {
        let list = rows.list
        do throws(ColumnarError) {
            let wide = try list.widened(pool: pool)
            let span = wide.span(of: UInt32.self, count: list.count)
            for (i, position) in call.arguments.enumerated() {
                try arguments[i].append(rows.columns[position], at: span)
            }
            for (i, key) in call.orderBy.enumerated() {
                try keys[i].append(rows.columns[key.column], at: span)
            }
        } catch {
            throw QueryError(error)
        }
        let from = rows.groups.span(of: UInt32.self, count: list.count)
        let base = rows.order.number(of: 0)
        let span = list.span()
        for i in span.indices {
            try groups.append(from[i], pool: pool)
            try numbers.append(base &+ UInt64(span[i]), pool: pool)
        }
    }

    mutating func merge(_ other: OrderedArguments) throws(QueryError) {
        let count = other.groups.count
        guard count > 0 else { return }
        do throws(ColumnarError) {
            let all = try pool.identity(count: count)
            let span = all.span(of: UInt32.self, count: count)
            for i in arguments.indices {
                try arguments[i].append(other.arguments[i].finish(), at: span)
            }
            for i in keys.indices { try keys[i].append(other.keys[i].finish(), at: span) }
        } catch {
            throw QueryError(error)
        }
        let theirGroups = other.groups.span()
        let theirNumbers = other.numbers.span()
        for i in 0..<count {
            try groups.append(theirGroups[i], pool: pool)
            try numbers.append(theirNumbers[i], pool: pool)
        }
    }

    func feed(
        _ accumulator: inout any Accumulator, context: inout KernelContext
    ) throws(QueryError) {
        let count = groups.count
        guard count > 0, let groupBuffer = groups.buffer, let numberBuffer = numbers.buffer else {
            return
        }
        var columns: [Column] = []
        var sortedGroups = groupBuffer
        do throws(ColumnarError) {
            var inputs: [SortInput] = []
            for (key, appender) in zip(call.orderBy, keys) {
                inputs.append(
                    SortInput(
                        column: try appender.finish(), type: key.type,
                        isDescending: key.isDescending, nullsFirst: key.nullsFirst))
            }
            // Equal keys: the row's number decides.
            let number = FlatColumn(storage: .int64, buffer: numberBuffer, count: count)
            inputs.append(
                SortInput(
                    column: .flat(number), type: .bigint, isDescending: false, nullsFirst: false))
            let order = try RowSorter(inputs, count: count, pool: pool).sorted()
            let span = order.span(of: UInt32.self, count: count)
            for appender in arguments {
                columns.append(try appender.finish().gathered(at: span, pool: pool))
            }
            sortedGroups = try pool.allocate(UInt32.self, count: count)
            let from = groupBuffer.span(of: UInt32.self, count: count)
            var target = sortedGroups.mutableSpan(of: UInt32.self, count: count)
            for i in 0..<count { target[i] = from[Int(span[i])] }
        } catch {
            throw QueryError(error)
        }
        try AggregateFeed.feed(
            &accumulator, columns: columns, groups: sortedGroups, count: count, context: &context)
    }
}
