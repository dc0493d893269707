/// Walks the pages of a stretch of a file, each checked against what is left.
struct PageWalk {
    /// One page's header, and where its stored bytes begin in the stretch and in the file.
    struct Found {
        let header: PageHeader
        let bodyOffset: Int
        let fileOffset: Int

        var isData: Bool {
            header.type == PageType.data.rawValue || header.type == PageType.dataV2.rawValue
        }

        /// False for index pages and kinds that do not exist yet, which are skipped.
        var isKnown: Bool { isData || header.type == PageType.dictionary.rawValue }
    }

    let bytes: UnsafeRawBufferPointer
    /// Where the stretch begins in the file.
    let fileOffset: Int
    let location: FileLocation
    private var position = 0
    /// Of the headers to come; nil: they have none.
    private var headerSums: ArraySlice<UInt32>?

    init(
        bytes: UnsafeRawBufferPointer, fileOffset: Int, headerSums: ArraySlice<UInt32>?,
        location: FileLocation
    ) {
        self.bytes = bytes
        self.fileOffset = fileOffset
        self.headerSums = headerSums
        self.location = location
    }

    var isAtEnd: Bool { position == bytes.count }

    /// The next page, `page` being its number for errors.
    mutating func next(page: Int) throws(ColumnarError) -> Found {
        var place = location
        place.page = page
        place.offset = fileOffset + position
        let rest = UnsafeRawBufferPointer(rebasing: bytes[position...])
        var thrift = ThriftReader(ByteReader(rest, location: place))
        let header = try PageHeader(reading: &thrift)
        let stored = UnsafeRawBufferPointer(rebasing: rest[..<thrift.bytes.position])
        if headerSums != nil, headerSums?.popFirst() != ChunkSeal.sum(stored) {
            throw .corrupt(place, reason: "the page's header is not as it was written")
        }
        position += stored.count
        guard header.compressedBytes <= bytes.count - position else {
            throw thrift.corrupt(
                "a page of \(header.compressedBytes) bytes where \(bytes.count - position) are left"
            )
        }
        guard header.uncompressedBytes <= Limits.pageBytes else {
            throw .limit(
                name: "pageBytes", value: header.uncompressedBytes, limit: Limits.pageBytes,
                location: place)
        }
        defer { position += header.compressedBytes }
        return Found(header: header, bodyOffset: position, fileOffset: fileOffset + position)
    }
}
