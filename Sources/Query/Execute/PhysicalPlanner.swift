import Columnar

/// Cuts a logical plan into pipelines: a breaker ends one, its result starts the next.
///
/// Build sides and subqueries come before what uses them. Operators work on columns by position, so
/// expressions of keys and arguments become a projection below the operator.
struct PhysicalPlanner {
    let query: QueryContext
    /// Set for EXPLAIN ANALYZE: every operator is counted and timed.
    let clock: Clock?
    var steps: [PhysicalPlan.Step] = []
    var scans: [ScanCounters] = []

    init(query: QueryContext, clock: Clock?) {
        self.query = query
        self.clock = clock
    }

    /// A source with streaming operators above it, not yet ended by a breaker.
    struct Stream {
        var source: any Source
        var transforms: [any Transform] = []
        var node: OperatorNode
        var outputs: [OutputColumn]
    }

    /// The whole plan of a statement, its subqueries first, ending in `receiver`.
    mutating func plan(
        _ plan: LogicalPlan, subqueries: [BoundSubquery],
        receiver: @escaping OutputSink.Receiver
    ) throws(QueryError) -> (plan: PhysicalPlan, output: OutputSink) {
        for subquery in subqueries {
            let stream = try self.stream(subquery.plan)
            let sink = SingleRowSink(types: stream.outputs.map(\.type))
            _ = finish(stream, in: sink, title: "Scalar subquery \(subquery.id.number)")
            steps.append(.subquery(subquery.id, sink))
        }
        var limit: Int?
        var offset = 0
        var body = plan
        if case .limit(let input, let count, let skipped) = plan {
            body = input
            limit = count
            offset = skipped
        }
        let stream = try self.stream(body)
        let sink = OutputSink(limit: limit, offset: offset, receiver: receiver)
        let title = limit == nil && offset == 0 ? "Output" : Self.limitTitle(limit, offset)
        let root = finish(stream, in: sink, title: title)
        return (PhysicalPlan(steps: steps, root: root, scans: scans), sink)
    }

    mutating func stream(_ plan: LogicalPlan) throws(QueryError) -> Stream {
        switch plan {
        case .scan(let scan): return try self.scan(scan)
        case .values(let rows, let outputs):
            let node = OperatorNode("Values [\(rows.count) rows]", inputs: [])
            let source = ValuesSource(rows: rows, width: outputs.count)
            return Stream(source: measured(source, node), node: node, outputs: outputs)
        case .filter(let input, let predicate):
            let stream = try self.stream(input)
            return adding(
                FilterTransform(predicate), to: stream, title: "Filter", outputs: stream.outputs)
        case .project(let input, let expressions):
            let stream = try self.stream(input)
            return adding(
                ProjectTransform(expressions.map(\.expression)), to: stream, title: "Project",
                outputs: plan.outputs)
        case .limit(let input, let limit, let offset):
            let sink = LimitSink(limit: limit, offset: offset)
            let stream = try self.stream(input)
            let node = finish(stream, in: sink, title: Self.limitTitle(limit, offset))
            return Stream(
                source: measured(sink.output, node), node: node, outputs: stream.outputs)
        case .unionAll(let inputs): return try unionAll(inputs)
        case .enforceSingleRow(let input):
            let stream = try self.stream(input)
            let sink = SingleRowSink(types: stream.outputs.map(\.type))
            let node = finish(stream, in: sink, title: "Enforce single row")
            return Stream(
                source: measured(sink.output, node), node: node, outputs: stream.outputs)
        case .aggregate(let node): return try aggregate(node)
        case .join(let node): return try join(node)
        case .sort(let input, let keys): return try sort(input, keys)
        case .topN(let input, let keys, let limit, let offset):
            return try topN(input, keys, limit: limit, offset: offset)
        case .unnest(let node): return try unnest(node)
        case .window(let node): return try window(node)
        }
    }

    // MARK: pieces

    private mutating func scan(_ scan: ScanNode) throws(QueryError) -> Stream {
        let planned = try scan.table.scan(scan.request, pool: query.pool)
        scans.append(planned.counters)
        let columns = scan.outputs.map(\.name).joined(separator: ", ")
        let node = OperatorNode(
            "Scan \(scan.name) [\(columns)]", inputs: [], scan: planned.counters)
        let source = ScanSource(planned, batchRows: query.batchRows)
        return Stream(source: measured(source, node), node: node, outputs: scan.outputs)
    }

    private mutating func unionAll(_ inputs: [LogicalPlan]) throws(QueryError) -> Stream {
        var parts: [UnionAllSource.Part] = []
        var nodes: [OperatorNode] = []
        var outputs: [OutputColumn] = []
        for input in inputs {
            let stream = try self.stream(input)
            if parts.isEmpty { outputs = stream.outputs }
            parts.append(.init(source: stream.source, transforms: stream.transforms))
            nodes.append(stream.node)
        }
        let node = OperatorNode("Union all", inputs: nodes)
        return Stream(
            source: measured(UnionAllSource(parts), node), node: node, outputs: outputs)
    }

    /// Adds a streaming operator.
    func adding(
        _ transform: any Transform, to stream: Stream, title: String, outputs: [OutputColumn],
        others: [OperatorNode] = []
    ) -> Stream {
        var stream = stream
        let node = OperatorNode(title, inputs: [stream.node] + others)
        if let clock {
            stream.transforms.append(
                MeasuredTransform(base: transform, counters: node.counters, clock: clock))
        } else {
            stream.transforms.append(transform)
        }
        stream.node = node
        stream.outputs = outputs
        return stream
    }

    /// Ends a stream in a breaker: the pipeline becomes a step.
    mutating func finish(
        _ stream: Stream, in sink: any Sink, title: String, others: [OperatorNode] = []
    ) -> OperatorNode {
        let node = OperatorNode(title, inputs: [stream.node] + others)
        var end = sink
        if let clock { end = MeasuredSink(base: sink, counters: node.counters, clock: clock) }
        steps.append(
            .pipeline(Pipeline(source: stream.source, transforms: stream.transforms, sink: end)))
        return node
    }

    func measured(_ source: any Source, _ node: OperatorNode) -> any Source {
        guard let clock else { return source }
        return MeasuredSource(base: source, counters: node.counters, clock: clock)
    }

    private static func limitTitle(_ limit: Int?, _ offset: Int) -> String {
        var parts: [String] = []
        if let limit { parts.append("limit \(limit)") }
        if offset > 0 { parts.append("offset \(offset)") }
        return "Limit [\(parts.joined(separator: ", "))]"
    }
}
