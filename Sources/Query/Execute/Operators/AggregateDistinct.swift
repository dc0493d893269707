import Columnar

/// The distinct (group, arguments) of one DISTINCT call, with the first row of each.
///
/// All workers intern into one table; the rows' numbers decide the order in which values are fed.
struct DistinctArguments {
    private let call: AggregateCallSpec
    private let interner: KeyInterner
    private var keys: KeyInternerWorker
    private var firstRows = StateArray<UInt64>(initial: .max)
    private var representatives: [BestRowAccumulator?] = []

    init(_ call: AggregateCallSpec, _ interner: KeyInterner) {
        self.call = call
        self.interner = interner
        keys = KeyInternerWorker(interner, inserting: true)
        for type in call.function.argumentTypes {
            representatives.append(
                KeyInterner.isRestorable(type)
                    ? nil : BestRowAccumulator(.first, valueType: type, keyType: type))
        }
    }

    mutating func consume(
        _ rows: AggregateRows, context: inout KernelContext
    ) throws(QueryError) {
        let pool = context.pool
        let list = rows.list
        let arguments = call.arguments.map { rows.columns[$0] }
        let rowCount = arguments.first?.count ?? 0
        let idBuffer = try storage { () throws(ColumnarError) in
            try pool.allocate(UInt32.self, count: list.count)
        }
        let wide = try storage { () throws(ColumnarError) in try list.widened(pool: pool) }
        let groups = try storage { () throws(ColumnarError) in
            try pool.allocate(Int64.self, count: rowCount)
        }
        do {
            let from = rows.groups.span(of: UInt32.self, count: list.count)
            var target = groups.mutableSpan(of: Int64.self, count: rowCount)
            let numbers = list.span()
            for i in numbers.indices { target[Int(numbers[i])] = Int64(from[i]) }
        }
        let group = Column.flat(
            FlatColumn(storage: .int64, buffer: groups, count: rowCount))
        try keys.intern(
            [group] + arguments, rows: wide.span(of: UInt32.self, count: list.count),
            into: idBuffer)
        let ids = idBuffer.span(of: UInt32.self, count: list.count)
        var highest: UInt32 = 0
        for i in ids.indices { highest = max(highest, ids[i]) }
        try grow(to: Int(highest) + 1, pool: pool)
        let numbers = list.span()
        var firstRows = firstRows.mutableSpan()
        let base = rows.order.number(of: 0)
        for i in ids.indices {
            let id = Int(ids[i])
            firstRows[id] = min(firstRows[id], base &+ UInt64(numbers[i]))
        }
        for i in representatives.indices where representatives[i] != nil {
            try representatives[i]?.update(
                arguments: [arguments[i]], rows: list.span(), groups: ids, order: rows.order,
                context: &context)
        }
    }

    private mutating func grow(to count: Int, pool: BufferPool) throws(QueryError) {
        guard count > firstRows.count else { return }
        let wanted = count + count / 2
        try firstRows.grow(to: wanted, pool: pool)
        for i in representatives.indices {
            try representatives[i]?.grow(groupCount: wanted, pool: pool)
        }
    }

    mutating func merge(
        _ other: DistinctArguments, context: inout KernelContext
    ) throws(QueryError) {
        let pool = context.pool
        try grow(to: other.firstRows.count, pool: pool)
        let theirs = other.firstRows.span()
        var mine = firstRows.mutableSpan()
        for i in theirs.indices { mine[i] = min(mine[i], theirs[i]) }
        let identity = try storage { () throws(ColumnarError) in
            try pool.identity(count: theirs.count)
        }
        for i in representatives.indices {
            if let their = other.representatives[i] {
                try representatives[i]?.merge(
                    their, mapping: identity.span(of: UInt32.self, count: theirs.count),
                    context: &context)
            }
        }
    }

    /// Updates the accumulator with each distinct value once, in the order of first rows, or of ORDER BY.
    func feed(
        _ accumulator: inout any Accumulator, context: inout KernelContext
    ) throws(QueryError) {
        let pool = context.pool
        var sorted: [SortRecord] = []
        let firstRows = firstRows.span()
        for id in firstRows.indices where firstRows[id] != .max {
            sorted.append(SortRecord(word: firstRows[id], row: UInt32(id)))
        }
        sorted.sort { $0.word < $1.word }
        let ids = sorted.map(\.row)
        guard !ids.isEmpty else { return }
        var columns: [Column] = []
        for (i, representative) in representatives.enumerated() {
            if let representative {
                let all = try representative.finish(
                    range: 0..<firstRows.count, context: &context)
                columns.append(
                    try storage { () throws(ColumnarError) in
                        try all.gathered(at: ids.span, pool: pool)
                    })
            } else {
                columns.append(try interner.keyColumn(i + 1, ids: ids.span))
            }
        }
        let groupColumn = try interner.keyColumn(0, ids: ids.span)
        var order: [UInt32] = []
        if !call.orderBy.isEmpty {
            order = try ordering(columns, count: ids.count, pool: pool)
            for i in columns.indices {
                columns[i] = try storage { () throws(ColumnarError) in
                    try columns[i].gathered(at: order.span, pool: pool)
                }
            }
        }
        guard case .flat(let flat) = groupColumn else { return }
        let groups = try storage { () throws(ColumnarError) in
            try pool.allocate(UInt32.self, count: ids.count)
        }
        let values = flat.values(as: Int64.self)
        var target = groups.mutableSpan(of: UInt32.self, count: ids.count)
        for i in 0..<ids.count {
            target[i] = UInt32(truncatingIfNeeded: values[order.isEmpty ? i : Int(order[i])])
        }
        try AggregateFeed.feed(
            &accumulator, columns: columns, groups: groups, count: ids.count, context: &context)
    }

    /// ORDER BY beside DISTINCT may only name arguments.
    private func ordering(
        _ columns: [Column], count: Int, pool: BufferPool
    ) throws(QueryError) -> [UInt32] {
        var inputs: [SortInput] = []
        for key in call.orderBy {
            guard let position = call.arguments.firstIndex(of: key.column) else {
                throw QueryError(
                    .expressionNotInDistinct,
                    "For aggregate function with DISTINCT, ORDER BY expressions must appear in arguments"
                )
            }
            inputs.append(
                SortInput(
                    column: columns[position], type: key.type, isDescending: key.isDescending,
                    nullsFirst: key.nullsFirst))
        }
        return try storage { () throws(ColumnarError) in
            let order = try RowSorter(inputs, count: count, pool: pool).sorted()
            let span = order.span(of: UInt32.self, count: count)
            return span.indices.map { span[$0] }
        }
    }
}
