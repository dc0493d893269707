/// Decodes one column chunk of one row group, page by page on demand, into columns of the whole chunk.
///
/// Not safe for threads: its owner locks. A page is decompressed once; texts stay where they were
/// decompressed, all pages of a chunk one after another in one owner.
final class ColumnChunkDecoder {
    let chunk: ColumnChunkMetadata
    let leaf: SchemaLeaf
    let conversion: ValueConversion
    let storage: Storage
    let location: FileLocation
    let pool: BufferPool
    let pages: ChunkPages
    /// One bit per page.
    private var isDecoded: [Bool]
    /// Slots so far, when pages are decoded in order.
    private(set) var slotCount = 0
    private(set) var hasNulls = false
    let output: LeafOutput
    /// Levels of the whole chunk; only where a bitmap does not say it all.
    let levels: LeafLevels?
    var scratch: PageScratch

    init(
        file: InputFile, chunk: ColumnChunkMetadata, leaf: SchemaLeaf,
        conversion: ValueConversion, type: DataType, keepsLevels: Bool, location: FileLocation,
        pool: BufferPool, counters: ScanCounters
    ) throws(ColumnarError) {
        self.chunk = chunk
        self.leaf = leaf
        self.conversion = conversion
        storage = type.storage
        self.location = location
        self.pool = pool
        pages = try ChunkPages(file: file, chunk: chunk, location: location, pool: pool)
        counters.bytesRead.wrappingAdd(chunk.compressedBytes, ordering: .relaxed)
        isDecoded = Array(repeating: false, count: pages.pages.count)
        scratch = PageScratch(pool: pool)
        let isSimple = !keepsLevels && leaf.maxRepetition == 0 && leaf.maxDefinition <= 1
        levels =
            isSimple
            ? nil
            : try LeafLevels(
                count: chunk.valueCount, hasRepetition: leaf.maxRepetition > 0, pool: pool)
        output = try LeafOutput(
            pages: pages, chunk: chunk, leaf: leaf, conversion: conversion, storage: storage,
            location: location, pool: pool)
        self.counters = counters
    }

    private let counters: ScanCounters

    /// Decodes the pages that hold any of these rows; only for leaves outside lists.
    func decode(rows: Range<Int>) throws(ColumnarError) {
        guard levels == nil else { return try decodeAll() }
        for (index, page) in pages.pages.enumerated() {
            if page.firstLevel >= rows.upperBound { break }
            guard !isDecoded[index],
                page.firstLevel + page.header.valueCount > rows.lowerBound
            else { continue }
            try decode(index, slot: page.firstLevel)
        }
    }

    /// Decodes every page in order.
    func decodeAll() throws(ColumnarError) {
        for index in pages.pages.indices where !isDecoded[index] {
            try decode(index, slot: levels == nil ? pages.pages[index].firstLevel : slotCount)
        }
    }

    private func decode(_ index: Int, slot: Int) throws(ColumnarError) {
        let page = pages.pages[index]
        var place = location
        place.page = index
        place.offset = chunk.startOffset + page.bodyOffset
        let parts = try scratch.open(
            page, of: pages, codec: chunk.codec, leaf: leaf, owner: output.pageOwner,
            location: place)
        let count = page.header.valueCount
        var present = count
        var slots = count
        if let levels {
            try levels.decode(parts, page: page, leaf: leaf, location: place)
            (slots, present) = levels.markSlots(page, leaf: leaf, slot: slot, output.validity)
        } else if let validity = output.validity {
            var reader = ByteReader(parts.definition, location: place)
            var bits = BitSplicer(validity, at: slot)
            present = try HybridRLE.decodeBits(&reader, count: count, into: &bits)
        }
        if present < slots { hasNulls = true }
        try output.decode(
            PageValues(
                bytes: parts.values, base: parts.valuesBase,
                encoding: page.header.encoding, slot: slot, slots: slots, present: present),
            scratch: &scratch, location: place)
        isDecoded[index] = true
        slotCount = slot + slots
        counters.pagesRead.wrappingAdd(1, ordering: .relaxed)
    }

    /// The decoded slots `start..<start + count` as a column.
    func column(start: Int, count: Int) throws(ColumnarError) -> Column {
        try output.column(start: start, count: count, hasNulls: hasNulls)
    }
}

/// The values of one page, after levels and decompression.
struct PageValues {
    let bytes: UnsafeRawBufferPointer
    /// Where `bytes` begin in the text owner.
    let base: Int
    let encoding: Int
    /// First slot, slots, and slots that are not NULL.
    let slot: Int
    let slots: Int
    let present: Int
}
