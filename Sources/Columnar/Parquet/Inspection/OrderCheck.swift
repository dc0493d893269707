/// Holds the order that row groups claim against their rows.
struct OrderCheck {
    let file: ParquetFile
    let pool: BufferPool
    private static let batchRows = 8192

    /// One sorting column that can be read: a leaf outside lists.
    private struct Key {
        let column: Int
        let path: LeafPath
        let order: SortingColumn
    }

    func check(_ verdict: inout ParquetVerdict) throws(ColumnarError) {
        for (index, group) in file.metadata.rowGroups.enumerated()
        where !group.sortingColumns.isEmpty {
            let location = FileLocation(path: file.path, rowGroup: index)
            guard let keys = keys(group.sortingColumns) else {
                verdict.add(.order, location, "a sorting column does not exist or lies in a list")
                continue
            }
            do throws(ColumnarError) {
                if let row = try firstUnsorted(index, keys) {
                    verdict.add(.order, location, "row \(row) sorts before the row in front of it")
                }
            } catch { verdict.add(error, at: location) }
        }
    }

    private func keys(_ order: [SortingColumn]) -> [Key]? {
        var keys: [Key] = []
        for column in order {
            var found: Key?
            for (position, node) in file.tree.columns.enumerated() {
                for path in LeafPath.all(below: node) where path.leaf == column.leaf {
                    found = Key(column: position, path: path, order: column)
                }
            }
            guard let found, file.tree.leaves[column.leaf].maxRepetition == 0 else { return nil }
            keys.append(found)
        }
        return keys
    }

    /// The first row of the row group that sorts before its predecessor.
    private func firstUnsorted(_ rowGroup: Int, _ keys: [Key]) throws(ColumnarError) -> Int? {
        var before: [Value]?
        var row = 0
        let first = file.rowGroupRows[..<rowGroup].reduce(0, +)
        let scan = try ParquetScan(
            files: [ParquetScanFile(path: file.path, fileIndex: 0)], schema: file.schema,
            request: ScanRequest(columns: keys.map { ScanColumn(index: $0.column) }), pool: pool)
        for morsel in 0..<scan.morselCount {
            var reader = try scan.open(morsel: morsel, pool: pool)
            while let batch = try reader.next(maxRows: Self.batchRows) {
                guard case .consecutive(let id) = batch.origin, id.row >= first else { break }
                guard id.row < first + file.rowGroupRows[rowGroup] else { return nil }
                for i in 0..<batch.count {
                    var values: [Value] = []
                    for (column, key) in zip(batch.columns, keys) {
                        values.append(try Self.value(column, i, key))
                    }
                    if let before, Self.isBefore(values, before, keys) { return row }
                    before = values
                    row += 1
                }
            }
        }
        return nil
    }

    private static func value(
        _ column: Column, _ row: Int, _ key: Key
    ) throws(ColumnarError) -> Value {
        var found = Value.null
        try key.path.visit(column, rows: row..<row + 1) { (leaf, range) throws(ColumnarError) in
            found = ValueExtremes.comparable(
                try leaf.value(at: range.lowerBound, type: key.path.node.type))
        }
        return found
    }

    /// Whether `a` sorts strictly before `b`; values without an order are equal.
    private static func isBefore(_ a: [Value], _ b: [Value], _ keys: [Key]) -> Bool {
        for (index, key) in keys.enumerated() {
            switch (a[index].isNull, b[index].isNull) {
            case (true, true): continue
            case (true, false): return key.order.nullsFirst
            case (false, true): return !key.order.nullsFirst
            case (false, false): break
            }
            switch BoundOrder.compare(a[index], b[index]) {
            case .less?: return !key.order.isDescending
            case .greater?: return key.order.isDescending
            case .equal?, nil: continue
            }
        }
        return false
    }
}
