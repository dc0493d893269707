/// The constants of an IN list, sorted once and searched per row.
package struct InSet: Sendable {
    private let members: Members
    private let hasNull: Bool

    private enum Members: Sendable {
        /// Every integer-stored type; zoned instants without their zone.
        case integers([Int128], shift: Int)
        case floats([Double])
        case texts([[UInt8]])
        case booleans([Bool])
    }

    /// One-row columns of one type that is not nested.
    package init(
        _ constants: [Column], type: DataType, pool: BufferPool
    ) throws(ColumnarError) {
        var integers: [Int128] = []
        var floats: [Double] = []
        var texts: [[UInt8]] = []
        var booleans: [Bool] = []
        var hasNull = false
        var shift = 0
        if case .timestampTZ = type { shift = 16 }
        for constant in constants {
            switch try constant.value(at: 0, type: type) {
            case .null: hasNull = true
            case .int(let value): integers.append(Int128(value))
            case .int128(let value): integers.append(value >> shift)
            case .float(let value): floats.append(Double(value))
            case .double(let value): floats.append(value)
            case .text(let value): texts.append(Array(value.utf8))
            case .binary(let value): texts.append(value)
            case .boolean(let value): booleans.append(value)
            case .list, .row, .map: preconditionFailure("IN over nested values is compared")
            }
        }
        self.hasNull = hasNull
        switch type.storage {
        case .int32, .int64, .int128: members = .integers(integers.sorted(), shift: shift)
        case .float32, .float64: members = .floats(floats.filter { !$0.isNaN }.sorted())
        case .text: members = .texts(texts.sorted { $0.lexicographicallyPrecedes($1) })
        case .bit, .list, .row: members = .booleans(booleans)
        }
    }

    /// `column IN (members)`: TRUE if found, else NULL if the list or the row has a NULL.
    package func contains(
        _ column: Column, selection: Selection = .all, pool: BufferPool
    ) throws(ColumnarError) -> Column {
        if case .constant(let c) = column {
            return .constant(
                ConstantColumn(try contains(c.value, pool: pool), count: c.count))
        }
        let found = try Bitmap.uninitialized(count: column.count, pool: pool)
        var words = found.mutableWords()
        let flat = try column.flattened(selection, pool: pool)
        switch (members, flat) {
        case (.integers(let sorted, let shift), .flat(let c)):
            switch c.storage {
            case .int32: search(Int32.self, c, sorted, shift, &words)
            case .int64: search(Int64.self, c, sorted, shift, &words)
            default: search(Int128.self, c, sorted, shift, &words)
            }
        case (.floats(let sorted), .flat(let c)):
            if c.storage == .float32 {
                let values = c.values(as: Float.self)
                Words.fill(&words, count: c.count) { has(sorted.span, Double(values[$0])) }
            } else {
                let values = c.values(as: Double.self)
                Words.fill(&words, count: c.count) { has(sorted.span, values[$0]) }
            }
        case (.texts(let sorted), .text(let c)): searchText(c, sorted, found, selection)
        case (.booleans(let wanted), .bits(let c)):
            let values = c.values.words()
            for w in words.indices {
                words[w] =
                    (wanted.contains(true) ? values[w] : 0)
                    | (wanted.contains(false) ? ~values[w] : 0)
            }
            found.clearTail()
        default: preconditionFailure("IN over mixed storages")
        }
        var validity = try flat.validity(pool: pool)
        if hasNull { validity = try Bitmap.and(validity, found, pool: pool) }
        return .bits(BitColumn(values: found, validity: validity))
    }

    @inline(__always)
    private func search<T: FixedWidthInteger & BitwiseCopyable>(
        _ type: T.Type, _ c: FlatColumn, _ sorted: [Int128], _ shift: Int,
        _ words: inout MutableSpan<UInt64>
    ) {
        let values = c.values(as: T.self)
        var narrow: [T] = []
        for member in sorted {
            if let value = T(exactly: member) { narrow.append(value) }
        }
        let list = narrow.span
        if list.count <= 4 {
            Words.fill(&words, count: c.count) { row in
                let value = shift == 0 ? values[row] : values[row] >> T(shift)
                var hit = false
                for i in list.indices { hit = hit || list[i] == value }
                return hit
            }
        } else {
            Words.fill(&words, count: c.count) { row in
                has(list, shift == 0 ? values[row] : values[row] >> T(shift))
            }
        }
    }

    /// Binary search.
    @inline(__always)
    private func has<T: Comparable>(_ sorted: Span<T>, _ value: T) -> Bool {
        var low = 0
        var high = sorted.count
        while low < high {
            let middle = (low &+ high) / 2
            if sorted[middle] < value { low = middle &+ 1 } else { high = middle }
        }
        // Not `&&`: its closure over a Span crashes the optimiser of Swift 6.3.1.
        guard low < sorted.count else { return false }
        return sorted[low] == value
    }

    private func searchText(
        _ c: TextColumn, _ sorted: [[UInt8]], _ found: Bitmap, _ selection: Selection
    ) {
        let slices = c.sliceSpan()
        TextCompare.fill(found, selection) { row in
            let text = c.bytes(of: slices[row])
            var low = 0
            var high = sorted.count
            while low < high {
                let middle = (low &+ high) / 2
                let order = sorted[middle].withUnsafeBytes { TextCompare.order($0, text) }
                if order == 0 { return true }
                if order < 0 { low = middle &+ 1 } else { high = middle }
            }
            return false
        }
    }
}
