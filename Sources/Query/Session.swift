import Columnar

/// The one door of the engine: SQL text in, batches and statistics out.
///
///     text ─► parse ─► bind ─► optimise ─► plan pipelines ─► run on all cores ─► batches
package struct Session: Sendable {
    package let catalog: any Catalog
    package let registry: FunctionRegistry
    package let context: SessionContext
    package let options: SessionOptions
    /// Nanoseconds from a fixed point, for statistics and EXPLAIN ANALYZE.
    package let clock: Clock
    private let pool: BufferPool

    package init(
        catalog: any Catalog, registry: FunctionRegistry = .standard, context: SessionContext,
        options: SessionOptions = SessionOptions(), clock: @escaping Clock
    ) {
        self.catalog = catalog
        self.registry = registry
        self.context = context
        self.options = options
        self.clock = clock
        pool = BufferPool(budget: MemoryBudget(limitBytes: options.memoryLimitBytes))
    }

    /// Parses, binds and optimises one statement, and runs nothing.
    package func prepare(_ sql: String) throws(QueryError) -> PreparedStatement {
        let statement = try Parser.parse(sql)
        let binder = Binder(
            catalog: catalog, registry: registry, session: context, evaluate: constantValue)
        let bound = try binder.bind(statement)
        return PreparedStatement(
            bound: bound, optimised: options.isOptimising ? optimizer.optimize(bound) : bound)
    }

    /// Runs one statement; batches come in order, compact, one at a time, from any thread.
    ///
    /// `control` is for cancelling and watching from outside: see `makeControl`.
    package func run(
        _ sql: String, control: QueryContext? = nil,
        onBatch: @escaping @Sendable (Batch) throws(QueryError) -> Void
    ) throws(QueryError) -> QueryResult {
        try run(try prepare(sql), control: control, onBatch: onBatch)
    }

    /// Runs a prepared statement.
    package func run(
        _ prepared: PreparedStatement, control: QueryContext? = nil,
        onBatch: @escaping @Sendable (Batch) throws(QueryError) -> Void
    ) throws(QueryError) -> QueryResult {
        let execution = QueryExecution(
            plan: prepared.optimised.plan, subqueries: prepared.optimised.subqueries,
            query: control ?? makeControl(), clock: clock)
        guard let explain = prepared.bound.explain else {
            let statistics = try execution.run(onBatch: onBatch)
            return QueryResult(columns: prepared.columns, statistics: statistics)
        }
        let lines: [String]
        var statistics = QueryStatistics()
        if explain.isAnalyze {
            let ran = try execution.analyze()
            lines = ExplainAnalyze.lines(ran.root)
            statistics = ran.statistics
        } else {
            lines = Explain.lines(prepared.bound, optimizer: optimizer)
        }
        try onBatch(ExplainAnalyze.batch(of: lines, pool: pool))
        statistics.rows = lines.count
        return QueryResult(columns: prepared.columns, statistics: statistics)
    }

    /// What a run of a query shares with the outside: set `isCancelled`, read `rowsProcessed`.
    package func makeControl() -> QueryContext {
        QueryContext(
            session: context, registry: registry, pool: pool, workerCount: options.workerCount,
            batchRows: options.batchRows)
    }

    private var optimizer: Optimizer {
        Optimizer(registry: registry) { expression in constantValue(expression) }
    }

    /// The value of an expression without columns; nil where it fails, now or deferred.
    private func constantValue(_ expression: BoundExpression) -> Value? {
        do {
            let worker = WorkerContext(number: 0, pool: pool, query: makeControl())
            var evaluator = try Evaluator(expression, worker: worker)
            let column = try evaluator.column(Batch(columns: [], count: 1))
            return try column.value(at: 0, type: expression.type)
        } catch {
            return nil
        }
    }
}

/// How a session runs its queries; none of it changes a result.
package struct SessionOptions: Sendable {
    package var workerCount: Int
    /// nil is no limit.
    package var memoryLimitBytes: Int?
    package var batchRows: Int
    /// False runs plans as bound: for tests, which compare both.
    package var isOptimising: Bool

    package init(
        workerCount: Int = 1, memoryLimitBytes: Int? = nil, batchRows: Int = Limits.batchRows,
        isOptimising: Bool = true
    ) {
        self.workerCount = max(workerCount, 1)
        self.memoryLimitBytes = memoryLimitBytes
        self.batchRows = min(max(batchRows, 1), Limits.batchRows)
        self.isOptimising = isOptimising
    }
}

/// A statement that may be run any number of times.
package struct PreparedStatement: Sendable {
    let bound: BoundStatement
    let optimised: BoundStatement

    /// The columns that a run puts out; EXPLAIN's is its text.
    package var columns: [OutputColumn] {
        bound.explain == nil ? bound.outputs : [OutputColumn(name: "Query Plan", type: .text)]
    }
}
