/// Selections from bitmaps and back, narrowing, and compaction of thin batches.

extension Selection {
    /// The selection of a bitmap's set bits: all, bits, or a row list when less than half pass.
    package static func of(_ bitmap: Bitmap, pool: BufferPool) throws(ColumnarError) -> Selection {
        let passed = bitmap.popCount
        if passed == bitmap.count { return .all }
        if passed * 2 >= bitmap.count || bitmap.count > Int(UInt16.max) { return .bits(bitmap) }
        return .rows(try RowList.of(bitmap, passed: passed, pool: pool))
    }

    /// One bit per row of a batch of `count` rows.
    package func bitmap(count: Int, pool: BufferPool) throws(ColumnarError) -> Bitmap {
        switch self {
        case .all: return try Bitmap.filled(true, count: count, pool: pool)
        case .bits(let bitmap): return bitmap
        case .rows(let list):
            let result = try Bitmap.filled(false, count: count, pool: pool)
            var words = result.mutableWords()
            let rows = list.span()
            for i in rows.indices { words[Int(rows[i]) >> 6] |= 1 << UInt64(rows[i] & 63) }
            return result
        }
    }

    /// The selected rows of a batch of `count` ≤ 65,536 rows as a list.
    package func rowList(count: Int, pool: BufferPool) throws(ColumnarError) -> RowList {
        switch self {
        case .rows(let list): return list
        case .bits(let bitmap):
            return try RowList.of(bitmap, passed: bitmap.popCount, pool: pool)
        case .all:
            precondition(count <= Int(UInt16.max) + 1)
            let buffer = try pool.allocate(UInt16.self, count: count)
            var rows = buffer.mutableSpan(of: UInt16.self, count: count)
            for i in rows.indices { rows[i] = UInt16(truncatingIfNeeded: i) }
            return RowList(buffer: buffer, count: count)
        }
    }

    /// The selected rows as `UInt32` elements, for batches of any size.
    package func rowIndices(
        count: Int, pool: BufferPool
    ) throws(ColumnarError) -> (buffer: Buffer, count: Int) {
        switch self {
        case .rows(let list): return (try list.widened(pool: pool), list.count)
        case .all:
            let buffer = try pool.allocate(UInt32.self, count: count)
            var rows = buffer.mutableSpan(of: UInt32.self, count: count)
            for i in rows.indices { rows[i] = UInt32(truncatingIfNeeded: i) }
            return (buffer, count)
        case .bits(let bitmap):
            let passed = bitmap.popCount
            let buffer = try pool.allocate(UInt32.self, count: passed)
            var rows = buffer.mutableSpan(of: UInt32.self, count: passed)
            var next = 0
            Words.forEachSet(bitmap.words()) { row in
                rows[next] = UInt32(truncatingIfNeeded: row)
                next &+= 1
            }
            return (buffer, passed)
        }
    }

    /// The selected rows whose bit is set too.
    package func narrowed(
        by bitmap: Bitmap, count: Int, pool: BufferPool
    ) throws(ColumnarError) -> Selection {
        switch self {
        case .all: return try Selection.of(bitmap, pool: pool)
        case .bits(let mine):
            return try Selection.of(try mine.and(bitmap, pool: pool), pool: pool)
        case .rows(let list):
            let rows = list.span()
            let words = bitmap.words()
            let buffer = try pool.allocate(UInt16.self, count: rows.count)
            var target = buffer.mutableSpan(of: UInt16.self, count: rows.count)
            var next = 0
            for i in rows.indices {
                target[next] = rows[i]
                next &+= Int(words[Int(rows[i]) >> 6] >> UInt64(rows[i] & 63) & 1)
            }
            if next == rows.count { return self }
            return .rows(RowList(buffer: buffer, count: next))
        }
    }

    /// How many of a batch's `count` rows are selected.
    package func selectedCount(of count: Int) -> Int {
        switch self {
        case .all: count
        case .bits(let bitmap): bitmap.popCount
        case .rows(let list): list.count
        }
    }

    /// Whether any row of a range is selected.
    package func hasAny(in range: Range<Int>) -> Bool {
        switch self {
        case .all: return !range.isEmpty
        case .bits(let bitmap):
            for row in range where bitmap[row] { return true }
            return false
        case .rows(let list):
            let rows = list.span()
            var low = 0
            var high = rows.count
            while low < high {
                let middle = (low + high) / 2
                if Int(rows[middle]) < range.lowerBound { low = middle + 1 } else { high = middle }
            }
            return low < rows.count && Int(rows[low]) < range.upperBound
        }
    }

    /// Whether one row is selected; for edges only.
    package func contains(_ row: Int) -> Bool {
        switch self {
        case .all: return true
        case .bits(let bitmap): return bitmap[row]
        case .rows(let list):
            let rows = list.span()
            for i in rows.indices where Int(rows[i]) == row { return true }
            return false
        }
    }
}

extension RowList {
    /// The set bits of a bitmap of at most 65,536 rows.
    package static func of(
        _ bitmap: Bitmap, passed: Int, pool: BufferPool
    ) throws(ColumnarError) -> RowList {
        precondition(bitmap.count <= Int(UInt16.max) + 1)
        let buffer = try pool.allocate(UInt16.self, count: passed)
        var rows = buffer.mutableSpan(of: UInt16.self, count: passed)
        var next = 0
        Words.forEachSet(bitmap.words()) { row in
            rows[next] = UInt16(truncatingIfNeeded: row)
            next &+= 1
        }
        return RowList(buffer: buffer, count: passed)
    }

    /// The same row numbers as `UInt32` elements, for `Column.gathered`.
    package func widened(pool: BufferPool) throws(ColumnarError) -> Buffer {
        let buffer = try pool.allocate(UInt32.self, count: count)
        var target = buffer.mutableSpan(of: UInt32.self, count: count)
        let rows = span()
        for i in rows.indices { target[i] = UInt32(rows[i]) }
        return buffer
    }
}

extension Batch {
    /// The selected rows only, gathered: selection `.all`, row ids kept.
    package func compacted(pool: BufferPool) throws(ColumnarError) -> Batch {
        if case .all = selection { return self }
        let (buffer, passed) = try selection.rowIndices(count: count, pool: pool)
        let rows = buffer.span(of: UInt32.self, count: passed)
        var gathered: [Column] = []
        gathered.reserveCapacity(columns.count)
        for column in columns { gathered.append(try column.gathered(at: rows, pool: pool)) }
        return Batch(
            columns: gathered, count: passed, origin: try origin?.gathered(at: rows, pool: pool))
    }

    /// Rows `start..<start + count` of a batch without a selection.
    package func sliced(start: Int, count: Int, pool: BufferPool) throws(ColumnarError) -> Batch {
        guard case .all = selection else {
            return try compacted(pool: pool).sliced(start: start, count: count, pool: pool)
        }
        var parts: [Column] = []
        parts.reserveCapacity(columns.count)
        for column in columns {
            parts.append(try column.sliced(start: start, count: count, pool: pool))
        }
        return Batch(
            columns: parts, count: count,
            origin: try origin?.sliced(start: start, count: count, pool: pool))
    }
}

extension RowOrigin {
    /// The row ids of the given rows.
    package func gathered(
        at rows: Span<UInt32>, pool: BufferPool
    ) throws(ColumnarError) -> RowOrigin {
        let buffer = try pool.allocate(UInt64.self, count: rows.count)
        var target = buffer.mutableSpan(of: UInt64.self, count: rows.count)
        switch self {
        case .consecutive(let first):
            for i in rows.indices { target[i] = first.bits &+ UInt64(rows[i]) }
        case .each(let ids):
            let source = ids.span(
                of: UInt64.self, count: ids.capacityBytes / MemoryLayout<UInt64>.stride)
            for i in rows.indices { target[i] = source[Int(rows[i])] }
        }
        return .each(buffer)
    }

    /// The row ids of a range of rows.
    package func sliced(
        start: Int, count: Int, pool: BufferPool
    ) throws(ColumnarError) -> RowOrigin {
        switch self {
        case .consecutive(let first):
            return .consecutive(first: RowID(bits: first.bits &+ UInt64(start)))
        case .each(let ids):
            let buffer = try pool.allocate(UInt64.self, count: count)
            buffer.base.copyMemory(from: ids.base + start * 8, byteCount: count * 8)
            return .each(buffer)
        }
    }

    /// The id of one row.
    package func id(at row: Int) -> RowID {
        switch self {
        case .consecutive(let first): RowID(bits: first.bits &+ UInt64(row))
        case .each(let ids): RowID(bits: ids.span(of: UInt64.self, start: row, count: 1)[0])
        }
    }
}
