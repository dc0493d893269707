import Columnar

/// Turns key columns of any types into dense ids: the key service of grouping, distinct, joins and windows.
///
/// One interner is shared by all workers of an operator; each works through its own `KeyInternerWorker`.
/// Equality is GROUP BY's: NULL = NULL, NaN = NaN, -0.0 = 0.0, instants regardless of zone. Ids depend on
/// timing, so they must never decide an order. Source: "shared intern table" of Leis et al., morsel-driven
/// parallelism (SIGMOD 2014), with dictionary maps on top.
package final class KeyInterner: Sendable {
    /// The id of a key that is not there.
    package static let noID = UInt32.max

    package let types: [DataType]
    let columns: [ColumnInterner]
    /// Pair `i` joins the id of the columns up to `i` with column `i + 1`.
    let pairs: [WordInterner]
    let pool: BufferPool

    package init(types: [DataType], pool: BufferPool) throws(QueryError) {
        self.types = types
        self.pool = pool
        var columns: [ColumnInterner] = []
        var pairs: [WordInterner] = []
        do throws(ColumnarError) {
            for (i, type) in types.enumerated() {
                columns.append(
                    OrderedWord.isExact(type)
                        ? .words(try WordInterner(firstID: 1, pool: pool))
                        : .bytes(try BytesInterner(pool: pool)))
                if i > 0 { pairs.append(try WordInterner(firstID: 0, pool: pool)) }
            }
        } catch {
            throw QueryError(error)
        }
        self.columns = columns
        self.pairs = pairs
    }

    /// All ids so far are below this; some may never have been given out.
    package var idLimit: Int {
        if let last = pairs.last { return last.idLimit }
        return columns.first?.idLimit ?? 1
    }

    /// Whether `keyColumn` can give the values back exactly as they came.
    package static func isRestorable(_ type: DataType) -> Bool {
        switch type {
        case .timestampTZ, .array, .map, .row: false
        default: true
        }
    }

    /// The values of key column `index` for ids; only when nothing is interned any more.
    package func keyColumn(_ index: Int, ids: Span<UInt32>) throws(QueryError) -> Column {
        let count = ids.count
        return try storage { () throws(ColumnarError) in
            let own = try pool.allocate(UInt32.self, count: count)
            var target = own.mutableSpan(of: UInt32.self, count: count)
            for i in 0..<count { target[i] = ids[i] }
            for level in stride(from: pairs.count - 1, through: 0, by: -1) where index <= level + 1
            {
                let (buffer, wordCount) = pairs[level].allWords()
                let words = buffer.span(of: UInt64.self, count: wordCount)
                let isLast = index == level + 1
                for i in 0..<count {
                    let word = words[Int(target[i])]
                    target[i] = UInt32(truncatingIfNeeded: isLast ? word : word >> 32)
                }
                if isLast { break }
            }
            return try columns[index].column(
                type: types[index], ids: own.span(of: UInt32.self, count: count), pool: pool)
        }
    }
}

/// The interner of one key column; id 0 is NULL.
enum ColumnInterner: Sendable {
    case words(WordInterner)
    case bytes(BytesInterner)

    var idLimit: Int {
        switch self {
        case .words(let words): words.idLimit
        case .bytes(let bytes): bytes.idLimit
        }
    }

    func column(
        type: DataType, ids: Span<UInt32>, pool: BufferPool
    ) throws(ColumnarError) -> Column {
        var validity = try BitAppender(pool: pool)
        var hasNull = false
        for i in ids.indices {
            try validity.append(ids[i] != 0)
            hasNull = hasNull || ids[i] == 0
        }
        let bitmap = hasNull ? try validity.finish() : nil
        switch self {
        case .words(let interner):
            let (all, wordCount) = interner.allWords()
            let buffer = try pool.allocate(UInt64.self, count: ids.count)
            let source = all.span(of: UInt64.self, count: wordCount)
            var words = buffer.mutableSpan(of: UInt64.self, count: ids.count)
            for i in ids.indices { words[i] = ids[i] == 0 ? 0 : source[Int(ids[i]) - 1] }
            return try OrderedWord.decode(
                buffer.span(of: UInt64.self, count: ids.count), type: type, validity: bitmap,
                pool: pool)
        case .bytes(let interner):
            if type.storage == .int128 {
                return try wide(interner, ids: ids, validity: bitmap, pool: pool)
            }
            var builder = try TextBuilder(pool: pool, capacity: max(ids.count, 1))
            for i in ids.indices {
                if ids[i] == 0 {
                    try builder.appendNull()
                } else {
                    try builder.append(interner.view(ids[i]).bytes)
                }
            }
            return try builder.finish()
        }
    }

    private func wide(
        _ interner: BytesInterner, ids: Span<UInt32>, validity: Bitmap?, pool: BufferPool
    ) throws(ColumnarError) -> Column {
        let buffer = try pool.allocate(Int128.self, count: ids.count)
        var target = buffer.mutableSpan(of: Int128.self, count: ids.count)
        for i in ids.indices {
            target[i] =
                ids[i] == 0 ? 0 : interner.view(ids[i]).bytes.loadUnaligned(as: Int128.self)
        }
        return .flat(
            FlatColumn(storage: .int128, buffer: buffer, count: ids.count, validity: validity))
    }
}
