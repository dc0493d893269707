import Columnar

/// Group, sort, top-n, join: operators over column positions, with projections around them.
extension PhysicalPlanner {
    mutating func aggregate(_ node: AggregateNode) throws(QueryError) -> Stream {
        var columns = ColumnList()
        let keys = node.keys.map { columns.position(of: $0.expression) }
        var calls: [AggregateCallSpec] = []
        for call in node.aggregates {
            calls.append(
                AggregateCallSpec(
                    function: call.function,
                    arguments: call.arguments.map { columns.position(of: $0) },
                    filter: call.filter.map { columns.position(of: $0) },
                    isDistinct: call.isDistinct,
                    orderBy: call.orderBy.map { $0.over(&columns) }))
        }
        let input = projected(try stream(node.input), columns.expressions)
        let spec = AggregateSpec(
            keys: keys, keyTypes: node.keys.map(\.expression.type), calls: calls)
        let sink = try AggregateSink(spec, query: query)
        let names = node.keys.map(\.name) + node.aggregates.map(\.name)
        let end = finish(input, in: sink, title: "Aggregate [\(names.joined(separator: ", "))]")
        return Stream(
            source: measured(sink.output, end), node: end,
            outputs: LogicalPlan.aggregate(node).outputs)
    }

    mutating func sort(_ plan: LogicalPlan, _ keys: [SortKey]) throws(QueryError) -> Stream {
        let input = try stream(plan)
        let outputs = input.outputs
        var columns = ColumnList(outputs)
        let orders = keys.map { $0.over(&columns) }
        let wide = projected(input, columns.expressions)
        let sink = SortSink(keys: orders, types: columns.types, query: query)
        let end = finish(wide, in: sink, title: "Sort")
        return narrowed(
            Stream(source: measured(sink.output, end), node: end, outputs: wide.outputs),
            to: outputs)
    }

    mutating func topN(
        _ plan: LogicalPlan, _ keys: [SortKey], limit: Int, offset: Int
    ) throws(QueryError) -> Stream {
        let (pushed, threshold) = DynamicFilterPushdown.push(
            keys.first?.expression, into: plan)
        let input = try stream(pushed)
        let outputs = input.outputs
        var columns = ColumnList(outputs)
        let orders = keys.map { $0.over(&columns) }
        let wide = projected(input, columns.expressions)
        let sink = TopNSink(
            keys: orders, types: columns.types, limit: limit, offset: offset, query: query,
            threshold: threshold)
        let end = finish(wide, in: sink, title: "Top \(limit)")
        return narrowed(
            Stream(source: measured(sink.output, end), node: end, outputs: wide.outputs),
            to: outputs)
    }

    /// The right side is built first; the left side streams through the probe.
    mutating func join(_ node: JoinNode) throws(QueryError) -> Stream {
        let leftOutputs = node.left.outputs
        let rightOutputs = node.right.outputs
        var leftColumns = ColumnList(leftOutputs)
        var rightColumns = ColumnList(rightOutputs)
        let leftKeys = node.equalities.map { leftColumns.position(of: $0.left) }
        let rightKeys = node.equalities.map { rightColumns.position(of: $0.right) }
        // Computed keys sit behind each side's own columns: the right side's move up by the left's.
        let leftWidth = leftOutputs.count
        let shift = leftColumns.expressions.count - leftWidth
        let residual = node.residual.map { condition in
            EvaluatedCondition(
                condition.movingColumns { $0 < leftWidth ? $0 : $0 + shift })
        }
        let (left, filters) = Self.filtered(node)
        let spec = HashJoinSpec(
            kind: node.kind, leftKeys: leftKeys, rightKeys: rightKeys,
            keyTypes: node.equalities.map(\.left.type), leftTypes: leftColumns.types,
            rightTypes: rightColumns.types, residual: residual,
            filters: filters)
        let build = try HashJoinBuild(spec, query: query)
        let right = projected(try stream(node.right), rightColumns.expressions)
        let built = finish(right, in: build, title: "Build")
        var probe = adding(
            HashJoinProbe(build),
            to: projected(try stream(left), leftColumns.expressions),
            title: Self.title(node.kind), outputs: [], others: [built])
        if spec.keepsBuild { probe = withUnmatched(probe, build) }
        var kept = Array(0..<leftWidth)
        switch node.kind {
        case .semi, .anti: break
        case .mark: kept.append(leftColumns.expressions.count)
        case .inner, .left, .right, .full, .cross:
            kept += rightOutputs.indices.map { leftColumns.expressions.count + $0 }
        }
        return picking(kept, from: probe, outputs: node.outputs)
    }

    /// The left side with its scans told of the build keys' ranges, where unmatched left rows are dropped.
    private static func filtered(_ node: JoinNode) -> (left: LogicalPlan, filters: [JoinFilter]) {
        switch node.kind {
        case .inner, .semi, .right: break
        case .left, .full, .cross, .anti, .mark: return (node.left, [])
        }
        var left = node.left
        var filters: [JoinFilter] = []
        for (key, equality) in node.equalities.enumerated() {
            let (pushed, target) = DynamicFilterPushdown.push(equality.left, into: left)
            left = pushed
            if let target {
                filters.append(JoinFilter(key: key, filter: target.filter, path: target.path))
            }
        }
        return (left, filters)
    }

    /// Right and full joins: unmatched build rows follow once all probing has ended.
    private mutating func withUnmatched(_ probe: Stream, _ build: HashJoinBuild) -> Stream {
        let matched = LimitSink(limit: nil, offset: 0)
        let node = finish(probe, in: matched, title: "Matched rows")
        let both = UnionAllSource([
            .init(source: matched.output, transforms: []),
            .init(source: HashJoinUnmatched(build), transforms: []),
        ])
        return Stream(source: measured(both, node), node: node, outputs: probe.outputs)
    }

    private static func title(_ kind: JoinKind) -> String {
        switch kind {
        case .inner: "Inner join"
        case .left: "Left join"
        case .right: "Right join"
        case .full: "Full join"
        case .cross: "Cross join"
        case .semi: "Semi join"
        case .anti: "Anti join"
        case .mark: "Mark join"
        }
    }

    // MARK: projections around operators

    /// The stream with exactly these columns; nothing is added if it has them already.
    func projected(_ stream: Stream, _ expressions: [BoundExpression]) -> Stream {
        let isIdentity =
            expressions.count == stream.outputs.count
            && expressions.enumerated().allSatisfy { position, expression in
                if case .column(position, _) = expression { true } else { false }
            }
        if isIdentity { return stream }
        return adding(
            ProjectTransform(expressions), to: stream, title: "Project",
            outputs: expressions.map { OutputColumn(name: "", type: $0.type) })
    }

    /// The stream's first columns, without those that were added for an operator.
    private func narrowed(_ stream: Stream, to outputs: [OutputColumn]) -> Stream {
        if stream.outputs.count == outputs.count {
            var same = stream
            same.outputs = outputs
            return same
        }
        return picking(Array(outputs.indices), from: stream, outputs: outputs)
    }

    /// Some of the stream's columns, by position.
    func picking(
        _ positions: [Int], from stream: Stream, outputs: [OutputColumn]
    ) -> Stream {
        let columns = zip(positions, outputs).map { BoundExpression.column($0, $1.type) }
        return adding(
            ProjectTransform(columns), to: stream, title: "Project", outputs: outputs)
    }
}

/// The columns that an operator needs below it: each expression once.
struct ColumnList {
    private(set) var expressions: [BoundExpression] = []
    private var positions: [BoundExpression: Int] = [:]

    init() {}

    /// Begins with all columns of an input.
    init(_ inputs: [OutputColumn]) {
        for (position, output) in inputs.enumerated() {
            _ = self.position(of: .column(position, output.type))
        }
    }

    var types: [DataType] { expressions.map(\.type) }

    mutating func position(of expression: BoundExpression) -> Int {
        if let known = positions[expression] { return known }
        positions[expression] = expressions.count
        expressions.append(expression)
        return expressions.count - 1
    }
}

extension SortKey {
    /// This key over columns by position.
    func over(_ columns: inout ColumnList) -> ColumnOrder {
        ColumnOrder(
            column: columns.position(of: expression), type: expression.type,
            isDescending: isDescending, nullsFirst: nullsFirst)
    }
}

/// A residual join condition as an expression over left ++ right columns.
struct EvaluatedCondition: JoinCondition {
    let predicate: BoundExpression

    init(_ predicate: BoundExpression) {
        self.predicate = predicate
    }

    func makeState(worker: WorkerContext) throws(QueryError) -> any JoinConditionState {
        State(evaluator: try Evaluator(predicate.conjuncts, worker: worker), pool: worker.pool)
    }

    private struct State: JoinConditionState {
        var evaluator: Evaluator
        let pool: BufferPool

        mutating func evaluate(_ pairs: Batch) throws(QueryError) -> Bitmap {
            let selection = try evaluator.select(pairs)
            let pool = pool
            return try storage { () throws(ColumnarError) in
                try selection.bitmap(count: pairs.count, pool: pool)
            }
        }
    }
}
