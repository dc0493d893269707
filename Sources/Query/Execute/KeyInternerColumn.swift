import Columnar

/// A worker's access to the interner of one key column: forms in, ids out.
struct ColumnKeyWorker: Sendable {
    private enum Lookup: Sendable {
        case words(WordLookup)
        case bytes(BytesLookup)
    }

    private var lookup: Lookup
    private let type: DataType
    private let pool: BufferPool
    /// Id by code, per dictionary id; `unresolved` until a row needs the entry.
    private var codeMaps: [UInt64: Buffer] = [:]

    private static let unresolved = UInt32.max - 1
    /// Beyond this a dictionary is a row store, not a set of values: its rows are looked up as they come.
    private static let mappedEntries = 1 << 18
    private static let keptMaps = 32

    init(_ interner: ColumnInterner, type: DataType, inserting: Bool, pool: BufferPool) {
        self.type = type
        self.pool = pool
        switch interner {
        case .words(let words): lookup = .words(WordLookup(words, inserting: inserting))
        case .bytes(let bytes): lookup = .bytes(BytesLookup(bytes, inserting: inserting))
        }
    }

    /// Ids of `rows`, into `ids`; NULL is 0.
    mutating func ids(
        of column: Column, rows: Span<UInt32>, into ids: Buffer
    ) throws(QueryError) {
        guard rows.count > 0 else { return }
        switch column {
        case .coded(let c):
            if c.dictionary.count <= Self.mappedEntries {
                try mapped(c, rows: rows, into: ids)
            } else {
                try translated(c, rows: rows, into: ids)
            }
        case .constant(let c):
            let one = try allocate(UInt32.self, 1)
            one.pointer(UInt32.self)[0] = 0
            try self.ids(of: c.value, rows: one.span(of: UInt32.self, count: 1), into: ids)
            var target = ids.mutableSpan(of: UInt32.self, count: rows.count)
            for i in rows.indices { target[i] = target[0] }
        case .runs(let c):
            let runs = try storage { () throws(ColumnarError) in
                try c.runIndices(at: rows, pool: pool)
            }
            try self.ids(
                of: c.values.column, rows: runs.span(of: UInt32.self, count: rows.count), into: ids)
        case .lazy(let c):
            let whole = try storage { () throws(ColumnarError) in try c.resolve(.all) }
            try self.ids(of: whole, rows: rows, into: ids)
        case .bits(let c): try plain(column, validity: c.validity, rows: rows, into: ids)
        case .flat(let c): try plain(column, validity: c.validity, rows: rows, into: ids)
        case .text(let c): try plain(column, validity: c.validity, rows: rows, into: ids)
        case .list(let c): try plain(column, validity: c.validity, rows: rows, into: ids)
        case .row(let c): try plain(column, validity: c.validity, rows: rows, into: ids)
        }
    }

    private func allocate<T: BitwiseCopyable>(
        _ type: T.Type, _ count: Int
    ) throws(QueryError) -> Buffer {
        try storage { () throws(ColumnarError) in try pool.allocate(type, count: count) }
    }

    /// Leaves NULLs out, looks the rest up, puts the ids where they belong.
    private mutating func plain(
        _ column: Column, validity: Bitmap?, rows: Span<UInt32>, into ids: Buffer
    ) throws(QueryError) {
        guard let validity else {
            return try dense(column, rows: rows, into: ids)
        }
        let present = try allocate(UInt32.self, rows.count)
        let places = try allocate(UInt32.self, rows.count)
        var count = 0
        do {
            let bits = validity.words()
            var present = present.mutableSpan(of: UInt32.self, count: rows.count)
            var places = places.mutableSpan(of: UInt32.self, count: rows.count)
            for i in rows.indices {
                let row = Int(rows[i])
                present[count] = rows[i]
                places[count] = UInt32(truncatingIfNeeded: i)
                count &+= Int(truncatingIfNeeded: bits[row >> 6] >> UInt64(row & 63) & 1)
            }
        }
        try scatter(
            column, present: present, places: places, count: count, of: rows.count, into: ids)
    }

    private mutating func scatter(
        _ column: Column, present: Buffer, places: Buffer, count: Int, of total: Int,
        into ids: Buffer
    ) throws(QueryError) {
        let found = try allocate(UInt32.self, count)
        if count > 0 {
            try dense(column, rows: present.span(of: UInt32.self, count: count), into: found)
        }
        var target = ids.mutableSpan(of: UInt32.self, count: total)
        let from = found.span(of: UInt32.self, count: count)
        let places = places.span(of: UInt32.self, count: count)
        for i in 0..<total { target[i] = 0 }
        for i in 0..<count { target[Int(places[i])] = from[i] }
    }

    /// Rows without NULL.
    private mutating func dense(
        _ column: Column, rows: Span<UInt32>, into ids: Buffer
    ) throws(QueryError) {
        let count = rows.count
        switch lookup {
        case .words(var words):
            let encoded = try allocate(UInt64.self, count)
            OrderedWord.encode(column, type: type, rows: rows, into: encoded)
            try words.ids(of: encoded, count: count, into: ids, pool: pool)
            lookup = .words(words)
        case .bytes(var bytes):
            let views = try allocate(ByteView.self, count)
            var wide: Buffer?
            switch column {
            case .text(let c): Self.view(c, rows: rows, into: views)
            case .flat(let c): wide = try viewWide(c, rows: rows, into: views)
            default: wide = try viewNested(column, rows: rows, into: views)
            }
            try bytes.ids(of: views, count: count, into: ids, pool: pool)
            lookup = .bytes(bytes)
            withExtendedLifetime(wide) {}
        }
    }

    private static func view(_ c: TextColumn, rows: Span<UInt32>, into views: Buffer) {
        let slices = c.sliceSpan()
        var target = views.mutableSpan(of: ByteView.self, count: rows.count)
        for i in rows.indices {
            let bytes = c.bytes(of: slices[Int(rows[i])])
            target[i] = ByteView(
                address: UInt(bitPattern: bytes.baseAddress),
                length: UInt32(truncatingIfNeeded: bytes.count), hash: 0)
        }
    }

    private func viewWide(
        _ c: FlatColumn, rows: Span<UInt32>, into views: Buffer
    ) throws(QueryError) -> Buffer {
        let values = c.values(as: Int128.self)
        let copy = try allocate(Int128.self, rows.count)
        let base = copy.pointer(Int128.self)
        var target = views.mutableSpan(of: ByteView.self, count: rows.count)
        for i in rows.indices {
            base[i] = values[Int(rows[i])]
            target[i] = ByteView(address: UInt(bitPattern: base + i), length: 16, hash: 0)
        }
        return copy
    }

    private func viewNested(
        _ column: Column, rows: Span<UInt32>, into views: Buffer
    ) throws(QueryError) -> Buffer {
        var key = NormalizedKey()
        var target = views.mutableSpan(of: ByteView.self, count: rows.count)
        var start = 0
        for i in rows.indices {
            try storage { () throws(ColumnarError) in
                try key.append(column, type: type, row: Int(rows[i]))
            }
            let length = UInt32(truncatingIfNeeded: key.bytes.count - start)
            target[i] = ByteView(address: UInt(start), length: length, hash: 0)
            start = key.bytes.count
        }
        let copy = try allocate(UInt8.self, max(start, 1))
        copy.base.copyMemory(from: key.bytes, byteCount: start)
        for i in rows.indices { target[i].address += UInt(bitPattern: copy.base) }
        return copy
    }

    /// Each entry is looked up once per dictionary and worker, when first needed.
    private mutating func mapped(
        _ c: CodedColumn, rows: Span<UInt32>, into ids: Buffer
    ) throws(QueryError) {
        let map = try codeMap(c.dictionary)
        if Self.read(c, rows: rows, map: map, into: ids) { return }
        let fresh = try allocate(UInt32.self, c.dictionary.count)
        var count = 0
        do {
            let codes = c.codeSpan()
            var ids = map.mutableSpan(of: UInt32.self, count: c.dictionary.count + 1)
            var fresh = fresh.mutableSpan(of: UInt32.self, count: c.dictionary.count)
            for i in rows.indices {
                let code = codes[Int(rows[i])]
                if ids[Int(code)] == Self.unresolved {
                    ids[Int(code)] = KeyInterner.noID
                    fresh[count] = code
                    count += 1
                }
            }
        }
        let found = try allocate(UInt32.self, count)
        try self.ids(
            of: c.dictionary.entries, rows: fresh.span(of: UInt32.self, count: count), into: found)
        do {
            var ids = map.mutableSpan(of: UInt32.self, count: c.dictionary.count + 1)
            let fresh = fresh.span(of: UInt32.self, count: count)
            let found = found.span(of: UInt32.self, count: count)
            for i in 0..<count { ids[Int(fresh[i])] = found[i] }
        }
        _ = Self.read(c, rows: rows, map: map, into: ids)
    }

    private static func read(
        _ c: CodedColumn, rows: Span<UInt32>, map: Buffer, into ids: Buffer
    ) -> Bool {
        let codes = c.codeSpan()
        let known = map.span(of: UInt32.self, count: c.dictionary.count + 1)
        var target = ids.mutableSpan(of: UInt32.self, count: rows.count)
        var isComplete = true
        for i in rows.indices {
            let id = known[Int(codes[Int(rows[i])])]
            isComplete = isComplete && id != unresolved
            target[i] = id
        }
        return isComplete
    }

    private mutating func codeMap(_ dictionary: ColumnDictionary) throws(QueryError) -> Buffer {
        if let map = codeMaps[dictionary.id] { return map }
        if codeMaps.count >= Self.keptMaps { codeMaps = [:] }
        let map = try allocate(UInt32.self, dictionary.count + 1)
        var span = map.mutableSpan(of: UInt32.self, count: dictionary.count + 1)
        for i in 0..<dictionary.count { span[i] = Self.unresolved }
        span[dictionary.count] = 0
        codeMaps[dictionary.id] = map
        return map
    }

    /// Row by row through the codes.
    private mutating func translated(
        _ c: CodedColumn, rows: Span<UInt32>, into ids: Buffer
    ) throws(QueryError) {
        let present = try allocate(UInt32.self, rows.count)
        let places = try allocate(UInt32.self, rows.count)
        let codes = c.codeSpan()
        var count = 0
        do {
            var present = present.mutableSpan(of: UInt32.self, count: rows.count)
            var places = places.mutableSpan(of: UInt32.self, count: rows.count)
            for i in rows.indices where Int(codes[Int(rows[i])]) < c.dictionary.count {
                present[count] = codes[Int(rows[i])]
                places[count] = UInt32(truncatingIfNeeded: i)
                count += 1
            }
        }
        try scatter(
            c.dictionary.entries, present: present, places: places, count: count, of: rows.count,
            into: ids)
    }
}
