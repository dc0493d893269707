import CZstd

/// Zstandard decompressed as it is read, any number of frames in a row.
///
/// https://www.rfc-editor.org/rfc/rfc8878; libzstd refuses windows above 128 MB, which bounds its memory.
package final class ZstdStream: ByteStream {
    private let source: any ByteStream
    private let location: FileLocation
    private let input: Buffer
    private var pending = ZSTD_inBuffer()
    private let context: OpaquePointer
    private var isInFrame = false

    private static let inputBytes = (256 << 10) - Buffer.padding

    package init(
        _ source: any ByteStream, location: FileLocation, pool: BufferPool
    ) throws(ColumnarError) {
        self.source = source
        self.location = location
        input = try pool.allocate(bytes: Self.inputBytes)
        guard let context = ZSTD_createDStream() else {
            throw .memoryLimit(requestedBytes: 1 << 17, limitBytes: 1 << 17)
        }
        self.context = context
    }

    deinit {
        ZSTD_freeDStream(context)
    }

    package func read(
        into target: UnsafeMutableRawBufferPointer
    ) throws(ColumnarError) -> Int {
        guard target.count > 0 else { return 0 }
        var output = ZSTD_outBuffer(dst: target.baseAddress, size: target.count, pos: 0)
        while output.pos == 0 {
            var isAtEnd = false
            if pending.pos == pending.size {
                let room = UnsafeMutableRawBufferPointer(
                    start: input.base, count: Self.inputBytes)
                let count = try source.read(into: room)
                pending = ZSTD_inBuffer(src: input.base, size: count, pos: 0)
                isAtEnd = count == 0
                if isAtEnd, !isInFrame { return 0 }
            }
            let wanted = ZSTD_decompressStream(context, &output, &pending)
            guard ZSTD_isError(wanted) == 0 else {
                let name = String(cString: ZSTD_getErrorName(wanted))
                throw .corrupt(location, reason: "zstd: \(name)")
            }
            isInFrame = wanted != 0
            if isAtEnd, output.pos == 0 {
                if !isInFrame { return 0 }
                throw .corrupt(location, reason: "zstd: the file ends in the middle of its data")
            }
        }
        return output.pos
    }
}
