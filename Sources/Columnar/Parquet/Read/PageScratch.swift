/// The parts of one opened page; pointers live until the next page is opened.
struct PageParts {
    var repetition = UnsafeRawBufferPointer(start: nil, count: 0)
    var definition = UnsafeRawBufferPointer(start: nil, count: 0)
    var values = UnsafeRawBufferPointer(start: nil, count: 0)
    /// Where `values` begin in the text owner.
    var valuesBase = 0
}

/// Memory that one chunk's pages are decompressed and converted in, reused from page to page.
struct PageScratch {
    private let pool: BufferPool
    private var page: Buffer?
    private var first: Buffer?
    private var second: Buffer?
    private var third: Buffer?
    private var repetitionRuns: ByteWriter?
    private var definitionRuns: ByteWriter?

    init(pool: BufferPool) {
        self.pool = pool
    }

    private static func room(
        _ held: inout Buffer?, bytes: Int, pool: BufferPool
    ) throws(ColumnarError) -> Buffer {
        if let held, held.capacityBytes >= bytes { return held }
        let buffer = try pool.allocate(bytes: bytes)
        held = buffer
        return buffer
    }

    /// Room for raw physical values.
    mutating func physical(bytes: Int) throws(ColumnarError) -> Buffer {
        try Self.room(&first, bytes: bytes, pool: pool)
    }

    /// Room for converted values before NULLs are spread.
    mutating func converted(bytes: Int) throws(ColumnarError) -> Buffer {
        try Self.room(&second, bytes: bytes, pool: pool)
    }

    /// Room for slices of values that are copied on.
    mutating func marks(bytes: Int) throws(ColumnarError) -> Buffer {
        try Self.room(&third, bytes: bytes, pool: pool)
    }

    /// An empty writer in the chunk's pool.
    func writer() throws(ColumnarError) -> ByteWriter {
        try ByteWriter(pool: pool)
    }

    /// Decompresses a page and finds its parts; into `owner` at the page's offset if there is one.
    mutating func open(
        _ page: ChunkPages.Page, of pages: ChunkPages, codec: Int, leaf: SchemaLeaf,
        owner: Buffer?, location: FileLocation
    ) throws(ColumnarError) -> PageParts {
        let header = page.header
        // A page of nothing may have no bytes, not even those of its levels.
        guard header.valueCount > 0 else { return PageParts() }
        let target: Buffer
        let offset: Int
        if let owner {
            target = owner
            offset = page.plainOffset
        } else {
            target = try Self.room(&self.page, bytes: header.uncompressedBytes, pool: pool)
            offset = 0
        }
        var body = try pages.body(page, location: location)
        let isV2 = header.type == PageType.dataV2.rawValue
        var parts = PageParts()
        var plainBytes = header.uncompressedBytes
        if isV2 {
            let levelBytes = header.definitionBytes + header.repetitionBytes
            guard levelBytes <= body.count, levelBytes <= plainBytes else {
                throw .corrupt(location, reason: "levels of \(levelBytes) bytes exceed the page")
            }
            parts.repetition = UnsafeRawBufferPointer(rebasing: body[..<header.repetitionBytes])
            parts.definition = UnsafeRawBufferPointer(
                rebasing: body[header.repetitionBytes..<levelBytes])
            body = UnsafeRawBufferPointer(rebasing: body[levelBytes...])
            plainBytes -= levelBytes
        }
        let plain = UnsafeMutableRawBufferPointer(start: target.base + offset, count: plainBytes)
        // An empty value section is not compressed, whatever the codec.
        if !isV2 || plainBytes > 0 {
            let used = isV2 && !header.isCompressed ? Codec.uncompressed.rawValue : codec
            try Codec.decompress(codec: used, from: body, into: plain, location: location)
        }
        var reader = ByteReader(UnsafeRawBufferPointer(plain), location: location)
        if header.type == PageType.data.rawValue {
            if leaf.maxRepetition > 0 {
                parts.repetition = try Self.levelBytes(
                    &reader, header, header.repetitionEncoding, maximum: leaf.maxRepetition,
                    runs: &repetitionRuns, pool: pool)
            }
            if leaf.maxDefinition > 0 {
                parts.definition = try Self.levelBytes(
                    &reader, header, header.definitionEncoding, maximum: leaf.maxDefinition,
                    runs: &definitionRuns, pool: pool)
            }
        }
        parts.valuesBase = offset + reader.position
        parts.values = try reader.take(reader.remaining)
        return parts
    }

    /// The levels of a version 1 page as `HybridRLE` has them; `runs` holds them if they must be made.
    private static func levelBytes(
        _ reader: inout ByteReader, _ header: PageHeader, _ encoding: Int, maximum: Int,
        runs: inout ByteWriter?, pool: BufferPool
    ) throws(ColumnarError) -> UnsafeRawBufferPointer {
        switch ValueEncoding(rawValue: encoding) {
        case .rle: return try reader.take(Int(try reader.load(UInt32.self)))
        case .bitPacked:
            var made: ByteWriter
            if let runs { made = runs } else { made = try ByteWriter(pool: pool) }
            try BitPackedLevels.transcode(
                &reader, bitWidth: BitPacking.bitWidth(for: maximum), count: header.valueCount,
                into: &made)
            runs = made
            return made.bytes
        default: throw .unsupported(reader.location, feature: "level encoding \(encoding)")
        }
    }
}
