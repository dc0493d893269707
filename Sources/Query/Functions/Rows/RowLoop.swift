import Columnar

/// Which rows a kernel works on.
struct RowFilter {
    private let bits: Bitmap?

    init(_ selection: Selection, count: Int, pool: BufferPool) throws(QueryError) {
        if case .all = selection {
            bits = nil
        } else {
            bits = try storage { () throws(ColumnarError) in
                try selection.bitmap(count: count, pool: pool)
            }
        }
    }

    @inline(__always)
    func contains(_ row: Int) -> Bool {
        guard let bits else { return true }
        return bits[row]
    }
}

extension KernelContext {
    /// Keeps an error that TRY could catch for later; raises any other at once.
    mutating func deferError(_ error: QueryError, row: Int) throws(QueryError) {
        guard error.code.isCaughtByTry else { throw error }
        errors.record(row: row, error)
    }
}

extension KernelArguments {
    /// One result per row: unselected rows and rows whose body gives nil are NULL, errors are deferred.
    func collect<R: RowResult>(
        _ result: R.Type, _ context: inout KernelContext,
        body: (Int) throws(QueryError) -> R?
    ) throws(QueryError) -> Column {
        let filter = try RowFilter(selection, count: count, pool: context.pool)
        var output = try R.Output(type: resultType, pool: context.pool, capacity: count)
        for row in 0..<count {
            var value: R?
            if filter.contains(row) {
                do { value = try body(row) } catch { try context.deferError(error, row: row) }
            }
            if let value { try output.append(value) } else { try output.appendNull() }
        }
        return try output.finish()
    }

    /// One composed text per row; the body says false for NULL.
    func collectText(
        _ context: inout KernelContext,
        body: (Int, inout TextOutput) throws(QueryError) -> Bool
    ) throws(QueryError) -> Column {
        let filter = try RowFilter(selection, count: count, pool: context.pool)
        var output = try TextOutput(pool: context.pool, capacity: count)
        for row in 0..<count {
            var isValid = false
            if filter.contains(row) {
                do {
                    isValid = try body(row, &output)
                } catch { try context.deferError(error, row: row) }
            }
            if isValid { try output.endValue() } else { try output.appendNull() }
        }
        return try output.finish()
    }

    /// One part of the text per row, without copying: the body gives a range of the row's bytes.
    func collectSlices(
        of text: TextReader, _ context: inout KernelContext,
        body: (Int, Bytes) throws(QueryError) -> Range<Int>?
    ) throws(QueryError) -> Column {
        let filter = try RowFilter(selection, count: count, pool: context.pool)
        var output = try SliceOutput(pool: context.pool, capacity: count)
        let slices = text.column.sliceSpan()
        for row in 0..<count {
            var slice: TextSlice?
            if filter.contains(row), let entry = text.view.entry(row) {
                do {
                    if let part = try body(row, text.value(entry: entry)) {
                        slice = TextSlice(
                            start: slices[entry].start + UInt32(part.lowerBound),
                            length: UInt32(part.count))
                    }
                } catch { try context.deferError(error, row: row) }
            }
            try output.append(slice)
        }
        return try output.finish(owner: text.column.owner)
    }
}

extension KernelArguments {
    /// One value for all rows.
    func constant(
        _ value: Value, _ context: borrowing KernelContext
    ) throws(QueryError) -> Column {
        do {
            let column = try Column.from([value], type: resultType, pool: context.pool)
            return .constant(ConstantColumn(column, count: count))
        } catch { throw QueryError(error) }
    }
}
