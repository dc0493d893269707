import Columnar

/// array_distinct, array_union and the like, array_sort, array_min, array_max: arrays as sets and sequences.
enum ArraySetFunctions {
    static let all: [ScalarFunction] = [
        ScalarFunction(
            "array_distinct", summary: "Elements without repetitions",
            [ScalarOverload([.array(.t)], result: arrayOfT, kernel: distinct)]),
        binary("array_union", "Elements of either array, each once", kernel: setOperation(.union)),
        binary(
            "array_intersect", "Elements of both arrays, each once",
            kernel: setOperation(.intersect)),
        binary(
            "array_except", "Elements of the first array that the second lacks, each once",
            kernel: setOperation(.except)),
        ScalarFunction(
            "arrays_overlap", summary: "Whether two arrays have an element in common",
            [ScalarOverload([.array(.t), .array(.t)], result: .boolean, kernel: overlap)]),
        ScalarFunction(
            "array_sort",
            summary: "Elements in rising order, NULLs last, or as a function compares them",
            [
                ScalarOverload([.array(.t)], result: arrayOfT, kernel: sort),
                ScalarOverload(
                    [.array(.t), .function([.t, .t], .bigint)], result: arrayOfT,
                    kernel: ArraySortBy.kernel),
            ]),
        ScalarFunction(
            "array_max", summary: "Largest element, NULL if one is NULL",
            [ScalarOverload([.array(.t)], result: .pattern(.t), kernel: extreme { $0 > 0 })]),
        ScalarFunction(
            "array_min", summary: "Smallest element, NULL if one is NULL",
            [ScalarOverload([.array(.t)], result: .pattern(.t), kernel: extreme { $0 < 0 })]),
        ScalarFunction(
            "array_remove", summary: "Array without the elements equal to a value",
            [ScalarOverload([.array(.t), .t], result: arrayOfT, kernel: remove)]),
        ScalarFunction(
            "flatten", summary: "Elements of an array's arrays",
            [ScalarOverload([.array(.array(.t))], result: arrayOfT, kernel: flatten)]),
        ScalarFunction(
            "slice", summary: "Part of an array from a position",
            [
                ScalarOverload(
                    [.array(.t), .bigint, .bigint], result: arrayOfT, kernel: ArrayReorder.slice)
            ]),
        ScalarFunction(
            "trim_array", summary: "Array without its last n elements",
            [ScalarOverload([.array(.t), .bigint], result: arrayOfT, kernel: ArrayReorder.trim)]),
        ScalarFunction(
            "shuffle", summary: "Elements in random order",
            [
                ScalarOverload(
                    [.array(.t)], result: arrayOfT, isDeterministic: false,
                    kernel: ArrayReorder.shuffle)
            ]),
        ScalarFunction(
            "repeat", summary: "Array of a value repeated",
            [ScalarOverload([.t, .bigint], result: arrayOfT, kernel: repeated)]),
    ]

    private static let arrayOfT = ResultRule.pattern(.array(.t))

    private enum Operation { case union, intersect, except }

    private static func binary(
        _ name: String, _ summary: String, kernel: @escaping ScalarKernel
    ) -> ScalarFunction {
        ScalarFunction(
            name, summary: summary,
            [ScalarOverload([.array(.t), .array(.t)], result: arrayOfT, kernel: kernel)])
    }

    private static let distinct: ScalarKernel = { (arguments, context) throws(QueryError) in
        let lists = try arguments.listReader(0, context)
        let child = lists.column.child
        let order = try ElementOrder(
            child, type: arguments.types[0].children[0], pool: context.pool)
        return try arguments.collectLists(child: child, &context) {
            (row, output) throws(QueryError) in
            guard let range = lists.row(row) else { return false }
            var seen = ElementSet()
            for i in range where seen.insert(order, i) { try output.pick(i) }
            return true
        }
    }

    private static func setOperation(_ operation: Operation) -> ScalarKernel {
        { (arguments, context) throws(QueryError) in
            let left = try arguments.listReader(0, context)
            let right = try arguments.listReader(1, context)
            let (child, bases) = try ArrayConcat.joined(
                [left.column.child, right.column.child], context)
            let order = try ElementOrder(
                child, type: arguments.types[0].children[0], pool: context.pool)
            return try arguments.collectLists(child: child, &context) {
                (row, output) throws(QueryError) in
                guard let a = left.row(row), let b = right.row(row) else { return false }
                var other = ElementSet()
                var seen = ElementSet()
                if operation != .union {
                    for i in b { _ = other.insert(order, bases[1] + i) }
                }
                for i in a {
                    let isKept =
                        switch operation {
                        case .union: true
                        case .intersect: other.contains(order, i)
                        case .except: !other.contains(order, i)
                        }
                    if isKept, seen.insert(order, i) { try output.pick(i) }
                }
                if operation == .union {
                    for i in b where seen.insert(order, bases[1] + i) {
                        try output.pick(bases[1] + i)
                    }
                }
                return true
            }
        }
    }

    private static let overlap: ScalarKernel = { (arguments, context) throws(QueryError) in
        let left = try arguments.listReader(0, context)
        let right = try arguments.listReader(1, context)
        let type = arguments.types[0].children[0]
        let x = try ElementOrder(left.column.child, type: type, pool: context.pool)
        let y = try ElementOrder(right.column.child, type: type, pool: context.pool)
        return try arguments.collect(Bool.self, &context) { row in
            guard let a = left.row(row), let b = right.row(row) else { return nil }
            var set = ElementSet()
            var sawNull = false
            for i in a {
                if x.isNull(i) { sawNull = true } else { _ = set.insert(x, i) }
            }
            for i in b {
                if y.isNull(i) {
                    sawNull = true
                } else if set.contains(y, i) {
                    return true
                }
            }
            return sawNull && !a.isEmpty && !b.isEmpty ? nil : false
        }
    }

    private static let sort: ScalarKernel = { (arguments, context) throws(QueryError) in
        let lists = try arguments.listReader(0, context)
        let child = lists.column.child
        let order = try ElementOrder(
            child, type: arguments.types[0].children[0], pool: context.pool)
        return try arguments.collectLists(child: child, &context) {
            (row, output) throws(QueryError) in
            guard let range = lists.row(row) else { return false }
            // Equal elements keep their order: zoned instants may differ in their zone.
            let sorted = range.sorted {
                let result = order.compare($0, order, $1)
                return result == 0 ? $0 < $1 : result < 0
            }
            for i in sorted { try output.pick(i) }
            return true
        }
    }

    private static func extreme(_ isBetter: @escaping @Sendable (Int) -> Bool) -> ScalarKernel {
        { (arguments, context) throws(QueryError) in
            let lists = try arguments.listReader(0, context)
            let child = lists.column.child
            let order = try ElementOrder(
                child, type: arguments.types[0].children[0], pool: context.pool)
            return try ArrayFunctions.collectRows(of: child, arguments, &context) { row in
                guard let range = lists.row(row) else { return nil }
                var best: Int?
                for i in range {
                    if order.isNull(i) { return nil }
                    if let known = best, !isBetter(order.compare(i, order, known)) { continue }
                    best = i
                }
                return best
            }
        }
    }

    private static let remove: ScalarKernel = { (arguments, context) throws(QueryError) in
        let lists = try arguments.listReader(0, context)
        let child = lists.column.child
        let order = try ElementOrder(child, type: arguments.types[1], pool: context.pool)
        let wanted = try ElementOrder(
            arguments.columns[1], type: arguments.types[1], pool: context.pool)
        return try arguments.collectLists(child: child, &context) {
            (row, output) throws(QueryError) in
            guard let range = lists.row(row), !wanted.isNull(row) else { return false }
            for i in range where order.isNull(i) || !order.equals(i, wanted, row) {
                try output.pick(i)
            }
            return true
        }
    }

    private static let flatten: ScalarKernel = { (arguments, context) throws(QueryError) in
        let lists = try arguments.listReader(0, context)
        let inner = ListReader(try ColumnView(lists.column.child, pool: context.pool))
        return try arguments.collectLists(child: inner.column.child, &context) {
            (row, output) throws(QueryError) in
            guard let range = lists.row(row) else { return false }
            for i in range {
                for j in inner.row(i) ?? 0..<0 { try output.pick(j) }
            }
            return true
        }
    }

    private static let repeated: ScalarKernel = { (arguments, context) throws(QueryError) in
        let counts = try arguments.reader(1, as: Int64.self, context)
        return try arguments.collectLists(child: arguments.columns[0], &context) {
            (row, output) throws(QueryError) in
            guard let count = counts.row(row) else { return false }
            guard count <= Int64(Limits.functionArrayElements) else {
                throw .argument(
                    "count argument of repeat function must be less than or equal to 10000")
            }
            guard count >= 0 else {
                throw .argument(
                    "count argument of repeat function must be greater than or equal to 0")
            }
            for _ in 0..<Int(count) { try output.pick(row) }
            return true
        }
    }
}
