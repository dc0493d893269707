import Columnar

/// Moves conditions towards the scans: through projections, sorts, unions, joins, grouping by keys,
/// UNNEST and windows by partition keys.
///
/// Only total, deterministic conditions move below an operator that drops rows, for the rest would raise
/// errors on rows that the query never asks about. A left join whose padded rows a condition drops becomes
/// an inner join; a cross join with an equality becomes a hash join.
struct PushFilters {
    let totality: Totality

    static func run(_ plan: LogicalPlan, _ context: Optimizer.Context) -> LogicalPlan {
        PushFilters(totality: Totality(registry: context.registry)).push([], into: plan)
    }

    /// The plan with conditions over its outputs applied as deep as they may go.
    private func push(_ conditions: [BoundExpression], into plan: LogicalPlan) -> LogicalPlan {
        switch plan {
        case .filter(let input, let predicate): return push(conditions, filter: predicate, input)
        case .project(let input, let expressions):
            return push(conditions, project: expressions, input)
        case .aggregate(let node): return push(conditions, aggregate: node)
        case .join(let join): return push(conditions, join: join)
        case .unnest(let unnest): return push(conditions, unnest: unnest)
        case .window(let window): return push(conditions, window: window)
        case .sort(let input, let keys):
            return .sort(push(conditions, into: input), keys)
        case .unionAll(let inputs):
            return .unionAll(inputs.map { push(conditions, into: $0) })
        case .scan, .values, .limit, .topN, .enforceSingleRow:
            return filtered(
                plan.replacingInputs(plan.inputs.map { push([], into: $0) }), conditions)
        }
    }

    private func filtered(
        _ plan: LogicalPlan, _ conditions: [BoundExpression]
    ) -> LogicalPlan {
        conditions.isEmpty ? plan : .filter(plan, .conjunction(conditions))
    }

    private func push(
        _ conditions: [BoundExpression], filter predicate: BoundExpression, _ input: LogicalPlan
    ) -> LogicalPlan {
        let own = predicate.conjuncts
        // A condition that may fail must see only rows that pass this filter.
        let (movable, staying) = split(conditions) { totality.isTotal($0) }
        return filtered(push(own + movable, into: input), staying)
    }

    private func push(
        _ conditions: [BoundExpression], project expressions: [NamedExpression],
        _ input: LogicalPlan
    ) -> LogicalPlan {
        let (movable, staying) = split(conditions) { condition in
            condition.columns.allSatisfy { totality.isDeterministic(expressions[$0].expression) }
                && totality.isDeterministic(condition)
                && staysSmall(condition, over: expressions)
        }
        let moved = movable.map { condition in
            condition.mappingColumns { column, _ in expressions[column].expression }
        }
        return filtered(.project(push(moved, into: input), expressions), staying)
    }

    /// Whether a condition remains short with columns replaced by what computes them.
    private func staysSmall(
        _ condition: BoundExpression, over expressions: [NamedExpression]
    ) -> Bool {
        let isRenaming = condition.columns.allSatisfy {
            ColumnNeeds.path(expressions[$0].expression) != nil
                || expressions[$0].expression.isLiteral
        }
        if isRenaming { return true }
        let limit = Limits.pushedConditionNodes
        var size = condition.nodeCount(upTo: limit)
        func add(_ node: BoundExpression) {
            if case .column(let column, _) = node, size < limit {
                size += expressions[column].expression.nodeCount(upTo: limit)
            }
            for child in node.children where size < limit { add(child) }
        }
        add(condition)
        return size < limit
    }

    /// Conditions over keys drop whole groups; the one group without keys must stay.
    private func push(
        _ conditions: [BoundExpression], aggregate node: AggregateNode
    ) -> LogicalPlan {
        let (movable, staying) = split(conditions) { condition in
            let columns = condition.columns
            return !columns.isEmpty && columns.allSatisfy { $0 < node.keys.count }
                && totality.isTotal(condition)
                && columns.allSatisfy { totality.isDeterministic(node.keys[$0].expression) }
        }
        let moved = movable.map { condition in
            condition.mappingColumns { column, _ in node.keys[column].expression }
        }
        var node = node
        node.input = push(moved, into: node.input)
        return filtered(.aggregate(node), staying)
    }

    private func push(_ conditions: [BoundExpression], unnest: UnnestNode) -> LogicalPlan {
        let width = unnest.input.outputs.count
        let (movable, staying) = split(conditions) { condition in
            condition.columns.allSatisfy { $0 < width } && totality.isTotal(condition)
        }
        var unnest = unnest
        unnest.input = push(movable, into: unnest.input)
        return filtered(.unnest(unnest), staying)
    }

    /// Conditions over partition keys drop whole partitions.
    private func push(_ conditions: [BoundExpression], window: WindowNode) -> LogicalPlan {
        var keys: Set<Int> = []
        for key in window.partitionBy {
            if case .column(let column, _) = key { keys.insert(column) }
        }
        let (movable, staying) = split(conditions) { condition in
            let columns = condition.columns
            return !columns.isEmpty && columns.isSubset(of: keys) && totality.isTotal(condition)
        }
        var window = window
        window.input = push(movable, into: window.input)
        return filtered(.window(window), staying)
    }

    private func split(
        _ conditions: [BoundExpression], _ isFirst: (BoundExpression) -> Bool
    ) -> ([BoundExpression], [BoundExpression]) {
        var first: [BoundExpression] = []
        var second: [BoundExpression] = []
        for condition in conditions {
            if isFirst(condition) { first.append(condition) } else { second.append(condition) }
        }
        return (first, second)
    }
}

extension PushFilters {
    // MARK: Joins

    private func push(_ conditions: [BoundExpression], join: JoinNode) -> LogicalPlan {
        var join = join
        let width = join.left.outputs.count
        join.kind = strengthened(join.kind, by: conditions, width: width)
        var conditions = conditions
        if join.kind == .inner || join.kind == .cross, let residual = join.residual {
            // The residual of an inner join is a condition like any other.
            conditions = residual.conjuncts + conditions
            join.residual = nil
        }
        var left: [BoundExpression] = []
        var right: [BoundExpression] = []
        var above: [BoundExpression] = []
        for condition in conditions {
            let columns = condition.columns
            let isMovable = totality.isTotal(condition) && !columns.isEmpty
            if isMovable, join.kind.keepsLeftPredicates, columns.allSatisfy({ $0 < width }) {
                left.append(condition)
            } else if isMovable, join.kind.keepsRightPredicates,
                columns.allSatisfy({ $0 >= width })
            {
                right.append(condition.movingColumns { $0 - width })
            } else {
                above.append(condition)
            }
        }
        pushResidual(&join, width, &left, &right)
        join.left = push(left, into: join.left)
        join.right = push(right, into: join.right)
        guard join.kind == .inner || join.kind == .cross else {
            return filtered(.join(join), above)
        }
        let (total, staying) = split(above) { totality.isTotal($0) }
        let condition = BoundExpression.conjunction(total)
        let merged = JoinNode.splitting(
            condition, kind: .inner, left: join.left, right: join.right)
        join.equalities += merged.equalities
        join.residual = merged.residual
        join.kind = join.equalities.isEmpty && join.residual == nil ? .cross : .inner
        return filtered(.join(join), staying)
    }

    /// Conditions of an outer join's ON that look at the padded side only filter that side.
    private func pushResidual(
        _ join: inout JoinNode, _ width: Int, _ left: inout [BoundExpression],
        _ right: inout [BoundExpression]
    ) {
        guard let residual = join.residual else { return }
        var staying: [BoundExpression] = []
        for term in residual.conjuncts {
            let columns = term.columns
            let isMovable = totality.isTotal(term) && !columns.isEmpty
            let isRight = columns.allSatisfy { $0 >= width }
            let isLeft = columns.allSatisfy { $0 < width }
            switch join.kind {
            case .left, .semi, .anti:
                if isMovable, isRight {
                    right.append(term.movingColumns { $0 - width })
                    continue
                }
            case .right:
                if isMovable, isLeft {
                    left.append(term)
                    continue
                }
            default: break
            }
            staying.append(term)
        }
        join.residual = staying.isEmpty ? nil : .conjunction(staying)
    }

    /// An outer join whose padding a condition drops pads for nothing.
    private func strengthened(
        _ kind: JoinKind, by conditions: [BoundExpression], width: Int
    ) -> JoinKind {
        let dropsRight = conditions.contains { $0.isNeverTrueOnNull { $0 >= width } }
        let dropsLeft = conditions.contains { $0.isNeverTrueOnNull { $0 < width } }
        switch kind {
        case .left: return dropsRight ? .inner : .left
        case .right: return dropsLeft ? .inner : .right
        case .full:
            if dropsLeft, dropsRight { return .inner }
            if dropsRight { return .right }
            return dropsLeft ? .left : .full
        default: return kind
        }
    }
}

extension BoundExpression {
    /// Whether the condition is not true where all the columns meant are NULL.
    func isNeverTrueOnNull(_ isMeant: (Int) -> Bool) -> Bool {
        switch self {
        case .compare(let op, let a, let b):
            guard op != .isDistinctFrom, op != .isNotDistinctFrom else { return false }
            return a.isNullOnNull(isMeant) || b.isNullOnNull(isMeant)
        case .like(let value, _, _, _), .inList(let value, _): return value.isNullOnNull(isMeant)
        case .not(.isNull(let operand)): return operand.isNullOnNull(isMeant)
        case .not(.inList(let value, _)), .not(.like(let value, _, _, _)):
            return value.isNullOnNull(isMeant)
        case .and(let terms): return terms.contains { $0.isNeverTrueOnNull(isMeant) }
        case .or(let terms): return terms.allSatisfy { $0.isNeverTrueOnNull(isMeant) }
        case .column(let column, _): return isMeant(column)
        default: return false
        }
    }

    private func isNullOnNull(_ isMeant: (Int) -> Bool) -> Bool {
        switch self {
        case .column(let column, _): isMeant(column)
        case .arithmetic(_, let a, let b, _, _):
            a.isNullOnNull(isMeant) || b.isNullOnNull(isMeant)
        case .negate(let a, _, _), .cast(let a, _, _, _), .field(let a, _, _):
            a.isNullOnNull(isMeant)
        default: false
        }
    }
}

extension JoinKind {
    /// Whether a condition over left columns may run before the join.
    fileprivate var keepsLeftPredicates: Bool {
        switch self {
        case .inner, .cross, .left, .semi, .anti, .mark: true
        case .right, .full: false
        }
    }

    fileprivate var keepsRightPredicates: Bool {
        switch self {
        case .inner, .cross, .right: true
        case .left, .full, .semi, .anti, .mark: false
        }
    }
}
