import Columnar

@testable import Query

/// Runs operators over literal rows, cut and spread over workers as asked; answers must not depend on it.
struct OperatorHarness {
    var workers = 1
    var batchRows = 8192
    var morselRows = 16
    var form = ColumnForm.flat
    var limitBytes: Int?

    /// Worker counts, batch sizes and forms that must all agree.
    static let variants: [OperatorHarness] = [
        OperatorHarness(),
        OperatorHarness(workers: 2, batchRows: 7),
        OperatorHarness(workers: 5, batchRows: 1, morselRows: 3),
        OperatorHarness(workers: 2, form: .coded),
        OperatorHarness(workers: 5, batchRows: 7, morselRows: 20, form: .runs),
        OperatorHarness(workers: 3, morselRows: 1, form: .constant),
    ]

    func query() -> QueryContext {
        QueryContext(
            session: SessionContext(nowMicros: 0, randomSeed: 1),
            registry: FunctionRegistry(
                scalars: [], aggregates: AggregateFunctions.all, windows: []),
            pool: BufferPool(budget: MemoryBudget(limitBytes: limitBytes)), workerCount: workers,
            batchRows: batchRows)
    }

    /// Rows as batches by morsel; every third batch has a selection that hides a copied row.
    func batches(
        _ rows: [[Value]], types: [DataType], pool: BufferPool
    ) throws -> [[Batch]] {
        var morsels: [[Batch]] = []
        var start = 0
        while start < rows.count {
            let morsel = Array(rows[start..<min(start + morselRows, rows.count)])
            var batches: [Batch] = []
            var first = 0
            while first < morsel.count {
                var part = Array(morsel[first..<min(first + batchRows, morsel.count)])
                first += part.count
                var selection = Selection.all
                if (start + first) % 3 == 0 {
                    part.append(part[0])
                    let bits = try Bitmap.filled(true, count: part.count, pool: pool)
                    bits.set(part.count - 1, to: false)
                    selection = .bits(bits)
                }
                batches.append(
                    Batch(
                        columns: try columns(part, types: types, pool: pool), count: part.count,
                        selection: selection))
            }
            morsels.append(batches)
            start += morselRows
        }
        return morsels
    }

    private func columns(
        _ rows: [[Value]], types: [DataType], pool: BufferPool
    ) throws -> [Column] {
        var columns: [Column] = []
        for (i, type) in types.enumerated() {
            let values = rows.map { $0[i] }
            let column = try form.column(values, type: type, pool: pool)
            columns.append(try column ?? Column.from(values, type: type, pool: pool))
        }
        return columns
    }

    /// Feeds a sink: morsel `m` goes to worker `m % workers`, the workers taking turns backwards.
    func run(
        _ sink: any Sink, rows: [[Value]], types: [DataType], query: QueryContext,
        transforms: [any Transform] = []
    ) throws {
        let morsels = try batches(rows, types: types, pool: query.pool)
        try run(sink, morsels: morsels, query: query, transforms: transforms)
    }

    func run(
        _ sink: any Sink, morsels: [[Batch]], query: QueryContext,
        transforms: [any Transform] = []
    ) throws {
        var states: [any SinkState] = []
        for number in (0..<workers).reversed() {
            let worker = WorkerContext(number: number, pool: query.pool, query: query)
            var state = try sink.makeState(worker: worker)
            var steps: [any TransformState] = []
            for transform in transforms { steps.append(try transform.makeState(worker: worker)) }
            for (m, batches) in morsels.enumerated() where m % workers == number {
                for batch in batches {
                    var flow = [batch]
                    for i in steps.indices {
                        var output: [Batch] = []
                        for one in flow { try steps[i].push(one, into: &output) }
                        flow = output
                    }
                    for one in flow { try state.consume(one, morsel: m) }
                }
                try state.endMorsel(m)
            }
            states.append(state)
        }
        try sink.finish(
            states, worker: WorkerContext(number: 0, pool: query.pool, query: query))
    }

    /// The selected rows of batches as values.
    static func values(
        _ batches: [Batch], types: [DataType], pool: BufferPool
    ) throws -> [[Value]] {
        var rows: [[Value]] = []
        for batch in batches {
            let list = try batch.selection.rowIndices(count: batch.count, pool: pool)
            let span = list.buffer.span(of: UInt32.self, count: list.count)
            for i in span.indices {
                var row: [Value] = []
                for (column, type) in zip(batch.columns, types) {
                    row.append(try column.value(at: Int(span[i]), type: type))
                }
                rows.append(row)
            }
        }
        return rows
    }
}

extension ResolvedFunction {
    /// The first overload of an aggregate whose parameters are exactly these types, or `overload`.
    static func aggregate(
        _ name: String, _ types: [DataType], overload: Int = 0, result: DataType
    ) -> ResolvedFunction {
        ResolvedFunction(
            kind: .aggregate, name: name, overload: overload, argumentTypes: types,
            resultType: result)
    }
}
