/// The one question that is asked of any table: columns wanted, what may be skipped, in which order.
package struct ScanRequest: Sendable {
    /// Output columns in order; each names a top-level column and, for nested ones, the leaves wanted.
    package var columns: [ScanColumn]
    /// Conjuncts over top-level or nested leaves.
    ///
    /// The scan may drop rows, pages, row groups and files that cannot satisfy them and need not
    /// drop every such row: the caller keeps its filter.
    package var predicates: [ScanPredicate]
    /// Filters that appear while the query runs; re-read at every row group and page.
    package var dynamicFilters: [DynamicFilter]
    /// Morsels wanted in the order of a column's bounds, for top-n.
    package var order: ScanOrder?
    /// Stop after this many rows, if every predicate is exact or absent.
    package var rowLimit: Int?

    package init(
        columns: [ScanColumn], predicates: [ScanPredicate] = [],
        dynamicFilters: [DynamicFilter] = [], order: ScanOrder? = nil, rowLimit: Int? = nil
    ) {
        self.columns = columns
        self.predicates = predicates
        self.dynamicFilters = dynamicFilters
        self.order = order
        self.rowLimit = rowLimit
    }
}

/// One output column of a scan.
package struct ScanColumn: Hashable, Sendable {
    /// The column's position in the table's schema.
    package var index: Int
    /// Wanted nested leaves as paths of child positions; nil is everything.
    ///
    /// Unwanted leaves come as NULL.
    package var leaves: [[Int]]?

    package init(index: Int, leaves: [[Int]]? = nil) {
        self.index = index
        self.leaves = leaves
    }
}

/// A predicate that storage understands: column against constant.
///
/// Constants have the column's type.
package indirect enum ScanPredicate: Sendable, Hashable {
    case compare(ScanColumnPath, ScanComparison, Value)
    case isIn(ScanColumnPath, [Value])
    case isNull(ScanColumnPath)
    case isNotNull(ScanColumnPath)
    case and([ScanPredicate])
    case or([ScanPredicate])
}

/// A top-level column or a nested leaf of it: column position, then child positions through rows.
package struct ScanColumnPath: Hashable, Sendable {
    package var index: Int
    package var children: [Int]

    package init(index: Int, children: [Int] = []) {
        self.index = index
        self.children = children
    }
}

/// Comparisons that bounds can answer.
package enum ScanComparison: Sendable, Hashable {
    case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual
}

/// The wish to see row groups in the order of one column's bounds.
package struct ScanOrder: Sendable, Hashable {
    package var column: ScanColumnPath
    package var isDescending: Bool

    package init(column: ScanColumnPath, isDescending: Bool) {
        self.column = column
        self.isDescending = isDescending
    }
}
