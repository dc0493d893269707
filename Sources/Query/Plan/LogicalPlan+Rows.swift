import Columnar

extension LogicalPlan {
    /// Rows of all tables below, before pruning; nil when one does not know its count.
    ///
    /// For progress only: what share of the work is done.
    var scannedRowCount: Int? {
        var total = 0
        for case .scan(let node) in scans {
            guard let rows = node.table.estimatedRowCount else { return nil }
            total += rows
        }
        return total
    }

    /// The scans below this node, this one included, left to right.
    private var scans: [LogicalPlan] {
        if case .scan = self { return [self] }
        return inputs.flatMap(\.scans)
    }
}

extension PreparedStatement {
    /// Rows of the tables that a run scans, before pruning; nil when one does not know its count.
    package var scanRows: Int? { optimised.plan.scannedRowCount }
}
