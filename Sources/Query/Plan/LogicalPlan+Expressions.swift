import Columnar

extension LogicalPlan {
    /// The same node with each of its own expressions replaced; inputs stay.
    func mappingExpressions(_ rule: (BoundExpression) -> BoundExpression) -> LogicalPlan {
        func keys(_ keys: [SortKey]) -> [SortKey] {
            keys.map {
                SortKey(
                    rule($0.expression), isDescending: $0.isDescending,
                    nullsFirst: $0.nullsFirst)
            }
        }
        func named(_ expressions: [NamedExpression]) -> [NamedExpression] {
            expressions.map { NamedExpression(rule($0.expression), name: $0.name) }
        }
        switch self {
        case .scan, .limit, .unionAll, .enforceSingleRow: return self
        case .values(let rows, let outputs):
            return .values(rows: rows.map { $0.map(rule) }, outputs: outputs)
        case .filter(let input, let predicate): return .filter(input, rule(predicate))
        case .project(let input, let expressions): return .project(input, named(expressions))
        case .sort(let input, let sortKeys): return .sort(input, keys(sortKeys))
        case .topN(let input, let sortKeys, let limit, let offset):
            return .topN(input, keys(sortKeys), limit: limit, offset: offset)
        case .aggregate(var node):
            node.keys = named(node.keys)
            for index in node.aggregates.indices {
                var call = node.aggregates[index]
                call.arguments = call.arguments.map(rule)
                call.orderBy = keys(call.orderBy)
                call.filter = call.filter.map(rule)
                node.aggregates[index] = call
            }
            return .aggregate(node)
        case .join(var join):
            join.equalities = join.equalities.map {
                JoinEquality(left: rule($0.left), right: rule($0.right))
            }
            join.residual = join.residual.map(rule)
            return .join(join)
        case .unnest(var unnest):
            unnest.arguments = unnest.arguments.map(rule)
            return .unnest(unnest)
        case .window(var window):
            window.partitionBy = window.partitionBy.map(rule)
            window.orderBy = keys(window.orderBy)
            window.calls = window.calls.map { $0.mappingExpressions(rule) }
            return .window(window)
        }
    }

    /// Rewrites nodes from the leaves up by a rule that cannot fail.
    func mapped(_ rule: (LogicalPlan) -> LogicalPlan) -> LogicalPlan {
        let old = inputs
        return rule(old.isEmpty ? self : replacingInputs(old.map { $0.mapped(rule) }))
    }
}

extension WindowCall {
    func mappingExpressions(_ rule: (BoundExpression) -> BoundExpression) -> WindowCall {
        func bound(_ bound: WindowFrame.Bound) -> WindowFrame.Bound {
            switch bound {
            case .preceding(let distance): .preceding(rule(distance))
            case .following(let distance): .following(rule(distance))
            default: bound
            }
        }
        var call = self
        call.arguments = arguments.map(rule)
        call.filter = filter.map(rule)
        call.frame = WindowFrame(
            unit: frame.unit, start: bound(frame.start), end: bound(frame.end))
        return call
    }

    /// Arguments, filter and distances of the frame.
    var expressions: [BoundExpression] {
        var result = arguments + (filter.map { [$0] } ?? [])
        for bound in [frame.start, frame.end] {
            switch bound {
            case .preceding(let distance), .following(let distance): result.append(distance)
            default: break
            }
        }
        return result
    }
}
