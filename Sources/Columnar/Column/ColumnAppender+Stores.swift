/// Collected text: slices into one growing owner.
struct TextStore: Sendable {
    var slices: GrowingBuffer<TextSlice>
    var bytes: GrowingBuffer<UInt8>

    init(pool: BufferPool) throws(ColumnarError) {
        slices = try GrowingBuffer(pool: pool)
        bytes = try GrowingBuffer(pool: pool, capacity: 4096)
    }

    mutating func append(_ c: TextColumn, at indices: Span<UInt32>) throws(ColumnarError) {
        let source = c.sliceSpan()
        var total = 0
        for i in indices.indices where indices[i] != ColumnAppender.nullIndex {
            total &+= Int(source[Int(indices[i])].length)
        }
        var end = bytes.count
        guard end + total <= Limits.textBufferBytes else {
            throw .limit(
                name: "textBufferBytes", value: end + total, limit: Limits.textBufferBytes,
                location: nil)
        }
        _ = try bytes.extend(by: total)
        let first = try slices.extend(by: indices.count)
        let target = bytes.buffer.base
        var out = slices.buffer.mutableSpan(of: TextSlice.self, start: first, count: indices.count)
        for i in indices.indices {
            guard indices[i] != ColumnAppender.nullIndex else {
                out[i] = TextSlice(start: 0, length: 0)
                continue
            }
            let text = c.bytes(of: source[Int(indices[i])])
            if let base = text.baseAddress, text.count > 0 {
                (target + end).copyMemory(from: base, byteCount: text.count)
            }
            out[i] = TextSlice(start: UInt32(end), length: UInt32(text.count))
            end += text.count
        }
    }
}

/// Collected codes over the concatenated entries of all dictionaries met.
struct CodeStore: Sendable {
    private var codes: GrowingBuffer<UInt32>
    private var entries: TextStore
    /// First entry of each dictionary taken, by dictionary id.
    private var starts: [UInt64: UInt32] = [:]
    private var hasNulls = false
    private let pool: BufferPool

    /// A dictionary larger than this, and than the rows so far, is cheaper copied value by value.
    private static let freeEntries = 1024

    init(pool: BufferPool) throws(ColumnarError) {
        self.pool = pool
        codes = try GrowingBuffer(pool: pool)
        entries = try TextStore(pool: pool)
    }

    func canTake(_ dictionary: ColumnDictionary, rows: Int) -> Bool {
        if starts[dictionary.id] != nil { return true }
        guard case .text = dictionary.entries else { return false }
        let total = entries.slices.count + dictionary.count
        return total <= max(Self.freeEntries, rows)
            && total < Int(ColumnAppender.nullIndex)
    }

    mutating func append(_ c: CodedColumn, at indices: Span<UInt32>) throws(ColumnarError) {
        let start: UInt32
        if let known = starts[c.dictionary.id] {
            start = known
        } else {
            guard case .text(let texts) = c.dictionary.entries else {
                preconditionFailure("only text dictionaries are taken")
            }
            start = UInt32(entries.slices.count)
            starts[c.dictionary.id] = start
            let all = try pool.identity(count: texts.count)
            try entries.append(texts, at: all.span(of: UInt32.self, count: texts.count))
        }
        let first = try codes.extend(by: indices.count)
        var target = codes.buffer.mutableSpan(
            of: UInt32.self, start: first, count: indices.count)
        let source = c.codeSpan()
        let nullCode = UInt32(c.dictionary.count)
        var sawNull = false
        for i in indices.indices {
            let index = indices[i]
            let code = index == ColumnAppender.nullIndex ? nullCode : source[Int(index)]
            let isNull = code >= nullCode
            sawNull = sawNull || isNull
            target[i] = isNull ? ColumnAppender.nullIndex : start &+ code
        }
        hasNulls = hasNulls || sawNull
    }

    consuming func finish() throws(ColumnarError) -> Column {
        let texts = TextColumn(
            slices: entries.slices.buffer, count: entries.slices.count,
            owner: entries.bytes.buffer, validity: nil)
        let dictionary = ColumnDictionary(entries: .text(texts))
        var held = codes.buffer
        if hasNulls {
            // A copy: the appender may go on with another NULL code.
            held = try pool.allocate(UInt32.self, count: codes.count)
            let source = codes.buffer.span(of: UInt32.self, count: codes.count)
            var span = held.mutableSpan(of: UInt32.self, count: codes.count)
            let nullCode = UInt32(dictionary.count)
            for i in span.indices {
                span[i] = source[i] == ColumnAppender.nullIndex ? nullCode : source[i]
            }
        }
        return .coded(
            CodedColumn(
                codes: held, count: codes.count, dictionary: dictionary,
                mayHaveNulls: hasNulls))
    }
}

extension GrowingBuffer {
    /// Appends the elements at `indices`; the null index appends zero bytes.
    mutating func append(
        _ source: Span<Element>, at indices: Span<UInt32>
    ) throws(ColumnarError) where Element: FixedWidthInteger {
        let first = try extend(by: indices.count)
        var target = buffer.mutableSpan(of: Element.self, start: first, count: indices.count)
        for i in indices.indices {
            let index = indices[i]
            target[i] = index == ColumnAppender.nullIndex ? 0 : source[Int(index)]
        }
    }
}

extension RunsColumn {
    /// The run that each of `indices` lies in, as UInt32; the null index stays.
    package func runIndices(at indices: Span<UInt32>, pool: BufferPool) throws(ColumnarError)
        -> Buffer
    {
        let result = try pool.allocate(UInt32.self, count: indices.count)
        var target = result.mutableSpan(of: UInt32.self, count: indices.count)
        let ends = ends.span(of: UInt32.self, count: runCount)
        var run = 0
        for i in indices.indices {
            let index = indices[i]
            guard index != ColumnAppender.nullIndex else {
                target[i] = index
                continue
            }
            if index < (run == 0 ? 0 : ends[run - 1]) { run = 0 }
            // Rising rows stay near; a jump is searched.
            var steps = 0
            while index >= ends[run] && steps < 4 {
                run += 1
                steps += 1
            }
            if index >= ends[run] {
                var high = runCount - 1
                while run < high {
                    let middle = (run + high) / 2
                    if ends[middle] <= index { run = middle + 1 } else { high = middle }
                }
            }
            target[i] = UInt32(run)
        }
        return result
    }
}

extension BufferPool {
    /// Rising numbers from zero, as UInt32.
    package func identity(count: Int) throws(ColumnarError) -> Buffer {
        let buffer = try allocate(UInt32.self, count: count)
        var span = buffer.mutableSpan(of: UInt32.self, count: count)
        for i in span.indices { span[i] = UInt32(truncatingIfNeeded: i) }
        return buffer
    }
}
