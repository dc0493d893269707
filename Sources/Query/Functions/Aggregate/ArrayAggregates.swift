import Columnar

/// The aggregate array_agg: all values, NULL too, in row order.
struct ArrayAccumulator: Accumulator {
    private var log: RowLog

    init(elementType: DataType) {
        log = RowLog(types: [elementType])
    }

    mutating func grow(groupCount: Int, pool: BufferPool) throws(QueryError) {}

    mutating func update(
        arguments: [Column], rows: Span<UInt16>, groups: Span<UInt32>, order: RowOrigin?,
        context: inout KernelContext
    ) throws(QueryError) {
        let logged = try LoggedRows(
            rows: rows, groups: groups, order: order, required: nil, pool: context.pool)
        try log.append(
            arguments, rows: logged.rows.span, groups: logged.groups.span, pool: context.pool
        ) { logged.numbers[$0] }
    }

    mutating func merge(
        _ other: any Accumulator, mapping: Span<UInt32>, context: inout KernelContext
    ) throws(QueryError) {
        guard let other = other as? ArrayAccumulator else { return }
        try log.merge(other.log, mapping: mapping, pool: context.pool)
    }

    func finish(range: Range<Int>, context: inout KernelContext) throws(QueryError) -> Column {
        let pool = context.pool
        let (starts, rows) = try log.grouped(range, pool: pool)
        let values = try log.columns(pool: pool)[0]
        let child = try storage { () throws(ColumnarError) in
            try values.gathered(at: rows.span, pool: pool)
        }
        return try ResultColumn.lists(
            starts: starts, child: child, pool: pool
        ) { starts[$0] < starts[$0 + 1] }
    }
}

/// The aggregate listagg: texts joined by a separator in row order; NULLs are skipped.
struct TextListAccumulator: Accumulator {
    private var log = RowLog(types: [.text])
    private var separator: [UInt8]?

    /// Trino's bound of one result, in bytes.
    private static let resultBytes = 1_048_576

    mutating func grow(groupCount: Int, pool: BufferPool) throws(QueryError) {}

    mutating func update(
        arguments: [Column], rows: Span<UInt16>, groups: Span<UInt32>, order: RowOrigin?,
        context: inout KernelContext
    ) throws(QueryError) {
        if separator == nil, arguments.count > 1, rows.count > 0 {
            let value = try storage { () throws(ColumnarError) in
                try arguments[1].value(at: Int(rows[0]), type: .text)
            }
            if case .text(let text) = value { separator = Array(text.utf8) }
        }
        let logged = try LoggedRows(
            rows: rows, groups: groups, order: order, required: arguments[0], pool: context.pool)
        try log.append(
            [arguments[0]], rows: logged.rows.span, groups: logged.groups.span, pool: context.pool
        ) { logged.numbers[$0] }
    }

    mutating func merge(
        _ other: any Accumulator, mapping: Span<UInt32>, context: inout KernelContext
    ) throws(QueryError) {
        guard let other = other as? TextListAccumulator else { return }
        separator = separator ?? other.separator
        try log.merge(other.log, mapping: mapping, pool: context.pool)
    }

    func finish(range: Range<Int>, context: inout KernelContext) throws(QueryError) -> Column {
        let pool = context.pool
        let (starts, rows) = try log.grouped(range, pool: pool)
        let values = try log.columns(pool: pool)[0]
        let flat = try storage { () throws(ColumnarError) in try values.flattened(pool: pool) }
        guard case .text(let text) = flat else { return flat }
        var pieces: [UInt8] = []
        var builder = try storage { () throws(ColumnarError) in
            try TextBuilder(pool: pool, capacity: max(range.count, 1))
        }
        for group in 0..<range.count {
            pieces.removeAll(keepingCapacity: true)
            for i in starts[group]..<starts[group + 1] {
                if i > starts[group], let separator { pieces += separator }
                pieces += text.bytes(at: Int(rows[i]))
                guard pieces.count <= Self.resultBytes else {
                    throw QueryError(
                        .invalidFunctionArgument,
                        "Concatenated string has the length in bytes larger than the maximum "
                            + "output length \(Self.resultBytes)")
                }
            }
            do throws(ColumnarError) {
                if starts[group] == starts[group + 1] {
                    try builder.appendNull()
                } else {
                    try builder.append(pieces)
                }
            } catch {
                throw QueryError(error)
            }
        }
        let done = builder
        return try storage { () throws(ColumnarError) in try done.finish() }
    }
}

extension ResultColumn {
    /// Lists over consecutive child rows: list `i` is `starts[i]..<starts[i + 1]`.
    static func lists(
        starts: [Int], child: Column, pool: BufferPool, isValid: (Int) -> Bool
    ) throws(QueryError) -> Column {
        let count = starts.count - 1
        let valid = try validity(count: count, pool: pool, isValid: isValid)
        return try storage { () throws(ColumnarError) in
            let offsets = try pool.allocate(UInt32.self, count: count + 1)
            var target = offsets.mutableSpan(of: UInt32.self, count: count + 1)
            for i in 0...count { target[i] = UInt32(truncatingIfNeeded: starts[i]) }
            return .list(
                ListColumn(offsets: offsets, count: count, child: child, validity: valid))
        }
    }
}
