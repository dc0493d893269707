/// Block compression of pages; each codec is a file in this folder.
///
/// https://github.com/apache/parquet-format/blob/master/Compression.md
enum Codec: Int, Sendable {
    case uncompressed = 0
    case snappy = 1
    case gzip = 2
    case lzo = 3
    case brotli = 4
    case lz4 = 5
    case zstd = 6
    case lz4Raw = 7

    /// Fills `target` exactly; anything else is an error at `location`.
    static func decompress(
        codec raw: Int, from source: UnsafeRawBufferPointer,
        into target: UnsafeMutableRawBufferPointer, location: FileLocation
    ) throws(ColumnarError) {
        guard let codec = Codec(rawValue: raw) else {
            throw .unsupported(location, feature: "compression codec \(raw)")
        }
        switch codec {
        case .uncompressed:
            guard source.count == target.count else {
                throw .corrupt(
                    location,
                    reason: "an uncompressed page of \(source.count) bytes declares \(target.count)"
                )
            }
            if source.count > 0 { target.copyMemory(from: source) }
        case .zstd: try Zstd.decompress(source, into: target, location: location)
        case .gzip: try Gzip.decompress(source, into: target, location: location)
        case .snappy, .lzo, .brotli, .lz4, .lz4Raw:
            throw .unsupported(location, feature: "compression codec \(codec)")
        }
    }
}
