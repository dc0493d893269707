/// What one chunk's values become: a column of all its slots in the cheapest form that its pages allow.
struct LeafOutput {
    /// The form, fixed before the first page is decoded.
    enum Form {
        /// Every page holds codes: UInt32 codes into one dictionary.
        case coded(ColumnDictionary)
        /// Fixed-width values.
        case flat(width: Int)
        /// Slices into `pageOwner`.
        case text
        case bits
        /// UNKNOWN: no values at all.
        case null
    }

    let form: Form
    /// Codes, values, slices or words.
    let main: Buffer
    let slotLimit: Int
    /// One bit per slot; nil for required leaves.
    let validity: Bitmap?
    /// Where text pages are decompressed one after another; nil where pages need not stay.
    let pageOwner: Buffer?
    /// Where texts lie that are put together instead of found in a page (DELTA_BYTE_ARRAY); then the only owner.
    let builtTexts: BuiltTexts?
    /// The raw entries where some pages hold codes and others values; else nil.
    let mixedEntries: Buffer?
    let entryCount: Int
    let decoder: ValueDecoder
    private let storage: Storage
    private let pool: BufferPool

    init(
        pages: ChunkPages, chunk: ColumnChunkMetadata, leaf: SchemaLeaf,
        conversion: ValueConversion, storage: Storage, location: FileLocation, pool: BufferPool,
        allowance: DecodingAllowance
    ) throws(ColumnarError) {
        let slots = chunk.valueCount
        slotLimit = slots
        self.storage = storage
        self.pool = pool
        let decoder = ValueDecoder(conversion: conversion, element: leaf.node.element)
        self.decoder = decoder
        let isCoded = pages.dictionary != nil && pages.areAllCoded && storage != .bit
        var owner: Buffer?
        if storage == .text && !isCoded {
            guard pages.plainBytes <= Limits.textBufferBytes else {
                throw .limit(
                    name: "textBufferBytes", value: pages.plainBytes,
                    limit: Limits.textBufferBytes, location: location)
            }
            owner = try pool.allocate(bytes: pages.plainBytes)
        }
        pageOwner = owner
        let isBuilt = pages.pages.contains {
            decoder.builds(ValueEncoding(rawValue: $0.header.encoding))
        }
        builtTexts =
            isBuilt && owner != nil
            ? BuiltTexts(try ByteWriter(pool: pool), allowance: allowance) : nil
        var entries: (main: Buffer, owner: Buffer)?
        entryCount = pages.dictionary?.header.valueCount ?? 0
        if let page = pages.dictionary, conversion != .allNull {
            entries = try Self.entries(
                page, of: pages, codec: chunk.codec, decoder: decoder, owner: owner,
                location: location, pool: pool)
        }
        if case .allNull = conversion {
            form = .null
        } else if isCoded, let entries {
            form = .coded(
                ColumnDictionary(
                    entries: Self.entryColumn(entries, count: entryCount, storage: storage)))
        } else {
            switch storage {
            case .bit: form = .bits
            case .text: form = .text
            default: form = .flat(width: storage.width)
            }
        }
        mixedEntries = isCoded ? nil : entries?.main
        let bitWords = (slots + 63) / 64
        switch form {
        case .coded: main = try pool.allocate(UInt32.self, count: slots)
        case .flat(let width): main = try pool.allocate(bytes: slots * width)
        case .text: main = try pool.allocate(TextSlice.self, count: slots)
        case .bits, .null: main = try pool.allocate(UInt64.self, count: bitWords)
        }
        let isNullable = leaf.maxDefinition > 0
        validity =
            isNullable
            ? Bitmap(buffer: try pool.allocate(UInt64.self, count: bitWords), count: slots) : nil
        Self.clearLast(validity)
        if case .bits = form { Self.clearLast(Bitmap(buffer: main, count: slots)) }
    }

    /// Texts of a chunk that are copied together, page after page.
    final class BuiltTexts {
        var bytes: ByteWriter
        private let allowance: DecodingAllowance
        private var claimedBytes = 0

        init(_ bytes: ByteWriter, allowance: DecodingAllowance) {
            self.bytes = bytes
            self.allowance = allowance
        }

        /// Bytes that the texts may come to.
        var limitBytes: Int { min(Limits.textBufferBytes, claimedBytes + allowance.leftBytes) }

        /// Counts what the last page added.
        func claimGrowth(location: FileLocation) throws(ColumnarError) {
            try allowance.claim(bytes: bytes.count - claimedBytes, location: location)
            claimedBytes = bytes.count
        }
    }

    /// Bits past the count must be zero, in whatever order pages are decoded.
    private static func clearLast(_ bitmap: Bitmap?) {
        guard let bitmap, bitmap.count > 0 else { return }
        var words = bitmap.mutableWords()
        words[words.count - 1] = 0
    }

    /// The dictionary page's values, and the bytes that they lie in.
    private static func entries(
        _ page: ChunkPages.Page, of pages: ChunkPages, codec: Int, decoder: ValueDecoder,
        owner: Buffer?, location: FileLocation, pool: BufferPool
    ) throws(ColumnarError) -> (main: Buffer, owner: Buffer) {
        let header = page.header
        var place = location
        place.offset = page.fileOffset
        guard
            header.encoding == ValueEncoding.plain.rawValue
                || header.encoding == ValueEncoding.plainDictionary.rawValue
        else {
            throw .unsupported(location, feature: "dictionary encoding \(header.encoding)")
        }
        let bytes: Buffer
        if let owner {
            bytes = owner
        } else {
            bytes = try pool.allocate(bytes: header.uncompressedBytes)
        }
        let plain = UnsafeMutableRawBufferPointer(
            start: bytes.base, count: header.uncompressedBytes)
        try Codec.decompress(
            codec: codec, from: try pages.body(page, location: place), into: plain, location: place)
        // Every entry takes a bit, so that a count beyond them is refused before it is believed.
        guard header.valueCount / 8 <= header.uncompressedBytes else {
            throw .corrupt(
                location, reason: "\(header.valueCount) dictionary entries in \(plain.count) bytes")
        }
        let main = try pool.allocate(bytes: header.valueCount * max(decoder.elementBytes, 1))
        var scratch = PageScratch(pool: pool)
        try decoder.decode(
            UnsafeRawBufferPointer(plain), base: 0, encoding: .plain, count: header.valueCount,
            into: main.base, scratch: &scratch, location: location)
        return (main, bytes)
    }

    private static func entryColumn(
        _ entries: (main: Buffer, owner: Buffer), count: Int, storage: Storage
    ) -> Column {
        storage == .text
            ? .text(
                TextColumn(slices: entries.main, count: count, owner: entries.owner, validity: nil))
            : .flat(FlatColumn(storage: storage, buffer: entries.main, count: count))
    }

    /// Makes slots that nobody asked for harmless: NULL, and the code or value of NULL.
    func blank(_ slots: Range<Int>) {
        if let validity {
            var bits = BitSplicer(validity, at: slots.lowerBound)
            bits.append(repeating: false, count: slots.count)
        }
        switch form {
        case .coded:
            (main.base.assumingMemoryBound(to: UInt32.self) + slots.lowerBound)
                .update(repeating: UInt32(truncatingIfNeeded: entryCount), count: slots.count)
        case .flat, .text:
            let width = decoder.elementBytes
            (main.base + slots.lowerBound * width)
                .initializeMemory(as: UInt8.self, repeating: 0, count: slots.count * width)
        case .bits:
            var bits = BitSplicer(Bitmap(buffer: main, count: slotLimit), at: slots.lowerBound)
            bits.append(repeating: false, count: slots.count)
        case .null: break
        }
    }

    /// The slots `start..<start + count`, which must be decoded, without a copy where possible.
    func column(
        start: Int, count: Int, hasNulls: Bool
    ) throws(ColumnarError) -> Column {
        if case .coded(let dictionary) = form {
            return .coded(
                CodedColumn(
                    codes: main, start: start, count: count, dictionary: dictionary,
                    mayHaveNulls: hasNulls))
        }
        if case .null = form {
            let none = try Bitmap.filled(false, count: 1, pool: pool)
            return .constant(
                ConstantColumn(.bits(BitColumn(values: none, validity: none)), count: count))
        }
        var valid: Bitmap?
        if hasNulls, let validity {
            let slice = try validity.slice(start: start, count: count, pool: pool)
            if slice.popCount < count { valid = slice }
        }
        switch form {
        case .text:
            guard let pageOwner else { preconditionFailure("texts have an owner") }
            return .text(
                TextColumn(
                    slices: main, start: start, count: count,
                    owner: builtTexts?.bytes.buffer ?? pageOwner, validity: valid))
        case .bits:
            let values = try Bitmap(buffer: main, count: slotLimit)
                .slice(start: start, count: count, pool: pool)
            return .bits(BitColumn(values: values, validity: valid))
        default:
            return .flat(
                FlatColumn(
                    storage: storage, buffer: main, start: start, count: count, validity: valid))
        }
    }
}
