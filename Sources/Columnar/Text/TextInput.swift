/// How a text is compressed; a file's first bytes tell, whatever its name.
package enum TextCompression: Hashable, Sendable {
    case none, gzip, zstd

    /// The text behind stored bytes; `location` is for errors.
    package func decoded(
        _ source: any ByteStream, location: FileLocation, pool: BufferPool
    ) throws(ColumnarError) -> any ByteStream {
        switch self {
        case .none: source
        case .gzip: try GzipStream(source, location: location, pool: pool)
        case .zstd: try ZstdStream(source, location: location, pool: pool)
        }
    }
}

/// One text file, as it was when it was first opened; every later reader must find the same version.
///
/// A file is opened anew for every piece, so that a table of many files holds no descriptors.
package struct TextInput: Sendable {
    /// What opens the file.
    package let path: String
    /// What messages call it.
    package let name: String
    package let version: FileVersion
    package let compression: TextCompression

    /// Opens the file to look at its first bytes.
    package init(path: String, name: String? = nil) throws(ColumnarError) {
        let file = try InputFile(path: path)
        self.path = path
        self.name = name ?? path
        version = file.version
        var head: (UInt8, UInt8, UInt8, UInt8) = (0, 0, 0, 0)
        let failure = withUnsafeMutableBytes(of: &head) { bytes -> ColumnarError? in
            let count = min(bytes.count, file.sizeBytes)
            do throws(ColumnarError) {
                try file.read(
                    offset: 0, into: UnsafeMutableRawBufferPointer(rebasing: bytes[..<count]))
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw failure }
        switch head {
        case (0x1F, 0x8B, _, _): compression = .gzip
        case (0x28, 0xB5, 0x2F, 0xFD): compression = .zstd
        // A skippable frame first, as packs have it: RFC 8878, 3.1.2.
        case (0x50...0x5F, 0x2A, 0x4D, 0x18): compression = .zstd
        default: compression = .none
        }
        if head.0 == 0xFF, head.1 == 0xFE { throw Self.wide(self.name) }
        if head.0 == 0xFE, head.1 == 0xFF { throw Self.wide(self.name) }
    }

    /// Bytes as stored.
    package var sizeBytes: Int { version.sizeBytes }

    package var location: FileLocation { FileLocation(path: name) }

    private static func wide(_ name: String) -> ColumnarError {
        .unsupported(FileLocation(path: name), feature: "UTF-16 text (make it UTF-8 with iconv)")
    }

    /// The text from `offset` to `end`, both counted in decompressed bytes; nil is to the end of the file.
    func stream(
        from offset: Int = 0, to end: Int? = nil, counters: ScanCounters?, pool: BufferPool
    ) throws(ColumnarError) -> any ByteStream {
        let file = try InputFile(path: path)
        guard file.version == version else {
            throw .corrupt(location, reason: "the file changed while it was read")
        }
        guard compression != .none else {
            let range = min(offset, file.sizeBytes)..<max(offset, end ?? file.sizeBytes)
            return FileStream(file, range: range, counters: counters)
        }
        let source = FileStream(file, range: 0..<file.sizeBytes, counters: counters)
        let stream = try compression.decoded(source, location: location, pool: pool)
        try stream.skip(offset, pool: pool)
        return stream
    }
}
