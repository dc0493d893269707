import Columnar

/// The aggregates whose result is a map: map_agg, multimap_agg, map_union, histogram, approx_most_frequent.
///
/// Rows are logged; at the end the keys of each group are made distinct in row order. The first value of a
/// key wins. NULL keys are left out.
struct MapAccumulator: Accumulator {
    enum Result: Sendable, Equatable {
        case firstValue, allValues, union, counts
        /// The most frequent keys with their counts; exact.
        case mostFrequent
    }

    private let result: Result
    private let keyType: DataType
    private let valueType: DataType?
    private var log: RowLog
    /// Groups that had a map at all, for unions of empty maps.
    private var seen = StateArray<Bool>(initial: false)
    private var wanted: Int?

    init(_ result: Result, keyType: DataType, valueType: DataType?) {
        self.result = result
        self.keyType = keyType
        self.valueType = valueType
        log = RowLog(types: [keyType] + (valueType.map { [$0] } ?? []))
    }

    mutating func grow(groupCount: Int, pool: BufferPool) throws(QueryError) {
        try seen.grow(to: groupCount, pool: pool)
    }

    mutating func update(
        arguments: [Column], rows: Span<UInt16>, groups: Span<UInt32>, order: RowOrigin?,
        context: inout KernelContext
    ) throws(QueryError) {
        let pool = context.pool
        if result == .union {
            return try updateUnion(arguments[0], rows, groups, order, pool)
        }
        var columns = arguments
        if result == .mostFrequent {
            try takeWanted(arguments, rows)
            columns = [arguments[1]]
        }
        let logged = try LoggedRows(
            rows: rows, groups: groups, order: order, required: columns[0], pool: pool)
        try log.append(
            columns, rows: logged.rows.span, groups: logged.groups.span, pool: pool
        ) { logged.numbers[$0] }
    }

    /// The count of buckets is the first argument, the same in every row.
    private mutating func takeWanted(
        _ arguments: [Column], _ rows: Span<UInt16>
    ) throws(QueryError) {
        guard wanted == nil, rows.count > 0 else { return }
        let value = try storage { () throws(ColumnarError) in
            try arguments[0].value(at: Int(rows[0]), type: .bigint)
        }
        guard case .int(let buckets) = value, buckets >= 2 else {
            throw QueryError(
                .invalidFunctionArgument,
                "approx_most_frequent bucket count must be greater than one")
        }
        wanted = Int(buckets)
    }

    private mutating func updateUnion(
        _ argument: Column, _ rows: Span<UInt16>, _ groups: Span<UInt32>, _ order: RowOrigin?,
        _ pool: BufferPool
    ) throws(QueryError) {
        let flat = try storage { () throws(ColumnarError) in try argument.flattened(pool: pool) }
        guard case .list(let list) = flat else { return }
        let entries = try storage { () throws(ColumnarError) in
            try list.child.flattened(pool: pool)
        }
        guard case .row(let entry) = entries else { return }
        var elements: [UInt32] = []
        var owners: [UInt32] = []
        var numbers: [UInt64] = []
        for i in rows.indices {
            let row = Int(rows[i])
            if let validity = list.validity, !validity[row] { continue }
            seen[Int(groups[i])] = true
            for element in list.elements(row) {
                elements.append(element)
                owners.append(groups[i])
                numbers.append(order.number(of: row))
            }
        }
        try log.append(
            entry.children, rows: elements.span, groups: owners.span, pool: pool
        ) { numbers[$0] }
    }

    mutating func merge(
        _ other: any Accumulator, mapping: Span<UInt32>, context: inout KernelContext
    ) throws(QueryError) {
        guard let other = other as? MapAccumulator else { return }
        wanted = wanted ?? other.wanted
        let theirs = other.seen.span()
        for i in theirs.indices where theirs[i] { seen[Int(mapping[i])] = true }
        try log.merge(other.log, mapping: mapping, pool: context.pool)
    }

    func finish(range: Range<Int>, context: inout KernelContext) throws(QueryError) -> Column {
        let pool = context.pool
        let (starts, rows) = try log.grouped(range, pool: pool)
        let columns = try log.columns(pool: pool)
        var entries = try MapEntries(
            starts: starts, rows: rows, key: columns[0], keyType: keyType, pool: pool)
        if result == .mostFrequent, let wanted { entries.keepMostFrequent(wanted) }
        let held = entries
        let seen = seen.span()
        let isUnion = result == .union
        let values = try self.values(held, rows, columns, pool)
        let keys = try storage { () throws(ColumnarError) in
            try columns[0].gathered(at: held.firstRows.span, pool: pool)
        }
        let child = Column.row(
            RowColumn(children: [keys, values], count: held.firstRows.count, validity: nil))
        return try ResultColumn.lists(starts: held.starts, child: child, pool: pool) {
            held.starts[$0] < held.starts[$0 + 1] || (isUnion && seen[range.lowerBound + $0])
        }
    }

    private func values(
        _ entries: MapEntries, _ rows: [UInt32], _ columns: [Column], _ pool: BufferPool
    ) throws(QueryError) -> Column {
        switch result {
        case .counts, .mostFrequent:
            return try ResultColumn.flat(.int64, count: entries.counts.count, pool: pool) {
                (target: inout MutableSpan<Int64>) in
                for i in entries.counts.indices { target[i] = entries.counts[i] }
            }
        case .firstValue, .union:
            return try storage { () throws(ColumnarError) in
                try columns[1].gathered(at: entries.firstRows.span, pool: pool)
            }
        case .allValues:
            var starts = [0]
            for count in entries.counts { starts.append(starts[starts.count - 1] + Int(count)) }
            var next = starts
            var ordered = [UInt32](repeating: 0, count: rows.count)
            for (i, row) in rows.enumerated() {
                let entry = Int(entries.entryOfRow[i])
                ordered[next[entry]] = row
                next[entry] += 1
            }
            let held = ordered
            let child = try storage { () throws(ColumnarError) in
                try columns[1].gathered(at: held.span, pool: pool)
            }
            return try ResultColumn.lists(starts: starts, child: child, pool: pool) { _ in true }
        }
    }
}

/// The distinct keys of each group, in the order of their first rows.
struct MapEntries {
    /// Entries of group `g`: `starts[g]..<starts[g + 1]`.
    private(set) var starts: [Int]
    private(set) var firstRows: [UInt32] = []
    private(set) var counts: [Int64] = []
    /// Entry of each of the grouped rows.
    private(set) var entryOfRow: [UInt32] = []

    /// `rows` are log rows, those of group `g` at `starts[g]..<starts[g + 1]`.
    init(
        starts rowStarts: [Int], rows: [UInt32], key: Column, keyType: DataType, pool: BufferPool
    ) throws(QueryError) {
        starts = [0]
        let interner = try KeyInterner(types: [.bigint, keyType], pool: pool)
        var keys = KeyInternerWorker(interner, inserting: true)
        let count = rows.count
        let ids = try storage { () throws(ColumnarError) in
            try pool.allocate(UInt32.self, count: count)
        }
        let ordered = try storage { () throws(ColumnarError) in
            try key.gathered(at: rows.span, pool: pool)
        }
        let owner = try ResultColumn.flat(.int64, count: count, pool: pool) {
            (target: inout MutableSpan<Int64>) in
            for group in 0..<rowStarts.count - 1 {
                for i in rowStarts[group]..<rowStarts[group + 1] { target[i] = Int64(group) }
            }
        }
        let all = try storage { () throws(ColumnarError) in try pool.identity(count: count) }
        try keys.intern(
            [owner, ordered], rows: all.span(of: UInt32.self, count: count), into: ids)
        // One worker alone: ids rise by first occurrence.
        let span = ids.span(of: UInt32.self, count: count)
        var numbers = [UInt32](repeating: .max, count: interner.idLimit)
        for group in 0..<rowStarts.count - 1 {
            for i in rowStarts[group]..<rowStarts[group + 1] {
                let id = Int(span[i])
                if numbers[id] == .max {
                    numbers[id] = UInt32(firstRows.count)
                    firstRows.append(rows[i])
                    counts.append(0)
                }
                counts[Int(numbers[id])] += 1
                entryOfRow.append(numbers[id])
            }
            starts.append(firstRows.count)
        }
    }

    /// Keeps the `wanted` most frequent keys of each group, the earlier of equal ones.
    mutating func keepMostFrequent(_ wanted: Int) {
        var newStarts = [0]
        var newRows: [UInt32] = []
        var newCounts: [Int64] = []
        for group in 0..<starts.count - 1 {
            let entries = Array(starts[group]..<starts[group + 1]).sorted {
                (counts[$1], $0) < (counts[$0], $1)
            }
            for entry in entries.prefix(wanted) {
                newRows.append(firstRows[entry])
                newCounts.append(counts[entry])
            }
            newStarts.append(newRows.count)
        }
        starts = newStarts
        firstRows = newRows
        counts = newCounts
        entryOfRow = []
    }
}
