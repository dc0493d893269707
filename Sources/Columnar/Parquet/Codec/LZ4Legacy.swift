import CLZ4

/// The deprecated LZ4 codec, whose framing the format never said: three are found in files.
///
/// https://github.com/apache/parquet-format/blob/master/Compression.md#lz4
///
///     Hadoop     ┌───────────────────┬───────────────────┬──────────┐  big-endian sizes; blocks
///                │ block size u32    │ chunk size u32    │ LZ4 block│  repeat, chunks within one too
///     LZ4 frame  ├───────────────────┼───────────────────┴──────────┤
///                │ magic 04 22 4D 18 │ lz4frame.h knows the rest    │
///     bare block └───────────────────┴──────────────────────────────┘
///
/// The framing is found by trying: the one that fills the page exactly is meant. Hadoop's comes
/// first, since its sizes must add up.
enum LZ4Legacy {
    private static let frameMagic: UInt32 = 0x184D_2204

    /// Fills `target` exactly.
    static func decompress(
        _ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer,
        location: FileLocation
    ) throws(ColumnarError) {
        if fillsFromHadoop(source, target) { return }
        if source.count >= 4, source.loadUnaligned(as: UInt32.self) == frameMagic {
            guard try fillsFromFrames(source, target) else {
                throw .corrupt(location, reason: "lz4: the frame is damaged")
            }
            return
        }
        try LZ4Raw.decompress(source, into: target, location: location)
    }

    private static func fillsFromHadoop(
        _ source: UnsafeRawBufferPointer, _ target: UnsafeMutableRawBufferPointer
    ) -> Bool {
        var position = 0
        var produced = 0
        func size() -> Int? {
            guard source.count - position >= 4 else { return nil }
            defer { position += 4 }
            return Int(
                UInt32(
                    bigEndian: source.loadUnaligned(
                        fromByteOffset: position, as: UInt32.self)))
        }
        while position < source.count {
            guard let blockBytes = size(), blockBytes <= target.count - produced else {
                return false
            }
            // Hadoop ends a stream of nothing with the size alone.
            if blockBytes == 0 && position == source.count { break }
            let end = produced + blockBytes
            repeat {
                guard let chunkBytes = size(), chunkBytes <= source.count - position else {
                    return false
                }
                let count = LZ4Raw.block(
                    UnsafeRawBufferPointer(rebasing: source[position..<position + chunkBytes]),
                    into: UnsafeMutableRawBufferPointer(rebasing: target[produced..<end]))
                // A chunk without output would let a block go on for ever.
                guard let count, count > 0 || blockBytes == 0 else { return false }
                position += chunkBytes
                produced += count
            } while produced < end
        }
        return produced == target.count
    }

    private static func fillsFromFrames(
        _ source: UnsafeRawBufferPointer, _ target: UnsafeMutableRawBufferPointer
    ) throws(ColumnarError) -> Bool {
        var made: OpaquePointer?
        guard LZ4F_isError(LZ4F_createDecompressionContext(&made, UInt32(LZ4F_VERSION))) == 0,
            let context = made
        else { throw .memoryLimit(requestedBytes: 1 << 18, limitBytes: 1 << 18) }
        defer { LZ4F_freeDecompressionContext(context) }
        var position = 0
        var produced = 0
        var hint = 1
        while position < source.count {
            var read = source.count - position
            var written = target.count - produced
            hint = LZ4F_decompress(
                context, target.baseAddress.map { $0 + produced }, &written,
                source.baseAddress.map { $0 + position }, &read, nil)
            guard LZ4F_isError(hint) == 0, read > 0 || written > 0 else { return false }
            position += read
            produced += written
        }
        // A hint of 0 says that the last frame is whole.
        return hint == 0 && produced == target.count
    }
}
