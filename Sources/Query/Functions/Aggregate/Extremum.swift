import Columnar

/// The aggregates min and max over types whose values are 64-bit words.
struct WordExtremumAccumulator: Accumulator {
    private let type: DataType
    private let isMax: Bool
    /// Words for max, complements for min, so that both keep the largest; 0 with `seen` false is none.
    private var best = StateArray<UInt64>(initial: 0)
    private var seen = StateArray<Bool>(initial: false)

    init(type: DataType, isMax: Bool) {
        self.type = type
        self.isMax = isMax
    }

    mutating func grow(groupCount: Int, pool: BufferPool) throws(QueryError) {
        try best.grow(to: groupCount, pool: pool)
        try seen.grow(to: groupCount, pool: pool)
    }

    mutating func update(
        arguments: [Column], rows: Span<UInt16>, groups: Span<UInt32>, order: RowOrigin?,
        context: inout KernelContext
    ) throws(QueryError) {
        let pool = context.pool
        let column = try storage { () throws(ColumnarError) in
            try arguments[0].flattened(pool: pool)
        }
        let encoded = try storage { () throws(ColumnarError) in
            try pool.allocate(UInt64.self, count: rows.count)
        }
        let validity = try storage { () throws(ColumnarError) in
            try column.validity(pool: pool)
        }
        OrderedWord.encode(column, type: type, rows: rows, into: encoded)
        let words = encoded.span(of: UInt64.self, count: rows.count)
        let flip: UInt64 = isMax ? 0 : .max
        var best = best.mutableSpan()
        var seen = seen.mutableSpan()
        guard let validity else {
            for i in rows.indices {
                let group = Int(groups[i])
                best[group] = max(best[group], words[i] ^ flip)
                seen[group] = true
            }
            return
        }
        let bits = validity.words()
        for i in rows.indices where Bitmap.isSet(bits, Int(rows[i])) {
            let group = Int(groups[i])
            best[group] = max(best[group], words[i] ^ flip)
            seen[group] = true
        }
    }

    mutating func merge(
        _ other: any Accumulator, mapping: Span<UInt32>, context: inout KernelContext
    ) throws(QueryError) {
        guard let other = other as? WordExtremumAccumulator else { return }
        var best = best.mutableSpan()
        var seen = seen.mutableSpan()
        let theirs = other.best.span()
        let theirSeen = other.seen.span()
        for i in theirs.indices where theirSeen[i] {
            let group = Int(mapping[i])
            best[group] = max(best[group], theirs[i])
            seen[group] = true
        }
    }

    func finish(range: Range<Int>, context: inout KernelContext) throws(QueryError) -> Column {
        let pool = context.pool
        let seen = seen.span()
        let start = range.lowerBound
        let valid = try ResultColumn.validity(count: range.count, pool: pool) { seen[start + $0] }
        return try storage { () throws(ColumnarError) in
            let buffer = try pool.allocate(UInt64.self, count: range.count)
            var words = buffer.mutableSpan(of: UInt64.self, count: range.count)
            let best = best.span()
            for i in range { words[i - start] = isMax ? best[i] : ~best[i] }
            return try OrderedWord.decode(
                buffer.span(of: UInt64.self, count: range.count), type: type, validity: valid,
                pool: pool)
        }
    }
}

/// The aggregates min and max over text and binary.
struct TextExtremumAccumulator: Accumulator {
    private let isMax: Bool
    /// The hash field holds the bytes that the arena gave to the place.
    private var best = StateArray<ByteView>(initial: ByteView(address: 0, length: 0, hash: 0))
    private var arena: ByteArena?

    init(isMax: Bool) {
        self.isMax = isMax
    }

    mutating func grow(groupCount: Int, pool: BufferPool) throws(QueryError) {
        if arena == nil { arena = ByteArena(pool: pool) }
        try best.grow(to: groupCount, pool: pool)
    }

    mutating func update(
        arguments: [Column], rows: Span<UInt16>, groups: Span<UInt32>, order: RowOrigin?,
        context: inout KernelContext
    ) throws(QueryError) {
        let pool = context.pool
        let flat = try storage { () throws(ColumnarError) in
            try arguments[0].flattened(pool: pool)
        }
        guard case .text(let text) = flat else { return }
        let slices = text.sliceSpan()
        for i in rows.indices {
            let row = Int(rows[i])
            if let validity = text.validity, !validity[row] { continue }
            try offer(text.bytes(of: slices[row]), to: Int(groups[i]))
        }
    }

    private mutating func offer(_ bytes: UnsafeRawBufferPointer, to group: Int) throws(QueryError) {
        var place = best[group]
        if place.address != 0 {
            let order = ByteOrder.compare(bytes, place.bytes)
            guard isMax ? order > 0 : order < 0 else { return }
        }
        if place.address != 0, bytes.count <= Int(place.hash),
            let target = UnsafeMutableRawPointer(bitPattern: place.address)
        {
            if let base = bytes.baseAddress {
                target.copyMemory(from: base, byteCount: bytes.count)
            }
        } else {
            guard var arena else { return }
            place.address = try storage { () throws(ColumnarError) in try arena.store(bytes) }
            place.hash = UInt32(bytes.count)
            self.arena = arena
        }
        place.length = UInt32(bytes.count)
        best[group] = place
    }

    mutating func merge(
        _ other: any Accumulator, mapping: Span<UInt32>, context: inout KernelContext
    ) throws(QueryError) {
        guard let other = other as? TextExtremumAccumulator else { return }
        let theirs = other.best.span()
        for i in theirs.indices where theirs[i].address != 0 {
            try offer(theirs[i].bytes, to: Int(mapping[i]))
        }
    }

    func finish(range: Range<Int>, context: inout KernelContext) throws(QueryError) -> Column {
        let pool = context.pool
        return try storage { () throws(ColumnarError) in
            var builder = try TextBuilder(pool: pool, capacity: max(range.count, 1))
            let best = best.span()
            for i in range {
                if best[i].address == 0 {
                    try builder.appendNull()
                } else {
                    try builder.append(best[i].bytes)
                }
            }
            return try builder.finish()
        }
    }
}
