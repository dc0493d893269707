/// One page in memory: header, levels and values, and the values compressed.
///
/// https://github.com/apache/parquet-format/blob/master/README.md#data-pages
///
///     v1  ┌────────┬ compressed ────────────────────────────────────┐
///         │ header │ length, repetitions, length, definitions, values│
///     v2  ├────────┼─────────────┬─────────────┬ compressed ────────┤
///         │ header │ repetitions │ definitions │ values             │
struct PageImage {
    var header = PageHeader()
    /// Version 2 only: levels that are stored as they are.
    private(set) var levels: ByteWriter
    /// What the codec gets.
    var body: ByteWriter
    private var compressed: ByteWriter
    private var head: ByteWriter

    init(pool: BufferPool) throws(ColumnarError) {
        levels = try ByteWriter(pool: pool)
        body = try ByteWriter(pool: pool)
        compressed = try ByteWriter(pool: pool)
        head = try ByteWriter(pool: pool)
    }

    mutating func removeAll() {
        header = PageHeader()
        levels.removeAll()
        body.removeAll()
        compressed.removeAll()
    }

    /// Appends the levels of a page where its version has them.
    mutating func appendLevels(
        _ staging: LeafStaging, _ page: PageCutter.Page, _ version: ParquetPageVersion
    ) throws(ColumnarError) {
        let leaf = staging.leaf
        if version == .one {
            try Self.append(
                staging.repetitions, page.levels, maximum: leaf.maxRepetition, hasLength: true,
                into: &body)
            try Self.append(
                staging.definitions, page.levels, maximum: leaf.maxDefinition, hasLength: true,
                into: &body)
            return
        }
        try Self.append(
            staging.repetitions, page.levels, maximum: leaf.maxRepetition, hasLength: false,
            into: &levels)
        header.repetitionBytes = levels.count
        try Self.append(
            staging.definitions, page.levels, maximum: leaf.maxDefinition, hasLength: false,
            into: &levels)
        header.definitionBytes = levels.count - header.repetitionBytes
    }

    private static func append(
        _ source: ByteWriter, _ range: Range<Int>, maximum: Int, hasLength: Bool,
        into target: inout ByteWriter
    ) throws(ColumnarError) {
        guard maximum > 0 else { return }
        let mark = target.count
        if hasLength { try target.append(number: UInt32(0)) }
        let values = source.buffer.base.assumingMemoryBound(to: UInt8.self)
        try HybridRLE.encode(
            UnsafePointer(values + range.lowerBound), count: range.count,
            bitWidth: BitPacking.bitWidth(for: maximum), into: &target)
        guard hasLength else { return }
        target.patch(at: mark, number: UInt32(truncatingIfNeeded: target.count - mark - 4))
    }

    mutating func compress(_ compressor: borrowing PageCompressor) throws(ColumnarError) {
        try compressor.compress(body.bytes, into: &compressed)
    }

    private var isVersion2: Bool { header.type == PageType.dataV2.rawValue }

    /// Whether the compressed body is what a compressed chunk stores.
    ///
    /// A version 2 page may stay as it is; the others follow their chunk.
    private var usesCodec: Bool { !isVersion2 || compressed.count < body.count }

    /// Bytes of the body in a compressed chunk.
    var storedBodyBytes: Int { usesCodec ? compressed.count : body.count }

    /// Writes the page at the file's end, counts it in its chunk, and returns its size with the header.
    mutating func write(
        into file: OutputFile, isCompressed: Bool, _ chunk: inout ColumnChunkMetadata
    ) throws(ColumnarError) -> Int {
        header.isCompressed = isCompressed && usesCodec
        let stored = header.isCompressed ? compressed : body
        header.uncompressedBytes = levels.count + body.count
        header.compressedBytes = levels.count + stored.count
        header.checksum = Checksum.crc32(stored.bytes, after: Checksum.crc32(levels.bytes))
        head.removeAll()
        let written = header.written()
        chunk.seal?.pageHeaders.append(ChunkSeal.sum(written))
        try head.append(written)
        try head.append(levels.bytes)
        try file.write(head.bytes)
        try file.write(stored.bytes)
        let headBytes = head.count - levels.count
        chunk.uncompressedBytes += headBytes + header.uncompressedBytes
        chunk.compressedBytes += headBytes + header.compressedBytes
        return headBytes + header.compressedBytes
    }
}
