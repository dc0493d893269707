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
        pages: ChunkPages, chunk: ColumnChunkMetadata, leaf: SchemaLeaf,
        conversion: ValueConversion, type: DataType, keepsLevels: Bool, location: FileLocation,
        pool: BufferPool, counters: ScanCounters, allowance: DecodingAllowance
    ) throws(ColumnarError) {
        self.chunk = chunk
        self.leaf = leaf
        self.conversion = conversion
        storage = type.storage
        self.location = location
        self.pool = pool
        self.pages = pages
        isDecoded = Array(repeating: false, count: pages.pages.count)
        scratch = PageScratch(pool: pool)
        try allowance.claim(
            bytes: Self.decodedBytes(pages, chunk, leaf, type.storage, keepsLevels: keepsLevels),
            location: location)
        levels =
            keepsLevels
            ? try LeafLevels(
                count: chunk.valueCount, hasRepetition: leaf.maxRepetition > 0, pool: pool) : nil
        output = try LeafOutput(
            pages: pages, chunk: chunk, leaf: leaf, conversion: conversion, storage: storage,
            location: location, pool: pool, allowance: allowance)
        self.counters = counters
    }

    /// What decoding the chunk will allocate, but for texts that are put together.
    private static func decodedBytes(
        _ pages: ChunkPages, _ chunk: ColumnChunkMetadata, _ leaf: SchemaLeaf, _ storage: Storage,
        keepsLevels: Bool
    ) -> Int {
        let slotBytes = max(storage.width, MemoryLayout<UInt32>.stride)
        var bytes = chunk.valueCount * slotBytes
        if keepsLevels { bytes += chunk.valueCount * 2 * MemoryLayout<UInt32>.stride }
        if let dictionary = pages.dictionary {
            bytes += dictionary.header.uncompressedBytes
            bytes += dictionary.header.valueCount * slotBytes
        }
        let largest = pages.pages.lazy.map(\.header.uncompressedBytes).max() ?? 0
        return bytes + (storage == .text ? pages.plainBytes : largest)
    }

    private let counters: ScanCounters

    /// Decodes the pages that hold any of these rows; only for leaves outside lists.
    ///
    /// A page that lies within the rows but has no selected one is left out, its slots become NULL or 0.
    func decode(rows: Range<Int>, selection: Selection) throws(ColumnarError) {
        guard levels == nil else { return try decodeAll() }
        var index = firstPage(after: rows.lowerBound)
        while index < pages.pages.count, pages.pages[index].firstLevel < rows.upperBound {
            defer { index += 1 }
            let page = pages.pages[index]
            if isDecoded[index] { continue }
            let slots = page.firstLevel..<page.firstLevel + page.header.valueCount
            let isInside =
                rows.lowerBound <= slots.lowerBound && slots.upperBound <= rows.upperBound
            let first = slots.lowerBound - rows.lowerBound
            if isInside, !selection.hasAny(in: first..<first + slots.count) {
                output.blank(slots)
                hasNulls = true
                continue
            }
            try decode(index, slot: page.firstLevel)
        }
    }

    /// The first page that ends behind a row.
    private func firstPage(after row: Int) -> Int {
        var low = 0
        var high = pages.pages.count
        while low < high {
            let middle = (low + high) / 2
            let page = pages.pages[middle]
            if page.firstLevel + page.header.valueCount <= row {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
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
        place.offset = page.fileOffset
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
