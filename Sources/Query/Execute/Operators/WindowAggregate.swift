import Columnar

/// An aggregate over the frame of each row.
///
/// Whole partitions: one group each. Counts and exact sums: differences of prefix sums, any frame. Frames that
/// only grow at the end: one accumulator fed as it goes. Other frames: a group per frame, fed anew.
struct WindowAggregate {
    private let call: WindowCallSpec
    private let rows: WindowRows
    private let query: QueryContext
    private let arguments: [Column]
    /// Places that pass the FILTER; nil when there is none.
    private let passing: [Bool]?

    init(
        _ call: WindowCallSpec, rows: WindowRows, query: QueryContext
    ) throws(QueryError) {
        self.call = call
        self.rows = rows
        self.query = query
        var arguments: [Column] = []
        for index in call.arguments { arguments.append(try rows.ordered(index)) }
        self.arguments = arguments
        if let filter = call.filter {
            let column = try rows.ordered(filter)
            let flat = try storage { () throws(ColumnarError) in
                try column.flattened(pool: rows.pool)
            }
            guard case .bits(let bits) = flat else {
                throw QueryError(.typeMismatch, "Filter expression must be boolean")
            }
            passing = (0..<rows.count).map {
                bits.values[$0] && (bits.validity?[$0] ?? true)
            }
        } else {
            passing = nil
        }
    }

    /// One value per ordered row.
    func column() throws(QueryError) -> Column {
        if call.frame.isWholePartition { return try wholePartitions() }
        let frames = try WindowFrames(call.frame, rows: rows)
        let accumulator = try makeAccumulator()
        if var sums = accumulator as? any PrefixSummable {
            return try prefixSums(&sums, frames)
        }
        if call.frame.start == .unboundedPreceding { return try growing(frames) }
        return try separate(frames)
    }

    private func makeAccumulator() throws(QueryError) -> any Accumulator {
        try AggregateCallSpec(function: call.function, arguments: []).makeAccumulator(
            query.registry)
    }

    private func wholePartitions() throws(QueryError) -> Column {
        var accumulator = try makeAccumulator()
        let partitionCount = rows.partitions.count - 1
        try accumulator.grow(groupCount: partitionCount, pool: rows.pool)
        var feed = WindowFeed(arguments, pool: rows.pool, query: query)
        var numbers = [UInt32](repeating: 0, count: rows.count)
        for partition in 0..<partitionCount {
            for place in rows.partitions[partition]..<rows.partitions[partition + 1] {
                numbers[place] = UInt32(partition)
                guard passing?[place] ?? true else { continue }
                try feed.add(place, group: UInt32(partition), to: &accumulator)
            }
        }
        try feed.flush(&accumulator)
        let all = try accumulator.finish(range: 0..<partitionCount, context: &feed.context)
        return try storage { () throws(ColumnarError) in
            try all.gathered(at: numbers.span, pool: rows.pool)
        }
    }

    private func prefixSums(
        _ sums: inout any PrefixSummable, _ frames: WindowFrames
    ) throws(QueryError) -> Column {
        var context = KernelContext(pool: rows.pool, session: query.session)
        let steps = try sums.steps(arguments, count: rows.count, pool: rows.pool)
        var prefix = StateArray<Int128>(initial: 0)
        var counts = StateArray<Int64>(initial: 0)
        try prefix.grow(to: rows.count + 1, pool: rows.pool)
        try counts.grow(to: rows.count + 1, pool: rows.pool)
        for place in 0..<rows.count {
            let isCounted = steps.counts(place) && (passing?[place] ?? true)
            prefix[place + 1] = prefix[place] &+ (isCounted ? steps.value(place) : 0)
            counts[place + 1] = counts[place] + (isCounted ? 1 : 0)
        }
        try sums.grow(groupCount: rows.count, pool: rows.pool)
        for place in 0..<rows.count {
            let frame = frames.range(place)
            sums.set(
                place, sum: prefix[frame.upperBound] &- prefix[frame.lowerBound],
                count: counts[frame.upperBound] - counts[frame.lowerBound])
        }
        return try sums.finish(range: 0..<rows.count, context: &context)
    }

    /// Frames from the partition's start: the state goes on from row to row.
    private func growing(_ frames: WindowFrames) throws(QueryError) -> Column {
        var result = try storage { () throws(ColumnarError) in
            try ColumnAppender(type: call.function.resultType, pool: rows.pool)
        }
        let zero: [UInt32] = [0]
        for partition in 0..<rows.partitions.count - 1 {
            try query.checkCancelled()
            var accumulator = try makeAccumulator()
            try accumulator.grow(groupCount: 1, pool: rows.pool)
            var feed = WindowFeed(arguments, pool: rows.pool, query: query)
            var fed = rows.partitions[partition]
            var held: (end: Int, value: Column)?
            for place in rows.partitions[partition]..<rows.partitions[partition + 1] {
                let end = frames.range(place).upperBound
                if held == nil || end != held?.end {
                    if end < fed {
                        accumulator = try makeAccumulator()
                        try accumulator.grow(groupCount: 1, pool: rows.pool)
                        fed = rows.partitions[partition]
                    }
                    while fed < end {
                        if passing?[fed] ?? true { try feed.add(fed, group: 0, to: &accumulator) }
                        fed += 1
                    }
                    try feed.flush(&accumulator)
                    held = (end, try accumulator.finish(range: 0..<1, context: &feed.context))
                }
                guard let value = held?.value else { continue }
                try storage { () throws(ColumnarError) in try result.append(value, at: zero.span) }
            }
        }
        let final = result
        return try storage { () throws(ColumnarError) in try final.finish() }
    }

    /// Frames that move at both ends: each is a group of its own.
    private func separate(_ frames: WindowFrames) throws(QueryError) -> Column {
        var result = try storage { () throws(ColumnarError) in
            try ColumnAppender(type: call.function.resultType, pool: rows.pool)
        }
        var start = 0
        while start < rows.count {
            try query.checkCancelled()
            let end = min(start + Limits.batchRows, rows.count)
            var accumulator = try makeAccumulator()
            try accumulator.grow(groupCount: end - start, pool: rows.pool)
            var feed = WindowFeed(arguments, pool: rows.pool, query: query)
            for place in start..<end {
                for member in frames.range(place) where passing?[member] ?? true {
                    try feed.add(member, group: UInt32(place - start), to: &accumulator)
                }
            }
            try feed.flush(&accumulator)
            let part = try accumulator.finish(range: 0..<end - start, context: &feed.context)
            try storage { () throws(ColumnarError) in
                let all = try rows.pool.identity(count: end - start)
                try result.append(part, at: all.span(of: UInt32.self, count: end - start))
            }
            start = end
        }
        let final = result
        return try storage { () throws(ColumnarError) in try final.finish() }
    }
}

/// Gathers (place, group) pairs into batches for an accumulator.
struct WindowFeed {
    private let arguments: [Column]
    private let pool: BufferPool
    private var places: [UInt32] = []
    private var groups: [UInt32] = []
    private var fed = 0
    var context: KernelContext

    init(_ arguments: [Column], pool: BufferPool, query: QueryContext) {
        self.arguments = arguments
        self.pool = pool
        context = KernelContext(pool: pool, session: query.session)
    }

    mutating func add(
        _ place: Int, group: UInt32, to accumulator: inout any Accumulator
    ) throws(QueryError) {
        places.append(UInt32(truncatingIfNeeded: place))
        groups.append(group)
        if places.count == Limits.batchRows { try flush(&accumulator) }
    }

    mutating func flush(_ accumulator: inout any Accumulator) throws(QueryError) {
        let count = places.count
        guard count > 0 else { return }
        var columns: [Column] = []
        for argument in arguments {
            do throws(ColumnarError) {
                columns.append(try argument.gathered(at: places.span, pool: pool))
            } catch {
                throw QueryError(error)
            }
        }
        let list = try storage { () throws(ColumnarError) in
            try Selection.all.rowList(count: count, pool: pool)
        }
        let held = groups
        try accumulator.update(
            arguments: columns, rows: list.span(), groups: held.span,
            order: .consecutive(first: RowID(bits: UInt64(fed))), context: &context)
        fed += count
        places.removeAll(keepingCapacity: true)
        groups.removeAll(keepingCapacity: true)
    }
}

/// An accumulator whose state over a frame is the difference of two prefixes.
protocol PrefixSummable: Accumulator {
    /// What each row adds, for all rows of flattened arguments.
    func steps(
        _ arguments: [Column], count: Int, pool: BufferPool
    ) throws(QueryError) -> PrefixSteps
    mutating func set(_ group: Int, sum: Int128, count: Int64)
}

/// What each row adds to a prefix sum.
struct PrefixSteps {
    /// nil for counts.
    var values: FlatColumn?
    var validity: Bitmap?
    /// Present for count_if.
    var conditions: Bitmap?

    func counts(_ row: Int) -> Bool {
        (validity.map { $0[row] } ?? true) && (conditions.map { $0[row] } ?? true)
    }

    func value(_ row: Int) -> Int128 {
        guard let values else { return 0 }
        switch values.storage {
        case .int32: return Int128(values.values(as: Int32.self)[row])
        case .int64: return Int128(values.values(as: Int64.self)[row])
        default: return values.values(as: Int128.self)[row]
        }
    }
}

extension ExactSumAccumulator: PrefixSummable {
    func steps(
        _ arguments: [Column], count: Int, pool: BufferPool
    ) throws(QueryError) -> PrefixSteps {
        let flat = try storage { () throws(ColumnarError) in
            try arguments[0].flattened(pool: pool)
        }
        guard case .flat(let values) = flat else { return PrefixSteps() }
        return PrefixSteps(values: values, validity: values.validity)
    }
}

extension CountAccumulator: PrefixSummable {
    func steps(
        _ arguments: [Column], count: Int, pool: BufferPool
    ) throws(QueryError) -> PrefixSteps {
        guard let argument = arguments.first else { return PrefixSteps() }
        return try storage { () throws(ColumnarError) in
            let flat = try argument.flattened(pool: pool)
            var steps = PrefixSteps(validity: try flat.validity(pool: pool))
            if countsTrue, case .bits(let bits) = flat { steps.conditions = bits.values }
            return steps
        }
    }
}
