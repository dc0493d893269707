import Columnar

/// The aggregates over squares and products: stddev, variance, covariance, correlation, regression.
///
/// Sums of x, y, x², y² and xy are kept in double-double, so that neither the order of rows nor the
/// cancellation in `Σx² - (Σx)²/n` shows in ordinary data.
struct MomentsAccumulator: Accumulator {
    enum Result: Sendable {
        case varianceSample, variancePopulation, deviationSample, deviationPopulation
        case covarianceSample, covariancePopulation, correlation
        case regressionSlope, regressionIntercept
    }

    private struct State: BitwiseCopyable, Sendable {
        var count: Int64 = 0
        var x = DoubleDouble.zero
        var y = DoubleDouble.zero
        var xx = DoubleDouble.zero
        var yy = DoubleDouble.zero
        var xy = DoubleDouble.zero
    }

    private let result: Result
    private var states = StateArray<State>(initial: State())

    init(_ result: Result) {
        self.result = result
    }

    mutating func grow(groupCount: Int, pool: BufferPool) throws(QueryError) {
        try states.grow(to: groupCount, pool: pool)
    }

    /// With two arguments `y` is the first, `x` the second, as in SQL.
    mutating func update(
        arguments: [Column], rows: Span<UInt16>, groups: Span<UInt32>, order: RowOrigin?,
        context: inout KernelContext
    ) throws(QueryError) {
        let pool = context.pool
        var flats: [FlatColumn] = []
        for argument in arguments {
            let flat = try storage { () throws(ColumnarError) in try argument.flattened(pool: pool)
            }
            guard case .flat(let column) = flat else { return }
            flats.append(column)
        }
        guard let last = flats.last, let first = flats.first else { return }
        let xs = last.values(as: Double.self)
        let ys = first.values(as: Double.self)
        let isPair = flats.count == 2
        var states = states.mutableSpan()
        for i in rows.indices {
            let row = Int(rows[i])
            if let validity = last.validity, !validity[row] { continue }
            if isPair, let validity = first.validity, !validity[row] { continue }
            let group = Int(groups[i])
            let x = xs[row]
            states[group].count &+= 1
            states[group].x.add(x)
            states[group].xx.addProduct(x, x)
            if isPair {
                let y = ys[row]
                states[group].y.add(y)
                states[group].yy.addProduct(y, y)
                states[group].xy.addProduct(x, y)
            }
        }
    }

    mutating func merge(
        _ other: any Accumulator, mapping: Span<UInt32>, context: inout KernelContext
    ) throws(QueryError) {
        guard let other = other as? MomentsAccumulator else { return }
        var states = states.mutableSpan()
        let theirs = other.states.span()
        for i in theirs.indices {
            let group = Int(mapping[i])
            states[group].count &+= theirs[i].count
            states[group].x.add(theirs[i].x)
            states[group].y.add(theirs[i].y)
            states[group].xx.add(theirs[i].xx)
            states[group].yy.add(theirs[i].yy)
            states[group].xy.add(theirs[i].xy)
        }
    }

    func finish(range: Range<Int>, context: inout KernelContext) throws(QueryError) -> Column {
        let states = states.span()
        let start = range.lowerBound
        let pool = context.pool
        let valid = try ResultColumn.validity(count: range.count, pool: pool) {
            value(states[start + $0]) != nil
        }
        return try ResultColumn.flat(.float64, count: range.count, validity: valid, pool: pool) {
            (target: inout MutableSpan<Double>) in
            for i in range { target[i - start] = value(states[i]) ?? 0 }
        }
    }

    /// `Σab - Σa Σb / n`.
    private static func centred(
        _ products: DoubleDouble, _ a: DoubleDouble, _ b: DoubleDouble, _ count: Double
    ) -> Double {
        (products - (a * b) / count).value
    }

    private func value(_ state: State) -> Double? {
        let n = Double(state.count)
        guard state.count > 0 else { return nil }
        let xx = Self.centred(state.xx, state.x, state.x, n)
        let squares = xx < 0 ? 0 : xx
        switch result {
        case .variancePopulation: return squares / n
        case .deviationPopulation: return (squares / n).squareRoot()
        case .varianceSample: return state.count > 1 ? squares / (n - 1) : nil
        case .deviationSample: return state.count > 1 ? (squares / (n - 1)).squareRoot() : nil
        case .covariancePopulation: return Self.centred(state.xy, state.x, state.y, n) / n
        case .covarianceSample:
            return state.count > 1 ? Self.centred(state.xy, state.x, state.y, n) / (n - 1) : nil
        case .correlation:
            let xy = Self.centred(state.xy, state.x, state.y, n)
            let yy = Self.centred(state.yy, state.y, state.y, n)
            let scale = (squares * max(yy, 0)).squareRoot()
            return state.count > 1 && scale != 0 ? xy / scale : nil
        case .regressionSlope, .regressionIntercept:
            let xy = Self.centred(state.xy, state.x, state.y, n)
            guard squares != 0 else { return nil }
            let slope = xy / squares
            if result == .regressionSlope { return slope }
            return (state.y.value - slope * state.x.value) / n
        }
    }
}
