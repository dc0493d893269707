import Columnar

/// filter, transform, any_match, all_match, none_match, reduce, zip_with.
enum LambdaFunctions {
    static let all: [ScalarFunction] = [
        ScalarFunction(
            "transform", summary: "Array of a function's results for each element",
            [
                ScalarOverload(
                    [.array(.t), .function([.t], .u)], result: .pattern(.array(.u)),
                    kernel: transform)
            ]),
        ScalarFunction(
            "filter", summary: "Elements for which a function is true",
            [
                ScalarOverload(
                    [.array(.t), .function([.t], .boolean)], result: .pattern(.array(.t)),
                    kernel: filter)
            ]),
        match(
            "any_match", "Whether a function is true for an element", decidedBy: true, then: true),
        match(
            "all_match", "Whether a function is true for all elements", decidedBy: false,
            then: false),
        match(
            "none_match", "Whether a function is true for no element", decidedBy: true, then: false),
        ScalarFunction(
            "reduce", summary: "A state carried over the elements, then a function of it",
            [
                ScalarOverload(
                    [.array(.t), .v, .function([.v, .t], .v), .function([.v], .u)],
                    result: .pattern(.u), kernel: reduce)
            ]),
        ScalarFunction(
            "zip_with", summary: "Array of a function's results for pairs of elements",
            [
                ScalarOverload(
                    [.array(.t), .array(.u), .function([.t, .u], .v)], result: .pattern(.array(.v)),
                    kernel: zipWith)
            ]),
    ]

    private static let transform: ScalarKernel = { (arguments, context) throws(QueryError) in
        let lists = try arguments.listReader(0, context)
        let elements = try ListElements(lists, child: lists.column.child, arguments, context)
        let known = context.errors.rows.count
        let results = try arguments.lambda(1).evaluate(
            parameters: [elements.column], parentRows: elements.parents, count: elements.count,
            context: &context)
        let column = try elements.lists(child: results, pool: context.pool)
        return try context.nullingErrors(in: column, after: known)
    }

    private static let filter: ScalarKernel = { (arguments, context) throws(QueryError) in
        let lists = try arguments.listReader(0, context)
        let elements = try ListElements(lists, child: lists.column.child, arguments, context)
        let known = context.errors.rows.count
        let results = try arguments.lambda(1).evaluate(
            parameters: [elements.column], parentRows: elements.parents, count: elements.count,
            context: &context)
        let keep = BitReader(try ColumnView(results, pool: context.pool))
        let column = try arguments.collectLists(child: elements.column, &context) {
            (row, output) throws(QueryError) in
            guard elements.isLive[row] else { return false }
            for i in elements.ranges[row] where keep.row(i) ?? false { try output.pick(i) }
            return true
        }
        return try context.nullingErrors(in: column, after: known)
    }

    /// A three-valued test over all elements: one that is `decidedBy` settles it, else NULL if any was.
    private static func match(
        _ name: String, _ summary: String, decidedBy: Bool, then result: Bool
    ) -> ScalarFunction {
        let kernel: ScalarKernel = { (arguments, context) throws(QueryError) in
            let lists = try arguments.listReader(0, context)
            let elements = try ListElements(lists, child: lists.column.child, arguments, context)
            let known = context.errors.rows.count
            let results = try arguments.lambda(1).evaluate(
                parameters: [elements.column], parentRows: elements.parents,
                count: elements.count, context: &context)
            let test = BitReader(try ColumnView(results, pool: context.pool))
            let column = try arguments.collect(Bool.self, &context) { row in
                guard elements.isLive[row] else { return nil }
                var sawNull = false
                for i in elements.ranges[row] {
                    switch test.row(i) {
                    case decidedBy: return result
                    case nil: sawNull = true
                    default: break
                    }
                }
                return sawNull ? nil : !result
            }
            return try context.nullingErrors(in: column, after: known)
        }
        return ScalarFunction(
            name, summary: summary,
            [
                ScalarOverload(
                    [.array(.t), .function([.t], .boolean)], result: .boolean, kernel: kernel)
            ])
    }

    /// One lambda call per position: all lists that are long enough take a step together.
    private static let reduce: ScalarKernel = { (arguments, context) throws(QueryError) in
        let lists = try arguments.listReader(0, context)
        let elements = try ListElements(lists, child: lists.column.child, arguments, context)
        let known = context.errors.rows.count
        var states = arguments.columns[1]
        let step = try arguments.lambda(2)
        let longest = elements.ranges.map(\.count).max() ?? 0
        for position in 0..<longest {
            let rows = elements.ranges.indices.filter { elements.ranges[$0].count > position }
            let parents = try ListElements.parentRows(rows, pool: context.pool)
            let items = try ListElements.parentRows(
                rows.map { elements.ranges[$0].lowerBound + position }, pool: context.pool)
            let moved = try step.evaluate(
                parameters: [
                    try gathered(states, parents, rows.count, context),
                    try gathered(elements.column, items, rows.count, context),
                ], parentRows: parents, count: rows.count, context: &context)
            states = try scatter(moved, into: states, rows: rows, count: arguments.count, context)
        }
        let all = try ListElements.parentRows(Array(0..<arguments.count), pool: context.pool)
        let results = try arguments.lambda(3).evaluate(
            parameters: [states], parentRows: all, count: arguments.count, context: &context)
        // A NULL array gives NULL, whatever the output function says.
        let dead = elements.isLive.indices.filter { !elements.isLive[$0] }
        let masked =
            dead.isEmpty ? results : try results.flat(context).nulling(dead, pool: context.pool)
        return try context.nullingErrors(in: masked, after: known)
    }

    private static func gathered(
        _ column: Column, _ rows: Buffer, _ count: Int, _ context: borrowing KernelContext
    ) throws(QueryError) -> Column {
        let pool = context.pool
        return try storage { () throws(ColumnarError) in
            try column.gathered(at: rows.span(of: UInt32.self, count: count), pool: pool)
        }
    }

    /// `old` with `rows[i]` replaced by row i of `new`.
    private static func scatter(
        _ new: Column, into old: Column, rows: [Int], count: Int,
        _ context: borrowing KernelContext
    ) throws(QueryError) -> Column {
        var source = Array(0..<count)
        for (i, row) in rows.enumerated() { source[row] = count + i }
        let pool = context.pool
        let indices = try ListElements.parentRows(source, pool: pool)
        return try storage { () throws(ColumnarError) in
            try Column.concatenated([old, new], pool: pool)
                .gathered(at: indices.span(of: UInt32.self, count: count), pool: pool)
        }
    }

    private static let zipWith: ScalarKernel = { (arguments, context) throws(QueryError) in
        let left = try arguments.listReader(0, context)
        let right = try arguments.listReader(1, context)
        var leftRows: [Int?] = []
        var rightRows: [Int?] = []
        var owners: [Int] = []
        var shape = try ListShape(pool: context.pool, capacity: arguments.count)
        let filter = try RowFilter(arguments.selection, count: arguments.count, pool: context.pool)
        for row in 0..<arguments.count {
            guard filter.contains(row), let a = left.row(row), let b = right.row(row) else {
                try shape.end(0, isValid: false)
                continue
            }
            let length = max(a.count, b.count)
            for i in 0..<length {
                leftRows.append(i < a.count ? a.lowerBound + i : nil)
                rightRows.append(i < b.count ? b.lowerBound + i : nil)
                owners.append(row)
            }
            try shape.end(length, isValid: true)
        }
        let null = Int(Column.nullRow)
        let pool = context.pool
        let x = try ListElements.parentRows(leftRows.map { $0 ?? null }, pool: pool)
        let y = try ListElements.parentRows(rightRows.map { $0 ?? null }, pool: pool)
        let parents = try ListElements.parentRows(owners, pool: pool)
        let known = context.errors.rows.count
        let results = try arguments.lambda(2).evaluate(
            parameters: [
                try gathered(left.column.child, x, owners.count, context),
                try gathered(right.column.child, y, owners.count, context),
            ], parentRows: parents, count: owners.count, context: &context)
        return try context.nullingErrors(in: try shape.finish(child: results), after: known)
    }
}

extension Column {
    /// The flat form, for the few places that need one.
    func flat(_ context: borrowing KernelContext) throws(QueryError) -> Column {
        do { return try flattened(pool: context.pool) } catch { throw QueryError(error) }
    }
}
