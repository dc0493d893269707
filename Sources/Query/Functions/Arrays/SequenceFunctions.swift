import Columnar

/// sequence and zip: arrays made of nothing, and of other arrays side by side.
enum SequenceFunctions {
    static let all: [ScalarFunction] = [
        ScalarFunction(
            "sequence", summary: "Array of numbers or dates from start to stop",
            [
                ScalarOverload([.bigint, .bigint], result: bigints, kernel: numbers),
                ScalarOverload([.bigint, .bigint, .bigint], result: bigints, kernel: numbers),
                ScalarOverload([.date, .date], result: arrayOfFirst, kernel: numbers),
                ScalarOverload(
                    [.date, .date, .daySecond], result: arrayOfFirst, kernel: times),
                ScalarOverload(
                    [.date, .date, .yearMonth], result: arrayOfFirst, kernel: times),
                ScalarOverload(
                    [.timestamp, .timestamp, .daySecond], result: arrayOfFirst, kernel: times),
                ScalarOverload(
                    [.timestamp, .timestamp, .yearMonth], result: arrayOfFirst, kernel: times),
            ]),
        ScalarFunction(
            "zip", summary: "Rows of the elements at the same position of several arrays",
            (2...5).map { count in
                let names = (0..<count).map { TypePattern.variable("T\($0)") }
                return ScalarOverload(
                    names.map { .array($0) },
                    result: .computed { types in
                        .array(.row(types.map { RowField(name: nil, type: $0.children[0]) }))
                    }, kernel: zip)
            }),
    ]

    private static let bigints = ResultRule.exact(.array(.bigint))
    private static let arrayOfFirst = ResultRule.computed { .array($0[0]) }

    /// Checks direction and length, as Trino does.
    private static func check(
        isForward: Bool, isEmpty: Bool, isZero: Bool
    ) throws(QueryError) {
        guard !isZero else { throw .argument("step must not be zero") }
        guard isForward || isEmpty else {
            throw .argument(
                "sequence stop value should be greater than or equal to start value if step is "
                    + "greater than zero otherwise stop should be less than or equal to start")
        }
    }

    private static func tooLong() -> QueryError {
        .argument(
            "result of sequence function must not have more than "
                + "\(Limits.functionArrayElements) entries")
    }

    /// Collects one list of integers per row.
    private static func collect(
        _ arguments: KernelArguments, _ context: inout KernelContext,
        body: (Int, (Int64) throws(QueryError) -> Void) throws(QueryError) -> Bool
    ) throws(QueryError) -> Column {
        let filter = try RowFilter(arguments.selection, count: arguments.count, pool: context.pool)
        var shape = try ListShape(pool: context.pool, capacity: arguments.count)
        let element = arguments.resultType.children[0]
        var output = try IntOutput(type: element, pool: context.pool, capacity: arguments.count)
        for row in 0..<arguments.count {
            var count = 0
            var isValid = false
            if filter.contains(row) {
                do throws(QueryError) {
                    isValid = try body(row) { value throws(QueryError) in
                        guard count < Limits.functionArrayElements else { throw tooLong() }
                        try output.append(value)
                        count += 1
                    }
                } catch { try context.deferError(error, row: row) }
            }
            try shape.end(count, isValid: isValid)
        }
        return try shape.finish(child: try output.finish())
    }

    private static let numbers: ScalarKernel = { (arguments, context) throws(QueryError) in
        let starts = try arguments.reader(0, as: Int64.self, context)
        let stops = try arguments.reader(1, as: Int64.self, context)
        let steps =
            arguments.columns.count > 2 ? try arguments.reader(2, as: Int64.self, context) : nil
        return try collect(arguments, &context) { (row, append) throws(QueryError) in
            guard let start = starts.row(row), let stop = stops.row(row),
                let step = steps == nil ? (stop < start ? -1 : 1) : steps?.row(row)
            else { return false }
            try check(
                isForward: step > 0 ? start <= stop : start >= stop, isEmpty: false,
                isZero: step == 0)
            let distance = Int128(stop) - Int128(start)
            guard distance / Int128(step) < Int128(Limits.functionArrayElements) else {
                throw tooLong()
            }
            for i in 0...Int64(distance / Int128(step)) { try append(start &+ i &* step) }
            return true
        }
    }

    private static let times: ScalarKernel = { (arguments, context) throws(QueryError) in
        var starts = try arguments.temporal(0, context)
        var stops = try arguments.temporal(1, context)
        let steps = try arguments.reader(2, as: Int64.self, context)
        let isMonths = arguments.types[2] == .intervalYearToMonth
        let isDate = arguments.types[0] == .date
        return try collect(arguments, &context) { (row, append) throws(QueryError) in
            guard let start = starts.row(row)?.local, let stop = stops.row(row)?.local,
                let step = steps.row(row)
            else { return false }
            if isDate, !isMonths, step % 86_400_000 != 0 {
                throw .argument(
                    "sequence step must be a day interval if start and end values are dates")
            }
            let isRising = (start.days, start.dayMicros) <= (stop.days, stop.dayMicros)
            let isSame = start == stop
            try check(
                isForward: isSame || (step > 0) == isRising, isEmpty: false, isZero: step == 0)
            let unit = isMonths ? CalendarUnit.month : .millisecond
            var i: Int64 = 0
            while true {
                let (total, overflow) = step.multipliedReportingOverflow(by: i)
                guard !overflow, let next = unit.add(total, to: start) else { return true }
                let isPast =
                    step > 0
                    ? (next.days, next.dayMicros) > (stop.days, stop.dayMicros)
                    : (next.days, next.dayMicros) < (stop.days, stop.dayMicros)
                if isPast { return true }
                guard let value = isDate ? next.days : next.micros else { return true }
                try append(value)
                i += 1
            }
        }
    }

    private static let zip: ScalarKernel = { (arguments, context) throws(QueryError) in
        var lists: [ListReader] = []
        for i in arguments.columns.indices { lists.append(try arguments.listReader(i, context)) }
        let filter = try RowFilter(arguments.selection, count: arguments.count, pool: context.pool)
        var shape = try ListShape(pool: context.pool, capacity: arguments.count)
        var picked = [[Int]](repeating: [], count: lists.count)
        for row in 0..<arguments.count {
            let ranges = filter.contains(row) ? lists.compactMap { $0.row(row) } : []
            guard ranges.count == lists.count else {
                try shape.end(0, isValid: false)
                continue
            }
            let length = ranges.map(\.count).max() ?? 0
            for (i, range) in ranges.enumerated() {
                for j in 0..<length {
                    picked[i].append(
                        j < range.count ? range.lowerBound + j : Int(Column.nullRow))
                }
            }
            try shape.end(length, isValid: true)
        }
        let pool = context.pool
        let count = picked[0].count
        var children: [Column] = []
        for (list, rows) in Swift.zip(lists, picked) {
            let index = try ListElements.parentRows(rows, pool: pool)
            children.append(
                try storage { () throws(ColumnarError) in
                    try list.column.child.gathered(
                        at: index.span(of: UInt32.self, count: count), pool: pool)
                })
        }
        return try shape.finish(
            child: .row(RowColumn(children: children, count: count, validity: nil)))
    }
}
