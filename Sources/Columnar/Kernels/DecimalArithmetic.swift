/// Decimal arithmetic on unscaled integers, with Trino 401's result types.
///
/// Operands are first brought to one scale (add, subtract, modulus) or multiplied out (divide); quotients
/// round half up, away from zero. Results beyond 38 digits fail.
package enum DecimalArithmetic {
    /// The powers of ten up to 38 digits.
    package static let powers: [Int128] = {
        var all: [Int128] = [1]
        for _ in 1...38 { all.append(all[all.count - 1] * 10) }
        return all
    }()

    /// `a op b`, where `types` are the operands' and `result` the result's decimal types.
    package static func columns(
        _ op: ArithmeticOperation, _ a: Column, _ b: Column, types: (DataType, DataType),
        result: DataType, selection: Selection = .all, pool: BufferPool
    ) throws(ColumnarError) -> Arithmetic.Outcome {
        if case .constant(let x) = a, case .constant(let y) = b {
            let one = try columns(op, x.value, y.value, types: types, result: result, pool: pool)
            return Arithmetic.repeated(one, count: a.count, selection)
        }
        guard case .decimal(_, let aScale) = types.0, case .decimal(_, let bScale) = types.1,
            case .decimal(let precision, let scale) = result
        else { preconditionFailure("decimal arithmetic on decimals") }
        let sides = try Arithmetic.Sides(a, b, selection, pool)
        let plan = Plan(op, aScale: aScale, bScale: bScale, precision: precision, scale: scale)
        switch (sides.a.storage, sides.b.storage, result.storage) {
        case (.int64, .int64, .int64):
            if let short = try short(plan, sides, pool) { return (short, []) }
            return try rows(plan, Int64.self, Int64.self, Int64.self, sides, selection, pool)
        case (.int64, .int64, _):
            return try rows(plan, Int64.self, Int64.self, Int128.self, sides, selection, pool)
        case (.int64, _, .int64):
            return try rows(plan, Int64.self, Int128.self, Int64.self, sides, selection, pool)
        case (.int64, _, _):
            return try rows(plan, Int64.self, Int128.self, Int128.self, sides, selection, pool)
        case (_, .int64, .int64):
            return try rows(plan, Int128.self, Int64.self, Int64.self, sides, selection, pool)
        case (_, .int64, _):
            return try rows(plan, Int128.self, Int64.self, Int128.self, sides, selection, pool)
        default:
            return try rows(plan, Int128.self, Int128.self, Int128.self, sides, selection, pool)
        }
    }

    /// What one row computes: factors for both sides, then the operator, then the digits' limit.
    private struct Plan {
        let op: ArithmeticOperation
        let aFactor: Int128
        let bFactor: Int128
        let limit: Int128

        init(_ op: ArithmeticOperation, aScale: Int, bScale: Int, precision: Int, scale: Int) {
            self.op = op
            limit = powers[min(max(precision, 1), 38)]
            switch op {
            case .multiply:
                aFactor = 1
                bFactor = 1
            case .divide:
                // a / b = (A / 10^as) / (B / 10^bs): A is brought to 10^(scale - as + bs).
                let shift = scale - aScale + bScale
                aFactor = powers[min(max(shift, 0), 38)]
                bFactor = powers[min(max(-shift, 0), 38)]
            case .add, .subtract, .modulus:
                let common = max(aScale, bScale)
                aFactor = powers[min(common - aScale, 38)]
                bFactor = powers[min(common - bScale, 38)]
            }
        }

        func compute(_ a: Int128, _ b: Int128) -> (value: Int128, failure: ArithmeticFailure.Kind?)
        {
            if op == .divide { return quotient(a, b) }
            let (x, o1) = a.multipliedReportingOverflow(by: aFactor)
            let (y, o2) = b.multipliedReportingOverflow(by: bFactor)
            let value: Int128
            var overflow = o1 || o2
            switch op {
            case .add:
                let (sum, o3) = x.addingReportingOverflow(y)
                value = sum
                overflow = overflow || o3
            case .subtract:
                let (difference, o3) = x.subtractingReportingOverflow(y)
                value = difference
                overflow = overflow || o3
            case .multiply:
                let (product, o3) = x.multipliedReportingOverflow(by: y)
                value = product
                overflow = overflow || o3
            case .modulus, .divide:
                if b == 0 { return (0, .divisionByZero) }
                value = y == -1 || overflow ? 0 : x % y
            }
            if overflow || value >= limit || value <= -limit { return (0, .overflow) }
            return (value, nil)
        }

        /// Half up on the magnitudes, in 256 bits where the dividend needs them.
        private func quotient(
            _ a: Int128, _ b: Int128
        ) -> (value: Int128, failure: ArithmeticFailure.Kind?) {
            if b == 0 { return (0, .divisionByZero) }
            let (divisor, o) = b.magnitude.multipliedReportingOverflow(by: bFactor.magnitude)
            // A divisor past 128 bits exceeds twice any dividend of 38 digits.
            if o { return (0, nil) }
            let (high, low) = a.magnitude.multipliedFullWidth(by: aFactor.magnitude)
            var result: UInt128
            let rest: UInt128
            if high == 0 {
                (result, rest) = low.quotientAndRemainder(dividingBy: divisor)
            } else {
                if high >= divisor { return (0, .overflow) }
                (result, rest) = divisor.dividingFullWidth((high, low))
            }
            if rest >= divisor - rest { result += 1 }
            if result >= limit.magnitude { return (0, .overflow) }
            let value = Int128(result)
            return ((a < 0) != (b < 0) ? -value : value, nil)
        }
    }

    /// All in 64 bits, for the usual sums and products of short decimals; nil if any row might not fit.
    private static func short(
        _ plan: Plan, _ s: Arithmetic.Sides, _ pool: BufferPool
    ) throws(ColumnarError) -> Column? {
        guard plan.op == .add || plan.op == .subtract || plan.op == .multiply else { return nil }
        let x = s.a.values(as: Int64.self)
        let y = s.b.values(as: Int64.self)
        let aFactor = Int64(truncatingIfNeeded: plan.aFactor)
        let bFactor = Int64(truncatingIfNeeded: plan.bFactor)
        let limit = Int64(truncatingIfNeeded: plan.limit)
        guard plan.limit <= powers[18], plan.aFactor <= powers[18], plan.bFactor <= powers[18]
        else { return nil }
        let buffer = try pool.allocate(Int64.self, count: s.count)
        var target = buffer.mutableSpan(of: Int64.self, count: s.count)
        var failed = false
        switch plan.op {
        case .multiply:
            Arithmetic.forRows(s, x, y) { i, a, b in
                let (product, overflow) = a.multipliedReportingOverflow(by: b)
                failed = failed || overflow || product.magnitude >= limit.magnitude
                target[i] = product
            }
        default:
            let sign: Int64 = plan.op == .add ? 1 : -1
            Arithmetic.forRows(s, x, y) { i, a, b in
                let (left, o1) = a.multipliedReportingOverflow(by: aFactor)
                let (right, o2) = b.multipliedReportingOverflow(by: bFactor &* sign)
                let (sum, o3) = left.addingReportingOverflow(right)
                failed = failed || o1 || o2 || o3 || sum.magnitude >= limit.magnitude
                target[i] = sum
            }
        }
        guard !failed else { return nil }
        return .flat(
            FlatColumn(storage: .int64, buffer: buffer, count: s.count, validity: s.validity))
    }

    @inline(__always)
    private static func rows<
        A: FixedWidthInteger & BitwiseCopyable, B: FixedWidthInteger & BitwiseCopyable,
        R: FixedWidthInteger & BitwiseCopyable
    >(
        _ plan: Plan, _ aType: A.Type, _ bType: B.Type, _ resultType: R.Type,
        _ s: Arithmetic.Sides, _ selection: Selection, _ pool: BufferPool
    ) throws(ColumnarError) -> Arithmetic.Outcome {
        let buffer = try pool.allocate(R.self, count: s.count)
        var target = buffer.mutableSpan(of: R.self, count: s.count)
        let x = s.a.values(as: A.self)
        let y = s.b.values(as: B.self)
        var failed = false
        Arithmetic.forRows(s, x, y) { i, a, b in
            let (value, failure) = plan.compute(Int128(a), Int128(b))
            failed = failed || failure != nil
            target[i] = R(truncatingIfNeeded: value)
        }
        var validity = s.validity
        var found: [ArithmeticFailure] = []
        if failed {
            (validity, found) = try Arithmetic.failures(s, selection, pool) { row in
                plan.compute(Int128(x[s.aOne ? 0 : row]), Int128(y[s.bOne ? 0 : row])).failure
            }
        }
        return (
            .flat(
                FlatColumn(
                    storage: R.bitWidth == 64 ? .int64 : .int128, buffer: buffer, count: s.count,
                    validity: validity)), found
        )
    }
}
