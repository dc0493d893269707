import Columnar
import Glibc

/// The aggregates sum, avg and geometric_mean over real and double: the order of rows does not show.
struct DoubleSumAccumulator: Accumulator {
    enum Result: Sendable { case sum, average, geometricMean }

    private let result: Result
    private let isReal: Bool
    private var sums = StateArray<DoubleDouble>(initial: .zero)
    private var counts = StateArray<Int64>(initial: 0)

    init(_ result: Result, isReal: Bool) {
        self.result = result
        self.isReal = isReal
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
        if column.storage == .float32 {
            add(column.values(as: Float.self), column.validity, rows, groups)
        } else if column.storage == .float64 {
            add(column.values(as: Double.self), column.validity, rows, groups)
        }
    }

    @inline(__always)
    private mutating func add<T: BinaryFloatingPoint & BitwiseCopyable>(
        _ values: Span<T>, _ validity: Bitmap?, _ rows: Span<UInt16>, _ groups: Span<UInt32>
    ) {
        var sums = sums.mutableSpan()
        var counts = counts.mutableSpan()
        let isLogarithm = result == .geometricMean
        guard let validity else {
            for i in rows.indices {
                let value = Double(values[Int(rows[i])])
                sums[Int(groups[i])].add(isLogarithm ? log(value) : value)
                counts[Int(groups[i])] &+= 1
            }
            return
        }
        let bits = validity.words()
        for i in rows.indices where Bitmap.isSet(bits, Int(rows[i])) {
            let value = Double(values[Int(rows[i])])
            sums[Int(groups[i])].add(isLogarithm ? log(value) : value)
            counts[Int(groups[i])] &+= 1
        }
    }

    mutating func merge(
        _ other: any Accumulator, mapping: Span<UInt32>, context: inout KernelContext
    ) throws(QueryError) {
        guard let other = other as? DoubleSumAccumulator else { return }
        var sums = sums.mutableSpan()
        var counts = counts.mutableSpan()
        let theirSums = other.sums.span()
        let theirCounts = other.counts.span()
        for i in theirSums.indices {
            sums[Int(mapping[i])].add(theirSums[i])
            counts[Int(mapping[i])] &+= theirCounts[i]
        }
    }

    func finish(range: Range<Int>, context: inout KernelContext) throws(QueryError) -> Column {
        let sums = sums.span()
        let counts = counts.span()
        let start = range.lowerBound
        let pool = context.pool
        let valid = try ResultColumn.validity(count: range.count, pool: pool) {
            counts[start + $0] > 0
        }
        func value(_ i: Int) -> Double {
            switch result {
            case .sum: sums[i].value
            case .average: (sums[i] / Double(max(counts[i], 1))).value
            case .geometricMean: exp((sums[i] / Double(max(counts[i], 1))).value)
            }
        }
        if isReal {
            return try ResultColumn.flat(.float32, count: range.count, validity: valid, pool: pool)
            {
                (target: inout MutableSpan<Float>) in
                for i in range { target[i - start] = Float(value(i)) }
            }
        }
        return try ResultColumn.flat(.float64, count: range.count, validity: valid, pool: pool) {
            (target: inout MutableSpan<Double>) in
            for i in range { target[i - start] = value(i) }
        }
    }
}
