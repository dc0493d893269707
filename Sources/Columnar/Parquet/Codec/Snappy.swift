import CSnappy

/// Snappy's bare format, without its framing, through libsnappy.
///
/// https://github.com/google/snappy/blob/main/format_description.txt
///
///     ┌──────────────────────────┬───────────────────────────┐
///     │ decompressed size varint │ literals and copies ...   │
///     └──────────────────────────┴───────────────────────────┘
enum Snappy {
    /// Fills `target` exactly; the size that the bytes name is compared before anything is written.
    static func decompress(
        _ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer,
        location: FileLocation
    ) throws(ColumnarError) {
        let bytes = source.baseAddress?.assumingMemoryBound(to: CChar.self)
        var named = 0
        guard snappy_uncompressed_length(bytes, source.count, &named) == SNAPPY_OK else {
            throw .corrupt(location, reason: "snappy: no size in \(source.count) bytes")
        }
        guard named == target.count else {
            throw .corrupt(
                location, reason: "snappy holds \(named) bytes, the page declares \(target.count)")
        }
        var produced = target.count
        // Nothing to hold still has a stream to check; snappy wants somewhere to point.
        var spare: CChar = 0
        let status = withUnsafeMutablePointer(to: &spare) { spare in
            let start =
                target.count > 0 ? target.baseAddress?.assumingMemoryBound(to: CChar.self) : spare
            return snappy_uncompress(bytes, source.count, start, &produced)
        }
        guard status == SNAPPY_OK, produced == target.count else {
            throw .corrupt(location, reason: "snappy: the compressed bytes are damaged")
        }
    }

    /// Compresses into `target`, which is emptied first.
    static func compress(
        _ source: UnsafeRawBufferPointer, into target: inout ByteWriter
    ) throws(ColumnarError) {
        target.removeAll()
        let bound = snappy_max_compressed_length(source.count)
        let room = try target.reserve(bound).assumingMemoryBound(to: CChar.self)
        var produced = bound
        guard
            snappy_compress(
                source.baseAddress?.assumingMemoryBound(to: CChar.self), source.count, room,
                &produced) == SNAPPY_OK
        else { throw .memoryLimit(requestedBytes: bound, limitBytes: bound) }
        target.advance(produced)
    }
}
