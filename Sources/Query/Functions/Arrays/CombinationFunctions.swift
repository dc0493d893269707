import Columnar

/// ngrams and combinations: arrays of parts of an array.
enum CombinationFunctions {
    static let all: [ScalarFunction] = [
        ScalarFunction(
            "ngrams", summary: "Runs of n neighbouring elements",
            [ScalarOverload([.array(.t), .bigint], result: nested, kernel: ngrams)]),
        ScalarFunction(
            "combinations", summary: "Groups of n elements, n at most 5",
            [ScalarOverload([.array(.t), .bigint], result: nested, kernel: combinations)]),
    ]

    private static let nested = ResultRule.pattern(.array(.array(.t)))

    /// Lists of lists of picked elements.
    private static func collect(
        _ arguments: KernelArguments, _ context: inout KernelContext,
        body: (Range<Int>, Int64) throws(QueryError) -> [[Int]]
    ) throws(QueryError) -> Column {
        let lists = try arguments.listReader(0, context)
        let sizes = try arguments.reader(1, as: Int64.self, context)
        let filter = try RowFilter(arguments.selection, count: arguments.count, pool: context.pool)
        var shape = try ListShape(pool: context.pool, capacity: arguments.count)
        var inner = try ListOutput(pool: context.pool, capacity: arguments.count)
        for row in 0..<arguments.count {
            var groups: [[Int]]?
            if filter.contains(row), let range = lists.row(row), let size = sizes.row(row) {
                do throws(QueryError) {
                    groups = try body(range, size)
                } catch { try context.deferError(error, row: row) }
            }
            for group in groups ?? [] {
                for i in group { try inner.pick(i) }
                try inner.endList()
            }
            try shape.end(groups?.count ?? 0, isValid: groups != nil)
        }
        return try shape.finish(child: try inner.finish(child: lists.column.child))
    }

    private static let ngrams: ScalarKernel = { (arguments, context) throws(QueryError) in
        try collect(arguments, &context) { (range, size) throws(QueryError) in
            guard size > 0 else { throw .argument("N must be positive") }
            let n = Int(min(size, Int64(range.count)))
            guard n > 0 else { return [[]] }
            return (range.lowerBound...range.upperBound - n).map { Array($0..<$0 + n) }
        }
    }

    private static let combinations: ScalarKernel = { (arguments, context) throws(QueryError) in
        try collect(arguments, &context) { (range, size) throws(QueryError) in
            guard size >= 0 else {
                throw .argument("combination size must not be negative: \(size)")
            }
            guard size <= 5 else { throw .argument("combination size must not exceed 5: \(size)") }
            var groups: [[Int]] = [[]]
            for _ in 0..<size {
                var longer: [[Int]] = []
                for group in groups {
                    for i in (group.last.map { $0 + 1 } ?? range.lowerBound)..<range.upperBound {
                        longer.append(group + [i])
                    }
                    guard longer.count <= 100_000 else {
                        throw .argument("combinations exceed max size")
                    }
                }
                groups = longer
            }
            return groups
        }
    }
}
