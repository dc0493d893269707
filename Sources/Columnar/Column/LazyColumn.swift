import Synchronization

/// Decodes the rows of one lazy column on demand; implemented by the Parquet scan.
package protocol ColumnLoader: Sendable {
    /// A column of `count` rows in which at least the selected rows are right; others may be NULL or stale.
    func load(count: Int, selection: Selection) throws(ColumnarError) -> Column
}

/// A column that is decoded when a kernel first needs it, for the rows it needs.
package final class LazyColumn: Sendable {
    package let count: Int
    private let loader: any ColumnLoader
    private let cache = Mutex<(column: Column, isComplete: Bool)?>(nil)

    package init(count: Int, loader: any ColumnLoader) {
        self.count = count
        self.loader = loader
    }

    /// The decoded column, right at least at the selected rows; a complete one is kept.
    ///
    /// Selections only narrow while a batch flows, so a partial decode is kept too: a caller that
    /// widens one must ask for `.all`.
    package func resolve(_ selection: Selection) throws(ColumnarError) -> Column {
        if let held = cache.withLock({ $0 }) {
            if held.isComplete { return held.column }
            if case .all = selection {} else { return held.column }
        }
        let column = try loader.load(count: count, selection: selection)
        let isComplete: Bool
        if case .all = selection { isComplete = true } else { isComplete = false }
        cache.withLock { $0 = (column, isComplete) }
        return column
    }
}
