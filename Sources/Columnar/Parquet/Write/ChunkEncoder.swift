/// What writing one chunk left behind: the footer's entry and what follows the row groups.
struct EncodedChunk {
    var metadata = ColumnChunkMetadata()
    var bounds = BoundsCollector()
    /// nil if a page has values without bounds.
    var columnIndex: ColumnIndex? = ColumnIndex()
    var offsetIndex = OffsetIndex()
    var bloom: BloomFilter?
}

/// Encodes staged chunks into version 1 pages and writes them; its buffers serve chunk after chunk.
struct ChunkEncoder: ~Copyable {
    private let options: ParquetWriterOptions
    private let pool: BufferPool
    private let zstd: ZstdCompressor
    private var body: ByteWriter
    private var compressed: ByteWriter
    private var trial: ByteWriter

    init(options: ParquetWriterOptions, pool: BufferPool) throws(ColumnarError) {
        let body = try ByteWriter(pool: pool, capacity: options.pageBytes)
        let compressed = try ByteWriter(pool: pool, capacity: options.pageBytes)
        let trial = try ByteWriter(pool: pool)
        zstd = try ZstdCompressor(level: options.zstdLevel)
        self.options = options
        self.pool = pool
        self.body = body
        self.compressed = compressed
        self.trial = trial
    }

    /// Writes one chunk at the file's end.
    mutating func encode(
        _ staging: LeafStaging, into file: OutputFile
    ) throws(ColumnarError) -> EncodedChunk {
        var chunk = EncodedChunk()
        let element = staging.leaf.node.element
        chunk.metadata.type = staging.physical
        chunk.metadata.path = staging.leaf.path
        chunk.metadata.codec = Codec.zstd.rawValue
        chunk.metadata.valueCount = staging.levelCount
        let dictionary = try dictionary(staging)
        if let dictionary {
            chunk.metadata.dictionaryPageOffset = file.sizeBytes
            try writeDictionary(dictionary, staging, into: file, &chunk)
        }
        chunk.metadata.dataPageOffset = file.sizeBytes
        var cutter = PageCutter(staging, options, isCoded: dictionary != nil)
        while let page = cutter.next() {
            try writePage(page, staging, dictionary, into: file, &chunk)
        }
        let values: ValueEncoding = dictionary == nil ? .plain : .rleDictionary
        chunk.metadata.encodings = [values.rawValue, ValueEncoding.rle.rawValue]
        if dictionary != nil { chunk.metadata.encodings.append(ValueEncoding.plain.rawValue) }
        chunk.metadata.encodingStats.append(
            PageEncodingStats(
                pageType: PageType.data.rawValue, encoding: values.rawValue,
                count: chunk.offsetIndex.pages.count))
        chunk.metadata.statistics = statistics(staging, chunk.bounds, element)
        if options.bloomColumns.contains(staging.leaf.name), staging.physical != .boolean {
            chunk.bloom = Self.bloom(staging, dictionary)
        }
        return chunk
    }

    private func statistics(
        _ staging: LeafStaging, _ bounds: BoundsCollector, _ element: SchemaElement
    ) -> ChunkStatistics {
        var statistics = ChunkStatistics()
        statistics.nullCount = staging.levelCount - staging.valueCount
        if staging.physical == .float || staging.physical == .double {
            statistics.nanCount = bounds.nanCount
        }
        guard let low = bounds.lower, let high = bounds.upper else { return statistics }
        let (lower, upper) = cut(low, high, element)
        statistics.minimum = lower
        statistics.maximum = upper
        statistics.isMinimumExact = lower.count == low.count
        statistics.isMaximumExact = upper == high
        return statistics
    }

    private func cut(
        _ low: [UInt8], _ high: [UInt8], _ element: SchemaElement
    ) -> ([UInt8], [UInt8]) {
        guard element.type == .byteArray else { return (low, high) }
        let isText = element.logical != nil
        return (
            BoundTruncation.lower(low, limit: options.boundBytes, isText: isText),
            BoundTruncation.upper(high, limit: options.boundBytes, isText: isText)
        )
    }

    /// The dictionary if it makes the chunk smaller.
    ///
    /// Clear cases are decided by encoded size; between, both forms are compressed and compared.
    private mutating func dictionary(
        _ staging: LeafStaging
    ) throws(ColumnarError) -> DictionaryBuilder? {
        guard staging.physical != .boolean, staging.valueCount > 0,
            let built = try DictionaryBuilder(
                staging, limitBytes: options.dictionaryBytes, pool: pool)
        else { return nil }
        let bitWidth = max(BitPacking.bitWidth(for: built.count - 1), 1)
        let coded =
            built.plainBytes
            + BitPacking.packedBytes(count: staging.valueCount, bitWidth: bitWidth)
        let plain = staging.values.count
        if coded * 10 < plain * 3 { return built }
        if coded >= plain { return nil }
        try zstd.compress(staging.values.bytes, into: &compressed)
        let plainSize = compressed.count
        try Self.entries(built, staging, into: &trial)
        try zstd.compress(trial.bytes, into: &compressed)
        var codedSize = compressed.count
        trial.removeAll()
        try HybridRLE.encode(
            UnsafePointer(built.codes.base.assumingMemoryBound(to: UInt32.self)),
            count: staging.valueCount, bitWidth: bitWidth, into: &trial)
        try zstd.compress(trial.bytes, into: &compressed)
        codedSize += compressed.count
        return codedSize < plainSize ? built : nil
    }

    private static func entries(
        _ dictionary: DictionaryBuilder, _ staging: LeafStaging, into target: inout ByteWriter
    ) throws(ColumnarError) {
        target.removeAll()
        let values = staging.values.bytes
        for first in dictionary.firsts {
            let range = staging.offset(of: Int(first))..<staging.offset(of: Int(first) + 1)
            try target.append(UnsafeRawBufferPointer(rebasing: values[range]))
        }
    }

    private mutating func writeDictionary(
        _ dictionary: DictionaryBuilder, _ staging: LeafStaging, into file: OutputFile,
        _ chunk: inout EncodedChunk
    ) throws(ColumnarError) {
        try Self.entries(dictionary, staging, into: &body)
        var header = PageHeader()
        header.type = PageType.dictionary.rawValue
        header.encoding = ValueEncoding.plain.rawValue
        header.valueCount = dictionary.count
        _ = try write(header, into: file, &chunk)
        chunk.metadata.encodingStats.append(
            PageEncodingStats(
                pageType: PageType.dictionary.rawValue, encoding: ValueEncoding.plain.rawValue,
                count: 1))
    }

    /// Compresses `body`, writes it behind its header and returns both sizes' sum.
    private mutating func write(
        _ header: PageHeader, into file: OutputFile, _ chunk: inout EncodedChunk
    ) throws(ColumnarError) -> Int {
        try zstd.compress(body.bytes, into: &compressed)
        guard body.count <= Int32.max, compressed.count <= Int32.max else {
            throw .limit(
                name: "pageBytes", value: body.count, limit: Int(Int32.max),
                location: FileLocation(path: file.path))
        }
        var header = header
        header.uncompressedBytes = body.count
        header.compressedBytes = compressed.count
        header.checksum = Checksum.crc32(compressed.bytes)
        let head = header.written()
        trial.removeAll()
        try trial.append(head)
        try file.write(trial.bytes)
        try file.write(compressed.bytes)
        chunk.metadata.uncompressedBytes += head.count + body.count
        chunk.metadata.compressedBytes += head.count + compressed.count
        return head.count + compressed.count
    }

    private mutating func writePage(
        _ page: PageCutter.Page, _ staging: LeafStaging, _ dictionary: DictionaryBuilder?,
        into file: OutputFile, _ chunk: inout EncodedChunk
    ) throws(ColumnarError) {
        body.removeAll()
        let leaf = staging.leaf
        if leaf.maxRepetition > 0 {
            try levels(staging.repetitions, page.levels, maximum: leaf.maxRepetition)
        }
        if leaf.maxDefinition > 0 {
            try levels(staging.definitions, page.levels, maximum: leaf.maxDefinition)
        }
        var header = PageHeader()
        header.type = PageType.data.rawValue
        header.valueCount = page.levels.count
        if let dictionary {
            header.encoding = ValueEncoding.rleDictionary.rawValue
            let bitWidth = max(BitPacking.bitWidth(for: dictionary.count - 1), 1)
            try body.append(byte: UInt8(bitWidth))
            let codes = dictionary.codes.base.assumingMemoryBound(to: UInt32.self)
            try HybridRLE.encode(
                UnsafePointer(codes + page.values.lowerBound), count: page.values.count,
                bitWidth: bitWidth, into: &body)
        } else {
            header.encoding = ValueEncoding.plain.rawValue
            try plain(staging, page.values)
        }
        let offset = file.sizeBytes
        let size = try write(header, into: file, &chunk)
        chunk.offsetIndex.pages.append(
            OffsetIndex.Page(offset: offset, compressedBytes: size, firstRow: page.firstRow))
        let element = leaf.node.element
        let bounds = BoundsCollector(staging, page.values, dictionary)
        chunk.bounds.merge(bounds, element)
        let nullCount = page.levels.count - page.values.count
        if let low = bounds.lower, let high = bounds.upper {
            let (lower, upper) = cut(low, high, element)
            chunk.columnIndex?.pages.append(
                ColumnIndex.Page(lower: lower, upper: upper, nullCount: nullCount))
        } else if page.values.isEmpty {
            chunk.columnIndex?.pages.append(ColumnIndex.Page(nullCount: nullCount))
        } else {
            chunk.columnIndex = nil
        }
    }

    /// Levels behind their length in bytes.
    private mutating func levels(
        _ source: ByteWriter, _ range: Range<Int>, maximum: Int
    ) throws(ColumnarError) {
        let mark = body.count
        try body.append(number: UInt32(0))
        let values = source.bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
        if let values {
            try HybridRLE.encode(
                values + range.lowerBound, count: range.count,
                bitWidth: BitPacking.bitWidth(for: maximum), into: &body)
        }
        body.patch(at: mark, number: UInt32(truncatingIfNeeded: body.count - mark - 4))
    }

    private mutating func plain(
        _ staging: LeafStaging, _ range: Range<Int>
    ) throws(ColumnarError) {
        let bytes = staging.values.bytes
        if staging.physical == .boolean {
            guard let base = bytes.baseAddress else { return }
            let size = (range.count + 7) / 8
            let target = try body.reserve(size + 16)
            BitPacking.pack(
                base.assumingMemoryBound(to: UInt8.self) + range.lowerBound, count: range.count,
                bitWidth: 1, into: target)
            body.advance(size)
            return
        }
        let slice = staging.offset(of: range.lowerBound)..<staging.offset(of: range.upperBound)
        try body.append(UnsafeRawBufferPointer(rebasing: bytes[slice]))
    }

    private static func bloom(
        _ staging: LeafStaging, _ dictionary: DictionaryBuilder?
    ) -> BloomFilter {
        var filter = BloomFilter(distinctCount: dictionary?.count ?? staging.valueCount)
        if let dictionary {
            for first in dictionary.firsts {
                filter.insert(hash: BloomFilter.hash(staging.value(Int(first))))
            }
        } else {
            for i in 0..<staging.valueCount {
                filter.insert(hash: BloomFilter.hash(staging.value(i)))
            }
        }
        return filter
    }
}

/// Cuts a staged chunk into pages at row borders.
struct PageCutter {
    struct Page {
        let levels: Range<Int>
        let values: Range<Int>
        /// The page's first row in its row group.
        let firstRow: Int
    }

    private let staging: LeafStaging
    private let rowLimit: Int
    private let byteLimit: Int
    private var level = 0
    private var value = 0
    private var row = 0
    private var isFirst = true

    init(_ staging: LeafStaging, _ options: ParquetWriterOptions, isCoded: Bool) {
        self.staging = staging
        rowLimit = max(options.pageRows, 1)
        byteLimit = isCoded ? Int.max : options.pageBytes
    }

    /// The next page; an empty chunk still has one.
    mutating func next() -> Page? {
        guard level < staging.levelCount || isFirst else { return nil }
        isFirst = false
        let leaf = staging.leaf
        let definitions = staging.definitions.bytes
        let repetitions = staging.repetitions.bytes
        let startBytes = staging.offset(of: value)
        var nextLevel = level
        var nextValue = value
        var rows = 0
        while nextLevel < staging.levelCount {
            if leaf.maxRepetition == 0 || repetitions[nextLevel] == 0 {
                if rows == rowLimit { break }
                if rows > 0, staging.offset(of: nextValue) - startBytes >= byteLimit { break }
                rows += 1
            }
            let isPresent =
                leaf.maxDefinition == 0 || Int(definitions[nextLevel]) == leaf.maxDefinition
            nextLevel += 1
            if isPresent { nextValue += 1 }
        }
        let page = Page(levels: level..<nextLevel, values: value..<nextValue, firstRow: row)
        level = nextLevel
        value = nextValue
        row += rows
        return page
    }
}
