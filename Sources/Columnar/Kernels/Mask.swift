/// Rows made NULL after the fact.

extension Column {
    /// The same values, NULL wherever `valid` has a 0.
    package func masked(by valid: Bitmap, pool: BufferPool) throws(ColumnarError) -> Column {
        switch try flattened(pool: pool) {
        case .bits(let c):
            return .bits(
                BitColumn(
                    values: c.values, validity: try Bitmap.and(c.validity, valid, pool: pool)))
        case .flat(let c):
            return .flat(c.with(validity: try Bitmap.and(c.validity, valid, pool: pool)))
        case .text(let c):
            let buffer = try pool.allocate(TextSlice.self, count: c.count)
            var target = buffer.mutableSpan(of: TextSlice.self, count: c.count)
            let slices = c.sliceSpan()
            let words = valid.words()
            for i in slices.indices {
                let isValid = words[i >> 6] >> UInt64(i & 63) & 1 == 1
                target[i] = isValid ? slices[i] : TextSlice(start: 0, length: 0)
            }
            return .text(
                TextColumn(
                    slices: buffer, count: c.count, owner: c.owner,
                    validity: try Bitmap.and(c.validity, valid, pool: pool)))
        case .list(let c):
            return .list(
                ListColumn(
                    offsets: c.offsets, start: c.start, count: c.count, child: c.child,
                    validity: try Bitmap.and(c.validity, valid, pool: pool)))
        case .row(let c):
            return .row(
                RowColumn(
                    children: c.children, count: c.count,
                    validity: try Bitmap.and(c.validity, valid, pool: pool)))
        case .coded, .constant, .runs, .lazy: preconditionFailure("flattened above")
        }
    }

    /// `count` NULLs of a type, as a constant.
    package static func nulls(
        _ type: DataType, count: Int, pool: BufferPool
    ) throws(ColumnarError) -> Column {
        .constant(ConstantColumn(try Column.from([.null], type: type, pool: pool), count: count))
    }
}
