import Columnar

/// What `x IN (subquery)` needs besides matches: which build rows make the answer unknown.
///
/// The answer for an unmatched row is NULL if x is NULL and its group of build rows is not empty, or if the
/// group has a NULL. A group is the build rows of equal correlation keys: all rows without correlation.
struct MarkIndex: Sendable {
    fileprivate let correlation: KeyInterner
    /// All build rows, and those whose first key is NULL, by correlation id.
    fileprivate let all: JoinIndex
    fileprivate let nulls: JoinIndex
    fileprivate let hasNulls: Bool

    init(
        _ spec: HashJoinSpec, columns: [Column], count: Int, query: QueryContext
    ) throws(QueryError) {
        let pool = query.pool
        correlation = try KeyInterner(types: Array(spec.keyTypes.dropFirst()), pool: pool)
        var worker = KeyInternerWorker(correlation, inserting: true, nullsMatch: false)
        let ids = try storage { () throws(ColumnarError) in
            try pool.allocate(UInt32.self, count: max(count, 1))
        }
        let nullIDs = try storage { () throws(ColumnarError) in
            try pool.allocate(UInt32.self, count: max(count, 1))
        }
        var validity: Bitmap?
        if let first = spec.rightKeys.first {
            validity = try storage { () throws(ColumnarError) in
                try columns[first].validity(pool: pool)
            }
        }
        let rows = try storage { () throws(ColumnarError) in try pool.identity(count: count) }
        try worker.intern(
            spec.rightKeys.dropFirst().map { columns[$0] },
            rows: rows.span(of: UInt32.self, count: count), into: ids)
        var hasNulls = false
        do {
            let from = ids.span(of: UInt32.self, count: count)
            var target = nullIDs.mutableSpan(of: UInt32.self, count: count)
            for i in 0..<count {
                let isNull = validity.map { !$0[i] } ?? false
                hasNulls = hasNulls || isNull
                target[i] = isNull ? from[i] : KeyInterner.noID
            }
        }
        self.hasNulls = hasNulls
        let limit = correlation.idLimit
        all = try JoinIndex(
            ids: .flat(FlatColumn(storage: .int32, buffer: ids, count: count)), count: count,
            idLimit: limit, pool)
        nulls = try JoinIndex(
            ids: .flat(FlatColumn(storage: .int32, buffer: nullIDs, count: count)), count: count,
            idLimit: limit, pool)
    }
}

/// One worker's use of a `MarkIndex`.
struct MarkProbe {
    private let index: MarkIndex
    private var keys: KeyInternerWorker

    init(_ index: MarkIndex) {
        self.index = index
        keys = KeyInternerWorker(index.correlation, inserting: false, nullsMatch: false)
    }

    /// Sets `unknown` where an unmatched row's answer is NULL; `anyPasses` asks the residual.
    mutating func findUnknown(
        _ batch: Batch, _ spec: HashJoinSpec, _ rows: ProbeRows, found: [Bool],
        into unknown: inout [Bool],
        anyPasses: (UInt32, [UInt32]) throws(QueryError) -> Bool
    ) throws(QueryError) {
        guard let first = spec.leftKeys.first else { return }
        let pool = index.correlation.pool
        let column = batch.columns[first]
        let validity = try storage { () throws(ColumnarError) in try column.validity(pool: pool) }
        guard index.hasNulls || validity != nil else { return }
        let ids = try storage { () throws(ColumnarError) in
            try pool.allocate(UInt32.self, count: rows.count)
        }
        try keys.intern(
            spec.leftKeys.dropFirst().map { batch.columns[$0] }, rows: rows.rowSpan(), into: ids)
        let numbers = rows.rowSpan()
        let groups = ids.span(of: UInt32.self, count: rows.count)
        for i in 0..<rows.count where !found[i] && groups[i] != KeyInterner.noID {
            let isNull = validity.map { !$0[Int(numbers[i])] } ?? false
            let candidates = isNull ? index.all : index.nulls
            let starts = candidates.startSpan()
            let range = Int(starts[Int(groups[i])])..<Int(starts[Int(groups[i]) + 1])
            guard !range.isEmpty else { continue }
            guard spec.residual != nil else {
                unknown[i] = true
                continue
            }
            let span = candidates.rowSpan()
            unknown[i] = try anyPasses(numbers[i], range.map { span[$0] })
        }
    }
}
