import Columnar

/// Runs one optimised plan to its end: the part of a session below the binder.
struct QueryExecution {
    let plan: LogicalPlan
    /// In the order in which they must run.
    let subqueries: [BoundSubquery]
    let query: QueryContext
    let clock: Clock

    /// Streams the result's batches in order.
    func run(onBatch: @escaping OutputSink.Receiver) throws(QueryError) -> QueryStatistics {
        try run(clockForOperators: nil, onBatch: onBatch).statistics
    }

    /// Runs the plan for its figures; the rows go nowhere.
    func analyze() throws(QueryError) -> (root: OperatorNode, statistics: QueryStatistics) {
        let ran = try run(clockForOperators: clock) { (_) throws(QueryError) in }
        return (ran.plan.root, ran.statistics)
    }

    private func run(
        clockForOperators: Clock?, onBatch: @escaping OutputSink.Receiver
    ) throws(QueryError) -> (plan: PhysicalPlan, statistics: QueryStatistics) {
        let start = clock()
        var planner = PhysicalPlanner(query: query, clock: clockForOperators)
        let (physical, output) = try planner.plan(
            plan, subqueries: subqueries, receiver: onBatch)
        try physical.run(query: query)
        var statistics = QueryStatistics()
        for scan in physical.scans { statistics.add(scan) }
        statistics.rows = output.rows
        statistics.peakMemoryBytes = query.pool.budget.peakBytes
        statistics.elapsedNanoseconds = clock() &- start
        return (physical, statistics)
    }
}
