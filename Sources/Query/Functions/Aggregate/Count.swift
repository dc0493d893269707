import Columnar

/// The aggregates count(*), count(x) and count_if(condition).
struct CountAccumulator: Accumulator {
    enum Rule: Sendable { case rows, nonNull, trueOnly }

    private let rule: Rule
    private var counts = StateArray<Int64>(initial: 0)

    init(_ rule: Rule) {
        self.rule = rule
    }

    var countsTrue: Bool { rule == .trueOnly }

    /// Sets one group's state, for window frames.
    mutating func set(_ group: Int, sum: Int128, count: Int64) {
        counts[group] = count
    }

    var countsRows: Bool { rule == .rows }

    /// Counts rows of one group without looking at them.
    mutating func add(rows: Int, group: Int) {
        counts[group] = counts[group] &+ Int64(rows)
    }

    mutating func grow(groupCount: Int, pool: BufferPool) throws(QueryError) {
        try counts.grow(to: groupCount, pool: pool)
    }

    mutating func update(
        arguments: [Column], rows: Span<UInt16>, groups: Span<UInt32>, order: RowOrigin?,
        context: inout KernelContext
    ) throws(QueryError) {
        var counts = counts.mutableSpan()
        if rule == .trueOnly {
            let pool = context.pool
            let flat = try storage { () throws(ColumnarError) in
                try arguments[0].flattened(pool: pool)
            }
            guard case .bits(let bits) = flat else { return }
            let values = bits.values.words()
            for i in rows.indices {
                let row = Int(rows[i])
                let isTrue = Bitmap.isSet(values, row) && (bits.validity.map { $0[row] } ?? true)
                counts[Int(groups[i])] &+= isTrue ? 1 : 0
            }
            return
        }
        var validity: Bitmap?
        if rule == .nonNull {
            let pool = context.pool
            validity = try storage { () throws(ColumnarError) in
                try arguments[0].validity(pool: pool)
            }
        }
        guard let validity else {
            for i in groups.indices { counts[Int(groups[i])] &+= 1 }
            return
        }
        let words = validity.words()
        for i in rows.indices {
            counts[Int(groups[i])] &+= Bitmap.isSet(words, Int(rows[i])) ? 1 : 0
        }
    }

    mutating func merge(
        _ other: any Accumulator, mapping: Span<UInt32>, context: inout KernelContext
    ) throws(QueryError) {
        guard let other = other as? CountAccumulator else { return }
        var counts = counts.mutableSpan()
        let theirs = other.counts.span()
        for i in theirs.indices { counts[Int(mapping[i])] &+= theirs[i] }
    }

    func finish(range: Range<Int>, context: inout KernelContext) throws(QueryError) -> Column {
        try ResultColumn.flat(.int64, count: range.count, pool: context.pool) {
            (target: inout MutableSpan<Int64>) in
            let counts = counts.span()
            for i in range { target[i - range.lowerBound] = counts[i] }
        }
    }
}

/// Result columns that are filled in one pass.
enum ResultColumn {
    /// A flat column; `fill` writes all values.
    static func flat<T: BitwiseCopyable>(
        _ storage: Storage, count: Int, validity: Bitmap? = nil, pool: BufferPool,
        fill: (inout MutableSpan<T>) -> Void
    ) throws(QueryError) -> Column {
        do throws(ColumnarError) {
            let buffer = try pool.allocate(T.self, count: count)
            var target = buffer.mutableSpan(of: T.self, count: count)
            fill(&target)
            return .flat(
                FlatColumn(storage: storage, buffer: buffer, count: count, validity: validity))
        } catch {
            throw QueryError(error)
        }
    }

    /// One bit a row where `isValid`; nil when all are.
    static func validity(
        count: Int, pool: BufferPool, isValid: (Int) -> Bool
    ) throws(QueryError) -> Bitmap? {
        do throws(ColumnarError) {
            let bitmap = try Bitmap.filled(true, count: count, pool: pool)
            var words = bitmap.mutableWords()
            var hasNull = false
            for i in 0..<count where !isValid(i) {
                words[i >> 6] &= ~(1 << UInt64(i & 63))
                hasNull = true
            }
            return hasNull ? bitmap : nil
        } catch {
            throw QueryError(error)
        }
    }
}
