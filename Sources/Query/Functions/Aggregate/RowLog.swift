import Columnar

/// All rows of an aggregate that needs them at the end, each with its group and its number.
struct RowLog {
    private(set) var count = 0
    private var appenders: [ColumnAppender] = []
    private var groups = StateArray<UInt32>(initial: 0)
    private var numbers = StateArray<UInt64>(initial: 0)
    private let types: [DataType]

    init(types: [DataType]) {
        self.types = types
    }

    /// Appends rows of columns; entry `i` belongs to `groups[i]` and is ordered by `number(i)`.
    mutating func append(
        _ columns: [Column], rows: Span<UInt32>, groups: Span<UInt32>, pool: BufferPool,
        number: (Int) -> UInt64
    ) throws(QueryError) {
        do throws(ColumnarError) {
            if appenders.isEmpty {
                for type in types { appenders.append(try ColumnAppender(type: type, pool: pool)) }
            }
            for i in appenders.indices { try appenders[i].append(columns[i], at: rows) }
        } catch {
            throw QueryError(error)
        }
        for i in rows.indices {
            try self.groups.append(groups[i], pool: pool)
            try numbers.append(number(i), pool: pool)
        }
        count += rows.count
        guard count < Int(ColumnAppender.nullIndex) else {
            throw QueryError(.exceededFunctionMemory, "Too many rows in one aggregate")
        }
    }

    mutating func merge(
        _ other: RowLog, mapping: Span<UInt32>, pool: BufferPool
    ) throws(QueryError) {
        guard other.count > 0 else { return }
        let columns = try other.columns(pool: pool)
        let all = try storage { () throws(ColumnarError) in try pool.identity(count: other.count) }
        let mapped = try storage { () throws(ColumnarError) in
            try pool.allocate(UInt32.self, count: other.count)
        }
        let theirs = other.groups.span()
        do {
            var target = mapped.mutableSpan(of: UInt32.self, count: other.count)
            for i in 0..<other.count { target[i] = mapping[Int(theirs[i])] }
        }
        let numbers = other.numbers.span()
        try append(
            columns, rows: all.span(of: UInt32.self, count: other.count),
            groups: mapped.span(of: UInt32.self, count: other.count), pool: pool
        ) { numbers[$0] }
    }

    /// The columns of all rows.
    func columns(pool: BufferPool) throws(QueryError) -> [Column] {
        try storage { () throws(ColumnarError) in
            var columns: [Column] = []
            if appenders.isEmpty {
                for type in types { columns.append(try Column.from([], type: type, pool: pool)) }
            }
            for appender in appenders { columns.append(try appender.finish()) }
            return columns
        }
    }

    /// Rows of a range of groups, group by group, by number within: `starts[g]..<starts[g + 1]` of `rows`.
    func grouped(
        _ range: Range<Int>, pool: BufferPool
    ) throws(QueryError) -> (starts: [Int], rows: [UInt32]) {
        let order = try ordered(pool)
        let groups = groups.span()
        var starts = [Int](repeating: 0, count: range.count + 1)
        for i in 0..<count where range.contains(Int(groups[i])) {
            starts[Int(groups[i]) - range.lowerBound + 1] += 1
        }
        for i in 0..<range.count { starts[i + 1] += starts[i] }
        var rows = [UInt32](repeating: 0, count: starts[range.count])
        var next = starts
        for row in order where range.contains(Int(groups[Int(row)])) {
            let group = Int(groups[Int(row)]) - range.lowerBound
            rows[next[group]] = row
            next[group] += 1
        }
        return (starts, rows)
    }

    /// All rows by number; one worker's log is in order already.
    private func ordered(_ pool: BufferPool) throws(QueryError) -> [UInt32] {
        let numbers = numbers.span()
        var isOrdered = true
        for i in 0..<count where i > 0 && numbers[i] < numbers[i - 1] { isOrdered = false }
        if isOrdered { return (0..<count).map { UInt32($0) } }
        return try storage { () throws(ColumnarError) in
            let records = try pool.allocate(SortRecord.self, count: count)
            let scratch = try pool.allocate(SortRecord.self, count: count)
            var span = records.mutableSpan(of: SortRecord.self, count: count)
            for i in 0..<count { span[i] = SortRecord(word: numbers[i], row: UInt32(i)) }
            let sorted = RadixSort.sort(records, scratch: scratch, count: count)
            let result = sorted.span(of: SortRecord.self, count: count)
            return result.indices.map { result[$0].row }
        }
    }
}

/// The rows of one update as 32-bit numbers, those with a NULL in a column left out.
struct LoggedRows {
    let rows: [UInt32]
    let groups: [UInt32]
    let numbers: [UInt64]

    /// `required` is the column that must not be NULL; nil takes every row.
    init(
        rows: Span<UInt16>, groups: Span<UInt32>, order: RowOrigin?, required: Column?,
        pool: BufferPool
    ) throws(QueryError) {
        var validity: Bitmap?
        if let required {
            validity = try storage { () throws(ColumnarError) in
                try required.validity(pool: pool)
            }
        }
        var kept: [UInt32] = []
        var keptGroups: [UInt32] = []
        var numbers: [UInt64] = []
        kept.reserveCapacity(rows.count)
        keptGroups.reserveCapacity(rows.count)
        numbers.reserveCapacity(rows.count)
        for i in rows.indices {
            if let validity, !validity[Int(rows[i])] { continue }
            kept.append(UInt32(rows[i]))
            keptGroups.append(groups[i])
            numbers.append(order.number(of: Int(rows[i])))
        }
        self.rows = kept
        self.groups = keptGroups
        self.numbers = numbers
    }
}
