import Columnar

/// Removes columns that nothing uses, down to the leaves of nested columns in scans.
///
/// Works from the root down: each node is told which of its outputs are needed and answers with a plan
/// and where those outputs now are.
enum PruneColumns {
    /// A pruned plan and the new position of each old column that is still there.
    private struct Pruned {
        var plan: LogicalPlan
        var positions: [Int: Int]

        func settle(_ expression: BoundExpression) -> BoundExpression {
            expression.movingColumns { positions[$0] ?? $0 }
        }

        func settle(_ keys: [SortKey]) -> [SortKey] {
            keys.map {
                SortKey(
                    settle($0.expression), isDescending: $0.isDescending,
                    nullsFirst: $0.nullsFirst)
            }
        }
    }

    static func run(_ plan: LogicalPlan, _ context: Optimizer.Context) -> LogicalPlan {
        let outputs = plan.outputs
        let needs = ColumnNeeds(all: outputs.count)
        return exactly(outputs, prune(plan, needs), needs.columns)
    }

    /// The plan with exactly these old columns in this order.
    private static func exactly(
        _ outputs: [OutputColumn], _ pruned: Pruned, _ columns: [Int]
    ) -> LogicalPlan {
        let wanted = columns.map { pruned.positions[$0] ?? $0 }
        if wanted == Array(0..<pruned.plan.outputs.count) { return pruned.plan }
        return .project(
            pruned.plan,
            zip(columns, wanted).map { column, position in
                NamedExpression(.column(position, outputs[column].type), name: outputs[column].name)
            })
    }

    private static func prune(_ plan: LogicalPlan, _ needs: ColumnNeeds) -> Pruned {
        switch plan {
        case .scan(let scan): return prune(scan, needs)
        case .values(let rows, let outputs):
            let columns = needs.columns
            return Pruned(
                plan: .values(
                    rows: rows.map { row in columns.map { row[$0] } },
                    outputs: columns.map { outputs[$0] }),
                positions: positions(columns))
        case .filter(let input, let predicate):
            var below = needs
            below.add(predicate)
            let inner = prune(input, below)
            return Pruned(
                plan: .filter(inner.plan, inner.settle(predicate)), positions: inner.positions)
        case .project(let input, let expressions): return prune(input, expressions, needs)
        case .sort(let input, let keys):
            let inner = prune(input, adding(keys, to: needs))
            return Pruned(
                plan: .sort(inner.plan, inner.settle(keys)), positions: inner.positions)
        case .topN(let input, let keys, let limit, let offset):
            let inner = prune(input, adding(keys, to: needs))
            return Pruned(
                plan: .topN(inner.plan, inner.settle(keys), limit: limit, offset: offset),
                positions: inner.positions)
        case .limit(let input, let limit, let offset):
            let inner = prune(input, needs)
            return Pruned(
                plan: .limit(inner.plan, limit: limit, offset: offset),
                positions: inner.positions)
        case .enforceSingleRow(let input):
            let inner = prune(input, needs)
            return Pruned(plan: .enforceSingleRow(inner.plan), positions: inner.positions)
        case .aggregate(let node): return prune(node, needs)
        case .join(let join): return prune(join, needs)
        case .unnest(let unnest): return prune(unnest, needs)
        case .window(let window): return prune(window, needs)
        case .unionAll(let inputs):
            let columns = needs.columns
            return Pruned(
                plan: .unionAll(inputs.map { exactly($0.outputs, prune($0, needs), columns) }),
                positions: positions(columns))
        }
    }

    private static func adding(_ keys: [SortKey], to needs: ColumnNeeds) -> ColumnNeeds {
        var result = needs
        for key in keys { result.add(key.expression) }
        return result
    }

    private static func positions(_ columns: [Int]) -> [Int: Int] {
        var positions: [Int: Int] = [:]
        for (new, old) in columns.enumerated() { positions[old] = new }
        return positions
    }

    private static func prune(_ scan: ScanNode, _ needs: ColumnNeeds) -> Pruned {
        var scan = scan
        let columns = needs.columns
        scan.request.columns = columns.map { column in
            ScanColumn(
                index: scan.request.columns[column].index,
                leaves: needs.leaves(of: column, type: scan.outputs[column].type))
        }
        scan.outputs = columns.map { scan.outputs[$0] }
        return Pruned(plan: .scan(scan), positions: positions(columns))
    }

    private static func prune(
        _ input: LogicalPlan, _ expressions: [NamedExpression], _ needs: ColumnNeeds
    ) -> Pruned {
        var below = ColumnNeeds()
        let columns = needs.columns
        for column in columns {
            // A renamed nested column passes on which of its leaves are used.
            if let (source, path) = ColumnNeeds.path(expressions[column].expression),
                let wanted = needs.paths[column]
            {
                for leaf in wanted { below.add(source, path: path + leaf) }
            } else {
                below.add(expressions[column].expression)
            }
        }
        let inner = prune(input, below)
        let kept = columns.map {
            NamedExpression(
                inner.settle(expressions[$0].expression), name: expressions[$0].name)
        }
        return Pruned(plan: .project(inner.plan, kept), positions: positions(columns))
    }

    private static func prune(_ node: AggregateNode, _ needs: ColumnNeeds) -> Pruned {
        var below = ColumnNeeds()
        for key in node.keys { below.add(key.expression) }
        let keyCount = node.keys.count
        let kept = node.aggregates.indices.filter { needs.contains(keyCount + $0) }
        for index in kept {
            let call = node.aggregates[index]
            for argument in call.arguments { below.add(argument) }
            for key in call.orderBy { below.add(key.expression) }
            if let filter = call.filter { below.add(filter) }
        }
        let inner = prune(node.input, below)
        var pruned = node
        pruned.input = inner.plan
        pruned.aggregates = kept.map { node.aggregates[$0] }
        let settled = LogicalPlan.aggregate(pruned).mappingExpressions(inner.settle)
        return Pruned(
            plan: settled,
            positions: positions(Array(0..<keyCount) + kept.map { keyCount + $0 }))
    }

    private static func prune(_ unnest: UnnestNode, _ needs: ColumnNeeds) -> Pruned {
        let width = unnest.input.outputs.count
        var below = ColumnNeeds()
        for column in needs.columns where column < width {
            below.add(column, paths: needs.paths[column] ?? [[]])
        }
        var output = width
        for argument in unnest.arguments {
            let count = argument.type.unnestedCount
            let used = (0..<count).filter { needs.contains(output + $0) }
            if let (column, path) = ColumnNeeds.path(argument),
                case .array(.row) = argument.type, !used.isEmpty
            {
                for field in used {
                    for leaf in needs.paths[output + field] ?? [[]] {
                        below.add(column, path: path + [0, field] + leaf)
                    }
                }
            } else {
                below.add(argument)
            }
            output += count
        }
        let inner = prune(unnest.input, below)
        var pruned = unnest
        pruned.input = inner.plan
        pruned.arguments = unnest.arguments.map(inner.settle)
        var positions = inner.positions
        let newWidth = inner.plan.outputs.count
        for index in unnest.outputs.indices { positions[width + index] = newWidth + index }
        return Pruned(plan: .unnest(pruned), positions: positions)
    }

    private static func prune(_ window: WindowNode, _ needs: ColumnNeeds) -> Pruned {
        let width = window.input.outputs.count
        let kept = window.calls.indices.filter { needs.contains(width + $0) }
        var below = ColumnNeeds()
        for column in needs.columns where column < width {
            below.add(column, paths: needs.paths[column] ?? [[]])
        }
        if kept.isEmpty { return prune(window.input, below) }
        for key in window.partitionBy { below.add(key) }
        for key in window.orderBy { below.add(key.expression) }
        for index in kept {
            for expression in window.calls[index].expressions { below.add(expression) }
        }
        let inner = prune(window.input, below)
        var pruned = window
        pruned.input = inner.plan
        pruned.calls = kept.map { window.calls[$0] }
        var positions = inner.positions
        let newWidth = inner.plan.outputs.count
        for (offset, index) in kept.enumerated() { positions[width + index] = newWidth + offset }
        return Pruned(
            plan: LogicalPlan.window(pruned).mappingExpressions(inner.settle),
            positions: positions)
    }

    private static func prune(_ join: JoinNode, _ needs: ColumnNeeds) -> Pruned {
        let width = join.left.outputs.count
        let total = width + join.right.outputs.count
        var all = needs
        if let residual = join.residual { all.add(residual) }
        var left = ColumnNeeds()
        var right = ColumnNeeds()
        for column in all.columns {
            let paths = all.paths[column] ?? [[]]
            if column < width {
                left.add(column, paths: paths)
            } else if column < total, join.kind != .mark || join.residual != nil {
                right.add(column - width, paths: paths)
            }
        }
        for equality in join.equalities {
            left.add(equality.left)
            right.add(equality.right)
        }
        let a = prune(join.left, left)
        let b = prune(join.right, right)
        let newWidth = a.plan.outputs.count
        var positions = a.positions
        for (old, new) in b.positions { positions[width + old] = newWidth + new }
        var pruned = join
        pruned.left = a.plan
        pruned.right = b.plan
        pruned.equalities = join.equalities.map {
            JoinEquality(left: a.settle($0.left), right: b.settle($0.right))
        }
        pruned.residual = join.residual?.movingColumns { positions[$0] ?? $0 }
        switch join.kind {
        case .semi, .anti: positions = a.positions
        case .mark:
            positions = a.positions
            positions[width] = newWidth
        default: break
        }
        return Pruned(plan: .join(pruned), positions: positions)
    }
}

extension DataType {
    /// Columns that UNNEST makes of an argument.
    fileprivate var unnestedCount: Int {
        switch self {
        case .array(.row(let fields)): fields.count
        case .map: 2
        default: 1
        }
    }
}
