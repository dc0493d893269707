import CBrotli

/// Brotli through libbrotlidec and libbrotlienc.
///
/// https://www.rfc-editor.org/rfc/rfc7932
enum Brotli {
    /// Fills `target` exactly and must use up the source.
    static func decompress(
        _ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer,
        location: FileLocation
    ) throws(ColumnarError) {
        guard let decoder = BrotliDecoderCreateInstance(nil, nil, nil) else {
            throw .memoryLimit(requestedBytes: 1 << 16, limitBytes: 1 << 16)
        }
        defer { BrotliDecoderDestroyInstance(decoder) }
        var sourceLeft = source.count
        var next = source.baseAddress?.assumingMemoryBound(to: UInt8.self)
        var room = target.count
        var out = target.baseAddress?.assumingMemoryBound(to: UInt8.self)
        let result = BrotliDecoderDecompressStream(
            decoder, &sourceLeft, &next, &room, &out, nil)
        guard result == BROTLI_DECODER_RESULT_SUCCESS, sourceLeft == 0, room == 0 else {
            throw .corrupt(
                location,
                reason: "brotli: \(name(of: result)), \(room) bytes missing of "
                    + "\(target.count), \(sourceLeft) left over")
        }
    }

    private static func name(of result: BrotliDecoderResult) -> String {
        switch result {
        case BROTLI_DECODER_RESULT_SUCCESS: "whole"
        case BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT: "cut short"
        case BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT: "longer than declared"
        default: "damaged"
        }
    }

    /// Compresses into `target`, which is emptied first; `quality` is 0...11.
    static func compress(
        _ source: UnsafeRawBufferPointer, quality: Int, into target: inout ByteWriter
    ) throws(ColumnarError) {
        target.removeAll()
        // 0 stands for sizes that cannot be bounded, which no page has.
        let bound = max(BrotliEncoderMaxCompressedSize(source.count), 64)
        let room = try target.reserve(bound).assumingMemoryBound(to: UInt8.self)
        var produced = bound
        guard
            BrotliEncoderCompress(
                Int32(truncatingIfNeeded: quality), BROTLI_DEFAULT_WINDOW, BROTLI_MODE_GENERIC,
                source.count, source.baseAddress?.assumingMemoryBound(to: UInt8.self), &produced,
                room) == BROTLI_TRUE
        else { throw .memoryLimit(requestedBytes: bound, limitBytes: bound) }
        target.advance(produced)
    }
}
