import Columnar

/// One sort key over collected rows.
struct SortInput: Sendable {
    var column: Column
    var type: DataType
    var isDescending: Bool
    var nullsFirst: Bool
}

/// The stable order of rows under several keys: radix by order-preserving words, ties refined.
///
/// Each key is one or two levels of words; a level's NULLs are parted first. Dictionary text is ranked once;
/// other text starts with the 8 bytes behind the prefix that all rows share, and equal words are compared on.
struct RowSorter {
    private struct Level {
        var words: Buffer
        var validity: Bitmap?
        var isDescending: Bool
        var nullsFirst: Bool
        /// Present where equal words need not be equal values.
        var text: TextColumn?
    }

    private var levels: [Level] = []
    private let count: Int
    private let pool: BufferPool
    private let records: Buffer
    private let scratch: Buffer
    private let rowScratch: Buffer

    init(_ keys: [SortInput], count: Int, pool: BufferPool) throws(ColumnarError) {
        self.count = count
        self.pool = pool
        records = try pool.allocate(SortRecord.self, count: count)
        scratch = try pool.allocate(SortRecord.self, count: count)
        rowScratch = try pool.allocate(UInt32.self, count: count)
        for key in keys { try addLevels(key) }
    }

    /// All rows in order, as UInt32.
    func sorted() throws(ColumnarError) -> Buffer {
        let order = try pool.identity(count: count)
        sort(order, 0..<count, level: 0)
        return order
    }

    /// Whether two rows are equal in all keys.
    func areEqual(_ a: UInt32, _ b: UInt32) -> Bool {
        for level in levels where compare(a, b, level) != 0 { return false }
        return true
    }

    // MARK: Levels

    private mutating func addLevels(_ key: SortInput) throws(ColumnarError) {
        if case .coded(let c) = key.column, key.type.storage == .text,
            c.dictionary.count <= max(count, 1024)
        {
            return try addRanks(c, key)
        }
        let column = try key.column.flattened(pool: pool)
        let validity = try column.validity(pool: pool)
        let words = try pool.allocate(UInt64.self, count: count)
        var level = Level(
            words: words, validity: validity, isDescending: key.isDescending,
            nullsFirst: key.nullsFirst, text: nil)
        if OrderedWord.isExact(key.type) {
            let all = try pool.identity(count: count)
            OrderedWord.encode(
                column, type: key.type, rows: all.span(of: UInt32.self, count: count), into: words)
            levels.append(level)
        } else if case .flat(let wide) = column {
            let values = wide.values(as: Int128.self)
            let low = try pool.allocate(UInt64.self, count: count)
            var highs = words.mutableSpan(of: UInt64.self, count: count)
            var lows = low.mutableSpan(of: UInt64.self, count: count)
            for i in 0..<count {
                highs[i] = OrderedWord.of(Int64(truncatingIfNeeded: values[i] >> 64))
                lows[i] = UInt64(truncatingIfNeeded: values[i])
            }
            levels.append(level)
            level.words = low
            level.validity = nil
            levels.append(level)
        } else if case .text(let text) = column {
            Self.fillPrefixes(text, validity, count, words)
            level.text = text
            levels.append(level)
        } else {
            let text = try normalized(column, type: key.type)
            Self.fillPrefixes(text, validity, count, words)
            level.text = text
            levels.append(level)
        }
    }

    /// Words are the ranks of the entries, which are sorted once.
    private mutating func addRanks(_ c: CodedColumn, _ key: SortInput) throws(ColumnarError) {
        let entries = c.dictionary.count
        let sorter = try RowSorter(
            [
                SortInput(
                    column: c.dictionary.entries, type: key.type, isDescending: false,
                    nullsFirst: false)
            ], count: entries, pool: pool)
        let orderBuffer = try sorter.sorted()
        let order = orderBuffer.span(of: UInt32.self, count: entries)
        let rankBuffer = try pool.allocate(UInt64.self, count: entries + 1)
        var ranks = rankBuffer.mutableSpan(of: UInt64.self, count: entries + 1)
        var rank: UInt64 = 0
        for i in 0..<entries {
            if i > 0 && !sorter.areEqual(order[i - 1], order[i]) { rank += 1 }
            ranks[Int(order[i])] = rank
        }
        ranks[entries] = 0
        let words = try pool.allocate(UInt64.self, count: count)
        var target = words.mutableSpan(of: UInt64.self, count: count)
        let codes = c.codeSpan()
        for i in 0..<count { target[i] = ranks[Int(codes[i])] }
        levels.append(
            Level(
                words: words, validity: c.mayHaveNulls ? try c.validCodes(pool: pool) : nil,
                isDescending: key.isDescending, nullsFirst: key.nullsFirst, text: nil))
    }

    private func normalized(_ column: Column, type: DataType) throws(ColumnarError) -> TextColumn {
        var builder = try TextBuilder(pool: pool, capacity: max(count, 1))
        var key = NormalizedKey()
        for row in 0..<count {
            key.removeAll()
            try key.append(column, type: type, row: row)
            try builder.append(key.bytes)
        }
        guard case .text(let text) = try builder.finish() else {
            preconditionFailure("a text builder makes text")
        }
        return text
    }

    private static func fillPrefixes(
        _ text: TextColumn, _ validity: Bitmap?, _ count: Int, _ words: Buffer
    ) {
        let slices = text.sliceSpan()
        var shared = Int.max
        var first: UnsafeRawBufferPointer?
        for row in 0..<count where validity.map({ $0[row] }) ?? true {
            let bytes = text.bytes(of: slices[row])
            guard let other = first else {
                first = bytes
                shared = bytes.count
                continue
            }
            shared = min(shared, bytes.count)
            var same = 0
            while same < shared && bytes[same] == other[same] { same += 1 }
            shared = same
            if shared == 0 { break }
        }
        if first == nil { shared = 0 }
        var target = words.mutableSpan(of: UInt64.self, count: count)
        for row in 0..<count {
            target[row] = ByteOrder.prefix(text.bytes(of: slices[row]), from: shared)
        }
    }

    // MARK: Sorting

    private func sort(_ order: Buffer, _ range: Range<Int>, level number: Int) {
        guard range.count > 1, number < levels.count else { return }
        if range.count <= 12 {
            insertionSort(order, range, from: number)
            return
        }
        let level = levels[number]
        var present = range
        if let validity = level.validity {
            present = partition(order, range, validity, nullsFirst: level.nullsFirst)
            let nulls =
                level.nullsFirst
                ? range.lowerBound..<present.lowerBound : present.upperBound..<range.upperBound
            sort(order, nulls, level: number + 1)
        }
        guard present.count > 1 else { return }
        let isLast = number + 1 == levels.count && level.text == nil
        sortWords(order, present, level)
        guard !isLast else { return }
        let words = level.words.span(of: UInt64.self, count: count)
        let rows = order.span(of: UInt32.self, count: count)
        var start = present.lowerBound
        while start < present.upperBound {
            var end = start + 1
            let word = words[Int(rows[start])]
            while end < present.upperBound && words[Int(rows[end])] == word { end += 1 }
            if end - start > 1 { refine(order, start..<end, level: number) }
            start = end
        }
    }

    /// Rows of equal words: compares text to its end, then sorts equal values by the next level.
    private func refine(_ order: Buffer, _ range: Range<Int>, level number: Int) {
        let level = levels[number]
        guard level.text != nil else { return sort(order, range, level: number + 1) }
        mergeSort(order, range) { compare($0, $1, level) }
        let rows = order.span(of: UInt32.self, count: count)
        var start = range.lowerBound
        while start < range.upperBound {
            var end = start + 1
            while end < range.upperBound && compare(rows[start], rows[end], level) == 0 { end += 1 }
            sort(order, start..<end, level: number + 1)
            start = end
        }
    }

    private func sortWords(_ order: Buffer, _ range: Range<Int>, _ level: Level) {
        let count = range.count
        let flip: UInt64 = level.isDescending ? .max : 0
        let words = level.words.span(of: UInt64.self, count: self.count)
        do {
            let rows = order.span(of: UInt32.self, count: self.count)
            var target = records.mutableSpan(of: SortRecord.self, count: count)
            for i in 0..<count {
                let row = rows[range.lowerBound + i]
                target[i] = SortRecord(word: words[Int(row)] ^ flip, row: row)
            }
        }
        let result = RadixSort.sort(records, scratch: scratch, count: count)
        let sorted = result.span(of: SortRecord.self, count: count)
        var rows = order.mutableSpan(of: UInt32.self, count: self.count)
        for i in 0..<count { rows[range.lowerBound + i] = sorted[i].row }
    }

    /// Parts NULL from other rows, stably; returns where the others lie.
    private func partition(
        _ order: Buffer, _ range: Range<Int>, _ validity: Bitmap, nullsFirst: Bool
    ) -> Range<Int> {
        var rows = order.mutableSpan(of: UInt32.self, count: count)
        var held = rowScratch.mutableSpan(of: UInt32.self, count: count)
        let bits = validity.words()
        var kept = 0
        var parted = 0
        for i in range {
            let isFirst = Bitmap.isSet(bits, Int(rows[i])) != nullsFirst
            if isFirst {
                rows[range.lowerBound + kept] = rows[i]
                kept += 1
            } else {
                held[parted] = rows[i]
                parted += 1
            }
        }
        for i in 0..<parted { rows[range.lowerBound + kept + i] = held[i] }
        let border = range.lowerBound + kept
        return nullsFirst ? border..<range.upperBound : range.lowerBound..<border
    }

    private func compare(_ a: UInt32, _ b: UInt32, _ level: Level) -> Int {
        if let validity = level.validity {
            let x = validity[Int(a)]
            let y = validity[Int(b)]
            if !x || !y {
                if x == y { return 0 }
                return x != level.nullsFirst ? -1 : 1
            }
        }
        let words = level.words.span(of: UInt64.self, count: count)
        let x = words[Int(a)]
        let y = words[Int(b)]
        var order = x == y ? 0 : x < y ? -1 : 1
        if order == 0, let text = level.text {
            order = ByteOrder.compare(text.bytes(at: Int(a)), text.bytes(at: Int(b)))
        }
        return level.isDescending ? -order : order
    }

    private func insertionSort(_ order: Buffer, _ range: Range<Int>, from number: Int) {
        var rows = order.mutableSpan(of: UInt32.self, count: count)
        for i in range.dropFirst() {
            let row = rows[i]
            var j = i
            while j > range.lowerBound && isBefore(row, rows[j - 1], from: number) {
                rows[j] = rows[j - 1]
                j -= 1
            }
            rows[j] = row
        }
    }

    private func isBefore(_ a: UInt32, _ b: UInt32, from number: Int) -> Bool {
        for i in number..<levels.count {
            let order = compare(a, b, levels[i])
            if order != 0 { return order < 0 }
        }
        return false
    }

    /// Stable bottom-up merge sort.
    private func mergeSort(
        _ order: Buffer, _ range: Range<Int>, _ compare: (UInt32, UInt32) -> Int
    ) {
        var rows = order.mutableSpan(of: UInt32.self, count: count)
        var held = rowScratch.mutableSpan(of: UInt32.self, count: count)
        var width = 1
        while width < range.count {
            var left = range.lowerBound
            while left < range.upperBound {
                let middle = min(left + width, range.upperBound)
                let end = min(left + 2 * width, range.upperBound)
                var a = left
                var b = middle
                var out = left
                while a < middle || b < end {
                    if b >= end || (a < middle && compare(rows[a], rows[b]) <= 0) {
                        held[out] = rows[a]
                        a += 1
                    } else {
                        held[out] = rows[b]
                        b += 1
                    }
                    out += 1
                }
                left = end
            }
            for i in range { rows[i] = held[i] }
            width *= 2
        }
    }
}
