/// Finds the rows of a row group that pages may have for a filter; never drops a row that matches.
///
/// https://github.com/apache/parquet-format/blob/master/PageIndex.md
struct PagePruner {
    let pruner: RowGroupPruner
    let group: RowGroupReader
    /// Bounds of the pages of leaves that were asked for; nil: there are none.
    private var bounds: [Int: [(rows: Range<Int>, bounds: ColumnBounds)]?] = [:]

    init(pruner: RowGroupPruner, group: RowGroupReader) {
        self.pruner = pruner
        self.group = group
    }

    /// Rows in pages that may satisfy every predicate.
    mutating func rows(
        matching predicates: [ScanPredicate]
    ) throws(ColumnarError) -> RowRanges {
        var rows = RowRanges.all(group.rowCount)
        for predicate in predicates {
            if rows.isEmpty { break }
            if let some = try self.rows(matching: predicate) { rows = rows.intersection(some) }
        }
        return rows
    }

    /// nil: nothing is known, so every row may match.
    private mutating func rows(
        matching predicate: ScanPredicate
    ) throws(ColumnarError) -> RowRanges? {
        switch predicate {
        case .compare(let path, let comparison, let value):
            return try pages(path) { $0.mayMatch(comparison, value) }
        case .isIn(let path, let values):
            return try pages(path) { bounds in
                values.contains { bounds.mayMatch(.equal, $0) }
            }
        case .isNull(let path): return try pages(path) { $0.mayBeNull }
        case .isNotNull(let path): return try pages(path) { $0.mayBeNotNull }
        case .and(let parts):
            var result: RowRanges?
            for part in parts {
                guard let some = try rows(matching: part) else { continue }
                result = result?.intersection(some) ?? some
            }
            return result
        case .or(let parts):
            var result = RowRanges()
            for part in parts {
                guard let some = try rows(matching: part) else { return nil }
                result = result.union(some)
            }
            return result
        }
    }

    private mutating func pages(
        _ path: ScanColumnPath, _ mayMatch: (ColumnBounds) -> Bool
    ) throws(ColumnarError) -> RowRanges? {
        guard case .leaf(let leaf, let node, let type) = pruner.subject(path) else { return nil }
        if bounds[leaf] == nil { bounds[leaf] = .some(try pageBounds(leaf, node, type)) }
        guard let pages = bounds[leaf] ?? nil else { return nil }
        var rows = RowRanges()
        for page in pages where mayMatch(page.bounds) { rows.append(page.rows) }
        return rows
    }

    private func pageBounds(
        _ leaf: Int, _ node: SchemaNode, _ type: DataType
    ) throws(ColumnarError) -> [(rows: Range<Int>, bounds: ColumnBounds)]? {
        guard node.repetition == 0, let index = try group.pageIndexes.columnIndex(leaf),
            let offsets = try group.pageIndexes.offsetIndex(leaf)
        else { return nil }
        let orders = group.file.metadata.columnOrders
        var result: [(rows: Range<Int>, bounds: ColumnBounds)] = []
        for (i, page) in index.pages.enumerated() {
            let rows = offsets.rows(of: i, rowCount: group.rowCount)
            var statistics = ChunkStatistics()
            statistics.minimum = page.lower
            statistics.maximum = page.upper
            statistics.isMinimumExact = false
            statistics.isMaximumExact = false
            statistics.nullCount = page.lower == nil ? rows.count : page.nullCount
            let bounds = ColumnBounds(
                statistics, valueCount: rows.count, node: node, type: type,
                order: leaf < orders.count ? orders[leaf] : nil, location: group.location)
            result.append((rows, bounds))
        }
        return result
    }
}
