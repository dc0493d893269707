/// Rows of a column by an index list: the one way in which operators copy values.

extension Column {
    /// The index that stands for a NULL row in `gathered(at:)`.
    package static let nullRow = UInt32.max

    /// Row `i` of the result is row `rows[i]` of this column, or NULL where the index is `nullRow`.
    ///
    /// Coded and constant columns keep their form, text shares its owner. The rows may repeat and come
    /// in any order.
    package func gathered(
        at rows: Span<UInt32>, pool: BufferPool
    ) throws(ColumnarError) -> Column {
        switch self {
        case .bits(let c):
            return .bits(
                BitColumn(
                    values: try c.values.gathered(at: rows, pool: pool),
                    validity: try Self.validity(c.validity, at: rows, pool: pool)))
        case .flat(let c): return try Self.flat(c, at: rows, pool: pool)
        case .text(let c): return try Self.text(c, at: rows, pool: pool)
        case .coded(let c): return try Self.coded(c, at: rows, pool: pool)
        case .constant(let c): return try Self.constant(c, at: rows, pool: pool)
        case .runs(let c):
            let runs = try c.runIndices(pool: pool)
            let index = try Self.through(
                rows, runs.span(of: UInt32.self, count: c.count), pool: pool)
            return try c.values.column.gathered(
                at: index.span(of: UInt32.self, count: rows.count), pool: pool)
        case .list(let c): return try Self.list(c, at: rows, pool: pool)
        case .row(let c):
            var children: [Column] = []
            children.reserveCapacity(c.children.count)
            for child in c.children { children.append(try child.gathered(at: rows, pool: pool)) }
            return .row(
                RowColumn(
                    children: children, count: rows.count,
                    validity: try Self.validity(c.validity, at: rows, pool: pool)))
        case .lazy(let c):
            let needed = try Self.needed(rows, count: c.count, pool: pool)
            return try c.resolve(.bits(needed)).gathered(at: rows, pool: pool)
        }
    }

    /// The same by 16-bit row numbers.
    package func gathered(at rows: RowList, pool: BufferPool) throws(ColumnarError) -> Column {
        let wide = try rows.widened(pool: pool)
        return try gathered(at: wide.span(of: UInt32.self, count: rows.count), pool: pool)
    }

    private static func hasNullRow(_ rows: Span<UInt32>) -> Bool {
        var largest: UInt32 = 0
        for i in rows.indices { largest = max(largest, rows[i]) }
        return largest == nullRow
    }

    /// Validity after a gather; nil when no row is NULL.
    private static func validity(
        _ validity: Bitmap?, at rows: Span<UInt32>, pool: BufferPool
    ) throws(ColumnarError) -> Bitmap? {
        if let validity { return try validity.gathered(at: rows, pool: pool) }
        guard hasNullRow(rows) else { return nil }
        let result = try Bitmap.uninitialized(count: rows.count, pool: pool)
        var words = result.mutableWords()
        Words.fill(&words, count: rows.count) { rows[$0] != nullRow }
        return result
    }

    private static func flat(
        _ c: FlatColumn, at rows: Span<UInt32>, pool: BufferPool
    ) throws(ColumnarError) -> Column {
        let buffer: Buffer
        switch c.storage.width {
        case 4: buffer = try values(c, UInt32.self, at: rows, pool: pool)
        case 8: buffer = try values(c, UInt64.self, at: rows, pool: pool)
        default: buffer = try values(c, UInt128.self, at: rows, pool: pool)
        }
        return .flat(
            FlatColumn(
                storage: c.storage, buffer: buffer, count: rows.count,
                validity: try validity(c.validity, at: rows, pool: pool)))
    }

    @inline(__always)
    private static func values<T: FixedWidthInteger & BitwiseCopyable>(
        _ c: FlatColumn, _ type: T.Type, at rows: Span<UInt32>, pool: BufferPool
    ) throws(ColumnarError) -> Buffer {
        let buffer = try pool.allocate(T.self, count: rows.count)
        var target = buffer.mutableSpan(of: T.self, count: rows.count)
        let source = c.values(as: T.self)
        if hasNullRow(rows) {
            for i in rows.indices { target[i] = rows[i] == nullRow ? 0 : source[Int(rows[i])] }
        } else {
            for i in rows.indices { target[i] = source[Int(rows[i])] }
        }
        return buffer
    }

    private static func text(
        _ c: TextColumn, at rows: Span<UInt32>, pool: BufferPool
    ) throws(ColumnarError) -> Column {
        let buffer = try pool.allocate(TextSlice.self, count: rows.count)
        var target = buffer.mutableSpan(of: TextSlice.self, count: rows.count)
        let source = c.sliceSpan()
        for i in rows.indices {
            let row = rows[i]
            target[i] =
                row == nullRow ? TextSlice(start: 0, length: 0) : source[Int(row)]
        }
        return .text(
            TextColumn(
                slices: buffer, count: rows.count, owner: c.owner,
                validity: try validity(c.validity, at: rows, pool: pool)))
    }

    private static func coded(
        _ c: CodedColumn, at rows: Span<UInt32>, pool: BufferPool
    ) throws(ColumnarError) -> Column {
        let buffer = try pool.allocate(UInt32.self, count: rows.count)
        var target = buffer.mutableSpan(of: UInt32.self, count: rows.count)
        let source = c.codeSpan()
        let null = UInt32(c.dictionary.count)
        let hasNull = hasNullRow(rows)
        if hasNull {
            for i in rows.indices { target[i] = rows[i] == nullRow ? null : source[Int(rows[i])] }
        } else {
            for i in rows.indices { target[i] = source[Int(rows[i])] }
        }
        return .coded(
            CodedColumn(
                codes: buffer, count: rows.count, dictionary: c.dictionary,
                mayHaveNulls: c.mayHaveNulls || hasNull))
    }

    private static func constant(
        _ c: ConstantColumn, at rows: Span<UInt32>, pool: BufferPool
    ) throws(ColumnarError) -> Column {
        guard hasNullRow(rows) else { return .constant(ConstantColumn(c.value, count: rows.count)) }
        let buffer = try pool.allocate(UInt32.self, count: rows.count)
        var target = buffer.mutableSpan(of: UInt32.self, count: rows.count)
        for i in rows.indices { target[i] = rows[i] == nullRow ? nullRow : 0 }
        return try c.value.flattened(pool: pool).gathered(
            at: buffer.span(of: UInt32.self, count: rows.count), pool: pool)
    }

    private static func list(
        _ c: ListColumn, at rows: Span<UInt32>, pool: BufferPool
    ) throws(ColumnarError) -> Column {
        let offsets = try pool.allocate(UInt32.self, count: rows.count + 1)
        var target = offsets.mutableSpan(of: UInt32.self, count: rows.count + 1)
        let source = c.offsetSpan()
        var total = 0
        target[0] = 0
        for i in rows.indices {
            if rows[i] != nullRow {
                total += Int(source[Int(rows[i]) + 1] - source[Int(rows[i])])
            }
            guard total < Int(UInt32.max) else {
                throw .limit(
                    name: "elements of a list column", value: total, limit: Int(UInt32.max),
                    location: nil)
            }
            target[i + 1] = UInt32(total)
        }
        let elements = try pool.allocate(UInt32.self, count: total)
        var index = elements.mutableSpan(of: UInt32.self, count: total)
        var next = 0
        for i in rows.indices where rows[i] != nullRow {
            var element = source[Int(rows[i])]
            let end = source[Int(rows[i]) + 1]
            while element < end {
                index[next] = element
                next &+= 1
                element &+= 1
            }
        }
        let child = try c.child.gathered(
            at: elements.span(of: UInt32.self, count: total), pool: pool)
        return .list(
            ListColumn(
                offsets: offsets, count: rows.count, child: child,
                validity: try validity(c.validity, at: rows, pool: pool)))
    }

    /// `index[rows[i]]`, keeping NULL rows.
    private static func through(
        _ rows: Span<UInt32>, _ index: Span<UInt32>, pool: BufferPool
    ) throws(ColumnarError) -> Buffer {
        let buffer = try pool.allocate(UInt32.self, count: rows.count)
        var target = buffer.mutableSpan(of: UInt32.self, count: rows.count)
        for i in rows.indices {
            target[i] = rows[i] == nullRow ? nullRow : index[Int(rows[i])]
        }
        return buffer
    }

    private static func needed(
        _ rows: Span<UInt32>, count: Int, pool: BufferPool
    ) throws(ColumnarError) -> Bitmap {
        let result = try Bitmap.filled(false, count: count, pool: pool)
        var words = result.mutableWords()
        for i in rows.indices where rows[i] != nullRow {
            words[Int(rows[i] >> 6)] |= 1 << UInt64(rows[i] & 63)
        }
        return result
    }
}
