import Columnar

/// The aggregates max(x, n), min(x, n), max_by(x, y, n) and min_by(x, y, n): the n best values as an array.
struct TopRowsAccumulator: Accumulator {
    private let isMax: Bool
    private let keyType: DataType
    private let isSelfKeyed: Bool
    private var log: RowLog
    private var wanted: Int?

    init(isMax: Bool, valueType: DataType, keyType: DataType, isSelfKeyed: Bool) {
        self.isMax = isMax
        self.keyType = keyType
        self.isSelfKeyed = isSelfKeyed
        log = RowLog(types: isSelfKeyed ? [valueType] : [valueType, keyType])
    }

    mutating func grow(groupCount: Int, pool: BufferPool) throws(QueryError) {}

    mutating func update(
        arguments: [Column], rows: Span<UInt16>, groups: Span<UInt32>, order: RowOrigin?,
        context: inout KernelContext
    ) throws(QueryError) {
        if wanted == nil, rows.count > 0 {
            let last = arguments[arguments.count - 1]
            let value = try storage { () throws(ColumnarError) in
                try last.value(at: Int(rows[0]), type: .bigint)
            }
            guard case .int(let count) = value, count > 0, count <= 10_000 else {
                throw QueryError(
                    .invalidFunctionArgument,
                    "third argument of max_by/min_by must be a positive integer up to 10000")
            }
            wanted = Int(count)
        }
        let columns = Array(arguments.dropLast())
        let logged = try LoggedRows(
            rows: rows, groups: groups, order: order, required: columns[columns.count - 1],
            pool: context.pool)
        try log.append(
            columns, rows: logged.rows.span, groups: logged.groups.span, pool: context.pool
        ) { logged.numbers[$0] }
    }

    mutating func merge(
        _ other: any Accumulator, mapping: Span<UInt32>, context: inout KernelContext
    ) throws(QueryError) {
        guard let other = other as? TopRowsAccumulator else { return }
        wanted = wanted ?? other.wanted
        try log.merge(other.log, mapping: mapping, pool: context.pool)
    }

    func finish(range: Range<Int>, context: inout KernelContext) throws(QueryError) -> Column {
        let pool = context.pool
        let (starts, rows) = try log.grouped(range, pool: pool)
        let columns = try log.columns(pool: pool)
        let key = columns[columns.count - 1]
        var picked: [UInt32] = []
        var listStarts = [0]
        for group in 0..<range.count {
            let members = Array(rows[starts[group]..<starts[group + 1]])
            let best = try storage { () throws(ColumnarError) in
                let sorter = try RowSorter(
                    [
                        SortInput(
                            column: try key.gathered(at: members.span, pool: pool), type: keyType,
                            isDescending: isMax, nullsFirst: false)
                    ], count: members.count, pool: pool)
                let order = try sorter.sorted()
                let span = order.span(of: UInt32.self, count: members.count)
                return (0..<min(wanted ?? 0, members.count)).map { members[Int(span[$0])] }
            }
            picked += best
            listStarts.append(picked.count)
        }
        let held = picked
        let values = try storage { () throws(ColumnarError) in
            try columns[0].gathered(at: held.span, pool: pool)
        }
        return try ResultColumn.lists(starts: listStarts, child: values, pool: pool) {
            starts[$0] < starts[$0 + 1]
        }
    }
}
