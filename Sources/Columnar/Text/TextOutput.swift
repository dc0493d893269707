/// A text file that is written in order, compressed or not, and appears whole or not at all.
///
/// Compressed output is a row of gzip members or zstd frames of 1 MB of text each, which every reader takes as
/// one text.
package final class TextOutput {
    private let file: OutputFile
    private let compressor: PageCompressor
    private var waiting: ByteWriter
    private var compressed: ByteWriter
    private static let memberBytes = 1 << 20

    /// Creates the temporary file beside `path`.
    package init(
        path: String, compression: TextCompression, pool: BufferPool
    ) throws(ColumnarError) {
        file = try OutputFile(path: path)
        waiting = try ByteWriter(pool: pool, capacity: Self.memberBytes)
        compressed = try ByteWriter(pool: pool, capacity: 64)
        let codec: Codec =
            switch compression {
            case .none: .uncompressed
            case .gzip: .gzip
            case .zstd: .zstd
            }
        compressor = try PageCompressor(codec: codec, level: nil)
    }

    /// Bytes as stored, of what was handed on so far.
    package var sizeBytes: Int { file.sizeBytes }

    package func write(_ bytes: [UInt8]) throws(ColumnarError) {
        try waiting.append(bytes)
        if waiting.count >= Self.memberBytes { try drain() }
    }

    /// Writes what waits, and makes the file durable and visible.
    package func commit() throws(ColumnarError) {
        // An empty text has a member all the same.
        if waiting.count > 0 || file.sizeBytes == 0 { try drain() }
        try file.commit()
    }

    private func drain() throws(ColumnarError) {
        try compressor.compress(waiting.bytes, into: &compressed)
        try file.write(compressed.bytes)
        waiting.removeAll()
    }
}
