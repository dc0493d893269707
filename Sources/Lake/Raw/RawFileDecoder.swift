import Columnar

/// Decompresses raw files of one record into a buffer that is reused.
struct RawFileDecoder {
    private let compression: TextCompression
    private let pool: BufferPool
    private var buffer: Buffer?

    private static let startBytes = 60 << 10

    init(_ compression: TextCompression, pool: BufferPool) {
        self.compression = compression
        self.pool = pool
    }

    /// The text behind stored bytes, valid until the next call, with padding behind it.
    ///
    /// Throws `corrupt`, or `limit` for a text larger than `Limits.rawFileBytes`.
    mutating func decode(
        _ bytes: UnsafeRawBufferPointer
    ) throws(ColumnarError) -> UnsafeRawBufferPointer {
        let stream = try compression.decoded(
            MemoryStream(bytes), location: FileLocation(path: ""), pool: pool)
        if buffer == nil { buffer = try pool.allocate(bytes: Self.startBytes) }
        guard var target = buffer else { return bytes }
        var count = 0
        while true {
            let room = UnsafeMutableRawBufferPointer(
                start: target.base + count, count: target.capacityBytes - count)
            let filled = try stream.fill(room)
            count += filled
            guard count <= Limits.rawFileBytes else {
                throw .limit(
                    name: "rawFileBytes", value: count, limit: Limits.rawFileBytes, location: nil)
            }
            if filled < room.count { break }
            let larger = try pool.allocate(bytes: 2 * target.capacityBytes)
            larger.base.copyMemory(from: target.base, byteCount: count)
            target = larger
        }
        buffer = target
        return UnsafeRawBufferPointer(start: target.base, count: count)
    }
}
