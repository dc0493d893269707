/// The pages of one chunk as they really are: places, rows, values, checksums.
struct ChunkSurvey {
    /// One data page.
    struct Page {
        /// Where the header begins in the file.
        let offset: Int
        /// With the header.
        let compressedBytes: Int
        let encoding: Int
        let firstRow: Int
        let rowCount: Int
        let valueCount: Int
        /// Values that are not NULL.
        let presentCount: Int
    }

    private(set) var pages: [Page] = []
    /// True if a page of a list begins inside a row: then rows cannot be told apart by pages.
    private(set) var splitsRows = false
    let leaf: SchemaLeaf
    let location: FileLocation

    /// Walks the pages, decodes their levels, and reports what contradicts their headers.
    ///
    /// Throws where the walk cannot go on; what was found before stays in the verdict.
    init(
        file: ParquetFile, input: InputFile, rowGroup: Int, leaf index: Int, pool: BufferPool,
        verdict: inout ParquetVerdict
    ) throws(ColumnarError) {
        let chunk = file.metadata.rowGroups[rowGroup].columns[index]
        leaf = file.tree.leaves[index]
        location = FileLocation(path: file.path, rowGroup: rowGroup, column: leaf.name)
        let headers = try Self.headers(
            chunk, input: input, location: location, pool: pool, verdict: &verdict)
        let pages = try ChunkPages(
            file: input, chunk: chunk, location: location, pool: pool,
            options: ParquetReadOptions())
        let levels = try LeafLevels(
            count: chunk.valueCount, hasRepetition: leaf.maxRepetition > 0, pool: pool)
        var scratch = PageScratch(pool: pool)
        var firstRow = 0
        for (number, (page, header)) in zip(pages.pages, headers).enumerated() {
            var place = location
            place.page = number
            place.offset = header.offset
            let parts = try scratch.open(
                page, of: pages, codec: chunk.codec, leaf: leaf, owner: nil, location: place)
            try levels.decode(parts, page: page, leaf: leaf, location: place)
            let rows = Self.rows(levels, page)
            if let repetition = levels.repetitionBase, page.header.valueCount > 0,
                repetition[page.firstLevel] != 0
            {
                splitsRows = true
            }
            let present = Self.present(levels, page, leaf)
            Self.check(page.header, rows: rows, present: present, place, &verdict)
            self.pages.append(
                Page(
                    offset: header.offset, compressedBytes: header.bytes,
                    encoding: page.header.encoding, firstRow: firstRow, rowCount: rows,
                    valueCount: page.header.valueCount, presentCount: present))
            firstRow += rows
        }
        if firstRow != file.metadata.rowGroups[rowGroup].rowCount {
            verdict.add(
                .counts, location,
                "\(firstRow) rows in pages, the row group has \(file.rowGroupRows[rowGroup])")
        }
        check(chunk, &verdict)
    }

    /// Places of the data pages; checks every page's CRC-32.
    private static func headers(
        _ chunk: ColumnChunkMetadata, input: InputFile, location: FileLocation, pool: BufferPool,
        verdict: inout ParquetVerdict
    ) throws(ColumnarError) -> [(offset: Int, bytes: Int)] {
        let count = chunk.compressedBytes
        let bytes = try input.read(offset: chunk.startOffset, count: count, pool: pool)
        defer { withExtendedLifetime(bytes) {} }
        let stretch = UnsafeRawBufferPointer(start: bytes.base, count: count)
        var walk = PageWalk(
            bytes: stretch, fileOffset: chunk.startOffset,
            headerSums: chunk.seal?.pageHeaders[...], location: location)
        var found: [(offset: Int, bytes: Int)] = []
        var start = 0
        var values = 0
        while values < chunk.valueCount {
            let page = try walk.next(page: found.count)
            let end = page.bodyOffset + page.header.compressedBytes
            defer { start = end }
            guard page.isKnown else { continue }
            verdict.pageCount += 1
            if let stored = page.header.checksum {
                verdict.checksummedPageCount += 1
                let real = Checksum.crc32(
                    UnsafeRawBufferPointer(rebasing: stretch[page.bodyOffset..<end]))
                if real != stored {
                    var place = location
                    place.page = page.isData ? found.count : nil
                    place.offset = chunk.startOffset + start
                    let subject = page.isData ? "page" : "dictionary page"
                    verdict.add(
                        .checksum, place,
                        "the \(subject)'s CRC-32 is \(real), its header says \(stored)")
                }
            }
            guard page.isData else { continue }
            values += page.header.valueCount
            found.append((chunk.startOffset + start, end - start))
        }
        return found
    }

    private static func rows(_ levels: LeafLevels, _ page: ChunkPages.Page) -> Int {
        guard let repetition = levels.repetitionBase else { return page.header.valueCount }
        var rows = 0
        for i in 0..<page.header.valueCount where repetition[page.firstLevel + i] == 0 { rows += 1 }
        return rows
    }

    /// Whether all writers mean the same by the leaf's count of NULLs.
    ///
    /// In a list the format leaves open whether an empty or NULL list counts: DuckDB's writer counts otherwise
    /// than Arrow's, and both files are sound. Nobody skips rows of lists by that count.
    var countsNulls: Bool { leaf.maxRepetition == 0 }

    /// The stretches that values are counted by: pages, or the whole chunk where pages split rows.
    var regions: [(rows: Range<Int>, presentCount: Int)] {
        if splitsRows {
            let rows = pages.reduce(0) { $0 + $1.rowCount }
            return [(0..<rows, pages.reduce(0) { $0 + $1.presentCount })]
        }
        return pages.map { ($0.firstRow..<$0.firstRow + $0.rowCount, $0.presentCount) }
    }

    private static func present(
        _ levels: LeafLevels, _ page: ChunkPages.Page, _ leaf: SchemaLeaf
    ) -> Int {
        let definition = levels.definitionBase + page.firstLevel
        var present = 0
        for i in 0..<page.header.valueCount where Int(definition[i]) == leaf.maxDefinition {
            present += 1
        }
        return present
    }

    private static func check(
        _ header: PageHeader, rows: Int, present: Int, _ location: FileLocation,
        _ verdict: inout ParquetVerdict
    ) {
        guard header.type == PageType.dataV2.rawValue else { return }
        if header.rowCount != rows {
            verdict.add(
                .counts, location, "the page has \(rows) rows, its header says \(header.rowCount)")
        }
        let nulls = header.valueCount - present
        if header.nullCount != nulls {
            verdict.add(
                .counts, location,
                "the page has \(nulls) NULLs, its header says \(header.nullCount)")
        }
    }

    /// Holds the footer's counts of NULLs and of pages by encoding against the pages.
    private func check(_ chunk: ColumnChunkMetadata, _ verdict: inout ParquetVerdict) {
        let nulls = pages.reduce(0) { $0 + $1.valueCount - $1.presentCount }
        if countsNulls, let stored = chunk.statistics?.nullCount, stored != nulls {
            verdict.add(.statistics, location, "\(nulls) NULLs, the statistics say \(stored)")
        }
        for stats in chunk.encodingStats
        where stats.pageType == PageType.data.rawValue
            || stats.pageType == PageType.dataV2.rawValue
        {
            let real = pages.count { $0.encoding == stats.encoding }
            if real != stats.count {
                verdict.add(
                    .counts, location,
                    "\(real) pages of \(ValueEncoding.text(stats.encoding)), the footer says \(stats.count)"
                )
            }
        }
    }
}
