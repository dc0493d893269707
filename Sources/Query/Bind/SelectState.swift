import Columnar

/// What the expressions of one SELECT block ask of its plan: aggregates, windows, marks.
final class SelectState {
    /// FROM with WHERE, and the mark joins that expressions over its rows need.
    var source: LogicalPlan
    /// Whether rows are grouped, by GROUP BY or by an aggregate or HAVING without it.
    let isAggregated: Bool
    let namedWindows: [String: WindowSpecification]
    var aggregates: [AggregateCall] = []
    var windows: [PendingWindow] = []
    /// IN subqueries over grouped rows: the key and the plan of each.
    var marks: [PendingMark] = []

    init(
        source: LogicalPlan, isAggregated: Bool, namedWindows: [String: WindowSpecification]
    ) {
        self.source = source
        self.isAggregated = isAggregated
        self.namedWindows = namedWindows
    }

    /// One window call with the order it needs.
    struct PendingWindow {
        var partitionBy: [BoundExpression]
        var orderBy: [SortKey]
        var call: WindowCall
    }

    /// `key IN (plan)`, asked of grouped rows.
    struct PendingMark {
        var key: BoundExpression
        var plan: LogicalPlan
    }

    /// The placeholder of an aggregate; equal calls share one.
    func add(_ call: AggregateCall) -> BoundExpression {
        var call = call
        let index =
            aggregates.firstIndex { $0.unlocated == call.unlocated } ?? aggregates.count
        if index == aggregates.count {
            call.name = "\(call.function.name)_\(index)"
            aggregates.append(call)
        }
        return .column(Placeholder.aggregates + index, call.function.resultType)
    }

    func add(_ window: PendingWindow) -> BoundExpression {
        windows.append(window)
        return .column(
            Placeholder.windows + windows.count - 1, window.call.function.resultType)
    }

    /// A mark over rows of the source: joined at once, its column is real.
    func addSourceMark(key: BoundExpression, plan: LogicalPlan) -> BoundExpression {
        let position = source.outputs.count
        source = Self.markJoin(source, key: key, plan: plan)
        return .column(position, .boolean)
    }

    func addGroupedMark(key: BoundExpression, plan: LogicalPlan) -> BoundExpression {
        marks.append(PendingMark(key: key, plan: plan))
        return .column(Placeholder.marks + marks.count - 1, .boolean)
    }

    static func markJoin(
        _ left: LogicalPlan, key: BoundExpression, plan: LogicalPlan
    ) -> LogicalPlan {
        .join(
            JoinNode(
                kind: .mark, left: left, right: plan,
                equalities: [JoinEquality(left: key, right: .column(0, key.type))],
                residual: nil))
    }
}

extension AggregateCall {
    /// Without name and places: equal for equal computations.
    var unlocated: AggregateCall {
        AggregateCall(
            function: function, arguments: arguments.map(\.unlocated), isDistinct: isDistinct,
            orderBy: orderBy.map {
                SortKey(
                    $0.expression.unlocated, isDescending: $0.isDescending,
                    nullsFirst: $0.nullsFirst)
            }, filter: filter?.unlocated, name: "", range: nil)
    }
}
