import Columnar
import Synchronization

/// A join over columns by position; the right side is built, the left side probes.
///
/// Without keys every pair is a candidate: a cross join, or a loop join under a residual condition.
package struct HashJoinSpec: Sendable {
    package var kind: JoinKind
    /// Key positions, pairwise of equal type.
    ///
    /// For `mark` the first pair is the IN comparison, the others correlate.
    package var leftKeys: [Int]
    package var rightKeys: [Int]
    package var keyTypes: [DataType]
    package var leftTypes: [DataType]
    package var rightTypes: [DataType]
    /// A condition over left ++ right columns that candidates must pass.
    package var residual: (any JoinCondition)?
    /// Ranges of build keys for the probe side's scans; only where unmatched left rows are dropped.
    package var filters: [JoinFilter]

    package init(
        kind: JoinKind, leftKeys: [Int], rightKeys: [Int], keyTypes: [DataType],
        leftTypes: [DataType], rightTypes: [DataType], residual: (any JoinCondition)? = nil,
        filters: [JoinFilter] = []
    ) {
        self.kind = kind
        self.leftKeys = leftKeys
        self.rightKeys = rightKeys
        self.keyTypes = keyTypes
        self.leftTypes = leftTypes
        self.rightTypes = rightTypes
        self.residual = residual
        self.filters = filters
    }

    /// Whether unmatched build rows are put out at the end (`HashJoinUnmatched`).
    package var keepsBuild: Bool { kind == .right || kind == .full }
}

/// A residual join condition, ready to be evaluated by any worker.
package protocol JoinCondition: Sendable {
    func makeState(worker: WorkerContext) throws(QueryError) -> any JoinConditionState
}

/// One worker's evaluation of a residual condition.
package protocol JoinConditionState {
    /// One bit per row of `pairs` (left ++ right columns, no selection): set where the condition is true.
    mutating func evaluate(_ pairs: Batch) throws(QueryError) -> Bitmap
}

/// Where the range of one build key is published.
package struct JoinFilter: Sendable {
    package var key: Int
    package var filter: DynamicFilter
    package var path: ScanColumnPath

    package init(key: Int, filter: DynamicFilter, path: ScanColumnPath) {
        self.key = key
        self.filter = filter
        self.path = path
    }
}

/// The build side: rows kept column by column, keys interned, rows grouped by key id.
package final class HashJoinBuild: Sink {
    package let spec: HashJoinSpec
    let query: QueryContext
    let interner: KeyInterner
    private let table = Mutex<JoinTable?>(nil)

    package init(_ spec: HashJoinSpec, query: QueryContext) throws(QueryError) {
        self.spec = spec
        self.query = query
        interner = try KeyInterner(types: spec.keyTypes, pool: query.pool)
    }

    /// The finished build side.
    func built() throws(QueryError) -> JoinTable {
        guard let table = table.withLock({ $0 }) else {
            throw QueryError(.internalError, "a join was probed before it was built")
        }
        return table
    }

    package func makeState(worker: WorkerContext) throws(QueryError) -> any SinkState {
        try HashJoinBuildWorker(self)
    }

    package func finish(
        _ states: [any SinkState], worker: WorkerContext
    ) throws(QueryError) {
        var collectors: [RowCollector] = []
        for case let state as HashJoinBuildWorker in states { collectors.append(state.rows) }
        let types = spec.rightTypes + [.integer]
        var (columns, count) = try RowCollector.combine(collectors, types: types, pool: query.pool)
        let ids = columns.removeLast()
        let store = RowStore(
            columns: columns, types: spec.rightTypes, count: count, pool: query.pool)
        let index = try JoinIndex(ids: ids, count: count, idLimit: interner.idLimit, query.pool)
        let mark =
            spec.kind == .mark
            ? try MarkIndex(spec, columns: columns, count: count, query: query) : nil
        let matched: Buffer?
        if spec.keepsBuild {
            let flags = try storage { () throws(ColumnarError) in
                try query.pool.allocate(UInt8.self, count: max(count, 1))
            }
            flags.zero(bytes: count)
            matched = flags
        } else {
            matched = nil
        }
        table.withLock {
            $0 = JoinTable(store: store, index: index, mark: mark, matched: matched)
        }
        try publishRanges(columns, count: count)
    }

    /// The smallest and largest key, for probe scans to skip by.
    private func publishRanges(_ columns: [Column], count: Int) throws(QueryError) {
        for filter in spec.filters {
            let type = spec.keyTypes[filter.key]
            guard OrderedWord.isExact(type), KeyInterner.isRestorable(type), count > 0 else {
                continue
            }
            let key = columns[spec.rightKeys[filter.key]]
            var context = KernelContext(pool: query.pool, session: query.session)
            var bounds: [Value] = []
            for isMax in [false, true] {
                var extremum: any Accumulator = WordExtremumAccumulator(type: type, isMax: isMax)
                try extremum.grow(groupCount: 1, pool: query.pool)
                let groups = try storage { () throws(ColumnarError) in
                    try query.pool.allocate(UInt32.self, count: count)
                }
                groups.zero(bytes: count * 4)
                try AggregateFeed.feed(
                    &extremum, columns: [key], groups: groups, count: count, context: &context)
                let result = try extremum.finish(range: 0..<1, context: &context)
                bounds.append(
                    try storage { () throws(ColumnarError) in try result.value(at: 0, type: type) })
            }
            guard !bounds[0].isNull else { continue }
            filter.filter.publish(
                .and([
                    .compare(filter.path, .greaterOrEqual, bounds[0]),
                    .compare(filter.path, .lessOrEqual, bounds[1]),
                ]))
        }
    }
}

/// One worker's build rows; the last kept column is the key id.
final class HashJoinBuildWorker: SinkState {
    fileprivate(set) var rows: RowCollector
    private let build: HashJoinBuild
    private var keys: KeyInternerWorker

    init(_ build: HashJoinBuild) throws(QueryError) {
        self.build = build
        rows = try RowCollector(
            types: build.spec.rightTypes + [.integer], pool: build.query.pool)
        keys = KeyInternerWorker(build.interner, inserting: true, nullsMatch: false)
    }

    func consume(_ batch: Batch, morsel: Int) throws(QueryError) {
        try build.query.checkCancelled()
        let pool = build.query.pool
        let selected = try SelectedRows(batch, pool: pool)
        guard selected.count > 0 else { return }
        let found = try storage { () throws(ColumnarError) in
            try pool.allocate(UInt32.self, count: selected.count)
        }
        try keys.intern(
            build.spec.rightKeys.map { selected.columns[$0] }, rows: selected.rowSpan(), into: found
        )
        // Ids by batch row, so that they are collected like any other column.
        let spread = try storage { () throws(ColumnarError) in
            try pool.allocate(UInt32.self, count: batch.count)
        }
        do {
            let from = found.span(of: UInt32.self, count: selected.count)
            let numbers = selected.rowSpan()
            var target = spread.mutableSpan(of: UInt32.self, count: batch.count)
            for i in numbers.indices { target[Int(numbers[i])] = from[i] }
        }
        let ids = Column.flat(FlatColumn(storage: .int32, buffer: spread, count: batch.count))
        try rows.append(selected.columns + [ids], rows: selected.rowSpan(), morsel: morsel)
    }
}

/// A finished build side, read by all probing workers.
struct JoinTable: Sendable {
    let store: RowStore
    let index: JoinIndex
    let mark: MarkIndex?
    /// One byte per build row that is set when it matched; only for right and full joins.
    let matched: Buffer?
}

/// Build rows by key id: a counting sort, so the rows of one key lie together in build order.
struct JoinIndex: Sendable {
    private let starts: Buffer
    private let rows: Buffer
    private let idLimit: Int
    private let rowCount: Int
    let isUnique: Bool

    /// `ids` is a flat column of 32-bit ids; rows with `KeyInterner.noID` are left out.
    init(ids: Column, count: Int, idLimit: Int, _ pool: BufferPool) throws(QueryError) {
        guard case .flat(let flat) = ids else { preconditionFailure("ids are flat") }
        let ids = flat.values(as: UInt32.self)
        let startBuffer = try storage { () throws(ColumnarError) in
            try pool.allocate(UInt32.self, count: idLimit + 1)
        }
        let rowBuffer = try storage { () throws(ColumnarError) in
            try pool.allocate(UInt32.self, count: max(count, 1))
        }
        var starts = startBuffer.mutableSpan(of: UInt32.self, count: idLimit + 1)
        var rows = rowBuffer.mutableSpan(of: UInt32.self, count: max(count, 1))
        for i in starts.indices { starts[i] = 0 }
        var largest: UInt32 = 0
        for i in 0..<count where ids[i] != KeyInterner.noID {
            starts[Int(ids[i])] += 1
            largest = max(largest, starts[Int(ids[i])])
        }
        var total: UInt32 = 0
        for id in 0...idLimit {
            let size = starts[id]
            starts[id] = total
            total += size
        }
        // Filling moves every start to the next one; afterwards they are moved back.
        for i in 0..<count where ids[i] != KeyInterner.noID {
            let id = Int(ids[i])
            rows[Int(starts[id])] = UInt32(truncatingIfNeeded: i)
            starts[id] += 1
        }
        for id in stride(from: idLimit, to: 0, by: -1) { starts[id] = starts[id - 1] }
        starts[0] = 0
        self.starts = startBuffer
        self.rows = rowBuffer
        self.idLimit = idLimit
        rowCount = Int(total)
        isUnique = largest <= 1
    }

    /// Where the rows of each id lie in `rowSpan`: `starts[id]..<starts[id + 1]`.
    @_lifetime(borrow self)
    func startSpan() -> Span<UInt32> {
        let span = starts.span(of: UInt32.self, count: idLimit + 1)
        return _overrideLifetime(span, borrowing: self)
    }

    @_lifetime(borrow self)
    func rowSpan() -> Span<UInt32> {
        let span = rows.span(of: UInt32.self, count: rowCount)
        return _overrideLifetime(span, borrowing: self)
    }
}

/// The build rows that no probe row matched, in build order: the last part of a right or full join.
///
/// Read after all probing has ended; outputs are left columns (NULL), then right columns.
package struct HashJoinUnmatched: Source {
    private let build: HashJoinBuild

    package init(_ build: HashJoinBuild) {
        self.build = build
    }

    package var morselCount: Int {
        guard let table = try? build.built() else { return 0 }
        return (table.store.count + Limits.morselRows - 1) / Limits.morselRows
    }

    package func open(
        morsel: Int, worker: WorkerContext
    ) throws(QueryError) -> any MorselReader {
        let table = try build.built()
        let first = morsel * Limits.morselRows
        let end = min(first + Limits.morselRows, table.store.count)
        var rows: [UInt32] = []
        if let matched = table.matched {
            let flags = matched.span(of: UInt8.self, count: table.store.count)
            for row in first..<end where flags[row] == 0 { rows.append(UInt32(row)) }
        }
        var batches: [Batch] = []
        var start = 0
        while start < rows.count {
            let size = min(worker.query.batchRows, rows.count - start)
            let part = Array(rows[start..<start + size])
            var columns: [Column] = []
            do throws(ColumnarError) {
                for type in build.spec.leftTypes {
                    let null = try Column.from([.null], type: type, pool: worker.pool)
                    columns.append(.constant(ConstantColumn(null, count: size)))
                }
                for i in table.store.columns.indices {
                    columns.append(try table.store.fetch(i, at: part.span))
                }
            } catch {
                throw QueryError(error)
            }
            batches.append(Batch(columns: columns, count: size))
            start += size
        }
        return HeldReader(batches: batches)
    }
}
