import Columnar

/// The rows of a window operator in order, with the borders of partitions and peers.
struct WindowRows {
    let columns: [Column]
    let types: [DataType]
    let orderBy: [ColumnOrder]
    let count: Int
    let pool: BufferPool
    /// Row at each place (UInt32), and place of each row.
    let order: Buffer
    let places: Buffer
    /// First place of each partition, then `count`.
    let partitions: [Int]
    /// First place of each group of peers, then `count`.
    let peers: [Int]

    init(
        _ spec: WindowSpec, columns: [Column], count: Int, query: QueryContext
    ) throws(QueryError) {
        self.columns = columns
        self.count = count
        types = spec.inputTypes
        orderBy = spec.orderBy
        pool = query.pool
        let pool = query.pool
        let interner = try KeyInterner(
            types: spec.partitionBy.map { spec.inputTypes[$0] }, pool: pool)
        var keys = KeyInternerWorker(interner, inserting: true)
        let ids = try storage { () throws(ColumnarError) in
            try pool.allocate(UInt32.self, count: count)
        }
        let all = try storage { () throws(ColumnarError) in try pool.identity(count: count) }
        try keys.intern(
            spec.partitionBy.map { columns[$0] }, rows: all.span(of: UInt32.self, count: count),
            into: ids)
        var inputs = [
            SortInput(
                column: .flat(FlatColumn(storage: .int32, buffer: ids, count: count)),
                type: .integer, isDescending: false, nullsFirst: false)
        ]
        for key in spec.orderBy {
            inputs.append(
                SortInput(
                    column: columns[key.column], type: key.type, isDescending: key.isDescending,
                    nullsFirst: key.nullsFirst))
        }
        let sorter = try storage { () throws(ColumnarError) in
            try RowSorter(inputs, count: count, pool: pool)
        }
        let sorted = try storage { () throws(ColumnarError) in try sorter.sorted() }
        let inverse = try storage { () throws(ColumnarError) in
            try pool.allocate(UInt32.self, count: count)
        }
        var partitions = [0]
        var peers = [0]
        do {
            let order = sorted.span(of: UInt32.self, count: count)
            let ids = ids.span(of: UInt32.self, count: count)
            var places = inverse.mutableSpan(of: UInt32.self, count: count)
            for place in 0..<count {
                places[Int(order[place])] = UInt32(truncatingIfNeeded: place)
                guard place > 0 else { continue }
                if ids[Int(order[place])] != ids[Int(order[place - 1])] { partitions.append(place) }
                if !sorter.areEqual(order[place - 1], order[place]) { peers.append(place) }
            }
        }
        order = sorted
        places = inverse
        self.partitions = partitions + [count]
        self.peers = peers + [count]
    }

    /// An input column in window order.
    func ordered(_ index: Int) throws(QueryError) -> Column {
        let column = columns[index]
        return try storage { () throws(ColumnarError) in
            try column.gathered(at: order.span(of: UInt32.self, count: count), pool: pool)
        }
    }

    /// A bigint input column in window order; nil for NULL.
    func integers(_ index: Int) throws(QueryError) -> [Int64?] {
        let column = try ordered(index)
        let flat = try storage { () throws(ColumnarError) in try column.flattened(pool: pool) }
        guard case .flat(let values) = flat else { return [Int64?](repeating: nil, count: count) }
        var result: [Int64?] = []
        result.reserveCapacity(count)
        for place in 0..<count {
            if let validity = values.validity, !validity[place] {
                result.append(nil)
            } else if values.storage == .int32 {
                result.append(Int64(values.values(as: Int32.self)[place]))
            } else {
                result.append(values.values(as: Int64.self)[place])
            }
        }
        return result
    }

    // MARK: Ranking

    func ranking(
        _ kind: WindowFunctionKind, _ call: WindowCallSpec
    ) throws(QueryError) -> Column {
        let buckets = kind == .ntile ? try integers(call.arguments[0]) : []
        var integers = StateArray<Int64>(initial: 0)
        var doubles = StateArray<Double>(initial: 0)
        let isShare = kind == .percentRank || kind == .cumeDist
        if isShare {
            try doubles.grow(to: count, pool: pool)
        } else {
            try integers.grow(to: count, pool: pool)
        }
        var validity: [Bool] = []
        var peer = 0
        for partition in 0..<partitions.count - 1 {
            let start = partitions[partition]
            let end = partitions[partition + 1]
            let size = end - start
            var dense = 0
            while peer < peers.count - 1 && peers[peer] < end {
                dense += 1
                let peerStart = peers[peer]
                let peerEnd = peers[peer + 1]
                for place in peerStart..<peerEnd {
                    switch kind {
                    case .rowNumber: integers[place] = Int64(place - start + 1)
                    case .rank: integers[place] = Int64(peerStart - start + 1)
                    case .denseRank: integers[place] = Int64(dense)
                    case .percentRank:
                        doubles[place] =
                            size == 1 ? 0 : Double(peerStart - start) / Double(size - 1)
                    case .cumeDist: doubles[place] = Double(peerEnd - start) / Double(size)
                    case .ntile:
                        validity.append(buckets[place] != nil)
                        integers[place] = try Self.bucket(
                            row: place - start, rows: size, buckets: buckets[place])
                    case .lag, .lead, .firstValue, .lastValue, .nthValue: break
                    }
                }
                peer += 1
            }
        }
        guard let buffer = isShare ? doubles.buffer : integers.buffer else {
            throw QueryError(.internalError, "a window without rows was ranked")
        }
        let bitmap =
            kind == .ntile
            ? try ResultColumn.validity(count: count, pool: pool) { validity[$0] } : nil
        return .flat(
            FlatColumn(
                storage: isShare ? .float64 : .int64, buffer: buffer, count: count,
                validity: bitmap))
    }

    /// The first `rows % buckets` buckets have one row more.
    private static func bucket(
        row: Int, rows: Int, buckets: Int64?
    ) throws(QueryError) -> Int64 {
        guard let buckets else { return 0 }
        guard buckets > 0 else {
            throw QueryError(.invalidFunctionArgument, "Buckets must be greater than 0")
        }
        guard buckets < Int64(rows) else { return Int64(row) + 1 }
        let small = rows / Int(buckets)
        let large = rows % Int(buckets)
        let inLarge = large * (small + 1)
        return Int64(row < inLarge ? row / (small + 1) : large + (row - inLarge) / small) + 1
    }
}
