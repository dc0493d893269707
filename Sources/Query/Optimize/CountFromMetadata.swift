import Columnar

/// Answers `count(*)` over a whole table by the number of rows that the table knows.
enum CountFromMetadata {
    static func run(_ plan: LogicalPlan, _ context: Optimizer.Context) -> LogicalPlan {
        plan.mapped { node in
            guard case .aggregate(let aggregate) = node, aggregate.keys.isEmpty,
                aggregate.aggregates.allSatisfy(countsRows),
                let rows = rowCount(of: aggregate.input)
            else { return node }
            let counts = aggregate.aggregates.map { _ in
                BoundExpression.literal(.int(Int64(rows)), .bigint)
            }
            return .values(rows: [counts], outputs: node.outputs)
        }
    }

    private static func countsRows(_ call: AggregateCall) -> Bool {
        call.function.name == "count" && call.arguments.isEmpty && call.filter == nil
            && !call.isDistinct
    }

    /// Rows of a table that is scanned whole; nil if it does not know, or anything is left out.
    private static func rowCount(of plan: LogicalPlan) -> Int? {
        switch plan {
        case .project(let input, let expressions) where expressions.isEmpty:
            return rowCount(of: input)
        case .scan(let scan):
            guard scan.request.predicates.isEmpty, scan.request.dynamicFilters.isEmpty,
                scan.request.rowLimit == nil
            else { return nil }
            return scan.table.rowCount
        default: return nil
        }
    }
}
