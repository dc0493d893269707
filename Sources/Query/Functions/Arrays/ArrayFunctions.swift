import Columnar

/// cardinality, contains, element_at, subscripts, array_join, array_position: looking into arrays.
enum ArrayFunctions {
    static let all: [ScalarFunction] = [
        ScalarFunction(
            "cardinality", summary: "Elements of an array, entries of a map",
            [
                ScalarOverload([.array(.t)], result: .bigint, kernel: cardinality),
                ScalarOverload([.map(.k, .v)], result: .bigint, kernel: cardinality),
            ]),
        ScalarFunction(
            "contains", summary: "Whether an array has an element",
            [ScalarOverload([.array(.t), .t], result: .boolean, kernel: contains)]),
        ScalarFunction(
            "element_at", summary: "Element of an array or value of a map; NULL if there is none",
            [
                ScalarOverload(
                    [.array(.t), .bigint], result: .pattern(.t), kernel: element(isStrict: false)),
                ScalarOverload(
                    [.map(.k, .v), .k], result: .pattern(.v),
                    kernel: MapFunctions.lookup(isStrict: false)),
            ]),
        ScalarFunction(
            "$subscript", summary: "array[index], map[key]",
            [
                ScalarOverload(
                    [.array(.t), .bigint], result: .pattern(.t), kernel: element(isStrict: true)),
                ScalarOverload(
                    [.map(.k, .v), .k], result: .pattern(.v),
                    kernel: MapFunctions.lookup(isStrict: true)),
            ]),
        ScalarFunction(
            "array_join", summary: "Elements as one text between delimiters",
            [
                ScalarOverload([.array(.t), .varchar], result: .text, kernel: join),
                ScalarOverload([.array(.t), .varchar, .varchar], result: .text, kernel: join),
            ]),
        ScalarFunction(
            "array_position", summary: "Position of the n-th equal element, 0 if absent",
            [
                ScalarOverload([.array(.t), .t], result: .bigint, kernel: position),
                ScalarOverload([.array(.t), .t, .bigint], result: .bigint, kernel: position),
            ]),
        ScalarFunction(
            "array_first", summary: "First element",
            [ScalarOverload([.array(.t)], result: .pattern(.t), kernel: end { $0.first })]),
        ScalarFunction(
            "array_last", summary: "Last element",
            [ScalarOverload([.array(.t)], result: .pattern(.t), kernel: end { $0.last })]),
    ]

    private static let cardinality: ScalarKernel = { (arguments, context) throws(QueryError) in
        let lists = try arguments.listReader(0, context)
        return try arguments.collect(Int64.self, &context) { row in
            lists.row(row).map { Int64($0.count) }
        }
    }

    private static let contains: ScalarKernel = { (arguments, context) throws(QueryError) in
        let lists = try arguments.listReader(0, context)
        let type = arguments.types[1]
        let elements = try ElementOrder(lists.column.child, type: type, pool: context.pool)
        let wanted = try ElementOrder(arguments.columns[1], type: type, pool: context.pool)
        return try arguments.collect(Bool.self, &context) { row in
            guard let range = lists.row(row), !wanted.isNull(row) else { return nil }
            var sawNull = false
            for i in range {
                if elements.isNull(i) {
                    sawNull = true
                } else if elements.equals(i, wanted, row) {
                    return true
                }
            }
            return sawNull ? nil : false
        }
    }

    /// Rows of the child column as a result; nil is NULL.
    static func collectRows(
        of child: Column, _ arguments: KernelArguments, _ context: inout KernelContext,
        body: (Int) throws(QueryError) -> Int?
    ) throws(QueryError) -> Column {
        let filter = try RowFilter(arguments.selection, count: arguments.count, pool: context.pool)
        var rows: [Int] = []
        rows.reserveCapacity(arguments.count)
        for row in 0..<arguments.count {
            var found: Int?
            if filter.contains(row) {
                do { found = try body(row) } catch { try context.deferError(error, row: row) }
            }
            rows.append(found ?? Int(Column.nullRow))
        }
        let pool = context.pool
        let indices = try ListElements.parentRows(rows, pool: pool)
        return try storage { () throws(ColumnarError) in
            try child.gathered(
                at: indices.span(of: UInt32.self, count: arguments.count), pool: pool)
        }
    }

    private static func end(_ choose: @escaping @Sendable (Range<Int>) -> Int?) -> ScalarKernel {
        { (arguments, context) throws(QueryError) in
            let lists = try arguments.listReader(0, context)
            return try collectRows(of: lists.column.child, arguments, &context) { row in
                lists.row(row).flatMap(choose)
            }
        }
    }

    /// `element_at` counts from the end for negative positions; `[]` refuses what is not there.
    private static func element(isStrict: Bool) -> ScalarKernel {
        { (arguments, context) throws(QueryError) in
            let lists = try arguments.listReader(0, context)
            let indices = try arguments.reader(1, as: Int64.self, context)
            return try collectRows(of: lists.column.child, arguments, &context) {
                row throws(QueryError) in
                guard let range = lists.row(row), let index = indices.row(row) else { return nil }
                guard index != 0 else { throw .argument("SQL array indices start at 1") }
                let count = Int64(range.count)
                if isStrict {
                    guard index > 0 else {
                        throw .argument("Array subscript is negative: \(index)")
                    }
                    guard index <= count else {
                        throw .argument(
                            "Array subscript must be less than or equal to array length: "
                                + "\(index) > \(count)")
                    }
                }
                guard index <= count, index >= -count else { return nil }
                return (index > 0 ? range.lowerBound - 1 : range.upperBound) + Int(index)
            }
        }
    }

    private static let join: ScalarKernel = { (arguments, context) throws(QueryError) in
        let lists = try arguments.listReader(0, context)
        let delimiters = try arguments.reader(1, as: Bytes.self, context)
        let nulls =
            arguments.columns.count > 2 ? try arguments.reader(2, as: Bytes.self, context) : nil
        let type = arguments.types[0].children[0]
        guard let cast = Cast.kernel(from: type, to: .text) else {
            throw QueryError(
                .invalidFunctionArgument, "Input type \(type) not supported")
        }
        let elements = try ListElements(lists, child: lists.column.child, arguments, context)
        let text = try cast(
            KernelArguments(
                columns: [elements.column], types: [type], resultType: .text,
                count: elements.count), &context)
        let texts = TextReader(try ColumnView(text, pool: context.pool))
        return try arguments.collectText(&context) { (row, output) throws(QueryError) in
            guard elements.isLive[row], let delimiter = delimiters.row(row) else { return false }
            var isFirst = true
            for i in elements.ranges[row] {
                guard let piece = texts.row(i) ?? nulls?.row(row) else { continue }
                if !isFirst { try output.write(delimiter) }
                isFirst = false
                try output.write(piece)
            }
            try output.checkValueLimit()
            return true
        }
    }

    private static let position: ScalarKernel = { (arguments, context) throws(QueryError) in
        let lists = try arguments.listReader(0, context)
        let type = arguments.types[1]
        let elements = try ElementOrder(lists.column.child, type: type, pool: context.pool)
        let wanted = try ElementOrder(arguments.columns[1], type: type, pool: context.pool)
        let instances =
            arguments.columns.count > 2 ? try arguments.reader(2, as: Int64.self, context) : nil
        return try arguments.collect(Int64.self, &context) { row throws(QueryError) in
            guard let range = lists.row(row), !wanted.isNull(row),
                let instance = instances == nil ? 1 : instances?.row(row)
            else { return nil }
            guard instance != 0 else {
                throw .argument(
                    "array_position cannot take a 0-valued instance argument.")
            }
            var left = instance.magnitude
            let order = instance > 0 ? Array(range) : range.reversed()
            for i in order where !elements.isNull(i) && elements.equals(i, wanted, row) {
                left -= 1
                if left == 0 { return Int64(i - range.lowerBound + 1) }
            }
            return 0
        }
    }
}
