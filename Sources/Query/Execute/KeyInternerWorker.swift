import Columnar

/// One worker's access to a `KeyInterner`: its view of the tables, scratch memory, maps of dictionaries.
package struct KeyInternerWorker: Sendable {
    private let interner: KeyInterner
    private var columns: [ColumnKeyWorker] = []
    private var pairs: [WordLookup] = []
    /// Joins: a NULL key equals nothing, its id is `noID`.
    private let nullsMatch: Bool
    private let inserting: Bool

    /// `inserting` false only looks up; absent keys get `noID`.
    package init(
        _ interner: KeyInterner, inserting: Bool, nullsMatch: Bool = true
    ) {
        self.interner = interner
        self.inserting = inserting
        self.nullsMatch = nullsMatch
        for (column, type) in zip(interner.columns, interner.types) {
            columns.append(
                ColumnKeyWorker(column, type: type, inserting: inserting, pool: interner.pool))
        }
        for pair in interner.pairs {
            pairs.append(WordLookup(pair, inserting: inserting))
        }
    }

    /// The ids of `rows` of the key columns (any form), as UInt32 into `ids`.
    package mutating func intern(
        _ keys: [Column], rows: Span<UInt32>, into ids: Buffer
    ) throws(QueryError) {
        let count = rows.count
        guard count > 0 else { return }
        guard !columns.isEmpty else {
            var target = ids.mutableSpan(of: UInt32.self, count: count)
            for i in 0..<count { target[i] = 0 }
            return
        }
        try columns[0].ids(of: keys[0], rows: rows, into: ids)
        if !nullsMatch { Self.dropNulls(ids, count: count) }
        guard columns.count > 1 else { return }
        let pool = interner.pool
        let other = try storage { () throws(ColumnarError) in
            try pool.allocate(UInt32.self, count: count)
        }
        let words = try storage { () throws(ColumnarError) in
            try pool.allocate(UInt64.self, count: count)
        }
        for k in 1..<columns.count {
            try columns[k].ids(of: keys[k], rows: rows, into: other)
            if !nullsMatch { Self.dropNulls(other, count: count) }
            do {
                let left = ids.span(of: UInt32.self, count: count)
                let right = other.span(of: UInt32.self, count: count)
                var target = words.mutableSpan(of: UInt64.self, count: count)
                for i in 0..<count { target[i] = UInt64(left[i]) << 32 | UInt64(right[i]) }
            }
            try pairs[k - 1].ids(of: words, count: count, into: ids, pool: pool)
            if !nullsMatch {
                let source = words.span(of: UInt64.self, count: count)
                var target = ids.mutableSpan(of: UInt32.self, count: count)
                for i in 0..<count {
                    let hasNull =
                        source[i] >> 32 == UInt64(KeyInterner.noID)
                        || source[i] & 0xFFFF_FFFF == UInt64(KeyInterner.noID)
                    if hasNull { target[i] = KeyInterner.noID }
                }
            }
        }
    }

    private static func dropNulls(_ ids: Buffer, count: Int) {
        var target = ids.mutableSpan(of: UInt32.self, count: count)
        for i in 0..<count where target[i] == 0 { target[i] = KeyInterner.noID }
    }
}

/// A worker's view of one word interner.
struct WordLookup: Sendable {
    private let interner: WordInterner
    private var table: WordTable
    private let inserting: Bool

    init(_ interner: WordInterner, inserting: Bool) {
        self.interner = interner
        self.inserting = inserting
        table = interner.table
    }

    mutating func ids(
        of words: Buffer, count: Int, into ids: Buffer, pool: BufferPool
    ) throws(QueryError) {
        let misses = try storage { () throws(ColumnarError) in
            try pool.allocate(UInt32.self, count: count)
        }
        var target = ids.mutableSpan(of: UInt32.self, count: count)
        var missing = misses.mutableSpan(of: UInt32.self, count: count)
        let missed = table.lookup(
            words.span(of: UInt64.self, count: count), ids: &target, misses: &missing)
        if missed > 0 && inserting {
            table = try interner.insert(words, misses: misses, count: missed, ids: ids)
        } else if missed > 0 {
            for i in 0..<missed { target[Int(missing[i])] = KeyInterner.noID }
        }
    }
}

/// A worker's view of one byte interner.
struct BytesLookup: Sendable {
    private let interner: BytesInterner
    private var table: BytesTable
    private let inserting: Bool

    init(_ interner: BytesInterner, inserting: Bool) {
        self.interner = interner
        self.inserting = inserting
        table = interner.table
    }

    /// The ids of `ByteView`s; their hashes are filled here.
    mutating func ids(
        of views: Buffer, count: Int, into ids: Buffer, pool: BufferPool
    ) throws(QueryError) {
        let misses = try storage { () throws(ColumnarError) in
            try pool.allocate(UInt32.self, count: count)
        }
        do {
            var span = views.mutableSpan(of: ByteView.self, count: count)
            for i in 0..<count { span[i].hash = ByteKey.hash(span[i].bytes, seed: table.seed) }
        }
        var target = ids.mutableSpan(of: UInt32.self, count: count)
        var missing = misses.mutableSpan(of: UInt32.self, count: count)
        let missed = interner.lookup(
            views.span(of: ByteView.self, count: count), in: table, ids: &target,
            misses: &missing)
        if missed > 0 && inserting {
            table = try interner.insert(
                views, misses: misses, count: missed, ids: ids, hashedWith: table.seed)
        }
    }
}
