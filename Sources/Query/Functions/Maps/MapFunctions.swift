import Columnar

/// Maps: look-up, keys, values, entries, construction.
enum MapFunctions {
    static let all: [ScalarFunction] = [
        ScalarFunction(
            "map_keys", summary: "Keys of a map",
            [
                ScalarOverload([.map(.k, .v)], result: .pattern(.array(.k)), kernel: part(0))
            ]),
        ScalarFunction(
            "map_values", summary: "Values of a map",
            [
                ScalarOverload([.map(.k, .v)], result: .pattern(.array(.v)), kernel: part(1))
            ]),
        ScalarFunction(
            "map_entries", summary: "Entries of a map as rows",
            [ScalarOverload([.map(.k, .v)], result: entriesType, kernel: Cast.identity)]),
        ScalarFunction(
            "map", summary: "Map of an array of keys and an array of values",
            [
                ScalarOverload(
                    [.array(.k), .array(.v)], result: .pattern(.map(.k, .v)), kernel: map)
            ]),
        ScalarFunction(
            "map_from_entries", summary: "Map of an array of rows of key and value",
            [ScalarOverload([.array(.row("E"))], result: mapOfEntries, kernel: fromEntries)]),
        ScalarFunction(
            "map_concat", summary: "Entries of all maps; later ones win",
            [
                ScalarOverload(
                    [.map(.k, .v), .map(.k, .v), .map(.k, .v)], isVariadic: true,
                    result: .pattern(.map(.k, .v)), kernel: concat)
            ]),
        ScalarFunction(
            "map_filter", summary: "Entries for which a function is true",
            [
                ScalarOverload(
                    [.map(.k, .v), .function([.k, .v], .boolean)], result: .pattern(.map(.k, .v)),
                    kernel: filter)
            ]),
        ScalarFunction(
            "transform_values", summary: "Map with a function's results as values",
            [
                ScalarOverload(
                    [.map(.k, .v), .function([.k, .v], .u)], result: .pattern(.map(.k, .u)),
                    kernel: transformValues)
            ]),
        ScalarFunction(
            "transform_keys", summary: "Map with a function's results as keys",
            [
                ScalarOverload(
                    [.map(.k, .v), .function([.k, .v], .u)], result: .pattern(.map(.u, .v)),
                    kernel: transformKeys)
            ]),
    ]

    private static let entriesType = ResultRule.computed { types in
        guard case .map(let key, let value) = types[0] else { return .unknown }
        return .array(
            .row([RowField(name: nil, type: key), RowField(name: nil, type: value)]))
    }

    private static let mapOfEntries = ResultRule.computed { types in
        guard case .array(.row(let fields)) = types[0], fields.count == 2 else { return .unknown }
        return .map(key: fields[0].type, value: fields[1].type)
    }

    private static let fromEntries: ScalarKernel = { (arguments, context) throws(QueryError) in
        let lists = try arguments.listReader(0, context)
        guard case .row(let row) = try lists.column.child.flat(context), row.children.count == 2,
            case .map(let keyType, _) = arguments.resultType
        else { throw .argument("map_from_entries takes rows of two fields") }
        let keys = row.children[0]
        let order = try ElementOrder(keys, type: keyType, pool: context.pool)
        return try collectMaps(arguments, keys, row.children[1], &context) {
            (number, output) throws(QueryError) in
            guard let range = lists.row(number) else { return false }
            var seen = ElementSet()
            for i in range {
                if let validity = row.validity, !validity[i] {
                    throw .argument("map entry cannot be null")
                }
                guard !order.isNull(i) else { throw .argument("map key cannot be null") }
                guard seen.insert(order, i) else { throw try duplicate(keys, i, keyType) }
                output.append((i, i))
            }
            return true
        }
    }

    /// Key and value columns of a map's entries.
    static func entries(
        _ lists: ListReader, _ context: borrowing KernelContext
    ) throws(QueryError) -> (keys: Column, values: Column) {
        guard case .row(let row) = try lists.column.child.flat(context) else {
            preconditionFailure("a map's child is a row")
        }
        return (row.children[0], row.children[1])
    }

    private static func part(_ index: Int) -> ScalarKernel {
        { (arguments, context) throws(QueryError) in
            let lists = try arguments.listReader(0, context)
            let (keys, values) = try entries(lists, context)
            return try arguments.collectLists(child: index == 0 ? keys : values, &context) {
                (row, output) throws(QueryError) in
                guard let range = lists.row(row) else { return false }
                for i in range { try output.pick(i) }
                return true
            }
        }
    }

    /// The value of a key; `map[key]` refuses a key that is not there.
    static func lookup(isStrict: Bool) -> ScalarKernel {
        { (arguments, context) throws(QueryError) in
            let lists = try arguments.listReader(0, context)
            let (keys, values) = try entries(lists, context)
            let type = arguments.types[1]
            let order = try ElementOrder(keys, type: type, pool: context.pool)
            let wanted = try ElementOrder(arguments.columns[1], type: type, pool: context.pool)
            let column = arguments.columns[1]
            return try ArrayFunctions.collectRows(of: values, arguments, &context) {
                row throws(QueryError) in
                guard let range = lists.row(row), !wanted.isNull(row) else { return nil }
                for i in range where order.equals(i, wanted, row) { return i }
                guard isStrict else { return nil }
                let key = try storage { () throws(ColumnarError) in
                    try column.value(at: row, type: type)
                }
                throw .argument("Key not present in map: \(ValueText.format(key, type))")
            }
        }
    }

    private static let map: ScalarKernel = { (arguments, context) throws(QueryError) in
        let keys = try arguments.listReader(0, context)
        let values = try arguments.listReader(1, context)
        guard case .map(let keyType, _) = arguments.resultType else { preconditionFailure("a map") }
        let order = try ElementOrder(keys.column.child, type: keyType, pool: context.pool)
        let keyColumn = keys.column.child
        return try collectMaps(arguments, keys.column.child, values.column.child, &context) {
            (row, output) throws(QueryError) in
            guard let a = keys.row(row), let b = values.row(row) else { return false }
            guard a.count == b.count else {
                throw .argument("Key and value arrays must be the same length")
            }
            var seen = ElementSet()
            for (i, j) in zip(a, b) {
                guard !order.isNull(i) else { throw .argument("map key cannot be null") }
                guard seen.insert(order, i) else {
                    throw try duplicate(keyColumn, i, keyType)
                }
                output.append((i, j))
            }
            return true
        }
    }

    private static func duplicate(
        _ keys: Column, _ row: Int, _ type: DataType
    ) throws(QueryError) -> QueryError {
        let key = try storage { () throws(ColumnarError) in try keys.value(at: row, type: type) }
        return .argument("Duplicate map keys (\(ValueText.format(key, type))) are not allowed")
    }

    /// One map per row, of picked key rows and value rows; the body says false for NULL.
    static func collectMaps(
        _ arguments: KernelArguments, _ keys: Column, _ values: Column,
        _ context: inout KernelContext,
        body: (Int, inout [(Int, Int)]) throws(QueryError) -> Bool
    ) throws(QueryError) -> Column {
        let filter = try RowFilter(arguments.selection, count: arguments.count, pool: context.pool)
        var shape = try ListShape(pool: context.pool, capacity: arguments.count)
        var keyRows: [Int] = []
        var valueRows: [Int] = []
        var entries: [(Int, Int)] = []
        for row in 0..<arguments.count {
            entries.removeAll(keepingCapacity: true)
            var isValid = false
            if filter.contains(row) {
                do {
                    isValid = try body(row, &entries)
                } catch {
                    try context.deferError(error, row: row)
                    entries = []
                }
            }
            for (key, value) in entries {
                keyRows.append(key)
                valueRows.append(value)
            }
            try shape.end(entries.count, isValid: isValid)
        }
        let pool = context.pool
        let keyIndex = try ListElements.parentRows(keyRows, pool: pool)
        let valueIndex = try ListElements.parentRows(valueRows, pool: pool)
        let count = keyRows.count
        let child: Column
        do throws(ColumnarError) {
            child = .row(
                RowColumn(
                    children: [
                        try keys.gathered(
                            at: keyIndex.span(of: UInt32.self, count: count), pool: pool),
                        try values.gathered(
                            at: valueIndex.span(of: UInt32.self, count: count), pool: pool),
                    ], count: count, validity: nil))
        } catch { throw QueryError(error) }
        return try shape.finish(child: child)
    }

    private static let concat: ScalarKernel = { (arguments, context) throws(QueryError) in
        var maps: [ListReader] = []
        var keyColumns: [Column] = []
        var valueColumns: [Column] = []
        for i in arguments.columns.indices {
            let reader = try arguments.listReader(i, context)
            let (keys, values) = try entries(reader, context)
            maps.append(reader)
            keyColumns.append(keys)
            valueColumns.append(values)
        }
        let (keys, bases) = try ArrayConcat.joined(keyColumns, context)
        let (values, valueBases) = try ArrayConcat.joined(valueColumns, context)
        guard case .map(let keyType, _) = arguments.resultType else { preconditionFailure("a map") }
        let order = try ElementOrder(keys, type: keyType, pool: context.pool)
        return try collectMaps(arguments, keys, values, &context) {
            (row, output) throws(QueryError) in
            var all: [(Int, Int)] = []
            for (i, map) in maps.enumerated() {
                guard let range = map.row(row) else { return false }
                for j in range { all.append((bases[i] + j, valueBases[i] + j)) }
            }
            var seen = ElementSet()
            for entry in all.reversed() where seen.insert(order, entry.0) { output.append(entry) }
            output.reverse()
            return true
        }
    }

    /// A map's entries and what its lambda says of each.
    private static func evaluated(
        _ arguments: KernelArguments, _ context: inout KernelContext
    ) throws(QueryError) -> (keys: ListElements, values: ListElements, results: Column) {
        let lists = try arguments.listReader(0, context)
        let (keys, values) = try entries(lists, context)
        let keyElements = try ListElements(lists, child: keys, arguments, context)
        let valueElements = try ListElements(lists, child: values, arguments, context)
        let results = try arguments.lambda(1).evaluate(
            parameters: [keyElements.column, valueElements.column],
            parentRows: keyElements.parents, count: keyElements.count, context: &context)
        return (keyElements, valueElements, results)
    }

    private static let filter: ScalarKernel = { (arguments, context) throws(QueryError) in
        let known = context.errors.rows.count
        let (keys, values, results) = try evaluated(arguments, &context)
        let keep = BitReader(try ColumnView(results, pool: context.pool))
        let column = try collectMaps(arguments, keys.column, values.column, &context) {
            (row, output) throws(QueryError) in
            guard keys.isLive[row] else { return false }
            for i in keys.ranges[row] where keep.row(i) ?? false { output.append((i, i)) }
            return true
        }
        return try context.nullingErrors(in: column, after: known)
    }

    private static let transformValues: ScalarKernel = { (arguments, context) throws(QueryError) in
        let known = context.errors.rows.count
        let (keys, _, results) = try evaluated(arguments, &context)
        let child = Column.row(
            RowColumn(children: [keys.column, results], count: keys.count, validity: nil))
        let column = try keys.lists(child: child, pool: context.pool)
        return try context.nullingErrors(in: column, after: known)
    }

    private static let transformKeys: ScalarKernel = { (arguments, context) throws(QueryError) in
        let known = context.errors.rows.count
        let (keys, values, results) = try evaluated(arguments, &context)
        guard case .map(let keyType, _) = arguments.resultType else { preconditionFailure("a map") }
        let order = try ElementOrder(results, type: keyType, pool: context.pool)
        let column = try collectMaps(arguments, results, values.column, &context) {
            (row, output) throws(QueryError) in
            guard keys.isLive[row] else { return false }
            var seen = ElementSet()
            for i in keys.ranges[row] {
                guard !order.isNull(i) else { throw .argument("map key cannot be null") }
                guard seen.insert(order, i) else { throw try duplicate(results, i, keyType) }
                output.append((i, i))
            }
            return true
        }
        return try context.nullingErrors(in: column, after: known)
    }
}
