/// Compresses pages with one codec at one level; owned by one writer, its contexts are reused.
struct PageCompressor: ~Copyable {
    private enum Engine: ~Copyable {
        case none
        case snappy
        case gzip(GzipCompressor)
        case brotli(quality: Int)
        case zstd(ZstdCompressor)
        case lz4Raw(level: Int)
    }

    let codec: Codec
    private let engine: Engine

    /// `level` is one of `Codec.levels`, nil for the codec's usual one.
    ///
    /// Throws `.limit` for a level out of range, `.unsupported` for a codec that is not written.
    init(codec: Codec, level: Int?) throws(ColumnarError) {
        self.codec = codec
        if let level, let levels = codec.levels, !levels.contains(level) {
            throw .limit(
                name: "level of \(codec.name)", value: level, limit: levels.upperBound,
                location: nil)
        }
        let used = level ?? codec.defaultLevel ?? 0
        switch codec {
        case .uncompressed: engine = .none
        case .snappy: engine = .snappy
        case .gzip: engine = .gzip(try GzipCompressor(level: used))
        case .brotli: engine = .brotli(quality: used)
        case .zstd: engine = .zstd(try ZstdCompressor(level: used))
        case .lz4Raw: engine = .lz4Raw(level: used)
        case .lzo, .lz4:
            throw .unsupported(
                FileLocation(path: ""), feature: "writing compression codec \(codec.name)")
        }
    }

    /// Compresses a page into `target`, which is emptied first.
    func compress(
        _ source: UnsafeRawBufferPointer, into target: inout ByteWriter
    ) throws(ColumnarError) {
        switch engine {
        case .none:
            target.removeAll()
            try target.append(source)
        case .snappy: try Snappy.compress(source, into: &target)
        case .gzip(let gzip): try gzip.compress(source, into: &target)
        case .brotli(let quality): try Brotli.compress(source, quality: quality, into: &target)
        case .zstd(let zstd): try zstd.compress(source, into: &target)
        case .lz4Raw(let level): try LZ4Raw.compress(source, level: level, into: &target)
        }
    }
}
