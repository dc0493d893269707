/// Bytes that grow at their end, in pool memory.
package struct ByteWriter {
    package private(set) var buffer: Buffer
    package private(set) var count = 0
    private let pool: BufferPool

    package init(pool: BufferPool, capacity: Int = 4096) throws(ColumnarError) {
        self.pool = pool
        buffer = try pool.allocate(bytes: max(capacity, 64))
    }

    /// What was written so far; valid until the next append.
    package var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: buffer.base, count: count)
    }

    /// Room for `extra` more bytes; returns where they go.
    ///
    /// Follow with `advance`.
    package mutating func reserve(_ extra: Int) throws(ColumnarError) -> UnsafeMutableRawPointer {
        if count + extra > buffer.capacityBytes {
            let grown = try pool.allocate(bytes: max(count + extra, buffer.capacityBytes * 2))
            grown.base.copyMemory(from: buffer.base, byteCount: count)
            buffer = grown
        }
        return buffer.base + count
    }

    /// Counts bytes that were written to reserved room.
    package mutating func advance(_ extra: Int) {
        precondition(count + extra <= buffer.capacityBytes)
        count += extra
    }

    package mutating func append(_ bytes: UnsafeRawBufferPointer) throws(ColumnarError) {
        guard let source = bytes.baseAddress else { return }
        try reserve(bytes.count).copyMemory(from: source, byteCount: bytes.count)
        count += bytes.count
    }

    package mutating func append(_ bytes: [UInt8]) throws(ColumnarError) {
        let target = try reserve(bytes.count)
        bytes.withUnsafeBytes { source in
            if let base = source.baseAddress {
                target.copyMemory(from: base, byteCount: source.count)
            }
        }
        count += bytes.count
    }

    package mutating func append(byte: UInt8) throws(ColumnarError) {
        try reserve(1).storeBytes(of: byte, as: UInt8.self)
        count += 1
    }

    /// A fixed-width number, little-endian.
    package mutating func append<T: BitwiseCopyable>(number: T) throws(ColumnarError) {
        try reserve(MemoryLayout<T>.size).storeBytes(of: number, as: T.self)
        count += MemoryLayout<T>.size
    }

    /// An unsigned LEB128 number.
    package mutating func append(varint value: UInt64) throws(ColumnarError) {
        var rest = value
        while rest >= 0x80 {
            try append(byte: UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        try append(byte: UInt8(rest))
    }

    /// A signed LEB128 number, its sign in the lowest bit.
    package mutating func append(zigzag value: Int64) throws(ColumnarError) {
        try append(varint: UInt64(bitPattern: value &<< 1 ^ value &>> 63))
    }

    /// Overwrites a number that was written earlier, such as a length in front of its bytes.
    package mutating func patch<T: BitwiseCopyable>(at offset: Int, number: T) {
        precondition(offset >= 0 && offset + MemoryLayout<T>.size <= count)
        (buffer.base + offset).storeBytes(of: number, as: T.self)
    }

    /// Forgets the bytes behind the first `length`.
    package mutating func truncate(to length: Int) {
        precondition(length >= 0 && length <= count)
        count = length
    }

    package mutating func removeAll() {
        count = 0
    }
}
