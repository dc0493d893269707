import Columnar
import Glibc

/// One growing column of any storage: plain pointers, so that a row's values append without dispatch
/// through classes, reference counts or exclusivity checks.
///
///     values     storage.width bytes a row; bits, TextSlices or list ends where that is the form
///     bytes      the texts' bytes
///     validity   one bit a row, all ones until a NULL comes
struct ColumnStore {
    let storage: Storage
    private(set) var count = 0
    private var capacity = 0
    private var width: Int
    private var values: UnsafeMutableRawPointer
    private var validity: UnsafeMutablePointer<UInt64>
    private var text: UnsafeMutableRawPointer
    private(set) var textCount = 0
    private var textCapacity = 0
    private var hasNulls = false
    private var buffers: (values: Buffer, validity: Buffer, text: Buffer)
    private let pool: BufferPool

    init(storage: Storage, pool: BufferPool) throws(ColumnarError) {
        self.storage = storage
        self.pool = pool
        switch storage {
        case .text: width = 8
        case .list: width = 4
        case .bit, .row: width = 0
        default: width = storage.width
        }
        let empty = try pool.allocate(bytes: 0)
        buffers = (empty, empty, empty)
        values = empty.base
        validity = empty.base.assumingMemoryBound(to: UInt64.self)
        text = empty.base
    }

    mutating func appendNull() throws(ColumnarError) {
        if count == capacity { try grow() }
        hasNulls = true
        validity[count >> 6] &= ~(1 << UInt64(count & 63))
        if width == 8 {
            (values + count &* 8).storeBytes(of: 0, as: UInt64.self)
        } else if width == 4 {
            let end = storage == .list ? listEnd : 0
            (values + count &* 4).storeBytes(of: end, as: UInt32.self)
        } else if storage == .bit {
            setBit(count, false)
        }
        count &+= 1
    }

    @inline(__always)
    mutating func append(bits32: UInt32) throws(ColumnarError) {
        if count == capacity { try grow() }
        (values + count &* 4).storeBytes(of: bits32, as: UInt32.self)
        count &+= 1
    }

    @inline(__always)
    mutating func append(bits64: UInt64) throws(ColumnarError) {
        if count == capacity { try grow() }
        (values + count &* 8).storeBytes(of: bits64, as: UInt64.self)
        count &+= 1
    }

    @inline(__always)
    mutating func append(bit: Bool) throws(ColumnarError) {
        if count == capacity { try grow() }
        setBit(count, bit)
        count &+= 1
    }

    /// A row, whose fields are appended to their own columns.
    @inline(__always)
    mutating func appendRow() throws(ColumnarError) {
        if count == capacity { try grow() }
        count &+= 1
    }

    /// A list of the child's next rows.
    mutating func appendList(count elements: UInt32) throws(ColumnarError) {
        if count == capacity { try grow() }
        let (end, overflows) = listEnd.addingReportingOverflow(elements)
        guard !overflows else {
            throw .limit(
                name: "list elements", value: Int(listEnd) + Int(elements),
                limit: Int(UInt32.max), location: nil)
        }
        (values + count &* 4).storeBytes(of: end, as: UInt32.self)
        count &+= 1
    }

    /// `isPadded` promises 32 readable bytes behind the first, as pool buffers have.
    @inline(__always)
    mutating func append(
        text bytes: UnsafeRawBufferPointer, isPadded: Bool = true
    ) throws(ColumnarError) {
        if count == capacity { try grow() }
        if textCount &+ bytes.count > textCapacity { try growText(by: bytes.count) }
        let slice = TextSlice(
            start: UInt32(truncatingIfNeeded: textCount),
            length: UInt32(truncatingIfNeeded: bytes.count))
        (values + count &* 8).storeBytes(of: slice, as: TextSlice.self)
        if let source = bytes.baseAddress {
            if isPadded, bytes.count <= 32 {
                Self.copyShort(source, text + textCount)
            } else {
                memcpy(text + textCount, source, bytes.count)
            }
        }
        textCount &+= bytes.count
        count &+= 1
    }

    /// Copies 32 bytes between pool buffers, whose padding makes that right for any shorter text.
    @inline(__always)
    private static func copyShort(_ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer) {
        let low = source.loadUnaligned(as: SIMD16<UInt8>.self)
        let high = source.loadUnaligned(fromByteOffset: 16, as: SIMD16<UInt8>.self)
        target.storeBytes(of: low, as: SIMD16<UInt8>.self)
        target.storeBytes(of: high, toByteOffset: 16, as: SIMD16<UInt8>.self)
    }

    /// The end of the last list so far.
    private var listEnd: UInt32 {
        count == 0 ? 0 : (values + (count &- 1) &* 4).load(as: UInt32.self)
    }

    private func setBit(_ row: Int, _ bit: Bool) {
        let words = values.assumingMemoryBound(to: UInt64.self)
        let mask: UInt64 = 1 << UInt64(row & 63)
        let word = row & 63 == 0 ? 0 : words[row >> 6]
        words[row >> 6] = bit ? word | mask : word & ~mask
    }

    /// Makes room for so many rows at once: doubling on the way leaves as much garbage behind.
    mutating func reserve(rows: Int) throws(ColumnarError) {
        if rows > capacity { try grow(to: rows) }
    }

    private mutating func grow() throws(ColumnarError) {
        try grow(to: max(256, capacity * 2))
    }

    private mutating func grow(to rows: Int) throws(ColumnarError) {
        let bitBytes = (rows + 63) / 64 * 8
        let usedBits = (count + 63) / 64 * 8
        let isBits = storage == .bit
        let grown = try pool.allocate(bytes: isBits ? bitBytes : rows * width)
        memcpy(grown.base, values, isBits ? usedBits : count * width)
        let grownValidity = try pool.allocate(bytes: bitBytes)
        memset(grownValidity.base, 0xFF, bitBytes)
        memcpy(grownValidity.base, validity, usedBits)
        buffers.values = grown
        buffers.validity = grownValidity
        values = grown.base
        validity = grownValidity.base.assumingMemoryBound(to: UInt64.self)
        capacity = rows
    }

    private mutating func growText(by extra: Int) throws(ColumnarError) {
        let needed = textCount + extra
        guard needed <= Limits.textBufferBytes else {
            throw .limit(
                name: "textBufferBytes", value: needed, limit: Limits.textBufferBytes,
                location: nil)
        }
        let grown = try pool.allocate(bytes: max(needed, 4_032, textCapacity * 2))
        memcpy(grown.base, text, textCount)
        buffers.text = grown
        text = grown.base
        textCapacity = grown.capacityBytes
    }

    /// The column of what was appended; the store is empty afterwards and owns nothing of it.
    mutating func finish(children: [Column]) throws(ColumnarError) -> Column {
        let (count, buffers, hasNulls) = (self.count, self.buffers, self.hasNulls)
        let validity = hasNulls ? Bitmap(buffer: buffers.validity, count: count) : nil
        validity?.clearTail()
        let column: Column
        switch storage {
        case .bit:
            let bits = Bitmap(buffer: buffers.values, count: count)
            bits.clearTail()
            column = .bits(BitColumn(values: bits, validity: validity))
        case .text:
            column = .text(
                TextColumn(
                    slices: buffers.values, count: count, owner: buffers.text, validity: validity))
        case .list:
            column = .list(
                ListColumn(
                    offsets: try offsets(), count: count, child: children[0], validity: validity))
        case .row:
            column = .row(RowColumn(children: children, count: count, validity: validity))
        default:
            column = .flat(
                FlatColumn(
                    storage: storage, buffer: buffers.values, count: count, validity: validity))
        }
        self = try ColumnStore(storage: storage, pool: pool)
        return column
    }

    /// List ends with the leading zero that a `ListColumn` wants.
    private func offsets() throws(ColumnarError) -> Buffer {
        let offsets = try pool.allocate(UInt32.self, count: count + 1)
        offsets.base.storeBytes(of: 0, as: UInt32.self)
        memcpy(offsets.base + 4, values, count * 4)
        return offsets
    }
}
