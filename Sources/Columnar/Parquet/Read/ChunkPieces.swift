/// The pieces of a chunk that hold its dictionary and the pages with wanted rows.
struct ChunkPieces {
    /// A wanted page; `rows` is nil for the dictionary.
    struct Page {
        let number: Int
        let fileOffset: Int
        let byteCount: Int
        let rows: Range<Int>?
        /// Where it begins among the bytes read.
        let start: Int
    }

    /// Bytes of the file that are read in one call, and where they go.
    struct Piece {
        var file: Range<Int>
        let start: Int
    }

    private(set) var ranges: [Piece] = []
    private(set) var pages: [Page] = []

    /// Bytes to read.
    var byteCount: Int { ranges.last.map { $0.start + $0.file.count } ?? 0 }

    init(chunk: ColumnChunkMetadata, index: OffsetIndex, rows: RowRanges, rowCount: Int) {
        if let first = index.pages.first, first.offset > chunk.startOffset {
            add(0, chunk.startOffset..<first.offset, rows: nil)
        }
        for (i, page) in index.pages.enumerated() {
            let pageRows = index.rows(of: i, rowCount: rowCount)
            guard rows.overlaps(pageRows) else { continue }
            add(i, page.offset..<page.offset + page.compressedBytes, rows: pageRows)
        }
    }

    private mutating func add(_ number: Int, _ bytes: Range<Int>, rows: Range<Int>?) {
        if let last = ranges.last, bytes.lowerBound - last.file.upperBound <= Limits.pageGapBytes {
            ranges[ranges.count - 1].file = last.file.lowerBound..<bytes.upperBound
        } else {
            ranges.append(Piece(file: bytes, start: byteCount))
        }
        let piece = ranges[ranges.count - 1]
        pages.append(
            Page(
                number: number, fileOffset: bytes.lowerBound, byteCount: bytes.count, rows: rows,
                start: piece.start + bytes.lowerBound - piece.file.lowerBound))
    }
}

extension ChunkSeal {
    /// The sum of one page's header, none if the seal has fewer; `dataPages` is how many the chunk has.
    func headerSum(_ page: ChunkPieces.Page, of dataPages: Int) -> ArraySlice<UInt32> {
        let number = page.rows == nil ? 0 : page.number + pageHeaders.count - dataPages
        return pageHeaders.indices.contains(number) ? pageHeaders[number...number] : []
    }
}
