import Columnar

/// 64-bit hashes of values: equal values, equal hashes, whatever the form; fixed for all time.
enum ValueHash {
    /// UInt64 per entry of `rows`; the hash of NULL is fixed.
    static func hash(
        _ column: Column, type: DataType, rows: Span<UInt16>, pool: BufferPool
    ) throws(QueryError) -> Buffer {
        let flat = try storage { () throws(ColumnarError) in try column.flattened(pool: pool) }
        let validity = try storage { () throws(ColumnarError) in try flat.validity(pool: pool) }
        let hashes = try storage { () throws(ColumnarError) in
            try pool.allocate(UInt64.self, count: rows.count)
        }
        if OrderedWord.isExact(type) {
            OrderedWord.encode(flat, type: type, rows: rows, into: hashes)
            var target = hashes.mutableSpan(of: UInt64.self, count: rows.count)
            for i in rows.indices { target[i] = mix(target[i]) }
        } else if case .text(let text) = flat {
            var target = hashes.mutableSpan(of: UInt64.self, count: rows.count)
            for i in rows.indices { target[i] = hash(text.bytes(at: Int(rows[i]))) }
        } else {
            var key = NormalizedKey()
            var target = hashes.mutableSpan(of: UInt64.self, count: rows.count)
            for i in rows.indices {
                key.removeAll()
                do throws(ColumnarError) {
                    try key.append(flat, type: type, row: Int(rows[i]))
                } catch {
                    throw QueryError(error)
                }
                target[i] = key.bytes.withUnsafeBytes { hash($0) }
            }
        }
        if let validity {
            var target = hashes.mutableSpan(of: UInt64.self, count: rows.count)
            for i in rows.indices where !validity[Int(rows[i])] {
                target[i] = 0x9E37_79B1_85EB_CA87
            }
        }
        return hashes
    }

    /// The finaliser of splitmix64, a bijection.
    @inline(__always)
    static func mix(_ word: UInt64) -> UInt64 {
        var z = word &+ 0x9E37_79B9_7F4A_7C15
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }

    static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var state = UInt64(truncatingIfNeeded: bytes.count)
        var offset = 0
        while offset + 8 <= bytes.count {
            state = mix(state ^ bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            offset += 8
        }
        var tail: UInt64 = 0
        while offset < bytes.count {
            tail = tail << 8 | UInt64(bytes[offset])
            offset += 1
        }
        return mix(state ^ tail)
    }
}

/// The aggregate checksum: the wrapping sum of all rows' hashes, as 8 bytes; row order does not matter.
struct ChecksumAccumulator: Accumulator {
    private let type: DataType
    private var sums = StateArray<UInt64>(initial: 0)
    private var seen = StateArray<Bool>(initial: false)

    init(type: DataType) {
        self.type = type
    }

    mutating func grow(groupCount: Int, pool: BufferPool) throws(QueryError) {
        try sums.grow(to: groupCount, pool: pool)
        try seen.grow(to: groupCount, pool: pool)
    }

    mutating func update(
        arguments: [Column], rows: Span<UInt16>, groups: Span<UInt32>, order: RowOrigin?,
        context: inout KernelContext
    ) throws(QueryError) {
        let hashes = try ValueHash.hash(
            arguments[0], type: type, rows: rows, pool: context.pool)
        let span = hashes.span(of: UInt64.self, count: rows.count)
        var sums = sums.mutableSpan()
        var seen = seen.mutableSpan()
        for i in rows.indices {
            sums[Int(groups[i])] &+= span[i]
            seen[Int(groups[i])] = true
        }
    }

    mutating func merge(
        _ other: any Accumulator, mapping: Span<UInt32>, context: inout KernelContext
    ) throws(QueryError) {
        guard let other = other as? ChecksumAccumulator else { return }
        let theirs = other.sums.span()
        let theirSeen = other.seen.span()
        for i in theirs.indices where theirSeen[i] {
            sums[Int(mapping[i])] = sums[Int(mapping[i])] &+ theirs[i]
            seen[Int(mapping[i])] = true
        }
    }

    func finish(range: Range<Int>, context: inout KernelContext) throws(QueryError) -> Column {
        let pool = context.pool
        return try storage { () throws(ColumnarError) in
            var builder = try TextBuilder(pool: pool, capacity: max(range.count, 1))
            for group in range {
                if !seen[group] {
                    try builder.appendNull()
                } else {
                    let bytes = withUnsafeBytes(of: sums[group].littleEndian) { Array($0) }
                    try builder.append(bytes)
                }
            }
            return try builder.finish()
        }
    }
}
