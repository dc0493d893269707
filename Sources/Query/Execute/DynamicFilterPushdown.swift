import Columnar

/// Gives a filter that appears at run time (a top-n's bound, a join's key range) to the scan below.
enum DynamicFilterPushdown {
    typealias Target = (filter: DynamicFilter, path: ScanColumnPath)

    /// The plan with a new filter at the scan that `expression` is a column of; nil if it is none.
    static func push(
        _ expression: BoundExpression?, into plan: LogicalPlan
    ) -> (plan: LogicalPlan, target: Target?) {
        guard case .column(let position, _)? = expression,
            let (rewritten, target) = descend(plan, position)
        else { return (plan, nil) }
        return (rewritten, target)
    }

    /// Only through operators that keep rows apart: a row that the scan drops may change no other.
    private static func descend(
        _ plan: LogicalPlan, _ position: Int
    ) -> (LogicalPlan, Target)? {
        switch plan {
        case .scan(var scan):
            guard scan.request.columns.indices.contains(position), scan.request.rowLimit == nil
            else { return nil }
            let filter = DynamicFilter()
            scan.request.dynamicFilters.append(filter)
            let path = ScanColumnPath(index: scan.request.columns[position].index)
            return (.scan(scan), (filter, path))
        case .filter(let input, let predicate):
            guard let (inner, target) = descend(input, position) else { return nil }
            return (.filter(inner, predicate), target)
        case .project(let input, let expressions):
            guard case .column(let source, _) = expressions[position].expression,
                let (inner, target) = descend(input, source)
            else { return nil }
            return (.project(inner, expressions), target)
        default: return nil
        }
    }
}
