import Columnar

/// split, split_to_map: texts taken apart at delimiters.
enum SplitFunctions {
    static let all: [ScalarFunction] = [
        ScalarFunction(
            "split", summary: "Fields of a text between delimiters, at most so many",
            [
                ScalarOverload([.varchar, .varchar], result: arrayOfFirst, kernel: split),
                ScalarOverload([.varchar, .varchar, .bigint], result: arrayOfFirst, kernel: split),
            ]),
        ScalarFunction(
            "split_to_map", summary: "Map of entries and their keys and values between delimiters",
            [
                ScalarOverload(
                    [.varchar, .varchar, .varchar],
                    result: .exact(.map(key: .text, value: .text)), kernel: splitToMap)
            ]),
    ]

    private static let arrayOfFirst = ResultRule.computed { .array($0[0]) }

    private static let split: ScalarKernel = { (arguments, context) throws(QueryError) in
        let texts = try arguments.reader(0, as: Bytes.self, context)
        let delimiters = try arguments.reader(1, as: Bytes.self, context)
        let limits =
            arguments.columns.count > 2 ? try arguments.reader(2, as: Int64.self, context) : nil
        return try arguments.collectTextLists(of: texts, &context) {
            (row, text, output) throws(QueryError) in
            guard let delimiter = delimiters.row(row),
                let limit = limits == nil ? .max : limits?.row(row)
            else { return false }
            guard limit > 0 else { throw .argument("Limit must be positive") }
            guard !delimiter.isEmpty else {
                throw .argument("The delimiter may not be the empty string")
            }
            var from = 0
            var fields: Int64 = 1
            while fields < limit, let end = text.firstIndex(of: delimiter, from: from) {
                try output.append(from..<end)
                from = end + delimiter.count
                fields += 1
            }
            try output.append(from..<text.count)
            return true
        }
    }

    private static let splitToMap: ScalarKernel = { (arguments, context) throws(QueryError) in
        let texts = try arguments.reader(0, as: Bytes.self, context)
        let entries = try arguments.reader(1, as: Bytes.self, context)
        let pairs = try arguments.reader(2, as: Bytes.self, context)
        let filter = try RowFilter(arguments.selection, count: arguments.count, pool: context.pool)
        var keys = try SliceOutput(pool: context.pool, capacity: arguments.count)
        var values = try SliceOutput(pool: context.pool, capacity: arguments.count)
        var shape = try ListShape(pool: context.pool, capacity: arguments.count)
        var entryCount = 0
        for row in 0..<arguments.count {
            guard filter.contains(row), let entry = texts.view.entry(row),
                let entryDelimiter = entries.row(row), let pairDelimiter = pairs.row(row)
            else {
                try shape.end(0, isValid: false)
                continue
            }
            do throws(QueryError) {
                let text = texts.value(entry: entry)
                let found = try parse(text, entryDelimiter, pairDelimiter)
                let base = texts.column.sliceSpan()[entry].start
                for (key, value) in found {
                    try keys.append(slice(key, base))
                    try values.append(slice(value, base))
                }
                entryCount += found.count
                try shape.end(found.count, isValid: true)
            } catch {
                try context.deferError(error, row: row)
                try shape.end(0, isValid: false)
            }
        }
        let children = [
            try keys.finish(owner: texts.column.owner),
            try values.finish(owner: texts.column.owner),
        ]
        return try shape.finish(
            child: .row(RowColumn(children: children, count: entryCount, validity: nil)))
    }

    private static func slice(_ range: Range<Int>, _ base: UInt32) -> TextSlice {
        TextSlice(start: base + UInt32(range.lowerBound), length: UInt32(range.count))
    }

    private static func parse(
        _ text: Bytes, _ entryDelimiter: Bytes, _ pairDelimiter: Bytes
    ) throws(QueryError) -> [(Range<Int>, Range<Int>)] {
        guard !entryDelimiter.isEmpty else { throw .argument("entryDelimiter is empty") }
        guard !pairDelimiter.isEmpty else { throw .argument("keyValueDelimiter is empty") }
        guard !entryDelimiter.elementsEqual(pairDelimiter) else {
            throw .argument("entryDelimiter and keyValueDelimiter must not be the same")
        }
        var found: [(Range<Int>, Range<Int>)] = []
        var seen: Set<[UInt8]> = []
        var from = 0
        while from < text.count {
            let end = text.firstIndex(of: entryDelimiter, from: from) ?? text.count
            let pair = text.part(from..<end)
            guard let middle = pair.firstIndex(of: pairDelimiter) else {
                throw .argument(
                    "Key-value delimiter must appear exactly once in each entry. Bad input: '"
                        + pair.message + "'")
            }
            let valueStart = middle + pairDelimiter.count
            if pair.firstIndex(of: pairDelimiter, from: valueStart) != nil {
                throw .argument(
                    "Key-value delimiter must appear exactly once in each entry. Bad input: '"
                        + pair.message + "'")
            }
            guard seen.insert(Array(pair.part(0..<middle))).inserted else {
                throw .argument("Duplicate keys (\(pair.part(0..<middle).message)) are not allowed")
            }
            found.append((from..<from + middle, from + valueStart..<end))
            from = end + entryDelimiter.count
        }
        return found
    }
}
