import Columnar
import Synchronization

/// GROUP BY over columns by position; the planner has put keys and arguments into input columns.
package struct AggregateSpec: Sendable {
    /// Input positions of the keys; none gives exactly one row.
    package var keys: [Int]
    package var keyTypes: [DataType]
    package var calls: [AggregateCallSpec]

    package init(keys: [Int], keyTypes: [DataType], calls: [AggregateCallSpec]) {
        self.keys = keys
        self.keyTypes = keyTypes
        self.calls = calls
    }
}

/// One aggregate call over input columns.
package struct AggregateCallSpec: Sendable {
    package var function: ResolvedFunction
    package var arguments: [Int]
    /// A boolean column; rows where it is not true are left out.
    package var filter: Int?
    package var isDistinct: Bool
    package var orderBy: [ColumnOrder]

    package init(
        function: ResolvedFunction, arguments: [Int], filter: Int? = nil,
        isDistinct: Bool = false, orderBy: [ColumnOrder] = []
    ) {
        self.function = function
        self.arguments = arguments
        self.filter = filter
        self.isDistinct = isDistinct
        self.orderBy = orderBy
    }

    func makeAccumulator(_ registry: FunctionRegistry) throws(QueryError) -> any Accumulator {
        guard let entry = registry.aggregates[function.name],
            entry.overloads.indices.contains(function.overload)
        else {
            throw QueryError(.functionNotFound, "Function '\(function.name)' not registered")
        }
        return entry.overloads[function.overload].makeAccumulator(
            function.argumentTypes, function.resultType)
    }
}

/// One sort key over an input column.
package struct ColumnOrder: Hashable, Sendable {
    package var column: Int
    package var type: DataType
    package var isDescending: Bool
    package var nullsFirst: Bool

    package init(
        column: Int, type: DataType, isDescending: Bool = false, nullsFirst: Bool = false
    ) {
        self.column = column
        self.type = type
        self.isDescending = isDescending
        self.nullsFirst = nullsFirst
    }
}

/// Hash aggregation: one shared interner of keys, columnar states per worker, merged by group id.
///
/// Output columns are the keys, then the calls; groups come in the order of their first row. A refused
/// reservation surfaces as EXCEEDED_LOCAL_MEMORY_LIMIT; partitions would be spilled in `finish`.
package final class AggregateSink: Sink {
    package let output = ResultSlot()
    let spec: AggregateSpec
    let query: QueryContext
    let interner: KeyInterner
    /// One per call; nil where the call is not DISTINCT.
    let distinct: [KeyInterner?]

    package init(_ spec: AggregateSpec, query: QueryContext) throws(QueryError) {
        self.spec = spec
        self.query = query
        interner = try KeyInterner(types: spec.keyTypes, pool: query.pool)
        var distinct: [KeyInterner?] = []
        for call in spec.calls {
            guard call.isDistinct else {
                distinct.append(nil)
                continue
            }
            let types = [DataType.bigint] + call.function.argumentTypes
            distinct.append(try KeyInterner(types: types, pool: query.pool))
        }
        self.distinct = distinct
    }

    package func makeState(worker: WorkerContext) throws(QueryError) -> any SinkState {
        try AggregateWorker(self)
    }

    package func finish(
        _ states: [any SinkState], worker: WorkerContext
    ) throws(QueryError) {
        var workers: [AggregateWorker] = []
        for case let state as AggregateWorker in states { workers.append(state) }
        if workers.isEmpty { workers.append(try AggregateWorker(self)) }
        let first = workers[0]
        let groupCount = spec.keys.isEmpty ? 1 : interner.idLimit
        try first.grow(to: groupCount)
        for other in workers.dropFirst() {
            try query.checkCancelled()
            try first.merge(other)
        }
        try output.fill(first.result(groupCount: groupCount))
    }
}

/// One worker's states.
final class AggregateWorker: SinkState {
    private let sink: AggregateSink
    private let pool: BufferPool
    private var keys: KeyInternerWorker
    private var numbering = RowNumbering()
    private var context: KernelContext
    private var calls: [AggregateCallState] = []
    /// Number of the first row of each group; `.max` has no row here.
    private var firstRows = StateArray<UInt64>(initial: .max)
    /// First values of keys that the interner cannot give back; nil for the others.
    private var representatives: [BestRowAccumulator?] = []
    private var groupCount = 0
    /// Whether the query only counts rows, all in one group.
    private var onlyCounts = false

    init(_ sink: AggregateSink) throws(QueryError) {
        self.sink = sink
        pool = sink.query.pool
        keys = KeyInternerWorker(sink.interner, inserting: true)
        context = KernelContext(pool: pool, session: sink.query.session)
        for type in sink.spec.keyTypes {
            representatives.append(
                KeyInterner.isRestorable(type)
                    ? nil : BestRowAccumulator(.first, valueType: type, keyType: type))
        }
        for (call, distinct) in zip(sink.spec.calls, sink.distinct) {
            calls.append(try AggregateCallState(call, distinct: distinct, query: sink.query))
        }
        try grow(to: 1)
        onlyCounts = sink.spec.keys.isEmpty && calls.allSatisfy(\.countsRows)
    }

    func consume(_ batch: Batch, morsel: Int) throws(QueryError) {
        try sink.query.checkCancelled()
        if onlyCounts {
            for i in calls.indices { calls[i].count(rows: batch.selectedCount) }
            return
        }
        let origin = numbering.take(batch.count, morsel: morsel)
        let selection = batch.selection
        let list = try storage { () throws(ColumnarError) in
            try selection.rowList(count: batch.count, pool: pool)
        }
        guard list.count > 0 else { return }
        let wide = try storage { () throws(ColumnarError) in try list.widened(pool: pool) }
        let groups = try storage { () throws(ColumnarError) in
            try pool.allocate(UInt32.self, count: list.count)
        }
        let columns = try resolve(batch)
        try keys.intern(
            sink.spec.keys.map { columns[$0] },
            rows: wide.span(of: UInt32.self, count: list.count), into: groups)
        try noteGroups(groups, list, first: origin.bits)
        let order = RowOrigin.consecutive(first: origin)
        let groupSpan = groups.span(of: UInt32.self, count: list.count)
        for (i, key) in sink.spec.keys.enumerated() where representatives[i] != nil {
            try representatives[i]?.update(
                arguments: [columns[key]], rows: list.span(), groups: groupSpan, order: order,
                context: &context)
        }
        let rows = AggregateRows(columns: columns, list: list, groups: groups, order: order)
        for i in calls.indices { try calls[i].consume(rows, context: &context) }
    }

    /// Lazy columns that are used are decoded for the selected rows, the others stay as they are.
    private func resolve(_ batch: Batch) throws(QueryError) -> [Column] {
        var columns = batch.columns
        var used = Set(sink.spec.keys)
        for call in sink.spec.calls {
            used.formUnion(call.arguments)
            used.formUnion(call.orderBy.map(\.column))
            if let filter = call.filter { used.insert(filter) }
        }
        for index in used {
            columns[index] = try storage { () throws(ColumnarError) in
                try columns[index].resolved(batch.selection)
            }
        }
        return columns
    }

    private func noteGroups(_ groups: Buffer, _ list: RowList, first: UInt64) throws(QueryError) {
        guard !sink.spec.keys.isEmpty else { return }
        let groups = groups.span(of: UInt32.self, count: list.count)
        var highest: UInt32 = 0
        for i in groups.indices { highest = max(highest, groups[i]) }
        try grow(to: Int(highest) + 1)
        let rows = list.span()
        let held = firstRows
        var firstRows = held.mutableSpan()
        for i in groups.indices {
            let group = Int(groups[i])
            firstRows[group] = min(firstRows[group], first &+ UInt64(rows[i]))
        }
    }

    func grow(to count: Int) throws(QueryError) {
        guard count > groupCount else { return }
        // Ids come from all workers: room for twice as many saves a walk over all states per batch.
        let wanted = count > 8192 ? count + count / 2 : max(count, min(groupCount * 2, 8192))
        try firstRows.grow(to: wanted, pool: pool)
        for i in representatives.indices {
            try representatives[i]?.grow(groupCount: wanted, pool: pool)
        }
        for i in calls.indices { try calls[i].grow(groupCount: wanted, pool: pool) }
        groupCount = wanted
    }

    func merge(_ other: AggregateWorker) throws(QueryError) {
        try grow(to: other.groupCount)
        let identity = try storage { () throws(ColumnarError) in
            try pool.identity(count: other.groupCount)
        }
        let mapping = identity.span(of: UInt32.self, count: other.groupCount)
        let theirRows = other.firstRows
        let myRows = firstRows
        let theirs = theirRows.span()
        var mine = myRows.mutableSpan()
        for i in theirs.indices { mine[i] = min(mine[i], theirs[i]) }
        for i in representatives.indices {
            if let their = other.representatives[i] {
                try representatives[i]?.merge(their, mapping: mapping, context: &context)
            }
        }
        for i in calls.indices {
            try calls[i].merge(other.calls[i], mapping: mapping, context: &context)
        }
    }

    /// Keys and results of all groups in the order of their first rows.
    func result(groupCount: Int) throws(QueryError) -> [Batch] {
        guard !sink.spec.keys.isEmpty else {
            var columns: [Column] = []
            for i in calls.indices {
                columns.append(try calls[i].finish(groupCount: 1, context: &context))
            }
            return [Batch(columns: columns, count: 1)]
        }
        let (order, count) = try sortedGroups(groupCount)
        let ids = order.span(of: UInt32.self, count: count)
        var columns: [Column] = []
        for (i, representative) in representatives.enumerated() {
            guard let representative else {
                columns.append(try sink.interner.keyColumn(i, ids: ids))
                continue
            }
            let all = try representative.finish(range: 0..<groupCount, context: &context)
            columns.append(
                try storage { () throws(ColumnarError) in try all.gathered(at: ids, pool: pool) })
        }
        for i in calls.indices {
            let all = try calls[i].finish(groupCount: groupCount, context: &context)
            columns.append(
                try storage { () throws(ColumnarError) in try all.gathered(at: ids, pool: pool) })
        }
        return try sink.query.batches(columns, count: count)
    }

    private func sortedGroups(_ groupCount: Int) throws(QueryError) -> (Buffer, Int) {
        let held = firstRows
        return try storage { () throws(ColumnarError) in
            let firstRows = held.span()
            let records = try pool.allocate(SortRecord.self, count: groupCount)
            let scratch = try pool.allocate(SortRecord.self, count: groupCount)
            var count = 0
            var span = records.mutableSpan(of: SortRecord.self, count: groupCount)
            for id in 0..<groupCount where firstRows[id] != .max {
                span[count] = SortRecord(word: firstRows[id], row: UInt32(id))
                count += 1
            }
            let sorted = RadixSort.sort(records, scratch: scratch, count: count)
            let order = try pool.allocate(UInt32.self, count: count)
            let from = sorted.span(of: SortRecord.self, count: count)
            var to = order.mutableSpan(of: UInt32.self, count: count)
            for i in 0..<count { to[i] = from[i].row }
            return (order, count)
        }
    }
}

/// The selected rows of one batch with their groups.
struct AggregateRows {
    var columns: [Column]
    var list: RowList
    /// UInt32, one per entry of `list`.
    var groups: Buffer
    var order: RowOrigin
}
