import Columnar

/// Stacks the operators of one SELECT block over its source: group, marks, having, windows, project,
/// distinct, sort; replaces every placeholder by the column that now has its value.
struct SelectPlan {
    let binder: Binder
    let select: Select
    let state: SelectState
    let keys: [NamedExpression]
    let items: [SelectBinder.Item]

    func build(
        having: BoundExpression?, havingSyntax: Expression?, orderBy: [SelectBinder.OrderItem]
    ) throws(QueryError) -> BoundRelation {
        let bareKeys = keys.map(\.expression.unlocated)
        var plan = state.source
        if state.isAggregated {
            plan = .aggregate(
                AggregateNode(input: plan, keys: keys, aggregates: state.aggregates))
        }
        let groupedWidth = plan.outputs.count
        func settle(
            _ expression: BoundExpression, _ syntax: Expression?
        ) throws(QueryError) -> BoundExpression {
            guard state.isAggregated else { return expression }
            let grouping = Grouping(
                keys: bareKeys, groupedWidth: groupedWidth, syntax: syntax, range: select.range)
            return try grouping.settle(expression, expression.unlocated)
        }
        for mark in state.marks {
            plan = SelectState.markJoin(
                plan, key: try settle(mark.key, nil), plan: mark.plan)
        }
        if let having { plan = .filter(plan, try settle(having, havingSyntax)) }
        var windowColumns: [Int] = []
        plan = try addWindows(plan, &windowColumns, settle)
        func finish(
            _ expression: BoundExpression, _ syntax: Expression?
        ) throws(QueryError) -> BoundExpression {
            try settle(expression, syntax).movingColumns { column in
                Placeholder.isWindow(column)
                    ? windowColumns[column - Placeholder.windows] : column
            }
        }
        var outputs: [NamedExpression] = []
        for item in items {
            outputs.append(
                NamedExpression(try finish(item.expression, item.syntax), name: item.name))
        }
        return try project(plan, outputs, orderBy, finish)
    }

    /// The select list, then what only ORDER BY needs; DISTINCT; the sort.
    private func project(
        _ plan: LogicalPlan, _ outputs: [NamedExpression], _ orderBy: [SelectBinder.OrderItem],
        _ finish: (BoundExpression, Expression?) throws(QueryError) -> BoundExpression
    ) throws(QueryError) -> BoundRelation {
        var all = outputs
        var sortKeys: [SortKey] = []
        for order in orderBy {
            let column: Int
            if let item = order.item {
                column = item
            } else {
                column = all.count
                all.append(
                    NamedExpression(
                        try finish(order.expression, order.key.expression),
                        name: "sort_\(all.count - outputs.count)"))
            }
            sortKeys.append(
                SortKey(
                    .column(column, all[column].expression.type),
                    isDescending: order.key.isDescending,
                    nullsFirst: order.key.nullsFirst ?? false))
        }
        var result = LogicalPlan.project(plan, all)
        if select.isDistinct {
            for output in outputs where !output.expression.type.isComparable {
                throw QueryError(
                    .typeMismatch,
                    "DISTINCT can only be applied to comparable types (actual: "
                        + "\(output.expression.type)): \(output.name)",
                    at: select.range)
            }
            result = binder.distinct(result, result.outputs)
        }
        if !sortKeys.isEmpty { result = .sort(result, sortKeys) }
        var fields: [ScopeField] = []
        for (index, output) in outputs.enumerated() {
            fields.append(
                ScopeField(
                    qualifier: [], name: items[index].name, type: output.expression.type,
                    column: index))
        }
        return BoundRelation(plan: result, scope: Scope(fields, outer: nil))
    }

    /// One window operator per distinct PARTITION BY and ORDER BY, in the order of first use.
    private func addWindows(
        _ input: LogicalPlan, _ columns: inout [Int],
        _ settle: (BoundExpression, Expression?) throws(QueryError) -> BoundExpression
    ) throws(QueryError) -> LogicalPlan {
        columns = Array(repeating: 0, count: state.windows.count)
        var groups: [(window: WindowNode, members: [Int])] = []
        for (index, pending) in state.windows.enumerated() {
            var node = WindowNode(input: input, partitionBy: [], orderBy: [], calls: [])
            for key in pending.partitionBy { node.partitionBy.append(try settle(key, nil)) }
            for key in pending.orderBy {
                node.orderBy.append(
                    SortKey(
                        try settle(key.expression, nil), isDescending: key.isDescending,
                        nullsFirst: key.nullsFirst))
            }
            let call = try settled(pending.call, index, settle)
            if let group = groups.firstIndex(where: { $0.window.hasSameOrder(as: node) }) {
                groups[group].window.calls.append(call)
                groups[group].members.append(index)
            } else {
                node.calls = [call]
                groups.append((node, [index]))
            }
        }
        var plan = input
        for group in groups {
            let width = plan.outputs.count
            var node = group.window
            node.input = plan
            plan = .window(node)
            for (offset, member) in group.members.enumerated() {
                columns[member] = width + offset
            }
        }
        return plan
    }

    private func settled(
        _ call: WindowCall, _ index: Int,
        _ settle: (BoundExpression, Expression?) throws(QueryError) -> BoundExpression
    ) throws(QueryError) -> WindowCall {
        var call = call
        for argument in call.arguments.indices {
            call.arguments[argument] = try settle(call.arguments[argument], nil)
        }
        if let filter = call.filter { call.filter = try settle(filter, nil) }
        func bound(_ bound: WindowFrame.Bound) throws(QueryError) -> WindowFrame.Bound {
            switch bound {
            case .preceding(let distance): .preceding(try settle(distance, nil))
            case .following(let distance): .following(try settle(distance, nil))
            default: bound
            }
        }
        call.frame = WindowFrame(
            unit: call.frame.unit, start: try bound(call.frame.start),
            end: try bound(call.frame.end))
        call.name = "\(call.function.name)_\(index)"
        return call
    }

    /// Rewrites an expression over FROM's columns to one over grouped rows.
    private struct Grouping {
        let keys: [BoundExpression]
        let groupedWidth: Int
        let syntax: Expression?
        let range: SourceRange

        /// `bare` is the same expression without places, to be found among the keys.
        func settle(
            _ expression: BoundExpression, _ bare: BoundExpression
        ) throws(QueryError) -> BoundExpression {
            if let index = keys.firstIndex(of: bare) { return .column(index, expression.type) }
            if case .column(let column, let type) = expression {
                if Placeholder.isAggregate(column) {
                    return .column(keys.count + column - Placeholder.aggregates, type)
                }
                if Placeholder.isMark(column) {
                    return .column(groupedWidth + column - Placeholder.marks, type)
                }
                if Placeholder.isWindow(column) { return expression }
                let text = syntax.map(ExpressionText.of) ?? "expression"
                throw QueryError(
                    .expressionNotAggregate,
                    "'\(text)' must be an aggregate expression or appear in GROUP BY clause",
                    at: syntax?.anchor ?? range)
            }
            var settled: [BoundExpression] = []
            for (child, bareChild) in zip(expression.children, bare.children) {
                settled.append(try settle(child, bareChild))
            }
            return settled.isEmpty ? expression : expression.replacingChildren(settled)
        }
    }
}

extension WindowNode {
    /// Whether one operator can compute both nodes' calls.
    func hasSameOrder(as other: WindowNode) -> Bool {
        func bare(_ keys: [SortKey]) -> [SortKey] {
            keys.map {
                SortKey(
                    $0.expression.unlocated, isDescending: $0.isDescending,
                    nullsFirst: $0.nullsFirst)
            }
        }
        return partitionBy.map(\.unlocated) == other.partitionBy.map(\.unlocated)
            && bare(orderBy) == bare(other.orderBy)
    }
}
