import Columnar

/// The aggregates sum and avg over integers, decimals and intervals: exact 128-bit sums, tested at the end.
struct ExactSumAccumulator: Accumulator {
    enum Result: Sendable {
        case bigint
        case decimal
        /// Of integers: the exact sum divided once.
        case averageDouble
        /// Rounded half up to the argument's scale.
        case averageDecimal
        case intervalDayToSecond, intervalYearToMonth
        case averageDayToSecond, averageYearToMonth
    }

    private let result: Result
    private let resultType: DataType
    private var sums = StateArray<Int128>(initial: 0)
    private var counts = StateArray<Int64>(initial: 0)

    init(_ result: Result, resultType: DataType) {
        self.result = result
        self.resultType = resultType
    }

    /// Sets one group's state, for window frames.
    mutating func set(_ group: Int, sum: Int128, count: Int64) {
        sums[group] = sum
        counts[group] = count
    }

    mutating func grow(groupCount: Int, pool: BufferPool) throws(QueryError) {
        try sums.grow(to: groupCount, pool: pool)
        try counts.grow(to: groupCount, pool: pool)
    }

    mutating func update(
        arguments: [Column], rows: Span<UInt16>, groups: Span<UInt32>, order: RowOrigin?,
        context: inout KernelContext
    ) throws(QueryError) {
        let pool = context.pool
        let flat = try storage { () throws(ColumnarError) in
            try arguments[0].flattened(pool: pool)
        }
        guard case .flat(let column) = flat else { return }
        switch column.storage {
        case .int32: add(column.values(as: Int32.self), column.validity, rows, groups)
        case .int64: add(column.values(as: Int64.self), column.validity, rows, groups)
        case .int128:
            try addWide(column.values(as: Int128.self), column.validity, rows, groups)
        case .bit, .float32, .float64, .text, .list, .row: return
        }
    }

    /// Values of 64 bits cannot overflow 128 in fewer than 2^63 rows.
    @inline(__always)
    private mutating func add<T: FixedWidthInteger & BitwiseCopyable>(
        _ values: Span<T>, _ validity: Bitmap?, _ rows: Span<UInt16>, _ groups: Span<UInt32>
    ) {
        var sums = sums.mutableSpan()
        var counts = counts.mutableSpan()
        guard let validity else {
            for i in rows.indices {
                let group = Int(groups[i])
                sums[group] &+= Int128(values[Int(rows[i])])
                counts[group] &+= 1
            }
            return
        }
        let words = validity.words()
        for i in rows.indices where Bitmap.isSet(words, Int(rows[i])) {
            let group = Int(groups[i])
            sums[group] &+= Int128(values[Int(rows[i])])
            counts[group] &+= 1
        }
    }

    private mutating func addWide(
        _ values: Span<Int128>, _ validity: Bitmap?, _ rows: Span<UInt16>, _ groups: Span<UInt32>
    ) throws(QueryError) {
        var sums = sums.mutableSpan()
        var counts = counts.mutableSpan()
        for i in rows.indices {
            let row = Int(rows[i])
            if let validity, !validity[row] { continue }
            let group = Int(groups[i])
            let (sum, overflow) = sums[group].addingReportingOverflow(values[row])
            if overflow { throw Self.decimalOverflow }
            sums[group] = sum
            counts[group] &+= 1
        }
    }

    mutating func merge(
        _ other: any Accumulator, mapping: Span<UInt32>, context: inout KernelContext
    ) throws(QueryError) {
        guard let other = other as? ExactSumAccumulator else { return }
        var sums = sums.mutableSpan()
        var counts = counts.mutableSpan()
        let theirSums = other.sums.span()
        let theirCounts = other.counts.span()
        for i in theirSums.indices {
            let group = Int(mapping[i])
            let (sum, overflow) = sums[group].addingReportingOverflow(theirSums[i])
            if overflow { throw Self.decimalOverflow }
            sums[group] = sum
            counts[group] &+= theirCounts[i]
        }
    }

    func finish(range: Range<Int>, context: inout KernelContext) throws(QueryError) -> Column {
        let pool = context.pool
        let sums = sums.span()
        let counts = counts.span()
        let start = range.lowerBound
        let valid = try ResultColumn.validity(count: range.count, pool: pool) {
            counts[start + $0] > 0
        }
        switch result {
        case .bigint, .intervalDayToSecond:
            let name = result == .bigint ? "bigint" : "interval"
            for i in range { try Self.check(sums[i], name) }
            return try ResultColumn.flat(.int64, count: range.count, validity: valid, pool: pool) {
                (target: inout MutableSpan<Int64>) in
                for i in range { target[i - start] = Int64(truncatingIfNeeded: sums[i]) }
            }
        case .decimal, .averageDecimal:
            return try decimals(range, valid, pool)
        case .averageDouble:
            return try ResultColumn.flat(.float64, count: range.count, validity: valid, pool: pool)
            {
                (target: inout MutableSpan<Double>) in
                for i in range { target[i - start] = Double(sums[i]) / Double(max(counts[i], 1)) }
            }
        case .averageDayToSecond:
            return try ResultColumn.flat(.int64, count: range.count, validity: valid, pool: pool) {
                (target: inout MutableSpan<Int64>) in
                for i in range {
                    let average = Self.divideHalfUp(sums[i], Int128(max(counts[i], 1)))
                    target[i - start] = Int64(truncatingIfNeeded: average)
                }
            }
        case .intervalYearToMonth, .averageYearToMonth:
            let isAverage = result == .averageYearToMonth
            return try ResultColumn.flat(.int32, count: range.count, validity: valid, pool: pool) {
                (target: inout MutableSpan<Int32>) in
                for i in range {
                    let average = Self.divideHalfUp(sums[i], Int128(max(counts[i], 1)))
                    target[i - start] = Int32(truncatingIfNeeded: isAverage ? average : sums[i])
                }
            }
        }
    }

    private func decimals(
        _ range: Range<Int>, _ valid: Bitmap?, _ pool: BufferPool
    ) throws(QueryError) -> Column {
        let sums = sums.span()
        let counts = counts.span()
        let start = range.lowerBound
        let isAverage = result == .averageDecimal
        for i in range where sums[i].magnitude >= Self.decimalLimit { throw Self.decimalOverflow }
        if resultType.storage == .int64 {
            return try ResultColumn.flat(.int64, count: range.count, validity: valid, pool: pool) {
                (target: inout MutableSpan<Int64>) in
                for i in range {
                    let average = Self.divideHalfUp(sums[i], Int128(max(counts[i], 1)))
                    target[i - start] = Int64(truncatingIfNeeded: isAverage ? average : sums[i])
                }
            }
        }
        return try ResultColumn.flat(.int128, count: range.count, validity: valid, pool: pool) {
            (target: inout MutableSpan<Int128>) in
            for i in range {
                let average = Self.divideHalfUp(sums[i], Int128(max(counts[i], 1)))
                target[i - start] = isAverage ? average : sums[i]
            }
        }
    }

    /// 10^38, the first value beyond decimal(38).
    private static let decimalLimit: UInt128 = (0..<38).reduce(1) { power, _ in power * 10 }

    private static let decimalOverflow = QueryError(.numericValueOutOfRange, "Decimal overflow")

    private static func check(_ sum: Int128, _ name: String) throws(QueryError) {
        guard Int64(exactly: sum) == nil else { return }
        let near = sum > 0 ? Int64.max : Int64.min
        throw QueryError(
            .numericValueOutOfRange, "\(name) addition overflow: \(near) + \(sum - Int128(near))")
    }

    /// Rounds halves away from zero.
    static func divideHalfUp(_ value: Int128, _ divisor: Int128) -> Int128 {
        let (quotient, rest) = value.quotientAndRemainder(dividingBy: divisor)
        guard rest.magnitude >= divisor.magnitude - rest.magnitude else { return quotient }
        return (value < 0) != (divisor < 0) ? quotient - 1 : quotient + 1
    }
}
