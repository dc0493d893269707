import Columnar

/// `array_sort(array, (x, y) -> ...)`: binary insertion, one step of all rows' sorts per lambda call.
enum ArraySortBy {
    /// The sort of one row: elements before `next` are in `sorted`.
    private struct Sort {
        let row: Int
        let range: Range<Int>
        var sorted: [Int] = []
        var next: Int
        var low = 0
        var high = 0

        init(row: Int, range: Range<Int>) {
            self.row = row
            self.range = range
            next = range.lowerBound
        }

        /// Places elements until one must be compared; nil when the sort is done.
        mutating func pair() -> (Int, Int)? {
            while next < range.upperBound {
                if low < high { return (next, sorted[(low + high) / 2]) }
                sorted.insert(next, at: low)
                next += 1
                low = 0
                high = sorted.count
                // An element may lie last already; the first probe finds out like any other.
            }
            return nil
        }

        mutating func take(_ order: Int64) {
            let middle = (low + high) / 2
            if order < 0 { high = middle } else { low = middle + 1 }
        }
    }

    static let kernel: ScalarKernel = { (arguments, context) throws(QueryError) in
        let lists = try arguments.listReader(0, context)
        let elements = try ListElements(lists, child: lists.column.child, arguments, context)
        let lambda = try arguments.lambda(1)
        let known = context.errors.rows.count
        var sorts = elements.ranges.enumerated().map { Sort(row: $0.offset, range: $0.element) }
        var active = Array(sorts.indices)
        var failed: Set<Int> = []
        while !active.isEmpty {
            var pairs: [(sort: Int, x: Int, y: Int)] = []
            for i in active {
                if let (x, y) = sorts[i].pair() { pairs.append((i, x, y)) }
            }
            guard !pairs.isEmpty else { break }
            let orders = try compare(pairs, elements.column, lambda, &context)
            active = []
            for (i, pair) in pairs.enumerated() {
                guard let order = orders.row(i), (-1...1).contains(order) else {
                    if failed.insert(pair.sort).inserted {
                        context.errors.record(
                            row: pair.sort,
                            .argument("Lambda comparator must return either -1, 0, or 1"))
                    }
                    continue
                }
                sorts[pair.sort].take(order)
                active.append(pair.sort)
            }
        }
        let column = try arguments.collectLists(child: elements.column, &context) {
            (row, output) throws(QueryError) in
            guard elements.isLive[row] else { return false }
            for i in sorts[row].sorted { try output.pick(i) }
            return true
        }
        return try context.nullingErrors(in: column, after: known)
    }

    private static func compare(
        _ pairs: [(sort: Int, x: Int, y: Int)], _ column: Column, _ lambda: any LambdaBody,
        _ context: inout KernelContext
    ) throws(QueryError) -> IntReader {
        let pool = context.pool
        let parents = try ListElements.parentRows(pairs.map(\.sort), pool: pool)
        let left = try ListElements.parentRows(pairs.map(\.x), pool: pool)
        let right = try ListElements.parentRows(pairs.map(\.y), pool: pool)
        let count = pairs.count
        let parameters: [Column]
        do throws(ColumnarError) {
            parameters = [
                try column.gathered(at: left.span(of: UInt32.self, count: count), pool: pool),
                try column.gathered(at: right.span(of: UInt32.self, count: count), pool: pool),
            ]
        } catch { throw QueryError(error) }
        let result = try lambda.evaluate(
            parameters: parameters, parentRows: parents, count: count, context: &context)
        return IntReader(try ColumnView(result, pool: pool))
    }
}
