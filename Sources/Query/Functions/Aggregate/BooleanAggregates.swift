import Columnar

/// The aggregates bool_and (every) and bool_or.
struct BooleanAccumulator: Accumulator {
    private let isAnd: Bool
    /// Bit 0: a false was met; bit 1: a true was met.
    private var seen = StateArray<UInt8>(initial: 0)

    init(isAnd: Bool) {
        self.isAnd = isAnd
    }

    mutating func grow(groupCount: Int, pool: BufferPool) throws(QueryError) {
        try seen.grow(to: groupCount, pool: pool)
    }

    mutating func update(
        arguments: [Column], rows: Span<UInt16>, groups: Span<UInt32>, order: RowOrigin?,
        context: inout KernelContext
    ) throws(QueryError) {
        let pool = context.pool
        let flat = try storage { () throws(ColumnarError) in
            try arguments[0].flattened(pool: pool)
        }
        guard case .bits(let bits) = flat else { return }
        let values = bits.values.words()
        var seen = seen.mutableSpan()
        for i in rows.indices {
            let row = Int(rows[i])
            if let validity = bits.validity, !validity[row] { continue }
            seen[Int(groups[i])] |= Bitmap.isSet(values, row) ? 2 : 1
        }
    }

    mutating func merge(
        _ other: any Accumulator, mapping: Span<UInt32>, context: inout KernelContext
    ) throws(QueryError) {
        guard let other = other as? BooleanAccumulator else { return }
        var seen = seen.mutableSpan()
        let theirs = other.seen.span()
        for i in theirs.indices { seen[Int(mapping[i])] |= theirs[i] }
    }

    func finish(range: Range<Int>, context: inout KernelContext) throws(QueryError) -> Column {
        var builder = BitBuilder(pool: context.pool)
        let seen = seen.span()
        for i in range {
            if seen[i] == 0 {
                builder.appendNull()
            } else {
                builder.append(isAnd ? seen[i] & 1 == 0 : seen[i] & 2 != 0)
            }
        }
        return try storage { () throws(ColumnarError) in try builder.finish() }
    }
}
