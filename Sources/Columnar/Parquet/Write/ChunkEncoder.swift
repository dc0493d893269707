/// What writing one chunk left behind: the footer's entry and what follows the row groups.
struct EncodedChunk {
    var metadata = ColumnChunkMetadata()
    var bounds = BoundsCollector()
    /// nil if a page has values without bounds.
    var columnIndex: ColumnIndex? = ColumnIndex()
    var offsetIndex = OffsetIndex()
    var bloom: BloomFilter?
}

/// Encodes staged chunks into pages and writes them; its buffers serve chunk after chunk.
struct ChunkEncoder: ~Copyable {
    private let options: ParquetWriterOptions
    /// Leaves and columns whose pages stay small.
    private let filterLeaves: Set<String>
    private let compressor: PageCompressor
    private var trial: EncodingTrial
    private var filler: PageFiller
    private var data: PageImage
    private var dictionaryPage: PageImage
    private var probe: PageImage

    init(
        options: ParquetWriterOptions, filterLeaves: Set<String>, path: String, pool: BufferPool
    ) throws(ColumnarError) {
        let compressor = try PageCompressor(codec: options.codec, level: options.codecLevel)
        let trial = try EncodingTrial(options: options, path: path, pool: pool)
        let data = try PageImage(pool: pool)
        let dictionaryPage = try PageImage(pool: pool)
        let probe = try PageImage(pool: pool)
        self.compressor = compressor
        self.trial = trial
        self.data = data
        self.dictionaryPage = dictionaryPage
        self.probe = probe
        self.options = options
        self.filterLeaves = filterLeaves
        filler = PageFiller(version: options.pageVersion, path: path)
    }

    /// Writes one chunk at the file's end.
    mutating func encode(
        _ staging: LeafStaging, into file: OutputFile
    ) throws(ColumnarError) -> EncodedChunk {
        var chunk = EncodedChunk()
        chunk.metadata.type = staging.physical
        chunk.metadata.path = staging.leaf.path
        chunk.metadata.valueCount = staging.levelCount
        chunk.metadata.seal = options.sealsFile ? ChunkSeal() : nil
        let plan = try trial.choose(staging, &filler.values, compressor)
        let pages = PageCutter.pages(
            of: staging, options, isCoded: plan.dictionary != nil,
            isFilter: isFilter(staging.leaf))
        try filler.fill(&data, pages[0], staging, plan)
        if let dictionary = plan.dictionary {
            try fillDictionary(dictionary, staging)
        }
        let isCompressed = try isWorthCompressing(pages, staging, plan)
        chunk.metadata.codec = (isCompressed ? options.codec : .uncompressed).rawValue
        if plan.dictionary != nil {
            chunk.metadata.dictionaryPageOffset = file.sizeBytes
            _ = try dictionaryPage.write(into: file, isCompressed: isCompressed, &chunk.metadata)
        }
        chunk.metadata.dataPageOffset = file.sizeBytes
        for (index, page) in pages.enumerated() {
            if index > 0 {
                try filler.fill(&data, page, staging, plan)
                if isCompressed { try data.compress(compressor) }
            }
            try write(page, staging, plan, isCompressed: isCompressed, into: file, &chunk)
        }
        describe(&chunk, staging, plan)
        return chunk
    }

    private func isFilter(_ leaf: SchemaLeaf) -> Bool {
        filterLeaves.contains(leaf.name) || filterLeaves.contains(leaf.path[0])
    }

    /// Encodings, statistics and Bloom filter of a chunk whose pages are written.
    private func describe(
        _ chunk: inout EncodedChunk, _ staging: LeafStaging, _ plan: ChunkPlan
    ) {
        chunk.metadata.encodings = [plan.encoding.rawValue]
        if plan.encoding != .rle { chunk.metadata.encodings.append(ValueEncoding.rle.rawValue) }
        if plan.dictionary != nil {
            chunk.metadata.encodings.append(ValueEncoding.plain.rawValue)
            chunk.metadata.encodingStats.append(
                PageEncodingStats(
                    pageType: PageType.dictionary.rawValue, encoding: ValueEncoding.plain.rawValue,
                    count: 1))
        }
        chunk.metadata.encodingStats.append(
            PageEncodingStats(
                pageType: options.pageVersion.pageType.rawValue, encoding: plan.encoding.rawValue,
                count: chunk.offsetIndex.pages.count))
        chunk.metadata.statistics = statistics(staging, plan, chunk.bounds)
        if options.bloomColumns.contains(staging.leaf.name), staging.physical != .boolean {
            chunk.bloom = BloomFilter(staging, plan.dictionary)
        }
    }

    private func statistics(
        _ staging: LeafStaging, _ plan: ChunkPlan, _ bounds: BoundsCollector
    ) -> ChunkStatistics {
        var statistics = ChunkStatistics()
        statistics.nullCount = staging.levelCount - staging.valueCount
        if staging.isFloating {
            statistics.nanCount = bounds.nanCount
        } else {
            statistics.distinctCount = plan.dictionary?.count
        }
        guard let low = bounds.lower, let high = bounds.upper else { return statistics }
        let (lower, upper) = cut(low, high, staging.leaf.node.element)
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

    private mutating func fillDictionary(
        _ dictionary: DictionaryBuilder, _ staging: LeafStaging
    ) throws(ColumnarError) {
        dictionaryPage.removeAll()
        try ValueEncoder.entries(dictionary, staging, into: &dictionaryPage.body)
        dictionaryPage.header.type = PageType.dictionary.rawValue
        dictionaryPage.header.encoding = ValueEncoding.plain.rawValue
        dictionaryPage.header.valueCount = dictionary.count
        dictionaryPage.header.isSorted = BoundsCollector.isRising(dictionary, staging)
    }

    /// Compresses the dictionary and the first page; where that saves less than 3 %, the middle page
    /// decides.
    private mutating func isWorthCompressing(
        _ pages: [PageCutter.Page], _ staging: LeafStaging, _ plan: ChunkPlan
    ) throws(ColumnarError) -> Bool {
        guard options.codec != .uncompressed else { return false }
        var fixed = (raw: 0, stored: 0)
        if plan.dictionary != nil {
            try dictionaryPage.compress(compressor)
            fixed = (dictionaryPage.body.count, dictionaryPage.storedBodyBytes)
        }
        try data.compress(compressor)
        func saves(_ raw: Int, _ stored: Int) -> Bool {
            let total = fixed.raw + raw * pages.count
            return (fixed.stored + stored * pages.count) * 100 < total * 97
        }
        if saves(data.body.count, data.storedBodyBytes) { return true }
        guard pages.count > 1 else { return false }
        try filler.fill(&probe, pages[pages.count / 2], staging, plan)
        try probe.compress(compressor)
        return saves(probe.body.count, probe.storedBodyBytes)
    }

    private mutating func write(
        _ page: PageCutter.Page, _ staging: LeafStaging, _ plan: ChunkPlan, isCompressed: Bool,
        into file: OutputFile, _ chunk: inout EncodedChunk
    ) throws(ColumnarError) {
        let offset = file.sizeBytes
        let size = try data.write(into: file, isCompressed: isCompressed, &chunk.metadata)
        let sizes = SizeStatistics(staging, page)
        chunk.metadata.sizes = chunk.metadata.sizes ?? SizeStatistics()
        chunk.metadata.sizes?.merge(sizes)
        chunk.offsetIndex.pages.append(
            OffsetIndex.Page(
                offset: offset, compressedBytes: size, firstRow: page.firstRow,
                byteArrayBytes: sizes.byteArrayBytes))
        let element = staging.leaf.node.element
        let bounds = BoundsCollector(staging, page.values, plan.dictionary)
        chunk.bounds.merge(bounds, element)
        var entry = ColumnIndex.Page(nullCount: page.levels.count - page.values.count)
        entry.nanCount = staging.isFloating ? bounds.nanCount : nil
        entry.sizes = sizes
        if let low = bounds.lower, let high = bounds.upper {
            (entry.lower, entry.upper) = cut(low, high, element)
        } else if !page.values.isEmpty {
            return chunk.columnIndex = nil
        }
        chunk.columnIndex?.pages.append(entry)
    }
}

/// Encodes pages into images.
private struct PageFiller {
    let version: ParquetPageVersion
    let path: String
    var values = ValueEncoder()

    init(version: ParquetPageVersion, path: String) {
        self.version = version
        self.path = path
    }

    /// The levels and values of one page.
    mutating func fill(
        _ image: inout PageImage, _ page: PageCutter.Page, _ staging: LeafStaging,
        _ plan: ChunkPlan
    ) throws(ColumnarError) {
        image.removeAll()
        image.header.type = version.pageType.rawValue
        image.header.encoding = plan.encoding.rawValue
        image.header.valueCount = page.levels.count
        image.header.nullCount = page.levels.count - page.values.count
        image.header.rowCount = page.rowCount
        try image.appendLevels(staging, page, version)
        try values.append(staging, page.values, plan, into: &image.body)
        guard image.body.count + image.levels.count <= Limits.pageBytes else {
            throw .limit(
                name: "pageBytes", value: image.body.count, limit: Limits.pageBytes,
                location: FileLocation(path: path, column: staging.leaf.name))
        }
    }
}

extension BloomFilter {
    /// The values of a chunk; with a dictionary, each entry once.
    init(_ staging: LeafStaging, _ dictionary: DictionaryBuilder?) {
        self.init(distinctCount: dictionary?.count ?? staging.valueCount)
        if let dictionary {
            for first in dictionary.firsts {
                insert(hash: BloomFilter.hash(staging.value(Int(first))))
            }
        } else {
            for i in 0..<staging.valueCount {
                insert(hash: BloomFilter.hash(staging.value(i)))
            }
        }
    }
}
