import Columnar
import Glibc

/// The aggregate approx_distinct: HyperLogLog registers, kept only where they are not zero.
///
/// Registers of all groups share one table (group, register) → rank, so that a group of few values costs few
/// bytes. Source: Flajolet et al. (2007); estimator of O. Ertl, "New cardinality estimation algorithms for
/// HyperLogLog sketches" (2017), algorithm 6.
struct ApproxDistinctAccumulator: Accumulator {
    private let type: DataType
    private var indexBits = 11
    private var hasError = false
    private var registers: WordInterner?
    private var lookup: WordLookup?
    private var ranks = StateArray<UInt8>(initial: 0)

    init(type: DataType) {
        self.type = type
    }

    mutating func grow(groupCount: Int, pool: BufferPool) throws(QueryError) {
        guard registers == nil else { return }
        let interner = try storage { () throws(ColumnarError) in
            try WordInterner(firstID: 0, pool: pool)
        }
        registers = interner
        lookup = WordLookup(interner, inserting: true)
    }

    mutating func update(
        arguments: [Column], rows: Span<UInt16>, groups: Span<UInt32>, order: RowOrigin?,
        context: inout KernelContext
    ) throws(QueryError) {
        let pool = context.pool
        if arguments.count > 1, rows.count > 0, !hasError {
            try takeError(arguments[1], row: Int(rows[0]))
        }
        let hashes = try ValueHash.hash(arguments[0], type: type, rows: rows, pool: pool)
        let validity = try storage { () throws(ColumnarError) in
            try arguments[0].validity(pool: pool)
        }
        let words = try storage { () throws(ColumnarError) in
            try pool.allocate(UInt64.self, count: rows.count)
        }
        var rankOf = [UInt8](repeating: 0, count: rows.count)
        var count = 0
        do {
            let hashes = hashes.span(of: UInt64.self, count: rows.count)
            var target = words.mutableSpan(of: UInt64.self, count: rows.count)
            for i in rows.indices {
                if let validity, !validity[Int(rows[i])] { continue }
                let index = hashes[i] >> UInt64(64 - indexBits)
                let rest = hashes[i] << UInt64(indexBits)
                let rank = min(rest.leadingZeroBitCount, 64 - indexBits) + 1
                target[count] = UInt64(groups[i]) << 16 | index
                rankOf[count] = UInt8(rank)
                count += 1
            }
        }
        try raise(words, rankOf, count, pool)
    }

    private mutating func raise(
        _ words: Buffer, _ rankOf: [UInt8], _ count: Int, _ pool: BufferPool
    ) throws(QueryError) {
        guard count > 0, var lookup, let registers else { return }
        let ids = try storage { () throws(ColumnarError) in
            try pool.allocate(UInt32.self, count: count)
        }
        try lookup.ids(of: words, count: count, into: ids, pool: pool)
        self.lookup = lookup
        try ranks.grow(to: registers.idLimit, pool: pool)
        let span = ids.span(of: UInt32.self, count: count)
        var ranks = ranks.mutableSpan()
        for i in 0..<count { ranks[Int(span[i])] = max(ranks[Int(span[i])], rankOf[i]) }
    }

    /// The wanted standard error is a constant argument.
    private mutating func takeError(_ column: Column, row: Int) throws(QueryError) {
        let value = try storage { () throws(ColumnarError) in
            try column.value(at: row, type: .double)
        }
        guard case .double(let error) = value, error >= 0.0040625, error <= 0.26 else {
            throw QueryError(
                .invalidFunctionArgument, "Standard error must be in [0.0040625, 0.26]")
        }
        hasError = true
        indexBits = 4
        while 1.04 / Double(1 << indexBits).squareRoot() > error && indexBits < 16 {
            indexBits += 1
        }
    }

    mutating func merge(
        _ other: any Accumulator, mapping: Span<UInt32>, context: inout KernelContext
    ) throws(QueryError) {
        guard let other = other as? ApproxDistinctAccumulator, let theirs = other.registers else {
            return
        }
        if other.hasError {
            hasError = true
            indexBits = other.indexBits
        }
        let pool = context.pool
        let (all, count) = theirs.allWords()
        let words = try storage { () throws(ColumnarError) in
            try pool.allocate(UInt64.self, count: count)
        }
        do {
            let source = all.span(of: UInt64.self, count: count)
            var target = words.mutableSpan(of: UInt64.self, count: count)
            for i in 0..<count {
                target[i] = UInt64(mapping[Int(source[i] >> 16)]) << 16 | source[i] & 0xFFFF
            }
        }
        let rankOf = (0..<count).map { other.ranks[$0] }
        try raise(words, rankOf, count, pool)
    }

    func finish(range: Range<Int>, context: inout KernelContext) throws(QueryError) -> Column {
        let size = 66
        var histogram = [Int32](repeating: 0, count: range.count * size)
        if let registers {
            let (all, count) = registers.allWords()
            let words = all.span(of: UInt64.self, count: count)
            for i in 0..<count {
                let group = Int(words[i] >> 16)
                guard range.contains(group) else { continue }
                histogram[(group - range.lowerBound) * size + Int(ranks[i])] += 1
            }
        }
        return try ResultColumn.flat(.int64, count: range.count, pool: context.pool) {
            (target: inout MutableSpan<Int64>) in
            for i in 0..<range.count {
                target[i] = estimate(Array(histogram[i * size..<(i + 1) * size]))
            }
        }
    }

    /// `histogram[k]` registers have rank `k`; those of rank 0 are not stored.
    private func estimate(_ histogram: [Int32]) -> Int64 {
        let registers = 1 << indexBits
        let used = histogram.reduce(0) { $0 + Int($1) }
        guard used > 0 else { return 0 }
        let m = Double(registers)
        let q = 64 - indexBits
        var z = m * Self.tau(1 - Double(histogram[q + 1]) / m)
        for k in stride(from: q, through: 1, by: -1) { z = 0.5 * (z + Double(histogram[k])) }
        z += m * Self.sigma(Double(registers - used) / m)
        return Int64((m * m / (2 * log(2)) / z).rounded())
    }

    private static func sigma(_ start: Double) -> Double {
        guard start < 1 else { return .infinity }
        var x = start
        var y = 1.0
        var z = x
        while true {
            x *= x
            let old = z
            z += x * y
            y += y
            if z == old { return z }
        }
    }

    private static func tau(_ start: Double) -> Double {
        guard start > 0, start < 1 else { return 0 }
        var x = start
        var y = 1.0
        var z = 1 - x
        while true {
            x = x.squareRoot()
            let old = z
            y *= 0.5
            z -= (1 - x) * (1 - x) * y
            if z == old { return z / 3 }
        }
    }
}
