/// The pages of one column chunk: read whole, headers walked, nothing decompressed yet.
struct ChunkPages {
    /// One data page.
    struct Page {
        let header: PageHeader
        /// Where the stored bytes begin in `bytes`.
        let bodyOffset: Int
        /// The first level of the page in the chunk.
        let firstLevel: Int
        /// Where the decompressed bytes begin if all pages are put one after another.
        let plainOffset: Int
    }

    let bytes: Buffer
    let byteCount: Int
    private(set) var dictionary: Page?
    private(set) var pages: [Page] = []
    /// Sum of the decompressed sizes, dictionary included.
    private(set) var plainBytes = 0

    /// Reads the chunk and walks its headers; each is checked against what is left.
    init(
        file: InputFile, chunk: ColumnChunkMetadata, location: FileLocation, pool: BufferPool
    ) throws(ColumnarError) {
        byteCount = chunk.compressedBytes
        bytes = try file.read(offset: chunk.startOffset, count: byteCount, pool: pool)
        var levels = 0
        var position = 0
        while levels < chunk.valueCount {
            var place = location
            place.page = pages.count
            place.offset = chunk.startOffset + position
            let rest = UnsafeRawBufferPointer(
                start: bytes.base + position, count: byteCount - position)
            var thrift = ThriftReader(ByteReader(rest, location: place))
            let header = try PageHeader(reading: &thrift)
            position += thrift.bytes.position
            guard header.compressedBytes <= byteCount - position else {
                throw thrift.corrupt("a page of \(header.compressedBytes) bytes in \(byteCount)")
            }
            guard header.uncompressedBytes <= Limits.pageBytes else {
                throw .limit(
                    name: "pageBytes", value: header.uncompressedBytes, limit: Limits.pageBytes,
                    location: place)
            }
            try add(header, at: position, levels: &levels, thrift)
            position += header.compressedBytes
        }
        guard levels == chunk.valueCount else {
            throw .corrupt(
                location, reason: "\(levels) values in pages, \(chunk.valueCount) declared")
        }
    }

    private mutating func add(
        _ header: PageHeader, at position: Int, levels: inout Int, _ thrift: ThriftReader
    ) throws(ColumnarError) {
        let page = Page(
            header: header, bodyOffset: position, firstLevel: levels, plainOffset: plainBytes)
        switch PageType(rawValue: header.type) {
        case .data, .dataV2:
            pages.append(page)
            levels += header.valueCount
        case .dictionary:
            guard dictionary == nil, pages.isEmpty else {
                throw thrift.corrupt("a dictionary page that is not the first page")
            }
            dictionary = page
        case .index, nil: return
        }
        plainBytes += header.uncompressedBytes
    }

    /// The stored bytes of a page.
    func body(_ page: Page) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(
            start: bytes.base + page.bodyOffset, count: page.header.compressedBytes)
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
