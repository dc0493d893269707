import Columnar

/// Puts the smaller side of a join on the right, where the hash table is built.
///
/// Sizes come from row counts that tables know; without them nothing moves. A projection restores the
/// order of columns.
enum JoinSides {
    static func run(_ plan: LogicalPlan, _ context: Optimizer.Context) -> LogicalPlan {
        plan.mapped { node in
            guard case .join(let join) = node, let kind = mirrored(join.kind),
                let left = RowEstimate.of(join.left), let right = RowEstimate.of(join.right),
                left < right
            else { return node }
            return swapped(join, kind)
        }
    }

    /// The kind that gives the same rows with the sides exchanged.
    private static func mirrored(_ kind: JoinKind) -> JoinKind? {
        switch kind {
        case .inner, .cross, .full: kind
        case .left: .right
        case .right: .left
        case .semi, .anti, .mark: nil
        }
    }

    private static func swapped(_ join: JoinNode, _ kind: JoinKind) -> LogicalPlan {
        let outputs = join.outputs
        let left = join.left.outputs.count
        let right = join.right.outputs.count
        let position = { (column: Int) in column < left ? column + right : column - left }
        let mirror = JoinNode(
            kind: kind, left: join.right, right: join.left,
            equalities: join.equalities.map { JoinEquality(left: $0.right, right: $0.left) },
            residual: join.residual?.movingColumns(position))
        return .project(
            .join(mirror),
            outputs.enumerated().map { index, output in
                NamedExpression(.column(position(index), output.type), name: output.name)
            })
    }
}

/// A rough number of rows, from what tables know without reading.
enum RowEstimate {
    static func of(_ plan: LogicalPlan) -> Int? {
        switch plan {
        case .scan(let scan): return scan.table.estimatedRowCount
        case .values(let rows, _): return rows.count
        // A filter keeps a third, says the folklore since System R.
        case .filter(let input, _): return of(input).map { max(1, $0 / 3) }
        case .project(let input, _), .sort(let input, _): return of(input)
        case .window(let window): return of(window.input)
        case .aggregate(let node):
            return node.keys.isEmpty ? 1 : of(node.input).map { max(1, $0 / 10) }
        case .limit(let input, let limit, _):
            guard let limit else { return of(input) }
            return min(limit, of(input) ?? limit)
        case .topN(_, _, let limit, _): return limit
        case .enforceSingleRow: return 1
        case .join(let join): return of(join)
        case .unnest(let unnest):
            return of(unnest.input).map { $0.multipliedReportingOverflow(by: 3).partialValue }
        case .unionAll(let inputs):
            var total = 0
            for input in inputs {
                guard let rows = of(input) else { return nil }
                total = total.addingReportingOverflow(rows).partialValue
            }
            return total
        }
    }

    private static func of(_ join: JoinNode) -> Int? {
        guard let left = of(join.left) else { return nil }
        if [.semi, .anti, .mark].contains(join.kind) { return left }
        guard let right = of(join.right) else { return nil }
        let isProduct = join.equalities.isEmpty
        let (product, overflow) = left.multipliedReportingOverflow(by: right)
        return isProduct ? (overflow ? Int.max : product) : max(left, right)
    }
}
