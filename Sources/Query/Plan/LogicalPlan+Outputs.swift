import Columnar

extension LogicalPlan {
    /// The columns that a node puts out, in order.
    package var outputs: [OutputColumn] {
        switch self {
        case .scan(let scan): scan.outputs
        case .values(_, let outputs): outputs
        case .filter(let input, _), .sort(let input, _), .topN(let input, _, _, _),
            .limit(let input, _, _), .enforceSingleRow(let input):
            input.outputs
        case .project(_, let expressions):
            expressions.map { OutputColumn(name: $0.name, type: $0.expression.type) }
        case .aggregate(let node):
            node.keys.map { OutputColumn(name: $0.name, type: $0.expression.type) }
                + node.aggregates.map {
                    OutputColumn(name: $0.name, type: $0.function.resultType)
                }
        case .join(let join): join.outputs
        case .unnest(let unnest): unnest.input.outputs + unnest.outputs
        case .window(let window):
            window.input.outputs
                + window.calls.map { OutputColumn(name: $0.name, type: $0.function.resultType) }
        case .unionAll(let inputs): inputs.first?.outputs ?? []
        }
    }

    /// The inputs of a node, in order.
    package var inputs: [LogicalPlan] {
        switch self {
        case .scan, .values: []
        case .filter(let input, _), .project(let input, _), .sort(let input, _),
            .topN(let input, _, _, _), .limit(let input, _, _), .enforceSingleRow(let input):
            [input]
        case .aggregate(let node): [node.input]
        case .join(let join): [join.left, join.right]
        case .unnest(let unnest): [unnest.input]
        case .window(let window): [window.input]
        case .unionAll(let inputs): inputs
        }
    }

    /// The same node over other inputs: as many, in the order of `inputs`.
    package func replacingInputs(_ new: [LogicalPlan]) -> LogicalPlan {
        switch self {
        case .scan, .values: return self
        case .filter(_, let predicate): return .filter(new[0], predicate)
        case .project(_, let expressions): return .project(new[0], expressions)
        case .sort(_, let keys): return .sort(new[0], keys)
        case .topN(_, let keys, let limit, let offset):
            return .topN(new[0], keys, limit: limit, offset: offset)
        case .limit(_, let limit, let offset): return .limit(new[0], limit: limit, offset: offset)
        case .enforceSingleRow: return .enforceSingleRow(new[0])
        case .aggregate(var node):
            node.input = new[0]
            return .aggregate(node)
        case .join(var join):
            join.left = new[0]
            join.right = new[1]
            return .join(join)
        case .unnest(var unnest):
            unnest.input = new[0]
            return .unnest(unnest)
        case .window(var window):
            window.input = new[0]
            return .window(window)
        case .unionAll: return .unionAll(new)
        }
    }

    /// Rewrites nodes from the leaves up.
    func rewritten(
        _ rule: (LogicalPlan) throws(QueryError) -> LogicalPlan
    ) throws(QueryError) -> LogicalPlan {
        var new: [LogicalPlan] = []
        for input in inputs { new.append(try input.rewritten(rule)) }
        return try rule(new.isEmpty ? self : replacingInputs(new))
    }
}

extension JoinNode {
    /// Left columns, then right ones; semi and anti have only the left, mark adds the match.
    package var outputs: [OutputColumn] {
        switch kind {
        case .inner, .left, .right, .full, .cross: left.outputs + right.outputs
        case .semi, .anti: left.outputs
        case .mark: left.outputs + [OutputColumn(name: "mark", type: .boolean)]
        }
    }
}
