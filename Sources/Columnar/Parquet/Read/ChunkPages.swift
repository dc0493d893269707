/// The pages of one column chunk: read whole or in part, headers walked, nothing decompressed yet.
struct ChunkPages {
    /// One data page.
    struct Page {
        let header: PageHeader
        /// Where the stored bytes begin in `bytes`.
        let bodyOffset: Int
        /// Where they begin in the file.
        let fileOffset: Int
        /// The first level of the page in the chunk.
        let firstLevel: Int
        /// Where the decompressed bytes begin if all pages are put one after another.
        let plainOffset: Int
    }

    private let bytes: Buffer
    /// Bytes that were read.
    let byteCount: Int
    private let options: ParquetReadOptions
    private(set) var dictionary: Page?
    private(set) var pages: [Page] = []
    /// Sum of the decompressed sizes, dictionary included.
    private(set) var plainBytes = 0

    /// Reads the chunk and walks its headers; each is checked against what is left.
    init(
        file: InputFile, chunk: ColumnChunkMetadata, location: FileLocation, pool: BufferPool,
        options: ParquetReadOptions
    ) throws(ColumnarError) {
        self.options = options
        byteCount = chunk.compressedBytes
        bytes = try file.read(offset: chunk.startOffset, count: byteCount, pool: pool)
        var levels = 0
        var walk = PageWalk(
            bytes: UnsafeRawBufferPointer(start: bytes.base, count: byteCount),
            fileOffset: chunk.startOffset, headerSums: chunk.seal?.pageHeaders[...],
            location: location)
        while levels < chunk.valueCount {
            let found = try walk.next(page: pages.count)
            try add(found, location, firstLevel: levels)
            if found.isData { levels += found.header.valueCount }
        }
        guard levels == chunk.valueCount else {
            throw .corrupt(
                location, reason: "\(levels) values in pages, \(chunk.valueCount) declared")
        }
    }

    /// Reads the dictionary and the pages that hold any of `rows`; only for leaves outside lists.
    ///
    /// nil if the pages are not what the offset index says: then the chunk must be read whole.
    init?(
        file: InputFile, chunk: ColumnChunkMetadata, index: OffsetIndex, rows: RowRanges,
        rowCount: Int, location: FileLocation, pool: BufferPool, options: ParquetReadOptions
    ) throws(ColumnarError) {
        self.options = options
        let pieces = ChunkPieces(chunk: chunk, index: index, rows: rows, rowCount: rowCount)
        byteCount = pieces.byteCount
        bytes = try pool.allocate(bytes: byteCount)
        for piece in pieces.ranges {
            try file.read(
                offset: piece.file.lowerBound,
                into: UnsafeMutableRawBufferPointer(
                    start: bytes.base + piece.start, count: piece.file.count))
        }
        for wanted in pieces.pages {
            let sum = chunk.seal.map { $0.headerSum(wanted, of: index.pages.count) }
            var walk = PageWalk(
                bytes: UnsafeRawBufferPointer(
                    start: bytes.base + wanted.start, count: wanted.byteCount),
                fileOffset: wanted.fileOffset, headerSums: sum, location: location)
            guard let found = try? walk.next(page: wanted.number),
                found.isData == (wanted.rows != nil), found.isKnown, walk.isAtEnd
            else { return nil }
            if let pageRows = wanted.rows, pageRows.count != found.header.valueCount { return nil }
            try add(
                found, location, firstLevel: wanted.rows?.lowerBound ?? 0,
                bodyOffset: wanted.start + found.bodyOffset)
        }
    }

    private mutating func add(
        _ found: PageWalk.Found, _ location: FileLocation, firstLevel: Int, bodyOffset: Int? = nil
    ) throws(ColumnarError) {
        let page = Page(
            header: found.header, bodyOffset: bodyOffset ?? found.bodyOffset,
            fileOffset: found.fileOffset, firstLevel: firstLevel, plainOffset: plainBytes)
        switch PageType(rawValue: found.header.type) {
        case .data, .dataV2:
            guard pages.count < Limits.chunkPages else {
                throw .limit(
                    name: "chunkPages", value: pages.count + 1, limit: Limits.chunkPages,
                    location: location)
            }
            pages.append(page)
        case .dictionary:
            guard dictionary == nil, pages.isEmpty else {
                var place = location
                place.offset = found.fileOffset
                throw .corrupt(place, reason: "a dictionary page that is not the first page")
            }
            dictionary = page
        case .index, nil: return
        }
        plainBytes += found.header.uncompressedBytes
    }

    /// The stored bytes of a page, whose checksum is right if it was asked for.
    func body(
        _ page: Page, location: FileLocation
    ) throws(ColumnarError) -> UnsafeRawBufferPointer {
        let body = UnsafeRawBufferPointer(
            start: bytes.base + page.bodyOffset, count: page.header.compressedBytes)
        if options.verifiesChecksums, let stored = page.header.checksum {
            let found = Checksum.crc32(body)
            guard found == stored else {
                throw .corrupt(
                    location, reason: "the page's CRC-32 is \(found), its header says \(stored)")
            }
        }
        return body
    }

    /// True if every data page holds dictionary codes.
    var areAllCoded: Bool {
        for page in pages where !Self.isCoded(page.header) { return false }
        return true
    }

    static func isCoded(_ header: PageHeader) -> Bool {
        header.encoding == ValueEncoding.rleDictionary.rawValue
            || header.encoding == ValueEncoding.plainDictionary.rawValue
    }
}
