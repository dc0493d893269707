import Columnar

/// Window functions of one PARTITION BY and ORDER BY over input columns by position.
package struct WindowSpec: Sendable {
    package var partitionBy: [Int]
    package var orderBy: [ColumnOrder]
    package var inputTypes: [DataType]
    package var calls: [WindowCallSpec]

    package init(
        partitionBy: [Int], orderBy: [ColumnOrder], inputTypes: [DataType],
        calls: [WindowCallSpec]
    ) {
        self.partitionBy = partitionBy
        self.orderBy = orderBy
        self.inputTypes = inputTypes
        self.calls = calls
    }
}

/// One window call over input columns.
package struct WindowCallSpec: Sendable {
    package var function: ResolvedFunction
    package var arguments: [Int]
    /// A boolean column; only for aggregates.
    package var filter: Int?
    package var ignoresNulls: Bool
    package var frame: ColumnFrame

    package init(
        function: ResolvedFunction, arguments: [Int], filter: Int? = nil,
        ignoresNulls: Bool = false, frame: ColumnFrame
    ) {
        self.function = function
        self.arguments = arguments
        self.filter = filter
        self.ignoresNulls = ignoresNulls
        self.frame = frame
    }
}

/// A frame whose offsets are input columns.
///
/// For ROWS and GROUPS an offset column is a bigint count. For RANGE it is the edge itself, of the order
/// key's type: key - offset for PRECEDING in ascending order, key + offset in descending order, and so on.
package struct ColumnFrame: Hashable, Sendable {
    package enum Bound: Hashable, Sendable {
        case unboundedPreceding, currentRow, unboundedFollowing
        case preceding(Int)
        case following(Int)
    }

    package var unit: WindowFrame.Unit
    package var start: Bound
    package var end: Bound

    package init(unit: WindowFrame.Unit, start: Bound, end: Bound) {
        self.unit = unit
        self.start = start
        self.end = end
    }

    var isWholePartition: Bool { start == .unboundedPreceding && end == .unboundedFollowing }
}

/// The window operator: keeps all rows, orders them once, computes each call over the ordered rows.
///
/// Output columns are the input's, then one per call; rows come in input order.
package final class WindowSink: Sink {
    package let output = ResultSlot()
    let spec: WindowSpec
    let query: QueryContext

    package init(_ spec: WindowSpec, query: QueryContext) {
        self.spec = spec
        self.query = query
    }

    package func makeState(worker: WorkerContext) throws(QueryError) -> any SinkState {
        try CollectWorker(types: spec.inputTypes, query: query)
    }

    package func finish(
        _ states: [any SinkState], worker: WorkerContext
    ) throws(QueryError) {
        let pool = query.pool
        let (columns, count) = try CollectWorker.combine(
            states, types: spec.inputTypes, pool: pool)
        guard count > 0 else { return output.fill([]) }
        let rows = try WindowRows(spec, columns: columns, count: count, query: query)
        var results: [Column] = []
        for call in spec.calls {
            try query.checkCancelled()
            let ordered = try result(of: call, over: rows)
            results.append(
                try storage { () throws(ColumnarError) in
                    try ordered.gathered(
                        at: rows.places.span(of: UInt32.self, count: count), pool: pool)
                })
        }
        try output.fill(query.batches(columns + results, count: count))
    }

    /// One value per ordered row.
    private func result(
        of call: WindowCallSpec, over rows: WindowRows
    ) throws(QueryError) -> Column {
        guard call.function.kind == .window else {
            return try WindowAggregate(call, rows: rows, query: query).column()
        }
        guard let function = query.registry.windows[call.function.name] else {
            throw QueryError(.functionNotFound, "Function '\(call.function.name)' not registered")
        }
        switch function.kind {
        case .rowNumber, .rank, .denseRank, .percentRank, .cumeDist, .ntile:
            return try rows.ranking(function.kind, call)
        case .lag, .lead:
            return try rows.shifted(call, by: function.kind == .lag ? -1 : 1)
        case .firstValue, .lastValue, .nthValue:
            return try rows.framed(function.kind, call)
        }
    }
}
