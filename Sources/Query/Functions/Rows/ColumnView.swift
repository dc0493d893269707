import Columnar

/// The bytes of one text value; valid while the column that they came from is.
typealias Bytes = UnsafeRawBufferPointer

/// A column of any form, seen as flat entries and a map from rows to entries.
///
/// Dictionaries, constants and runs are read in place: no value is copied, only runs get an index buffer.
/// The idea is that of DuckDB's `UnifiedVectorFormat`.
struct ColumnView {
    /// How a row finds its entry.
    private enum RowMap {
        case identity
        case constant(Int)
        /// `UInt32` entries from an element on; at or past `entryCount` is NULL.
        case codes(Buffer, start: Int, count: Int)
    }

    /// A flat form: bits, flat, text, list or row.
    let entries: Column
    /// Of the entries; nil: no NULL.
    let validity: Bitmap?
    let entryCount: Int
    private let map: RowMap

    init(_ column: Column, pool: BufferPool) throws(QueryError) {
        switch column {
        case .constant(let c):
            let inner = try ColumnView(c.value, pool: pool)
            self.init(inner, map: .constant(inner.entryCount == 0 ? -1 : inner.rawEntry(0)))
        case .coded(let c):
            let inner = try ColumnView(c.dictionary.entries, pool: pool)
            if case .identity = inner.map {
                self.init(inner, map: .codes(c.codes, start: c.start, count: c.count))
                return
            }
            let codes = c.codeSpan()
            self.init(
                inner,
                map: try Self.indices(count: c.count, pool: pool) { row in
                    Int(codes[row]) < c.dictionary.count ? inner.rawEntry(Int(codes[row])) : -1
                })
        case .runs(let c):
            let inner = try ColumnView(c.values.column, pool: pool)
            let ends = c.ends.span(of: UInt32.self, count: c.runCount)
            var run = 0
            self.init(
                inner,
                map: try Self.indices(count: c.count, pool: pool) { row in
                    while run + 1 < ends.count, Int(ends[run]) <= row { run += 1 }
                    return inner.rawEntry(run)
                })
        case .lazy(let c):
            let resolved = try storage { () throws(ColumnarError) in try c.resolve(.all) }
            try self.init(resolved, pool: pool)
        case .bits(let c):
            self.init(entries: column, validity: c.validity)
        case .flat(let c):
            self.init(entries: column, validity: c.validity)
        case .text(let c):
            self.init(entries: column, validity: c.validity)
        case .list(let c):
            self.init(entries: column, validity: c.validity)
        case .row(let c):
            self.init(entries: column, validity: c.validity)
        }
    }

    private init(entries: Column, validity: Bitmap?) {
        self.entries = entries
        self.validity = validity
        entryCount = entries.count
        map = .identity
    }

    private init(_ inner: ColumnView, map: RowMap) {
        entries = inner.entries
        validity = inner.validity
        entryCount = inner.entryCount
        self.map = map
    }

    private static func indices(
        count: Int, pool: BufferPool, entry: (Int) -> Int
    ) throws(QueryError) -> RowMap {
        let buffer = try storage { () throws(ColumnarError) in
            try pool.allocate(UInt32.self, count: count)
        }
        var target = buffer.mutableSpan(of: UInt32.self, count: count)
        for row in target.indices { target[row] = UInt32(truncatingIfNeeded: entry(row)) }
        return .codes(buffer, start: 0, count: count)
    }

    /// The entry of a row, not yet looked at for NULL; out of range means NULL.
    @inline(__always)
    private func rawEntry(_ row: Int) -> Int {
        switch map {
        case .identity: row
        case .constant(let entry): entry
        case .codes(let buffer, let start, let count):
            Int(buffer.span(of: UInt32.self, start: start, count: count)[row])
        }
    }

    /// The entry of a row, or nil for NULL.
    @inline(__always)
    func entry(_ row: Int) -> Int? {
        let entry = rawEntry(row)
        guard entry >= 0, entry < entryCount else { return nil }
        if let validity, !validity[entry] { return nil }
        return entry
    }

    @inline(__always)
    func isNull(_ row: Int) -> Bool { entry(row) == nil }

    /// Every row has the same entry.
    var isConstant: Bool {
        if case .constant = map { true } else { false }
    }

    /// Rows and entries are the same.
    var isIdentity: Bool {
        if case .identity = map { true } else { false }
    }
}
