/// The five operators on numbers.
package enum ArithmeticOperation: Sendable, Hashable {
    case add, subtract, multiply, divide, modulus
}

/// Why one row of arithmetic failed; the caller words the error.
package struct ArithmeticFailure: Sendable, Hashable {
    package enum Kind: Sendable, Hashable { case overflow, divisionByZero }
    package var row: Int
    package var kind: Kind
}

/// Arithmetic on columns of numbers, with failures told per selected row.
///
/// Loops compute all rows without a branch and fold overflow into one flag; only a set flag makes a
/// second, slow pass over the selected rows. A failed row becomes NULL.
package enum Arithmetic {
    /// A result column and the rows that failed, rising.
    package typealias Outcome = (column: Column, failures: [ArithmeticFailure])

    /// `a op b` of integers, reals or doubles of one type; decimals go to `DecimalArithmetic`.
    package static func columns(
        _ op: ArithmeticOperation, _ a: Column, _ b: Column, type: DataType,
        selection: Selection = .all, pool: BufferPool
    ) throws(ColumnarError) -> Outcome {
        if case .constant(let x) = a, case .constant(let y) = b {
            let one = try columns(op, x.value, y.value, type: type, pool: pool)
            return repeated(one, count: a.count, selection)
        }
        let sides = try Sides(a, b, selection, pool)
        switch type {
        case .tinyint: return try narrow(op, sides, -128...127, selection, pool)
        case .smallint: return try narrow(op, sides, -32_768...32_767, selection, pool)
        case .integer:
            return try narrow(op, sides, Int64(Int32.min)...Int64(Int32.max), selection, pool)
        case .bigint: return try wide(op, sides, selection, pool)
        case .real: return (try floats(op, Float.self, sides, pool), [])
        case .double: return (try floats(op, Double.self, sides, pool), [])
        default: preconditionFailure("arithmetic on \(type)")
        }
    }

    /// The outcome of one constant row for all selected rows.
    static func repeated(_ one: Outcome, count: Int, _ selection: Selection) -> Outcome {
        var failures: [ArithmeticFailure] = []
        if let failure = one.failures.first {
            for row in 0..<count where selection.contains(row) {
                failures.append(ArithmeticFailure(row: row, kind: failure.kind))
                break
            }
        }
        return (.constant(ConstantColumn(one.column, count: count)), failures)
    }

    /// Two flattened operands, either of which may be one constant row.
    struct Sides {
        let a: FlatColumn
        let b: FlatColumn
        let aOne: Bool
        let bOne: Bool
        let count: Int
        let validity: Bitmap?

        init(
            _ a: Column, _ b: Column, _ selection: Selection, _ pool: BufferPool
        ) throws(ColumnarError) {
            let left = try Compare.Side(a, selection, pool)
            let right = try Compare.Side(b, selection, pool)
            guard case .flat(let x) = left.column, case .flat(let y) = right.column else {
                preconditionFailure("arithmetic on numbers only")
            }
            self.a = x
            self.b = y
            aOne = left.isConstant
            bOne = right.isConstant
            count = a.count
            validity =
                left.isNullConstant || right.isNullConstant
                ? try Bitmap.filled(false, count: a.count, pool: pool)
                : try Bitmap.and(left.validity, right.validity, pool: pool)
        }
    }

    /// One pass of `body` over both operands.
    @inline(__always)
    static func forRows<A: BitwiseCopyable, B: BitwiseCopyable>(
        _ s: Sides, _ x: Span<A>, _ y: Span<B>, _ body: (Int, A, B) -> Void
    ) {
        if s.bOne {
            let constant = y[0]
            for i in 0..<s.count { body(i, x[i], constant) }
        } else if s.aOne {
            let constant = x[0]
            for i in 0..<s.count { body(i, constant, y[i]) }
        } else {
            for i in 0..<s.count { body(i, x[i], y[i]) }
        }
    }

    /// The slow pass: which selected, valid rows fail, and the validity without them.
    @inline(__always)
    static func failures(
        _ s: Sides, _ selection: Selection, _ pool: BufferPool,
        _ test: (Int) -> ArithmeticFailure.Kind?
    ) throws(ColumnarError) -> (validity: Bitmap?, failures: [ArithmeticFailure]) {
        let (buffer, selected) = try selection.rowIndices(count: s.count, pool: pool)
        let rows = buffer.span(of: UInt32.self, count: selected)
        var found: [ArithmeticFailure] = []
        for i in rows.indices {
            let row = Int(rows[i])
            if let validity = s.validity, !validity[row] { continue }
            if let kind = test(row) { found.append(ArithmeticFailure(row: row, kind: kind)) }
        }
        if found.isEmpty { return (s.validity, found) }
        let validity = try Bitmap.filled(true, count: s.count, pool: pool)
        for failure in found { validity.set(failure.row, to: false) }
        return (try Bitmap.and(s.validity, validity, pool: pool), found)
    }

    /// The least and the greatest result seen, tested once after the loop.
    private struct SeenRange {
        var lowest: Int64 = 0
        var highest: Int64 = 0

        @inline(__always)
        mutating func note(_ result: Int64) -> Int32 {
            lowest = min(lowest, result)
            highest = max(highest, result)
            return Int32(truncatingIfNeeded: result)
        }
    }

    /// tinyint, smallint and integer: computed in 64 bits, tested against the type's range.
    private static func narrow(
        _ op: ArithmeticOperation, _ s: Sides, _ allowed: ClosedRange<Int64>,
        _ selection: Selection, _ pool: BufferPool
    ) throws(ColumnarError) -> Outcome {
        let buffer = try pool.allocate(Int32.self, count: s.count)
        var target = buffer.mutableSpan(of: Int32.self, count: s.count)
        let x = s.a.values(as: Int32.self)
        let y = s.b.values(as: Int32.self)
        var range = SeenRange()
        var hasZero = false
        switch op {
        case .add: forRows(s, x, y) { target[$0] = range.note(Int64($1) &+ Int64($2)) }
        case .subtract: forRows(s, x, y) { target[$0] = range.note(Int64($1) &- Int64($2)) }
        case .multiply: forRows(s, x, y) { target[$0] = range.note(Int64($1) &* Int64($2)) }
        case .divide:
            forRows(s, x, y) { i, a, b in
                hasZero = hasZero || b == 0
                target[i] = range.note(b == 0 ? 0 : Int64(a) / Int64(b))
            }
        case .modulus:
            forRows(s, x, y) { i, a, b in
                hasZero = hasZero || b == 0
                target[i] = range.note(b == 0 ? 0 : Int64(a) % Int64(b))
            }
        }
        var validity = s.validity
        var found: [ArithmeticFailure] = []
        if hasZero || range.lowest < allowed.lowerBound || range.highest > allowed.upperBound {
            (validity, found) = try failures(s, selection, pool) { row in
                let a = Int64(x[s.aOne ? 0 : row])
                let b = Int64(y[s.bOne ? 0 : row])
                let result: Int64
                switch op {
                case .add: result = a + b
                case .subtract: result = a - b
                case .multiply: result = a * b
                case .divide:
                    if b == 0 { return .divisionByZero }
                    result = a / b
                case .modulus:
                    if b == 0 { return .divisionByZero }
                    result = a % b
                }
                return allowed.contains(result) ? nil : .overflow
            }
        }
        return (
            .flat(FlatColumn(storage: .int32, buffer: buffer, count: s.count, validity: validity)),
            found
        )
    }

    private static func wide(
        _ op: ArithmeticOperation, _ s: Sides, _ selection: Selection, _ pool: BufferPool
    ) throws(ColumnarError) -> Outcome {
        let buffer = try pool.allocate(Int64.self, count: s.count)
        var target = buffer.mutableSpan(of: Int64.self, count: s.count)
        let x = s.a.values(as: Int64.self)
        let y = s.b.values(as: Int64.self)
        var sign: Int64 = 0
        var failed = false
        switch op {
        case .add:
            forRows(s, x, y) { i, a, b in
                let sum = a &+ b
                sign |= (a ^ sum) & (b ^ sum)
                target[i] = sum
            }
        case .subtract:
            forRows(s, x, y) { i, a, b in
                let difference = a &- b
                sign |= (a ^ b) & (a ^ difference)
                target[i] = difference
            }
        case .multiply:
            forRows(s, x, y) { i, a, b in
                let (product, overflow) = a.multipliedReportingOverflow(by: b)
                failed = failed || overflow
                target[i] = product
            }
        case .divide:
            forRows(s, x, y) { i, a, b in
                let isBad = b == 0 || b == -1 && a == .min
                failed = failed || isBad
                target[i] = isBad ? 0 : a / b
            }
        case .modulus:
            forRows(s, x, y) { i, a, b in
                failed = failed || b == 0
                target[i] = b == 0 || b == -1 ? 0 : a % b
            }
        }
        var validity = s.validity
        var found: [ArithmeticFailure] = []
        if failed || sign < 0 {
            (validity, found) = try failures(s, selection, pool) { row in
                failure(op, x[s.aOne ? 0 : row], y[s.bOne ? 0 : row])
            }
        }
        return (
            .flat(FlatColumn(storage: .int64, buffer: buffer, count: s.count, validity: validity)),
            found
        )
    }

    private static func failure(
        _ op: ArithmeticOperation, _ a: Int64, _ b: Int64
    ) -> ArithmeticFailure.Kind? {
        switch op {
        case .add: a.addingReportingOverflow(b).overflow ? .overflow : nil
        case .subtract: a.subtractingReportingOverflow(b).overflow ? .overflow : nil
        case .multiply: a.multipliedReportingOverflow(by: b).overflow ? .overflow : nil
        case .divide: b == 0 ? .divisionByZero : b == -1 && a == .min ? .overflow : nil
        case .modulus: b == 0 ? .divisionByZero : nil
        }
    }

    @inline(__always)
    private static func floats<T: BinaryFloatingPoint & BitwiseCopyable>(
        _ op: ArithmeticOperation, _ type: T.Type, _ s: Sides, _ pool: BufferPool
    ) throws(ColumnarError) -> Column {
        let buffer = try pool.allocate(T.self, count: s.count)
        var target = buffer.mutableSpan(of: T.self, count: s.count)
        let x = s.a.values(as: T.self)
        let y = s.b.values(as: T.self)
        switch op {
        case .add: forRows(s, x, y) { target[$0] = $1 + $2 }
        case .subtract: forRows(s, x, y) { target[$0] = $1 - $2 }
        case .multiply: forRows(s, x, y) { target[$0] = $1 * $2 }
        case .divide: forRows(s, x, y) { target[$0] = $1 / $2 }
        case .modulus:
            forRows(s, x, y) { target[$0] = $1.truncatingRemainder(dividingBy: $2) }
        }
        return .flat(
            FlatColumn(
                storage: s.a.storage, buffer: buffer, count: s.count, validity: s.validity))
    }

    /// `-a` of any number; only an integer type's smallest value fails.
    package static func negate(
        _ a: Column, type: DataType, selection: Selection = .all, pool: BufferPool
    ) throws(ColumnarError) -> Outcome {
        if case .constant(let c) = a {
            return repeated(
                try negate(c.value, type: type, pool: pool), count: c.count, selection)
        }
        let zero: Value
        switch type.storage {
        case .float32: zero = .float(-0.0)
        case .float64: zero = .double(-0.0)
        case .int128: zero = .int128(0)
        default: zero = .int(0)
        }
        let constant = Column.constant(
            ConstantColumn(try Column.from([zero], type: type, pool: pool), count: a.count))
        if case .decimal = type {
            return try DecimalArithmetic.columns(
                .subtract, constant, a, types: (type, type), result: type, selection: selection,
                pool: pool)
        }
        return try columns(.subtract, constant, a, type: type, selection: selection, pool: pool)
    }
}
