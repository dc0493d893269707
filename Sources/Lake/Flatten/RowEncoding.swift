import Columnar
import Glibc

/// Bytes of one staged row, growing in a pool buffer.
///
/// A row is encoded column by column, little endian; null and missing are the same:
///
///     NULL     00
///     scalar   01 value       boolean 1 byte, integer, real and date 4, bigint, double, timestamp 8
///     text     01 count:u32 bytes
///     list     01 count:u32 elements
///     row      01 fields
///
/// Stable values stand in one `RowBytes`, which the row hash covers, and volatile ones in another; the
/// reader takes each value from where the plan says. The encoding is the same for equal rows, whatever
/// order, spacing or escapes the JSON text had.
struct RowBytes {
    private var buffer: Buffer
    private var base: UnsafeMutableRawPointer
    private(set) var count = 0
    private var capacity: Int
    private let pool: BufferPool

    init(pool: BufferPool) throws(ColumnarError) {
        self.pool = pool
        buffer = try pool.allocate(bytes: 4_032)
        base = buffer.base
        capacity = buffer.capacityBytes
    }

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

    func slice(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: base + range.lowerBound, count: range.count)
    }

    mutating func truncate(to count: Int) {
        self.count = count
    }

    @inline(__always)
    mutating func putNull() throws(ColumnarError) { try put(byte: 0) }

    @inline(__always)
    mutating func put(byte: UInt8) throws(ColumnarError) {
        if count == capacity { try grow(by: 1) }
        base.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
        count &+= 1
    }

    /// A non-null scalar of 4 bytes.
    @inline(__always)
    mutating func put(value: UInt32) throws(ColumnarError) {
        if count &+ 5 > capacity { try grow(by: 5) }
        base.storeBytes(of: 1, toByteOffset: count, as: UInt8.self)
        base.storeBytes(of: value, toByteOffset: count &+ 1, as: UInt32.self)
        count &+= 5
    }

    /// A non-null scalar of 8 bytes.
    @inline(__always)
    mutating func put(value: UInt64) throws(ColumnarError) {
        if count &+ 9 > capacity { try grow(by: 9) }
        base.storeBytes(of: 1, toByteOffset: count, as: UInt8.self)
        base.storeBytes(of: value, toByteOffset: count &+ 1, as: UInt64.self)
        count &+= 9
    }

    /// A non-null text.
    @inline(__always)
    mutating func put(text: UnsafeRawBufferPointer) throws(ColumnarError) {
        let size = text.count &+ 5
        if count &+ size > capacity { try grow(by: size) }
        base.storeBytes(of: 1, toByteOffset: count, as: UInt8.self)
        base.storeBytes(
            of: UInt32(truncatingIfNeeded: text.count), toByteOffset: count &+ 1, as: UInt32.self)
        if let source = text.baseAddress {
            memcpy(base + (count &+ 5), source, text.count)
        }
        count &+= size
    }

    /// A non-null text that stands in an array.
    @inline(__always)
    mutating func put(copyOf text: [UInt8]) throws(ColumnarError) {
        try put(value: UInt32(truncatingIfNeeded: text.count))
        if count &+ text.count > capacity { try grow(by: text.count) }
        text.withUnsafeBytes { source in
            if let start = source.baseAddress { memcpy(base + count, start, source.count) }
        }
        count &+= text.count
    }

    /// Bytes as they are.
    @inline(__always)
    mutating func put(raw: UnsafeRawBufferPointer) throws(ColumnarError) {
        if count &+ raw.count > capacity { try grow(by: raw.count) }
        if let source = raw.baseAddress { memcpy(base + count, source, raw.count) }
        count &+= raw.count
    }

    /// Opens a list whose count is not known yet; returns where it stands.
    mutating func openList() throws(ColumnarError) -> Int {
        try put(value: UInt32(0))
        return count - 4
    }

    mutating func closeList(at position: Int, count elements: Int) {
        base.storeBytes(
            of: UInt32(truncatingIfNeeded: elements), toByteOffset: position, as: UInt32.self)
    }

    private mutating func grow(by extra: Int) throws(ColumnarError) {
        let grown = try pool.allocate(bytes: max(count + extra, capacity * 2))
        memcpy(grown.base, base, count)
        buffer = grown
        base = grown.base
        capacity = grown.capacityBytes
    }
}

/// Reads a staged row's bytes back.
struct RowBytesReader {
    private var cursor: UnsafeRawPointer

    init(_ bytes: UnsafeRawBufferPointer, emptyAt fallback: UnsafeRawPointer) {
        cursor = bytes.baseAddress ?? fallback
    }

    @inline(__always)
    mutating func byte() -> UInt8 {
        let value = cursor.load(as: UInt8.self)
        cursor += 1
        return value
    }

    @inline(__always)
    mutating func uint32() -> UInt32 {
        let value = cursor.loadUnaligned(as: UInt32.self)
        cursor += 4
        return value
    }

    @inline(__always)
    mutating func uint64() -> UInt64 {
        let value = cursor.loadUnaligned(as: UInt64.self)
        cursor += 8
        return value
    }

    @inline(__always)
    mutating func text() -> UnsafeRawBufferPointer {
        let count = Int(uint32())
        let text = UnsafeRawBufferPointer(start: cursor, count: count)
        cursor += count
        return text
    }
}
