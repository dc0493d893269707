import CXXHash

/// Sums of those bytes of a chunk that the format has no checksum for.
///
/// Bodies of pages have a CRC-32 in their headers. A sum is the low half of XXH3-64 of the stored bytes.
struct ChunkSeal: Sendable, Hashable {
    /// Of the column index; 0 if the chunk has none.
    var columnIndex: UInt32 = 0
    var offsetIndex: UInt32 = 0
    /// Of each page's header, the dictionary's first.
    var pageHeaders: [UInt32] = []
    /// Of the Bloom filter's header, then of each stretch of its blocks; empty if the chunk has none.
    var bloomFilter: [UInt32] = []

    /// Bytes of a Bloom filter that are read to look at one block: as cheap to read as the block's 32.
    static let bloomStretchBytes = 4 << 10

    static func sum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        UInt32(truncatingIfNeeded: XXH3_64bits(bytes.baseAddress, bytes.count))
    }

    static func sum(_ bytes: [UInt8]) -> UInt32 {
        bytes.withUnsafeBytes { sum($0) }
    }

    /// The sums of a Bloom filter as stored, whose blocks begin behind `headBytes`.
    static func sums(bloomFilter bytes: UnsafeRawBufferPointer, headBytes: Int) -> [UInt32] {
        [sum(UnsafeRawBufferPointer(rebasing: bytes[..<headBytes]))]
            + sums(ofBlocks: UnsafeRawBufferPointer(rebasing: bytes[headBytes...]))
    }

    /// The sums of a Bloom filter's blocks, a stretch each.
    static func sums(ofBlocks bytes: UnsafeRawBufferPointer) -> [UInt32] {
        stride(from: 0, to: bytes.count, by: bloomStretchBytes).map { start in
            let end = min(start + bloomStretchBytes, bytes.count)
            return sum(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
        }
    }
}

/// The seals of a file's chunks, one text among the footer's key-values.
///
/// Other readers take it for one more pair. Base 64 of the version 1, then of each chunk of each row group:
///
///     ┌──────────────┬──────────────┬────────┬─────────────────┬────────┬────────────────────────────┐
///     │ column index │ offset index │ count  │ page headers    │ count  │ Bloom header, its stretches│
///     │ u32          │ u32          │ varint │ u32 each        │ varint │ u32 each                   │
///     └──────────────┴──────────────┴────────┴─────────────────┴────────┴────────────────────────────┘
enum ChunkSeals {
    static let key = "lake.chunk-xxh3"
    private static let version: UInt8 = 1

    static func text(_ groups: [RowGroupMetadata]) -> String {
        var bytes = [version]
        for group in groups {
            for chunk in group.columns {
                let seal = chunk.seal ?? ChunkSeal()
                append(seal.columnIndex, to: &bytes)
                append(seal.offsetIndex, to: &bytes)
                append(seal.pageHeaders, to: &bytes)
                append(seal.bloomFilter, to: &bytes)
            }
        }
        return Base64.text(bytes)
    }

    /// Gives each chunk of a footer its seal; a text of a later version is left alone.
    static func attach(
        _ text: String, to groups: inout [RowGroupMetadata], location: FileLocation
    ) throws(ColumnarError) {
        guard let decoded = Base64.bytes(text) else {
            throw .corrupt(location, reason: "\(key) is not base 64")
        }
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: decoded.count, alignment: 8)
        defer { bytes.deallocate() }
        bytes.copyBytes(from: decoded)
        var reader = ByteReader(UnsafeRawBufferPointer(bytes), location: location)
        guard try reader.byte() == version else { return }
        for group in groups.indices {
            for column in groups[group].columns.indices {
                var seal = ChunkSeal()
                seal.columnIndex = try reader.load(UInt32.self)
                seal.offsetIndex = try reader.load(UInt32.self)
                seal.pageHeaders = try sums(&reader)
                seal.bloomFilter = try sums(&reader)
                groups[group].columns[column].seal = seal
            }
        }
        guard reader.remaining == 0 else {
            throw .corrupt(location, reason: "\(key) has \(reader.remaining) bytes too many")
        }
    }

    private static func sums(_ reader: inout ByteReader) throws(ColumnarError) -> [UInt32] {
        let bytes = try reader.take(try reader.length() * MemoryLayout<UInt32>.size)
        return stride(from: 0, to: bytes.count, by: MemoryLayout<UInt32>.size).map {
            bytes.loadUnaligned(fromByteOffset: $0, as: UInt32.self)
        }
    }

    private static func append(_ sum: UInt32, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: sum.littleEndian) { bytes.append(contentsOf: $0) }
    }

    private static func append(_ sums: [UInt32], to bytes: inout [UInt8]) {
        var count = sums.count
        while count >= 0x80 {
            bytes.append(UInt8(count & 0x7F | 0x80))
            count >>= 7
        }
        bytes.append(UInt8(count))
        for sum in sums { append(sum, to: &bytes) }
    }
}
