import Columnar

/// The aggregate approx_percentile, answered exactly: the smallest value with at least that share below or at it.
struct PercentileAccumulator: Accumulator {
    private let valueType: DataType
    private let isWeighted: Bool
    private let isList: Bool
    private var log: RowLog
    private var shares: [Double]?

    init(valueType: DataType, isWeighted: Bool, isList: Bool) {
        self.valueType = valueType
        self.isWeighted = isWeighted
        self.isList = isList
        log = RowLog(types: [valueType] + (isWeighted ? [.double] : []))
    }

    mutating func grow(groupCount: Int, pool: BufferPool) throws(QueryError) {}

    mutating func update(
        arguments: [Column], rows: Span<UInt16>, groups: Span<UInt32>, order: RowOrigin?,
        context: inout KernelContext
    ) throws(QueryError) {
        if shares == nil, rows.count > 0 {
            try takeShares(arguments[arguments.count - 1], row: Int(rows[0]))
        }
        let logged = try LoggedRows(
            rows: rows, groups: groups, order: order, required: arguments[0], pool: context.pool)
        try log.append(
            Array(arguments.dropLast()), rows: logged.rows.span, groups: logged.groups.span,
            pool: context.pool
        ) { logged.numbers[$0] }
    }

    /// The percentages are a constant argument.
    private mutating func takeShares(_ column: Column, row: Int) throws(QueryError) {
        let type: DataType = isList ? .array(.double) : .double
        let value = try storage { () throws(ColumnarError) in
            try column.value(at: row, type: type)
        }
        var result: [Double] = []
        let items: [Value] = if case .list(let items) = value { items } else { [value] }
        for item in items {
            guard case .double(let share) = item else {
                throw QueryError(.invalidFunctionArgument, "Percentile cannot be null")
            }
            guard share >= 0, share <= 1 else {
                throw QueryError(.invalidFunctionArgument, "Percentile must be between 0 and 1")
            }
            result.append(share)
        }
        shares = result
    }

    mutating func merge(
        _ other: any Accumulator, mapping: Span<UInt32>, context: inout KernelContext
    ) throws(QueryError) {
        guard let other = other as? PercentileAccumulator else { return }
        shares = shares ?? other.shares
        try log.merge(other.log, mapping: mapping, pool: context.pool)
    }

    func finish(range: Range<Int>, context: inout KernelContext) throws(QueryError) -> Column {
        let pool = context.pool
        let (starts, rows) = try log.grouped(range, pool: pool)
        let columns = try log.columns(pool: pool)
        let order = try sorted(starts, rows, columns[0], pool)
        let weights = try isWeighted ? self.weights(columns[1], rows, pool) : nil
        let shares = shares ?? []
        var picked: [UInt32] = []
        var listStarts = [0]
        for group in 0..<range.count {
            let members = order[starts[group]..<starts[group + 1]]
            for share in shares where !members.isEmpty {
                let place =
                    weights.map { Self.place(share, members, $0) }
                    ?? max(Int((share * Double(members.count)).rounded(.up)) - 1, 0)
                picked.append(rows[Int(members[members.startIndex + place])])
            }
            if !isList && (members.isEmpty || shares.isEmpty) { picked.append(Column.nullRow) }
            listStarts.append(picked.count)
        }
        let held = picked
        let values = try storage { () throws(ColumnarError) in
            try columns[0].gathered(at: held.span, pool: pool)
        }
        guard isList else { return values }
        return try ResultColumn.lists(starts: listStarts, child: values, pool: pool) {
            starts[$0] < starts[$0 + 1]
        }
    }

    /// The first place at which the running weight reaches its share.
    private static func place(
        _ share: Double, _ members: ArraySlice<UInt32>, _ weights: [Double]
    ) -> Int {
        var total = 0.0
        for member in members { total += weights[Int(member)] }
        var running = 0.0
        for (place, member) in members.enumerated() {
            running += weights[Int(member)]
            if running >= share * total { return place }
        }
        return members.count - 1
    }

    /// Places in `rows`, group by group, by value.
    private func sorted(
        _ starts: [Int], _ rows: [UInt32], _ values: Column, _ pool: BufferPool
    ) throws(QueryError) -> [UInt32] {
        let owner = try ResultColumn.flat(.int64, count: rows.count, pool: pool) {
            (target: inout MutableSpan<Int64>) in
            for group in 0..<starts.count - 1 {
                for i in starts[group]..<starts[group + 1] { target[i] = Int64(group) }
            }
        }
        return try storage { () throws(ColumnarError) in
            let ordered = try values.gathered(at: rows.span, pool: pool)
            let sorter = try RowSorter(
                [
                    SortInput(
                        column: owner, type: .bigint, isDescending: false, nullsFirst: false),
                    SortInput(
                        column: ordered, type: valueType, isDescending: false, nullsFirst: false),
                ], count: rows.count, pool: pool)
            let order = try sorter.sorted()
            let span = order.span(of: UInt32.self, count: rows.count)
            return span.indices.map { span[$0] }
        }
    }

    private func weights(
        _ column: Column, _ rows: [UInt32], _ pool: BufferPool
    ) throws(QueryError) -> [Double] {
        let flat = try storage { () throws(ColumnarError) in
            try column.gathered(at: rows.span, pool: pool).flattened(pool: pool)
        }
        guard case .flat(let values) = flat else { return [] }
        let span = values.values(as: Double.self)
        var result: [Double] = []
        for i in rows.indices {
            let isNull = values.validity.map { !$0[i] } ?? false
            guard !isNull, span[i] > 0 else {
                throw QueryError(
                    .invalidFunctionArgument, "percentile weight must be strictly greater than 0")
            }
            result.append(span[i])
        }
        return result
    }
}
