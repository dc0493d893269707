/// One column from several, row by row: the last step of CASE and COALESCE.
package enum Choose {
    /// The rows that one branch answers, with its column; the rows of branches are disjoint.
    package struct Piece {
        package var rows: Bitmap
        package var column: Column

        package init(rows: Bitmap, column: Column) {
            self.rows = rows
            self.column = column
        }
    }

    /// Row `i` from the piece whose bit `i` is set; NULL where none is.
    package static func merge(
        _ pieces: [Piece], type: DataType, count: Int, pool: BufferPool
    ) throws(ColumnarError) -> Column {
        var used: [Piece] = []
        for piece in pieces where piece.rows.popCount > 0 { used.append(piece) }
        guard let first = used.first else { return try .nulls(type, count: count, pool: pool) }
        if used.count == 1, first.rows.popCount == count { return first.column }
        switch type.storage {
        case .int32, .int64, .int128, .float32, .float64:
            return try flat(used, type.storage, count: count, pool: pool)
        case .bit: return try bits(used, count: count, pool: pool)
        case .text, .list, .row: return try gathered(used, count: count, pool: pool)
        }
    }

    private static func flat(
        _ pieces: [Piece], _ storage: Storage, count: Int, pool: BufferPool
    ) throws(ColumnarError) -> Column {
        let buffer = try pool.allocate(bytes: count * storage.width)
        let valid = try Bitmap.filled(false, count: count, pool: pool)
        for piece in pieces {
            let isConstant: Bool
            let column: Column
            if case .constant(let c) = piece.column {
                isConstant = true
                column = try c.value.flattened(pool: pool)
            } else {
                isConstant = false
                column = try piece.column.flattened(.bits(piece.rows), pool: pool)
            }
            guard case .flat(let source) = column else { preconditionFailure("mixed storages") }
            switch storage.width {
            case 4: copy(UInt32.self, source, isConstant, piece.rows, buffer, valid)
            case 8: copy(UInt64.self, source, isConstant, piece.rows, buffer, valid)
            default: copy(UInt128.self, source, isConstant, piece.rows, buffer, valid)
            }
        }
        return .flat(
            FlatColumn(
                storage: storage, buffer: buffer, count: count,
                validity: valid.popCount == count ? nil : valid))
    }

    @inline(__always)
    private static func copy<T: BitwiseCopyable>(
        _ type: T.Type, _ source: FlatColumn, _ isConstant: Bool, _ rows: Bitmap,
        _ buffer: Buffer, _ valid: Bitmap
    ) {
        var target = buffer.mutableSpan(of: T.self, count: rows.count)
        let values = source.values(as: T.self)
        Words.forEachSet(rows.words()) { row in target[row] = values[isConstant ? 0 : row] }
        addValid(source.validity, isConstant, rows, valid)
    }

    /// `valid |= rows & validity`.
    private static func addValid(
        _ validity: Bitmap?, _ isConstant: Bool, _ rows: Bitmap, _ valid: Bitmap
    ) {
        var words = valid.mutableWords()
        let chosen = rows.words()
        for w in words.indices {
            let mask: UInt64
            if let validity {
                mask = isConstant ? (validity[0] ? .max : 0) : validity.words()[w]
            } else {
                mask = .max
            }
            words[w] |= chosen[w] & mask
        }
    }

    private static func bits(
        _ pieces: [Piece], count: Int, pool: BufferPool
    ) throws(ColumnarError) -> Column {
        let values = try Bitmap.filled(false, count: count, pool: pool)
        let valid = try Bitmap.filled(false, count: count, pool: pool)
        for piece in pieces {
            guard
                case .bits(let source) = try piece.column.flattened(
                    .bits(piece.rows), pool: pool)
            else { preconditionFailure("mixed storages") }
            var words = values.mutableWords()
            let from = source.values.words()
            let chosen = piece.rows.words()
            for w in words.indices { words[w] |= chosen[w] & from[w] }
            addValid(source.validity, false, piece.rows, valid)
        }
        return .bits(
            BitColumn(values: values, validity: valid.popCount == count ? nil : valid))
    }

    /// Each piece's rows one after the other, then every row fetched from its place.
    private static func gathered(
        _ pieces: [Piece], count: Int, pool: BufferPool
    ) throws(ColumnarError) -> Column {
        let index = try pool.allocate(UInt32.self, count: count)
        var places = index.mutableSpan(of: UInt32.self, count: count)
        for i in places.indices { places[i] = Column.nullRow }
        var parts: [Column] = []
        var next: UInt32 = 0
        for piece in pieces {
            let (buffer, passed) = try Selection.bits(piece.rows).rowIndices(
                count: count, pool: pool)
            let rows = buffer.span(of: UInt32.self, count: passed)
            parts.append(try piece.column.gathered(at: rows, pool: pool))
            for i in rows.indices {
                places[Int(rows[i])] = next
                next += 1
            }
        }
        return try Column.concatenated(parts, pool: pool)
            .gathered(at: index.span(of: UInt32.self, count: count), pool: pool)
    }
}
