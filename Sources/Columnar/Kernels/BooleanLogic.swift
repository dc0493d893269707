/// Three-valued AND, OR and NOT on bitmaps: a row is true, false or neither (NULL).
package enum BooleanLogic {
    /// Which rows are TRUE: the selection that a predicate makes.
    package static func trueRows(
        _ column: Column, selection: Selection = .all, pool: BufferPool
    ) throws(ColumnarError) -> Bitmap {
        guard case .bits(let c) = try column.flattened(selection, pool: pool) else {
            preconditionFailure("a predicate is boolean")
        }
        guard let validity = c.validity else { return c.values }
        return try c.values.and(validity, pool: pool)
    }

    /// Which rows are FALSE, neither true nor NULL.
    package static func falseRows(
        _ column: Column, selection: Selection = .all, pool: BufferPool
    ) throws(ColumnarError) -> Bitmap {
        guard case .bits(let c) = try column.flattened(selection, pool: pool) else {
            preconditionFailure("a predicate is boolean")
        }
        let result = try Bitmap.uninitialized(count: c.values.count, pool: pool)
        var target = result.mutableWords()
        let values = c.values.words()
        for w in target.indices { target[w] = ~values[w] & (c.validity?.words()[w] ?? .max) }
        result.clearTail()
        return result
    }

    /// The boolean column of known TRUE and known FALSE rows; the rest is NULL.
    package static func column(
        true yes: Bitmap, false no: Bitmap, pool: BufferPool
    ) throws(ColumnarError) -> Column {
        let known = try Bitmap.uninitialized(count: yes.count, pool: pool)
        var target = known.mutableWords()
        let a = yes.words()
        let b = no.words()
        for w in target.indices { target[w] = a[w] | b[w] }
        return .bits(
            BitColumn(values: yes, validity: known.popCount == known.count ? nil : known))
    }

    /// `a OR b` bit by bit.
    package static func union(
        _ a: Bitmap, _ b: Bitmap, pool: BufferPool
    ) throws(ColumnarError) -> Bitmap {
        let result = try Bitmap.uninitialized(count: a.count, pool: pool)
        var target = result.mutableWords()
        let x = a.words()
        let y = b.words()
        for w in target.indices { target[w] = x[w] | y[w] }
        return result
    }

    /// `a AND NOT b` bit by bit.
    package static func subtracting(
        _ a: Bitmap, _ b: Bitmap, pool: BufferPool
    ) throws(ColumnarError) -> Bitmap {
        let result = try Bitmap.uninitialized(count: a.count, pool: pool)
        var target = result.mutableWords()
        let x = a.words()
        let y = b.words()
        for w in target.indices { target[w] = x[w] & ~y[w] }
        return result
    }

    /// NOT: NULL stays NULL.
    package static func not(_ column: Column, pool: BufferPool) throws(ColumnarError) -> Column {
        if case .constant(let c) = column {
            return .constant(ConstantColumn(try not(c.value, pool: pool), count: c.count))
        }
        guard case .bits(let c) = try column.flattened(pool: pool) else {
            preconditionFailure("NOT of a boolean")
        }
        let result = try Bitmap.uninitialized(count: c.values.count, pool: pool)
        var target = result.mutableWords()
        let values = c.values.words()
        for w in target.indices { target[w] = ~values[w] }
        result.clearTail()
        return .bits(BitColumn(values: result, validity: c.validity))
    }
}
