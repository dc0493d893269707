import CKernels
import CZlib

/// Gzip through zlib; a page may be several members in a row.
///
/// https://www.rfc-editor.org/rfc/rfc1952
enum Gzip {
    static func decompress(
        _ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer,
        location: FileLocation
    ) throws(ColumnarError) {
        var stream = z_stream()
        // 32 asks zlib to tell gzip from zlib by the header: both occur in files.
        guard
            inflateInit2_(
                &stream, 15 + 32, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
        else { throw .memoryLimit(requestedBytes: 1 << 16, limitBytes: 1 << 16) }
        defer { inflateEnd(&stream) }
        stream.next_in = UnsafeMutablePointer(
            mutating: source.baseAddress?.assumingMemoryBound(to: UInt8.self))
        stream.avail_in = UInt32(clamping: source.count)
        var spare: UInt8 = 0
        let code = withUnsafeMutablePointer(to: &spare) { spare in
            // An empty page still has a stream; zlib wants somewhere to point.
            stream.next_out =
                target.count > 0
                ? target.baseAddress?.assumingMemoryBound(to: UInt8.self) : spare
            stream.avail_out = UInt32(clamping: target.count)
            return inflateMembers(&stream)
        }
        guard code == Z_STREAM_END, stream.avail_out == 0 else {
            throw .corrupt(
                location,
                reason: "gzip: code \(code), \(stream.avail_out) bytes missing of \(target.count)")
        }
    }

    private static func inflateMembers(_ stream: inout z_stream) -> Int32 {
        while true {
            let code = inflate(&stream, Z_FINISH)
            guard code == Z_STREAM_END, stream.avail_in > 0 else { return code }
            guard inflateReset(&stream) == Z_OK else { return Z_DATA_ERROR }
        }
    }
}

/// One deflate stream with its level, reset from page to page; owned by one writer.
struct GzipCompressor: ~Copyable {
    /// On the heap: zlib keeps a pointer back to it.
    private let stream: UnsafeMutablePointer<z_stream>

    /// `level` is 1...9.
    init(level: Int) throws(ColumnarError) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // 16 asks for the gzip header, 8 is zlib's usual memory level.
        let code = deflateInit2_(
            stream, Int32(truncatingIfNeeded: level), Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY,
            ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard code == Z_OK else {
            stream.deallocate()
            throw .memoryLimit(requestedBytes: 1 << 18, limitBytes: 1 << 18)
        }
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
    }

    /// Compresses into `target`, which is emptied first: one gzip member.
    func compress(
        _ source: UnsafeRawBufferPointer, into target: inout ByteWriter
    ) throws(ColumnarError) {
        target.removeAll()
        guard deflateReset(stream) == Z_OK, source.count <= Int(Int32.max) else {
            throw .limit(
                name: "bytes of a gzip page", value: source.count, limit: Int(Int32.max),
                location: nil)
        }
        let bound = Int(clamping: deflateBound(stream, UInt(source.count)))
        let room = try target.reserve(bound)
        stream.pointee.next_in = UnsafeMutablePointer(
            mutating: source.baseAddress?.assumingMemoryBound(to: UInt8.self))
        stream.pointee.avail_in = UInt32(clamping: source.count)
        stream.pointee.next_out = room.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_out = UInt32(clamping: bound)
        guard deflate(stream, Z_FINISH) == Z_STREAM_END else {
            throw .memoryLimit(requestedBytes: bound, limitBytes: bound)
        }
        target.advance(bound - Int(stream.pointee.avail_out))
    }
}

/// CRC-32 with the gzip polynomial: the checksum of Parquet pages.
enum Checksum {
    /// The checksum of `bytes`, behind others whose checksum is `first`.
    static func crc32(_ bytes: UnsafeRawBufferPointer, after first: UInt32 = 0) -> UInt32 {
        guard !bytes.isEmpty else { return first }
        guard let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else {
            return first
        }
        var checksum = first
        let done = lake_crc32_blocks(start, bytes.count, &checksum)
        return UInt32(
            truncatingIfNeeded: CZlib.crc32_z(UInt(checksum), start + done, bytes.count - done))
    }
}
