/// Several columns of one type, one after the other.

extension Column {
    /// The rows of all `columns` in order; they must share one storage, and there must be one at least.
    ///
    /// Columns coded by the same dictionary stay coded; everything else becomes flat.
    package static func concatenated(
        _ columns: [Column], pool: BufferPool
    ) throws(ColumnarError) -> Column {
        precondition(!columns.isEmpty, "nothing to concatenate")
        if columns.count == 1 { return columns[0] }
        if let coded = try codedTogether(columns, pool: pool) { return coded }
        var flat: [Column] = []
        flat.reserveCapacity(columns.count)
        for column in columns { flat.append(try column.flattened(pool: pool)) }
        switch flat[0] {
        case .bits: return try concatenatedBits(flat, pool: pool)
        case .flat(let first): return try concatenatedFlat(flat, first.storage, pool: pool)
        case .text: return try concatenatedText(flat, pool: pool)
        case .list: return try concatenatedLists(flat, pool: pool)
        case .row: return try concatenatedRows(flat, pool: pool)
        case .coded, .constant, .runs, .lazy: preconditionFailure("flattened above")
        }
    }

    private static func codedTogether(
        _ columns: [Column], pool: BufferPool
    ) throws(ColumnarError) -> Column? {
        guard case .coded(let first) = columns[0] else { return nil }
        var total = 0
        var mayHaveNulls = false
        for column in columns {
            guard case .coded(let c) = column, c.dictionary.id == first.dictionary.id else {
                return nil
            }
            total += c.count
            mayHaveNulls = mayHaveNulls || c.mayHaveNulls
        }
        let buffer = try pool.allocate(UInt32.self, count: total)
        var next = 0
        for column in columns {
            guard case .coded(let c) = column else { continue }
            (buffer.base + next * 4).copyMemory(
                from: c.codes.base + c.start * 4, byteCount: c.count * 4)
            next += c.count
        }
        return .coded(
            CodedColumn(
                codes: buffer, count: total, dictionary: first.dictionary,
                mayHaveNulls: mayHaveNulls))
    }

    /// The validities one after the other; nil when none has a NULL.
    private static func concatenatedValidity(
        _ columns: [Column], pool: BufferPool
    ) throws(ColumnarError) -> Bitmap? {
        var parts: [(bitmap: Bitmap?, count: Int)] = []
        var hasNulls = false
        for column in columns {
            let bitmap = try column.validity(pool: pool)
            hasNulls = hasNulls || bitmap != nil
            parts.append((bitmap, column.count))
        }
        return hasNulls ? try joined(parts, pool: pool) : nil
    }

    /// Bitmaps one after the other; nil is all ones.
    private static func joined(
        _ parts: [(bitmap: Bitmap?, count: Int)], pool: BufferPool
    ) throws(ColumnarError) -> Bitmap {
        var total = 0
        for part in parts { total += part.count }
        let result = try Bitmap.filled(false, count: total, pool: pool)
        var target = result.mutableWords()
        var row = 0
        for part in parts {
            let shift = UInt64(row & 63)
            for w in 0..<(part.count + 63) / 64 {
                var word: UInt64 = .max
                if let bitmap = part.bitmap {
                    word = bitmap.words()[w]
                } else if w == part.count / 64 {
                    word = (1 << UInt64(part.count & 63)) - 1
                }
                let index = row >> 6 + w
                target[index] |= word << shift
                if shift != 0, index + 1 < target.count {
                    target[index + 1] |= word >> (64 - shift)
                }
            }
            row += part.count
        }
        return result
    }

    private static func concatenatedBits(
        _ columns: [Column], pool: BufferPool
    ) throws(ColumnarError) -> Column {
        var parts: [(bitmap: Bitmap?, count: Int)] = []
        for column in columns {
            guard case .bits(let c) = column else { preconditionFailure("mixed storages") }
            parts.append((c.values, c.values.count))
        }
        return .bits(
            BitColumn(
                values: try joined(parts, pool: pool),
                validity: try concatenatedValidity(columns, pool: pool)))
    }

    private static func concatenatedFlat(
        _ columns: [Column], _ storage: Storage, pool: BufferPool
    ) throws(ColumnarError) -> Column {
        var total = 0
        for column in columns { total += column.count }
        let width = storage.width
        let buffer = try pool.allocate(bytes: total * width)
        var next = 0
        for column in columns {
            guard case .flat(let c) = column, c.storage == storage else {
                preconditionFailure("mixed storages")
            }
            (buffer.base + next * width).copyMemory(
                from: c.buffer.base + c.start * width, byteCount: c.count * width)
            next += c.count
        }
        return .flat(
            FlatColumn(
                storage: storage, buffer: buffer, count: total,
                validity: try concatenatedValidity(columns, pool: pool)))
    }

    private static func concatenatedText(
        _ columns: [Column], pool: BufferPool
    ) throws(ColumnarError) -> Column {
        var total = 0
        var bytes = 0
        var owner: Buffer?
        var isShared = true
        for column in columns {
            guard case .text(let c) = column else { preconditionFailure("mixed storages") }
            total += c.count
            let slices = c.sliceSpan()
            for i in slices.indices { bytes += Int(slices[i].length) }
            if let owner, owner !== c.owner { isShared = false }
            owner = c.owner
        }
        guard bytes <= Limits.textBufferBytes else {
            throw .limit(
                name: "textBufferBytes", value: bytes, limit: Limits.textBufferBytes,
                location: nil)
        }
        let buffer = try pool.allocate(TextSlice.self, count: total)
        var target = buffer.mutableSpan(of: TextSlice.self, count: total)
        let copy = isShared ? nil : try pool.allocate(bytes: bytes)
        var row = 0
        var position = 0
        for column in columns {
            guard case .text(let c) = column else { continue }
            let slices = c.sliceSpan()
            for i in slices.indices {
                if let copy {
                    let text = c.bytes(of: slices[i])
                    if let base = text.baseAddress, text.count > 0 {
                        (copy.base + position).copyMemory(from: base, byteCount: text.count)
                    }
                    target[row] = TextSlice(start: UInt32(position), length: slices[i].length)
                    position += text.count
                } else {
                    target[row] = slices[i]
                }
                row += 1
            }
        }
        guard let shared = copy ?? owner else { preconditionFailure("no column") }
        return .text(
            TextColumn(
                slices: buffer, count: total, owner: shared,
                validity: try concatenatedValidity(columns, pool: pool)))
    }

    private static func concatenatedLists(
        _ columns: [Column], pool: BufferPool
    ) throws(ColumnarError) -> Column {
        var total = 0
        for column in columns { total += column.count }
        let buffer = try pool.allocate(UInt32.self, count: total + 1)
        var target = buffer.mutableSpan(of: UInt32.self, count: total + 1)
        var children: [Column] = []
        var row = 0
        var base = 0
        target[0] = 0
        for column in columns {
            guard case .list(let c) = column else { preconditionFailure("mixed storages") }
            let offsets = c.offsetSpan()
            let first = Int(offsets[0])
            let elements = Int(offsets[c.count]) - first
            guard base + elements < Int(UInt32.max) else {
                throw .limit(
                    name: "elements of a list column", value: base + elements,
                    limit: Int(UInt32.max), location: nil)
            }
            for i in 0..<c.count {
                target[row + 1] = UInt32(base + Int(offsets[i + 1]) - first)
                row += 1
            }
            base += elements
            children.append(try c.child.sliced(start: first, count: elements, pool: pool))
        }
        return .list(
            ListColumn(
                offsets: buffer, count: total, child: try concatenated(children, pool: pool),
                validity: try concatenatedValidity(columns, pool: pool)))
    }

    private static func concatenatedRows(
        _ columns: [Column], pool: BufferPool
    ) throws(ColumnarError) -> Column {
        var total = 0
        var parts: [[Column]] = []
        for column in columns {
            guard case .row(let c) = column else { preconditionFailure("mixed storages") }
            total += c.count
            parts.append(c.children)
        }
        var children: [Column] = []
        for i in parts[0].indices {
            var pieces: [Column] = []
            for part in parts { pieces.append(part[i]) }
            children.append(try concatenated(pieces, pool: pool))
        }
        return .row(
            RowColumn(
                children: children, count: total,
                validity: try concatenatedValidity(columns, pool: pool)))
    }
}
