import Glibc

/// Two columns, or a column and a constant, compared row by row into a bitmap.
///
/// SQL comparison: NULL on either side gives NULL; NaN equals nothing; text compares by bytes, which for
/// UTF-8 is code point order; instants with a zone compare without it.
package enum Compare {
    /// `a op b` as booleans; constant if both sides are.
    ///
    /// Rows outside the selection are undefined. Both columns hold values of `type`.
    package static func columns(
        _ op: ScanComparison, _ a: Column, _ b: Column, type: DataType,
        selection: Selection = .all, pool: BufferPool
    ) throws(ColumnarError) -> Column {
        let count = a.count
        if case .constant(let x) = a, case .constant(let y) = b {
            let one = try columns(op, x.value, y.value, type: type, pool: pool)
            return .constant(ConstantColumn(one, count: count))
        }
        let left = try Side(a, selection, pool)
        let right = try Side(b, selection, pool)
        if left.isNullConstant || right.isNullConstant {
            return try nulls(count: count, pool: pool)
        }
        if type.isNested {
            return try NestedCompare.columns(
                op, left, right, type: type, count: count, selection: selection, pool: pool)
        }
        let values = try Bitmap.uninitialized(count: count, pool: pool)
        switch op {
        case .equal: fill(.equal, left, right, type, values, selection)
        case .notEqual:
            fill(.equal, left, right, type, values, selection)
            values.invert()
        case .less: fill(.less, left, right, type, values, selection)
        case .lessOrEqual: fill(.lessOrEqual, left, right, type, values, selection)
        case .greater: fill(.less, right, left, type, values, selection)
        case .greaterOrEqual: fill(.lessOrEqual, right, left, type, values, selection)
        }
        return .bits(
            BitColumn(
                values: values,
                validity: try Bitmap.and(left.validity, right.validity, pool: pool)))
    }

    /// `a IS DISTINCT FROM b`: never NULL; NULL is not distinct from NULL, nor NaN from NaN.
    package static func distinct(
        _ a: Column, _ b: Column, type: DataType, selection: Selection = .all, pool: BufferPool
    ) throws(ColumnarError) -> Column {
        let count = a.count
        let left = try Side(a.broadcast(pool: pool), selection, pool)
        let right = try Side(b.broadcast(pool: pool), selection, pool)
        let result = try Bitmap.uninitialized(count: count, pool: pool)
        if type.isNested {
            try NestedCompare.distinct(
                left, right, type: type, into: result, selection: selection)
            return .bits(BitColumn(values: result, validity: nil))
        }
        fill(.same, left, right, type, result, selection)
        var words = result.mutableWords()
        for w in words.indices {
            let x = left.validity?.words()[w] ?? .max
            let y = right.validity?.words()[w] ?? .max
            words[w] = ~(words[w] & x & y | ~x & ~y)
        }
        result.clearTail()
        return .bits(BitColumn(values: result, validity: nil))
    }

    /// `count` NULL booleans.
    package static func nulls(count: Int, pool: BufferPool) throws(ColumnarError) -> Column {
        let no = try Bitmap.filled(false, count: 1, pool: pool)
        return .constant(
            ConstantColumn(.bits(BitColumn(values: no, validity: no)), count: count))
    }

    /// The three loops that all comparisons reduce to, and equality that takes NaN as equal to NaN.
    enum Test { case equal, less, lessOrEqual, same }

    /// One flattened operand; a constant is one row.
    struct Side {
        let column: Column
        let isConstant: Bool
        let validity: Bitmap?
        let isNullConstant: Bool

        init(_ column: Column, _ selection: Selection, _ pool: BufferPool) throws(ColumnarError) {
            if case .constant(let c) = column {
                self.column = try c.value.flattened(pool: pool)
                isConstant = true
                isNullConstant = try self.column.validity(pool: pool).map { !$0[0] } ?? false
                validity = nil
            } else {
                self.column = try column.flattened(selection, pool: pool)
                isConstant = false
                isNullConstant = false
                validity = try self.column.validity(pool: pool)
            }
        }
    }

    private static func fill(
        _ test: Test, _ a: Side, _ b: Side, _ type: DataType, _ result: Bitmap,
        _ selection: Selection
    ) {
        switch (a.column, b.column) {
        case (.bits(let x), .bits(let y)): bits(test, x, a.isConstant, y, b.isConstant, result)
        case (.text(let x), .text(let y)):
            TextCompare.fill(test, x, a.isConstant, y, b.isConstant, result, selection)
        case (.flat(let x), .flat(let y)):
            switch x.storage {
            case .int32: fixed(test, Int32.self, x, a.isConstant, y, b.isConstant, result)
            case .int64: fixed(test, Int64.self, x, a.isConstant, y, b.isConstant, result)
            case .int128:
                if case .timestampTZ = type {
                    instants(test, x, a.isConstant, y, b.isConstant, result)
                } else {
                    fixed(test, Int128.self, x, a.isConstant, y, b.isConstant, result)
                }
            case .float32: floats(test, Float.self, x, a.isConstant, y, b.isConstant, result)
            case .float64: floats(test, Double.self, x, a.isConstant, y, b.isConstant, result)
            case .bit, .text, .list, .row: preconditionFailure("not a flat storage")
            }
        default: preconditionFailure("operands of two storages")
        }
    }

    @inline(__always)
    private static func fixed<T: BinaryInteger & BitwiseCopyable>(
        _ test: Test, _ type: T.Type, _ a: FlatColumn, _ aOne: Bool, _ b: FlatColumn, _ bOne: Bool,
        _ result: Bitmap
    ) {
        switch test {
        case .equal, .same: rows(T.self, a, aOne, b, bOne, result) { $0 == $1 }
        case .less: rows(T.self, a, aOne, b, bOne, result) { $0 < $1 }
        case .lessOrEqual: rows(T.self, a, aOne, b, bOne, result) { $0 <= $1 }
        }
    }

    private static func instants(
        _ test: Test, _ a: FlatColumn, _ aOne: Bool, _ b: FlatColumn, _ bOne: Bool,
        _ result: Bitmap
    ) {
        switch test {
        case .equal, .same: rows(Int128.self, a, aOne, b, bOne, result) { $0 >> 16 == $1 >> 16 }
        case .less: rows(Int128.self, a, aOne, b, bOne, result) { $0 >> 16 < $1 >> 16 }
        case .lessOrEqual: rows(Int128.self, a, aOne, b, bOne, result) { $0 >> 16 <= $1 >> 16 }
        }
    }

    @inline(__always)
    private static func floats<T: BinaryFloatingPoint & BitwiseCopyable>(
        _ test: Test, _ type: T.Type, _ a: FlatColumn, _ aOne: Bool, _ b: FlatColumn, _ bOne: Bool,
        _ result: Bitmap
    ) {
        switch test {
        case .equal: rows(T.self, a, aOne, b, bOne, result) { $0 == $1 }
        case .same: rows(T.self, a, aOne, b, bOne, result) { $0 == $1 || $0 != $0 && $1 != $1 }
        case .less: rows(T.self, a, aOne, b, bOne, result) { $0 < $1 }
        case .lessOrEqual: rows(T.self, a, aOne, b, bOne, result) { $0 <= $1 }
        }
    }

    @inline(__always)
    private static func rows<T: BitwiseCopyable>(
        _ type: T.Type, _ a: FlatColumn, _ aOne: Bool, _ b: FlatColumn, _ bOne: Bool,
        _ result: Bitmap, _ test: (T, T) -> Bool
    ) {
        let x = a.values(as: T.self)
        let y = b.values(as: T.self)
        var words = result.mutableWords()
        if bOne {
            let constant = y[0]
            Words.fill(&words, count: result.count) { test(x[$0], constant) }
        } else if aOne {
            let constant = x[0]
            Words.fill(&words, count: result.count) { test(constant, y[$0]) }
        } else {
            Words.fill(&words, count: result.count) { test(x[$0], y[$0]) }
        }
    }

    private static func bits(
        _ test: Test, _ a: BitColumn, _ aOne: Bool, _ b: BitColumn, _ bOne: Bool,
        _ result: Bitmap
    ) {
        var words = result.mutableWords()
        let x = a.values.words()
        let y = b.values.words()
        for w in words.indices {
            let left = aOne ? (a.values[0] ? UInt64.max : 0) : x[w]
            let right = bOne ? (b.values[0] ? UInt64.max : 0) : y[w]
            switch test {
            case .equal, .same: words[w] = ~(left ^ right)
            case .less: words[w] = ~left & right
            case .lessOrEqual: words[w] = ~left | right
            }
        }
        result.clearTail()
    }
}

extension Bitmap {
    /// Flips every bit while filling.
    package func invert() {
        var words = mutableWords()
        for w in words.indices { words[w] = ~words[w] }
        clearTail()
    }
}

extension Column {
    /// A constant as a flat column of equal rows; any other form as it is.
    fileprivate func broadcast(pool: BufferPool) throws(ColumnarError) -> Column {
        if case .constant = self { return try flattened(pool: pool) }
        return self
    }
}
