import Columnar

/// Tells inputs of a LIMIT how many rows are enough: scans without a filter, sides of UNION ALL, the
/// preserved side of an outer join.
enum PushLimits {
    static func run(_ plan: LogicalPlan, _ context: Optimizer.Context) -> LogicalPlan {
        plan.mapped { node in
            guard case .limit(let input, let limit?, let offset) = node else { return node }
            let (enough, overflow) = limit.addingReportingOverflow(offset)
            guard !overflow else { return node }
            return .limit(bounded(input, enough), limit: limit, offset: offset)
        }
    }

    /// The plan, free to stop after `count` rows.
    private static func bounded(_ plan: LogicalPlan, _ count: Int) -> LogicalPlan {
        switch plan {
        case .scan(var scan):
            guard scan.request.predicates.isEmpty else { return plan }
            scan.request.rowLimit = min(scan.request.rowLimit ?? count, count)
            return .scan(scan)
        case .project(let input, let expressions):
            return .project(bounded(input, count), expressions)
        case .unionAll(let inputs):
            return .unionAll(inputs.map { limited($0, count) })
        case .join(var join) where join.kind == .left:
            join.left = limited(join.left, count)
            return .join(join)
        case .join(var join) where join.kind == .right:
            join.right = limited(join.right, count)
            return .join(join)
        default: return plan
        }
    }

    private static func limited(_ plan: LogicalPlan, _ count: Int) -> LogicalPlan {
        if case .limit(_, let held?, _) = plan, held <= count { return plan }
        if case .project(let input, let expressions) = plan {
            return .project(limited(input, count), expressions)
        }
        return .limit(bounded(plan, count), limit: count, offset: 0)
    }
}
