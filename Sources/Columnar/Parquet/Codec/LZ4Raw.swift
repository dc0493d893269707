import CLZ4

/// LZ4_RAW: one bare LZ4 block, whose decompressed size only the page header knows.
///
/// https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md
enum LZ4Raw {
    /// Fills `target` exactly.
    static func decompress(
        _ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer,
        location: FileLocation
    ) throws(ColumnarError) {
        guard let produced = block(source, into: target) else {
            throw .corrupt(location, reason: "lz4: the compressed bytes are damaged")
        }
        guard produced == target.count else {
            throw .corrupt(
                location, reason: "lz4 gave \(produced) bytes, the page declares \(target.count)")
        }
    }

    /// Decompresses one block into at most `target`; the bytes that it gave, or nil if it is damaged.
    static func block(
        _ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer
    ) -> Int? {
        // A block that gives nothing is one zero byte, or none at all.
        if target.isEmpty { return source.allSatisfy { $0 == 0 } && source.count <= 1 ? 0 : nil }
        let produced = LZ4_decompress_safe(
            source.baseAddress?.assumingMemoryBound(to: CChar.self),
            target.baseAddress?.assumingMemoryBound(to: CChar.self),
            Int32(clamping: source.count), Int32(clamping: target.count))
        return produced < 0 ? nil : Int(produced)
    }

    /// Compresses into `target`, which is emptied first; levels from 3 on are those of LZ4 HC.
    static func compress(
        _ source: UnsafeRawBufferPointer, level: Int, into target: inout ByteWriter
    ) throws(ColumnarError) {
        target.removeAll()
        guard source.count <= LZ4_MAX_INPUT_SIZE else {
            throw .limit(
                name: "bytes of an LZ4 page", value: source.count, limit: Int(LZ4_MAX_INPUT_SIZE),
                location: nil)
        }
        let count = Int32(clamping: source.count)
        let bound = LZ4_compressBound(count)
        let room = try target.reserve(Int(bound)).assumingMemoryBound(to: CChar.self)
        let bytes = source.baseAddress?.assumingMemoryBound(to: CChar.self)
        let produced =
            level < LZ4HC_CLEVEL_MIN
            ? LZ4_compress_default(bytes, room, count, bound)
            : LZ4_compress_HC(bytes, room, count, bound, Int32(truncatingIfNeeded: level))
        guard produced > 0 else {
            throw .memoryLimit(requestedBytes: Int(bound), limitBytes: Int(bound))
        }
        target.advance(Int(produced))
    }
}
