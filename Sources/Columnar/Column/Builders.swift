/// Append-only builders of columns; each is finished once. They grow in pool buffers by doubling.

/// Collects validity; costs nothing until the first NULL.
package struct ValidityBuilder {
    private var words: [UInt64] = []
    private var hasNulls = false
    package private(set) var count = 0

    package init() {}

    package mutating func append(_ isValid: Bool) {
        if !isValid && !hasNulls {
            hasNulls = true
            words = Array(repeating: .max, count: count / 64 + 1)
        }
        if hasNulls {
            if count >> 6 == words.count { words.append(.max) }
            if !isValid { words[count >> 6] &= ~(1 << UInt64(count & 63)) }
        }
        count += 1
    }

    /// nil when every row was valid.
    package func finish(pool: BufferPool) throws(ColumnarError) -> Bitmap? {
        guard hasNulls else { return nil }
        let bitmap = Bitmap(
            buffer: try pool.allocate(UInt64.self, count: (count + 63) / 64), count: count)
        var target = bitmap.mutableWords()
        for i in target.indices { target[i] = words[i] }
        bitmap.clearTail()
        return bitmap
    }
}

/// A growing buffer of fixed-width elements.
package struct GrowingBuffer<Element: BitwiseCopyable>: Sendable {
    package private(set) var buffer: Buffer
    package private(set) var count = 0
    private var capacity: Int
    private let pool: BufferPool

    package init(pool: BufferPool, capacity: Int = 256) throws(ColumnarError) {
        self.pool = pool
        buffer = try pool.allocate(Element.self, count: max(capacity, 1))
        self.capacity = buffer.capacityBytes / MemoryLayout<Element>.stride
    }

    package mutating func reserve(_ extra: Int) throws(ColumnarError) {
        guard count + extra > capacity else { return }
        let grown = try pool.allocate(Element.self, count: max(count + extra, capacity * 2))
        grown.base.copyMemory(
            from: buffer.base, byteCount: count * MemoryLayout<Element>.stride)
        buffer = grown
        capacity = grown.capacityBytes / MemoryLayout<Element>.stride
    }

    package mutating func append(_ element: Element) throws(ColumnarError) {
        if count == capacity { try reserve(1) }
        buffer.base.storeBytes(
            of: element, toByteOffset: count &* MemoryLayout<Element>.stride, as: Element.self)
        count &+= 1
    }

    /// The last element; there must be one.
    package var last: Element {
        get { buffer.span(of: Element.self, count: count)[count - 1] }
        set {
            precondition(count > 0)
            buffer.base.storeBytes(
                of: newValue, toByteOffset: (count &- 1) &* MemoryLayout<Element>.stride,
                as: Element.self)
        }
    }

    /// Makes room for `extra` elements, counts them and returns where they start; the caller fills them.
    package mutating func extend(by extra: Int) throws(ColumnarError) -> Int {
        try reserve(extra)
        defer { count += extra }
        return count
    }

    /// Forgets the elements from `newCount` on.
    package mutating func truncate(to newCount: Int) {
        precondition(newCount <= count)
        count = newCount
    }

    package mutating func append(bytes: UnsafeRawBufferPointer) throws(ColumnarError) {
        guard let source = bytes.baseAddress, bytes.count > 0 else { return }
        let elements = bytes.count / MemoryLayout<Element>.stride
        try reserve(elements)
        (buffer.base + count * MemoryLayout<Element>.stride)
            .copyMemory(from: source, byteCount: bytes.count)
        count += elements
    }
}

/// Builds a flat column.
package struct FlatBuilder<Element: BitwiseCopyable & ExpressibleByIntegerLiteral> {
    private var values: GrowingBuffer<Element>
    private var validity = ValidityBuilder()
    private let storage: Storage
    private let pool: BufferPool

    package init(storage: Storage, pool: BufferPool, capacity: Int = 256) throws(ColumnarError) {
        precondition(storage.width == MemoryLayout<Element>.stride)
        self.storage = storage
        self.pool = pool
        values = try GrowingBuffer(pool: pool, capacity: capacity)
    }

    package var count: Int { values.count }

    package mutating func append(_ value: Element) throws(ColumnarError) {
        try values.append(value)
        validity.append(true)
    }

    package mutating func appendNull() throws(ColumnarError) {
        try values.append(0)
        validity.append(false)
    }

    package consuming func finish() throws(ColumnarError) -> Column {
        .flat(
            FlatColumn(
                storage: storage, buffer: values.buffer, count: values.count,
                validity: try validity.finish(pool: pool)))
    }
}

/// Builds a text column; copies the bytes that it is given.
package struct TextBuilder {
    private var slices: GrowingBuffer<TextSlice>
    private var bytes: GrowingBuffer<UInt8>
    private var validity = ValidityBuilder()
    private let pool: BufferPool

    package init(pool: BufferPool, capacity: Int = 256) throws(ColumnarError) {
        self.pool = pool
        slices = try GrowingBuffer(pool: pool, capacity: capacity)
        bytes = try GrowingBuffer(pool: pool, capacity: capacity * 16)
    }

    package var count: Int { slices.count }
    package var byteCount: Int { bytes.count }

    package mutating func append(_ text: UnsafeRawBufferPointer) throws(ColumnarError) {
        let start = bytes.count
        guard start + text.count <= Limits.textBufferBytes else {
            throw .limit(
                name: "textBufferBytes", value: start + text.count, limit: Limits.textBufferBytes,
                location: nil)
        }
        try bytes.append(bytes: text)
        try slices.append(TextSlice(start: UInt32(start), length: UInt32(text.count)))
        validity.append(true)
    }

    package mutating func append(_ text: String) throws(ColumnarError) {
        try append(Array(text.utf8))
    }

    package mutating func append(_ text: [UInt8]) throws(ColumnarError) {
        let start = bytes.count
        for byte in text { try bytes.append(byte) }
        try slices.append(TextSlice(start: UInt32(start), length: UInt32(text.count)))
        validity.append(true)
    }

    package mutating func appendNull() throws(ColumnarError) {
        try slices.append(TextSlice(start: 0, length: 0))
        validity.append(false)
    }

    /// For values that are composed piece by piece: pieces, then `endValue`.
    package mutating func appendPiece(_ piece: UnsafeRawBufferPointer) throws(ColumnarError) {
        try bytes.append(bytes: piece)
    }

    package mutating func appendPiece(byte: UInt8) throws(ColumnarError) {
        try bytes.append(byte)
    }

    /// Ends a value that began at `start`, an earlier `byteCount`.
    package mutating func endValue(startedAt start: Int) throws(ColumnarError) {
        guard bytes.count <= Limits.textBufferBytes else {
            throw .limit(
                name: "textBufferBytes", value: bytes.count, limit: Limits.textBufferBytes,
                location: nil)
        }
        try slices.append(TextSlice(start: UInt32(start), length: UInt32(bytes.count - start)))
        validity.append(true)
    }

    package consuming func finish() throws(ColumnarError) -> Column {
        .text(
            TextColumn(
                slices: slices.buffer, count: slices.count, owner: bytes.buffer,
                validity: try validity.finish(pool: pool)))
    }
}

/// Builds a boolean column.
package struct BitBuilder {
    private var words: [UInt64] = []
    private var validity = ValidityBuilder()
    private let pool: BufferPool

    package init(pool: BufferPool) {
        self.pool = pool
    }

    package var count: Int { validity.count }

    package mutating func append(_ bit: Bool) {
        let row = validity.count
        if row >> 6 == words.count { words.append(0) }
        if bit { words[row >> 6] |= 1 << UInt64(row & 63) }
        validity.append(true)
    }

    package mutating func appendNull() {
        if validity.count >> 6 == words.count { words.append(0) }
        validity.append(false)
    }

    package consuming func finish() throws(ColumnarError) -> Column {
        let count = validity.count
        let bitmap = Bitmap(
            buffer: try pool.allocate(UInt64.self, count: (count + 63) / 64), count: count)
        var target = bitmap.mutableWords()
        for i in target.indices { target[i] = words[i] }
        return .bits(BitColumn(values: bitmap, validity: try validity.finish(pool: pool)))
    }
}
