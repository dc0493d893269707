/// Block compression of pages; each codec is a file in this folder.
///
/// https://github.com/apache/parquet-format/blob/master/Compression.md
package enum Codec: Int, Sendable, CaseIterable {
    case uncompressed = 0
    case snappy = 1
    case gzip = 2
    case lzo = 3
    case brotli = 4
    case lz4 = 5
    case zstd = 6
    case lz4Raw = 7

    /// The name that users write.
    package var name: String {
        switch self {
        case .uncompressed: "none"
        case .snappy: "snappy"
        case .gzip: "gzip"
        case .lzo: "lzo"
        case .brotli: "brotli"
        case .lz4: "lz4"
        case .zstd: "zstd"
        case .lz4Raw: "lz4_raw"
        }
    }

    /// Levels that a writer may ask for; nil if the codec has none.
    package var levels: ClosedRange<Int>? {
        switch self {
        case .gzip: 1...9
        case .brotli: 0...11
        case .zstd: 1...22
        case .lz4Raw: 1...12
        case .uncompressed, .snappy, .lzo, .lz4: nil
        }
    }

    /// The level that is used when none is asked for.
    package var defaultLevel: Int? {
        switch self {
        case .gzip: 6
        case .brotli: 5
        case .zstd: 3
        case .lz4Raw: 1
        case .uncompressed, .snappy, .lzo, .lz4: nil
        }
    }

    /// False for codecs that are only read, or not even that.
    package var isWritten: Bool { self != .lzo && self != .lz4 }

    /// Fills `target` exactly; anything else is an error at `location`.
    static func decompress(
        codec raw: Int, from source: UnsafeRawBufferPointer,
        into target: UnsafeMutableRawBufferPointer, location: FileLocation
    ) throws(ColumnarError) {
        guard let codec = Codec(rawValue: raw) else {
            throw .unsupported(location, feature: "compression codec \(raw)")
        }
        // Some writers store nothing at all for nothing.
        if source.isEmpty && target.isEmpty { return }
        switch codec {
        case .uncompressed:
            guard source.count == target.count else {
                throw .corrupt(
                    location,
                    reason: "an uncompressed page of \(source.count) bytes declares \(target.count)"
                )
            }
            target.copyMemory(from: source)
        case .zstd: try Zstd.decompress(source, into: target, location: location)
        case .gzip: try Gzip.decompress(source, into: target, location: location)
        case .snappy: try Snappy.decompress(source, into: target, location: location)
        case .brotli: try Brotli.decompress(source, into: target, location: location)
        case .lz4Raw: try LZ4Raw.decompress(source, into: target, location: location)
        case .lz4: try LZ4Legacy.decompress(source, into: target, location: location)
        case .lzo: throw .unsupported(location, feature: "compression codec lzo")
        }
    }
}
