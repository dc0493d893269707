/// Collects rows of one column from batches of any form; what breakers keep their rows in.
///
/// Values are copied, so that no decompressed page is held by one row of it. Text that comes as codes stays
/// codes: the entries of each dictionary are copied once and the codes shifted.
package struct ColumnAppender: Sendable {
    package let type: DataType
    package private(set) var count = 0
    private var store: Store
    /// Absent until the first NULL.
    private var validity: BitAppender?
    private let pool: BufferPool

    /// The index that appends a NULL.
    package static let nullIndex = UInt32.max

    private enum Store: Sendable {
        case bits(BitAppender)
        case width4(GrowingBuffer<UInt32>)
        case width8(GrowingBuffer<UInt64>)
        case width16(GrowingBuffer<UInt128>)
        case text(TextStore)
        case codes(CodeStore)
        case list(GrowingBuffer<UInt32>, Child)
        case row([ColumnAppender])
    }

    /// Boxed, because an enum of structs cannot hold itself.
    private final class Child: @unchecked Sendable {
        var appender: ColumnAppender

        init(_ appender: ColumnAppender) {
            self.appender = appender
        }
    }

    package init(
        type: DataType, pool: BufferPool, capacity: Int = 256
    ) throws(ColumnarError) {
        self.type = type
        self.pool = pool
        switch type.storage {
        case .bit: store = .bits(try BitAppender(pool: pool))
        case .int32, .float32: store = .width4(try GrowingBuffer(pool: pool, capacity: capacity))
        case .int64, .float64: store = .width8(try GrowingBuffer(pool: pool, capacity: capacity))
        case .int128: store = .width16(try GrowingBuffer(pool: pool, capacity: capacity))
        case .text: store = .text(try TextStore(pool: pool))
        case .list:
            var offsets = try GrowingBuffer<UInt32>(pool: pool)
            try offsets.append(0)
            let child = try ColumnAppender(type: type.children.first ?? .unknown, pool: pool)
            store = .list(offsets, Child(child))
        case .row:
            var children: [ColumnAppender] = []
            for child in type.children {
                children.append(try ColumnAppender(type: child, pool: pool))
            }
            store = .row(children)
        }
    }

    /// Appends the rows `indices` of `column`; `nullIndex` appends a NULL.
    package mutating func append(
        _ column: Column, at indices: Span<UInt32>
    ) throws(ColumnarError) {
        guard indices.count > 0 else { return }
        switch column {
        case .bits(let c):
            guard case .bits(var bits) = store else { preconditionFailure("not a boolean") }
            try bits.append(c.values, at: indices, missing: false)
            store = .bits(bits)
            try appendValidity(c.validity, at: indices)
        case .flat(let c): try appendFlat(c, at: indices)
        case .text(let c): try appendText(c, at: indices)
        case .coded(let c): try appendCoded(c, at: indices)
        case .constant(let c):
            let translated = try pool.allocate(UInt32.self, count: indices.count)
            var target = translated.mutableSpan(of: UInt32.self, count: indices.count)
            for i in indices.indices {
                target[i] = indices[i] == Self.nullIndex ? Self.nullIndex : 0
            }
            try append(c.value, at: translated.span(of: UInt32.self, count: indices.count))
        case .runs(let c):
            let translated = try c.runIndices(at: indices, pool: pool)
            try append(c.values.column, at: translated.span(of: UInt32.self, count: indices.count))
        case .list(let c): try appendList(c, at: indices)
        case .row(let c):
            guard case .row(var children) = store else { preconditionFailure("not a row") }
            for i in children.indices { try children[i].append(c.children[i], at: indices) }
            store = .row(children)
            try appendValidity(c.validity, at: indices)
        case .lazy(let c): try append(c.resolve(.all), at: indices)
        }
    }

    /// Appends NULLs.
    package mutating func appendNulls(_ extra: Int) throws(ColumnarError) {
        let indices = try pool.allocate(UInt32.self, count: extra)
        var target = indices.mutableSpan(of: UInt32.self, count: extra)
        for i in target.indices { target[i] = Self.nullIndex }
        let null = try Column.from([], type: type, pool: pool)
        try append(null, at: indices.span(of: UInt32.self, count: extra))
    }

    /// The collected column: flat, or coded where every part was; the appender must not be used afterwards.
    package consuming func finish() throws(ColumnarError) -> Column {
        var bitmap: Bitmap?
        if let validity { bitmap = try validity.finish() }
        switch store {
        case .bits(let bits):
            return .bits(BitColumn(values: try bits.finish(), validity: bitmap))
        case .width4(let values): return flat(values.buffer, bitmap)
        case .width8(let values): return flat(values.buffer, bitmap)
        case .width16(let values): return flat(values.buffer, bitmap)
        case .text(let text):
            return .text(
                TextColumn(
                    slices: text.slices.buffer, count: count, owner: text.bytes.buffer,
                    validity: bitmap))
        case .codes(let codes): return try codes.finish()
        case .list(let offsets, let child):
            return .list(
                ListColumn(
                    offsets: offsets.buffer, count: count, child: try child.appender.finish(),
                    validity: bitmap))
        case .row(let appenders):
            var children: [Column] = []
            for child in appenders { children.append(try child.finish()) }
            return .row(RowColumn(children: children, count: count, validity: bitmap))
        }
    }

    private func flat(_ buffer: Buffer, _ validity: Bitmap?) -> Column {
        .flat(FlatColumn(storage: type.storage, buffer: buffer, count: count, validity: validity))
    }
}

extension ColumnAppender {
    private mutating func appendFlat(
        _ c: FlatColumn, at indices: Span<UInt32>
    ) throws(ColumnarError) {
        switch store {
        case .width4(var values):
            try values.append(c.values(as: UInt32.self), at: indices)
            store = .width4(values)
        case .width8(var values):
            try values.append(c.values(as: UInt64.self), at: indices)
            store = .width8(values)
        case .width16(var values):
            try values.append(c.values(as: UInt128.self), at: indices)
            store = .width16(values)
        case .bits, .text, .codes, .list, .row: preconditionFailure("not a flat column")
        }
        try appendValidity(c.validity, at: indices)
    }

    private mutating func appendText(
        _ c: TextColumn, at indices: Span<UInt32>
    ) throws(ColumnarError) {
        if case .codes = store { try leaveCodes() }
        guard case .text(var text) = store else { preconditionFailure("not a text column") }
        try text.append(c, at: indices)
        store = .text(text)
        try appendValidity(c.validity, at: indices)
    }

    private mutating func appendCoded(
        _ c: CodedColumn, at indices: Span<UInt32>
    ) throws(ColumnarError) {
        if type.storage == .text, try appendCodes(c, at: indices) { return }
        let translated = try pool.allocate(UInt32.self, count: indices.count)
        var target = translated.mutableSpan(of: UInt32.self, count: indices.count)
        let codes = c.codeSpan()
        let nullCode = UInt32(c.dictionary.count)
        for i in indices.indices {
            let index = indices[i]
            let code = index == Self.nullIndex ? nullCode : codes[Int(index)]
            target[i] = code >= nullCode ? Self.nullIndex : code
        }
        try append(
            c.dictionary.entries, at: translated.span(of: UInt32.self, count: indices.count))
    }

    /// Keeps the codes; false where values must be copied instead.
    private mutating func appendCodes(
        _ c: CodedColumn, at indices: Span<UInt32>
    ) throws(ColumnarError) -> Bool {
        var held: CodeStore
        switch store {
        case .codes(let codes): held = codes
        case .text where count == 0: held = try CodeStore(pool: pool)
        default: return false
        }
        guard held.canTake(c.dictionary, rows: count + indices.count) else {
            if case .codes = store { try leaveCodes() }
            return false
        }
        try held.append(c, at: indices)
        store = .codes(held)
        count += indices.count
        return true
    }

    /// Turns the codes so far into text.
    private mutating func leaveCodes() throws(ColumnarError) {
        guard case .codes(let codes) = store else { return }
        let rows = count
        let column = try codes.finish()
        store = .text(try TextStore(pool: pool))
        count = 0
        guard case .coded(let c) = column else { preconditionFailure("codes finish as coded") }
        let translated = try pool.allocate(UInt32.self, count: rows)
        var target = translated.mutableSpan(of: UInt32.self, count: rows)
        let span = c.codeSpan()
        let nullCode = UInt32(c.dictionary.count)
        for i in 0..<rows { target[i] = span[i] == nullCode ? Self.nullIndex : span[i] }
        try append(c.dictionary.entries, at: translated.span(of: UInt32.self, count: rows))
    }

    private mutating func appendList(
        _ c: ListColumn, at indices: Span<UInt32>
    ) throws(ColumnarError) {
        guard case .list(var offsets, let child) = store else {
            preconditionFailure("not a list column")
        }
        let source = c.offsetSpan()
        var elements = try GrowingBuffer<UInt32>(pool: pool, capacity: indices.count)
        var end = Int(offsets.last)
        for i in indices.indices {
            let index = Int(indices[i])
            if indices[i] != Self.nullIndex && (c.validity.map { $0[index] } ?? true) {
                let range = source[index]..<source[index + 1]
                end += range.count
                guard end < Int(Self.nullIndex) else {
                    throw .limit(
                        name: "list elements", value: end, limit: Int(UInt32.max), location: nil)
                }
                for element in range { try elements.append(element) }
            }
            try offsets.append(UInt32(end))
        }
        try child.appender.append(
            c.child, at: elements.buffer.span(of: UInt32.self, count: elements.count))
        store = .list(offsets, child)
        try appendValidity(c.validity, at: indices)
    }

    /// Counts the rows and notes which are NULL.
    private mutating func appendValidity(
        _ source: Bitmap?, at indices: Span<UInt32>
    ) throws(ColumnarError) {
        let added = indices.count
        var hasNull = false
        for i in indices.indices { hasNull = hasNull || indices[i] == Self.nullIndex }
        if source == nil && !hasNull {
            try validity?.append(true, count: added)
        } else {
            var bits: BitAppender
            if let validity {
                bits = validity
            } else {
                bits = try BitAppender(pool: pool)
                try bits.append(true, count: count)
            }
            if let source {
                try bits.append(source, at: indices, missing: false)
            } else {
                for i in indices.indices { try bits.append(indices[i] != Self.nullIndex) }
            }
            validity = bits
        }
        count += added
    }
}
