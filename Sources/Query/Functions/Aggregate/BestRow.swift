import Columnar

/// The aggregates max_by, min_by, arbitrary, and min and max of nested types: one chosen row per group.
///
/// Values lie in a log of all rows that were the best for a while; the log is compacted when most of it is
/// dead. Among equal keys the first row wins.
struct BestRowAccumulator: Accumulator {
    enum Choice: Sendable, Equatable {
        /// The first row whose value is not NULL.
        case first
        case largest, smallest
    }

    private let choice: Choice
    private let valueType: DataType
    private let keyType: DataType
    /// The key is the value itself.
    private let isSelfKeyed: Bool
    private let hasWordKeys: Bool
    private var words = StateArray<UInt64>(initial: 0)
    private var keys = StateArray<ByteView>(initial: ByteView(address: 0, length: 0, hash: 0))
    private var orders = StateArray<UInt64>(initial: .max)
    /// Place in the log; `ColumnAppender.nullIndex` is none yet.
    private var places = StateArray<UInt32>(initial: ColumnAppender.nullIndex)
    private var log: ColumnAppender?
    private var arena: ByteArena?

    init(_ choice: Choice, valueType: DataType, keyType: DataType, isSelfKeyed: Bool = false) {
        self.choice = choice
        self.valueType = valueType
        self.keyType = keyType
        self.isSelfKeyed = isSelfKeyed
        hasWordKeys = choice == .first || OrderedWord.isExact(keyType)
    }

    mutating func grow(groupCount: Int, pool: BufferPool) throws(QueryError) {
        if log == nil {
            log = try storage { () throws(ColumnarError) in
                try ColumnAppender(type: valueType, pool: pool)
            }
            arena = ByteArena(pool: pool)
        }
        if hasWordKeys {
            try words.grow(to: groupCount, pool: pool)
        } else {
            try keys.grow(to: groupCount, pool: pool)
        }
        try orders.grow(to: groupCount, pool: pool)
        try places.grow(to: groupCount, pool: pool)
    }

    mutating func update(
        arguments: [Column], rows: Span<UInt16>, groups: Span<UInt32>, order: RowOrigin?,
        context: inout KernelContext
    ) throws(QueryError) {
        let pool = context.pool
        let keyArgument = isSelfKeyed || choice == .first ? arguments[0] : arguments[1]
        let key = try storage { () throws(ColumnarError) in try keyArgument.flattened(pool: pool) }
        let validity = try storage { () throws(ColumnarError) in try key.validity(pool: pool) }
        let encoded = try storage { () throws(ColumnarError) in
            try pool.allocate(UInt64.self, count: rows.count)
        }
        if choice != .first && hasWordKeys {
            OrderedWord.encode(key, type: keyType, rows: rows, into: encoded)
        }
        let keyWords = encoded.span(of: UInt64.self, count: rows.count)
        var winners: [UInt32] = []
        var scratch = NormalizedKey()
        var next = UInt32(truncatingIfNeeded: log?.count ?? 0)
        for i in rows.indices {
            let row = Int(rows[i])
            if let validity, !Bitmap.isSet(validity.words(), row) { continue }
            let group = Int(groups[i])
            let isBetter: Bool
            if choice == .first {
                isBetter =
                    places[group] == ColumnAppender.nullIndex
                    || order.number(of: row) < orders[group]
            } else if hasWordKeys {
                isBetter = offer(word: keyWords[i], order.number(of: row), to: group)
            } else {
                try storage { () throws(ColumnarError) in
                    scratch.removeAll()
                    try scratch.append(key, type: keyType, row: row)
                }
                isBetter = try offer(scratch.bytes, order.number(of: row), to: group)
            }
            guard isBetter else { continue }
            orders[group] = order.number(of: row)
            places[group] = next
            next += 1
            winners.append(UInt32(row))
        }
        try append(arguments[0], winners)
        try compactIfWasteful(pool)
    }

    private mutating func append(_ column: Column, _ rows: [UInt32]) throws(QueryError) {
        guard !rows.isEmpty, var log else { return }
        try storage { () throws(ColumnarError) in try log.append(column, at: rows.span) }
        self.log = log
    }

    private mutating func offer(word: UInt64, _ order: UInt64, to group: Int) -> Bool {
        if places[group] != ColumnAppender.nullIndex {
            let held = words[group]
            if word == held { return order < orders[group] }
            guard (word > held) == (choice == .largest) else { return false }
        }
        words[group] = word
        return true
    }

    private mutating func offer(
        _ bytes: [UInt8], _ order: UInt64, to group: Int
    ) throws(QueryError) -> Bool {
        var result = false
        var failure: ColumnarError?
        bytes.withUnsafeBytes { bytes in
            if places[group] != ColumnAppender.nullIndex {
                let comparison = ByteOrder.compare(bytes, keys[group].bytes)
                if comparison == 0 {
                    result = order < orders[group]
                    return
                }
                guard (comparison > 0) == (choice == .largest) else { return }
            }
            guard var arena else { return }
            do throws(ColumnarError) {
                let address = try arena.store(bytes)
                keys[group] = ByteView(address: address, length: UInt32(bytes.count), hash: 0)
                self.arena = arena
                result = true
            } catch {
                failure = error
            }
        }
        if let failure { throw QueryError(failure) }
        return result
    }

    /// Copies the live rows when the dead ones are the most.
    private mutating func compactIfWasteful(_ pool: BufferPool) throws(QueryError) {
        guard let log, log.count > 65_536 + 4 * places.count else { return }
        let column = try storage { () throws(ColumnarError) in try log.finish() }
        var live: [UInt32] = []
        for group in 0..<places.count where places[group] != ColumnAppender.nullIndex {
            live.append(places[group])
            places[group] = UInt32(live.count - 1)
        }
        var fresh = try storage { () throws(ColumnarError) in
            try ColumnAppender(type: valueType, pool: pool)
        }
        try storage { () throws(ColumnarError) in try fresh.append(column, at: live.span) }
        self.log = fresh
    }

    mutating func merge(
        _ other: any Accumulator, mapping: Span<UInt32>, context: inout KernelContext
    ) throws(QueryError) {
        guard let other = other as? BestRowAccumulator, let theirLog = other.log else { return }
        let column = try storage { () throws(ColumnarError) in try theirLog.finish() }
        var taken: [UInt32] = []
        var next = UInt32(truncatingIfNeeded: log?.count ?? 0)
        for i in 0..<other.places.count where other.places[i] != ColumnAppender.nullIndex {
            let group = Int(mapping[i])
            let order = other.orders[i]
            let isBetter: Bool
            if choice == .first {
                isBetter = order < orders[group]
            } else if hasWordKeys {
                isBetter = offer(word: other.words[i], order, to: group)
            } else {
                isBetter = try offer(Array(other.keys[i].bytes), order, to: group)
            }
            guard isBetter else { continue }
            orders[group] = order
            places[group] = next
            next += 1
            taken.append(other.places[i])
        }
        try append(column, taken)
    }

    func finish(range: Range<Int>, context: inout KernelContext) throws(QueryError) -> Column {
        let pool = context.pool
        return try storage { () throws(ColumnarError) in
            var result = try ColumnAppender(type: valueType, pool: pool)
            guard let log else { return try result.finish() }
            let column = try log.finish()
            var indices: [UInt32] = []
            indices.reserveCapacity(range.count)
            for i in range { indices.append(places[i]) }
            try result.append(column, at: indices.span)
            return try result.finish()
        }
    }
}
