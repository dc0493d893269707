import Columnar

/// One fixed-width state per group, in pool memory.
struct StateArray<Element: BitwiseCopyable & Sendable>: Sendable {
    private(set) var buffer: Buffer?
    private(set) var count = 0
    private var capacity = 0
    private let initial: Element

    init(initial: Element) {
        self.initial = initial
    }

    /// Makes room for `newCount` states; new ones are initial.
    mutating func grow(to newCount: Int, pool: BufferPool) throws(QueryError) {
        guard newCount > count else { return }
        if newCount > capacity {
            let wanted = max(newCount, capacity * 2, 8)
            let grown = try storage { () throws(ColumnarError) in
                try pool.allocate(Element.self, count: wanted)
            }
            if let buffer, count > 0 {
                grown.base.copyMemory(
                    from: buffer.base, byteCount: count * MemoryLayout<Element>.stride)
            }
            buffer = grown
            capacity = grown.capacityBytes / MemoryLayout<Element>.stride
        }
        guard let buffer else { return }
        let pointer = buffer.pointer(Element.self)
        for i in count..<newCount { pointer[i] = initial }
        count = newCount
    }

    /// Appends one state; for logs.
    @inline(__always)
    mutating func append(_ element: Element, pool: BufferPool) throws(QueryError) {
        if count == capacity { try grow(to: count + 1, pool: pool) } else { count += 1 }
        buffer.unsafelyUnwrapped.pointer(Element.self)[count - 1] = element
    }

    /// The states; writing is the owner's alone.
    @_lifetime(borrow self)
    func mutableSpan() -> MutableSpan<Element> {
        guard let buffer else { return MutableSpan() }
        let span = buffer.mutableSpan(of: Element.self, count: count)
        return _overrideLifetime(span, borrowing: self)
    }

    @_lifetime(borrow self)
    func span() -> Span<Element> {
        guard let buffer else { return Span() }
        let span = buffer.span(of: Element.self, count: count)
        return _overrideLifetime(span, borrowing: self)
    }

    subscript(index: Int) -> Element {
        get { span()[index] }
        nonmutating set {
            var span = mutableSpan()
            span[index] = newValue
        }
    }
}

extension RowOrigin {
    /// The number that orders one row among all rows.
    func number(of row: Int) -> UInt64 {
        switch self {
        case .consecutive(let first): first.bits &+ UInt64(row)
        case .each(let buffer): buffer.span(of: UInt64.self, count: row + 1)[row]
        }
    }
}

extension Optional where Wrapped == RowOrigin {
    func number(of row: Int) -> UInt64 {
        switch self {
        case .some(let origin): origin.number(of: row)
        case .none: UInt64(row)
        }
    }
}

extension Bitmap {
    @inline(__always)
    static func isSet(_ words: Span<UInt64>, _ row: Int) -> Bool {
        words[row >> 6] >> UInt64(row & 63) & 1 == 1
    }
}
