import CZlib

/// Gzip decompressed as it is read, any number of members in a row; zeros behind the last are padding.
///
/// https://www.rfc-editor.org/rfc/rfc1952
package final class GzipStream: ByteStream {
    private let source: any ByteStream
    private let location: FileLocation
    private let input: Buffer
    /// On the heap, because zlib keeps its address.
    private let stream: UnsafeMutablePointer<z_stream>
    private var isSourceAtEnd = false
    private var isBetweenMembers = false

    private static let inputBytes = (256 << 10) - Buffer.padding

    package init(
        _ source: any ByteStream, location: FileLocation, pool: BufferPool
    ) throws(ColumnarError) {
        self.source = source
        self.location = location
        input = try pool.allocate(bytes: Self.inputBytes)
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        guard
            inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
        else { throw .memoryLimit(requestedBytes: 1 << 16, limitBytes: 1 << 16) }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    package func read(
        into target: UnsafeMutableRawBufferPointer
    ) throws(ColumnarError) -> Int {
        guard target.count > 0 else { return 0 }
        let room = min(target.count, 1 << 30)
        stream.pointee.next_out = target.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_out = UInt32(room)
        while stream.pointee.avail_out == UInt32(room) {
            if stream.pointee.avail_in == 0 { try refill() }
            if isBetweenMembers, try !beginMember() { return 0 }
            let code = inflate(stream, Z_NO_FLUSH)
            switch code {
            case Z_OK: continue
            case Z_STREAM_END: isBetweenMembers = true
            case Z_BUF_ERROR where stream.pointee.avail_in == 0 && !isSourceAtEnd: continue
            case Z_BUF_ERROR:
                throw .corrupt(location, reason: "gzip: the file ends in the middle of its data")
            default:
                let message = stream.pointee.msg.map { String(cString: $0) } ?? "code \(code)"
                throw .corrupt(location, reason: "gzip: \(message)")
            }
        }
        return room - Int(stream.pointee.avail_out)
    }

    private func refill() throws(ColumnarError) {
        let target = UnsafeMutableRawBufferPointer(start: input.base, count: Self.inputBytes)
        let count = try source.read(into: target)
        isSourceAtEnd = count == 0
        stream.pointee.next_in = input.base.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_in = UInt32(count)
    }

    /// Goes to the next member; false at the end of the file.
    private func beginMember() throws(ColumnarError) -> Bool {
        while true {
            while stream.pointee.avail_in > 0, stream.pointee.next_in.pointee == 0 {
                stream.pointee.next_in += 1
                stream.pointee.avail_in -= 1
            }
            if stream.pointee.avail_in > 0 { break }
            try refill()
            if isSourceAtEnd { return false }
        }
        guard inflateReset(stream) == Z_OK else {
            throw .corrupt(location, reason: "gzip: a member cannot be begun")
        }
        isBetweenMembers = false
        return true
    }
}
