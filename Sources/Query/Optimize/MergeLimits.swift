import Columnar

/// Joins LIMIT with what is below it: a sort becomes a top-n, two limits one; LIMIT 0 leaves no rows.
enum MergeLimits {
    static func run(_ plan: LogicalPlan, _ context: Optimizer.Context) -> LogicalPlan {
        plan.mapped { node in
            guard case .limit(let input, let limit, let offset) = node else { return node }
            return merged(input, limit, offset)
        }
    }

    private static func merged(
        _ input: LogicalPlan, _ limit: Int?, _ offset: Int
    ) -> LogicalPlan {
        if limit == 0 { return .values(rows: [], outputs: input.outputs) }
        if limit == nil, offset == 0 { return input }
        switch input {
        case .sort(let rows, let keys):
            guard let limit else { break }
            return .topN(rows, keys, limit: limit, offset: offset)
        case .limit(let rows, let inner, let innerOffset):
            let (total, overflow) = offset.addingReportingOverflow(innerOffset)
            guard !overflow else { break }
            let rest = inner.map { max(0, $0 - offset) }
            let least = [limit, rest].compactMap { $0 }.min()
            return merged(rows, least, total)
        case .project(let rows, let expressions):
            // Fewer rows to compute; the order of rows is the input's.
            return .project(merged(rows, limit, offset), expressions)
        default: break
        }
        return .limit(input, limit: limit, offset: offset)
    }
}
