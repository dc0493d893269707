/// The values and levels of one leaf that wait for their row group to be full.
final class LeafStaging {
    let leaf: SchemaLeaf
    let physical: PhysicalType
    /// Bytes of a staged fixed-width value (booleans take one); 0 for byte arrays.
    let width: Int
    /// Values that are not NULL in PLAIN form, but booleans as bytes.
    private(set) var values: ByteWriter
    /// Where each byte array's length begins.
    private(set) var starts: ByteWriter
    private(set) var definitions: ByteWriter
    private(set) var repetitions: ByteWriter
    private(set) var valueCount = 0
    private(set) var levelCount = 0
    private let path: String

    init(leaf: SchemaLeaf, path: String, pool: BufferPool) throws(ColumnarError) {
        self.leaf = leaf
        self.path = path
        guard let type = leaf.node.element.type else { preconditionFailure("a leaf has a type") }
        physical = type
        width = type == .boolean ? 1 : type.width(typeLength: leaf.node.element.typeLength) ?? 0
        values = try ByteWriter(pool: pool)
        starts = try ByteWriter(pool: pool)
        definitions = try ByteWriter(pool: pool)
        repetitions = try ByteWriter(pool: pool)
    }

    var stagedBytes: Int { values.count + definitions.count + repetitions.count }

    func removeAll() {
        values.removeAll()
        starts.removeAll()
        definitions.removeAll()
        repetitions.removeAll()
        valueCount = 0
        levelCount = 0
    }

    /// Where value `index` begins in `values`; the end for the count.
    func offset(of index: Int) -> Int {
        if width > 0 { return index * width }
        if index == valueCount { return values.count }
        return Int(starts.bytes.load(fromByteOffset: index * 4, as: UInt32.self))
    }

    /// The bytes of one value, without the length of a byte array.
    func value(_ index: Int) -> UnsafeRawBufferPointer {
        let start = offset(of: index)
        guard width == 0 else {
            return UnsafeRawBufferPointer(rebasing: values.bytes[start..<start + width])
        }
        return UnsafeRawBufferPointer(rebasing: values.bytes[start + 4..<offset(of: index + 1)])
    }

    /// Appends the levels of one frame and the values of its living entries.
    func append(_ frame: ShredFrame, _ column: Column) throws(ColumnarError) {
        if leaf.maxDefinition > 0 { try definitions.append(frame.definitionBytes) }
        if leaf.maxRepetition > 0 { try repetitions.append(frame.repetitionBytes) }
        levelCount += frame.count
        switch column {
        case .bits(let c):
            try fixed(frame, UInt8.self) { c.values[Int($0)] ? 1 : 0 }
        case .flat(let c): try flat(frame, c)
        case .text(let c): try texts(frame, c)
        case .coded, .constant, .runs, .lazy, .list, .row:
            preconditionFailure("shredding leaves flat forms")
        }
    }

    @inline(__always)
    private func fixed<T: BitwiseCopyable>(
        _ frame: ShredFrame, _ type: T.Type, _ value: (UInt32) -> T
    ) throws(ColumnarError) {
        let target = try values.reserve(frame.count * MemoryLayout<T>.stride)
        var done = 0
        let positions = frame.positionBase
        for i in 0..<frame.count where positions[i] != ShredFrame.dead {
            target.storeBytes(
                of: value(positions[i]), toByteOffset: done &* MemoryLayout<T>.stride, as: T.self)
            done &+= 1
        }
        values.advance(done * MemoryLayout<T>.stride)
        valueCount += done
    }

    private func flat(_ frame: ShredFrame, _ column: FlatColumn) throws(ColumnarError) {
        let base = column.buffer.base + column.start * column.storage.width
        switch column.storage {
        case .int32, .float32:
            let source = base.assumingMemoryBound(to: UInt32.self)
            try fixed(frame, UInt32.self) { source[Int($0)] }
        case .float64:
            let source = base.assumingMemoryBound(to: UInt64.self)
            try fixed(frame, UInt64.self) { source[Int($0)] }
        case .int64:
            let source = base.assumingMemoryBound(to: Int64.self)
            if physical == .int32 {
                // Unscaled decimals of up to nine digits.
                try fixed(frame, Int32.self) { Int32(truncatingIfNeeded: source[Int($0)]) }
            } else {
                try fixed(frame, Int64.self) { source[Int($0)] }
            }
        case .int128:
            let source = base.assumingMemoryBound(to: Int128.self)
            if physical == .int64 {
                try fixed(frame, Int64.self) { ZonedTime(bits: source[Int($0)]).micros }
            } else {
                try wide(frame, source)
            }
        case .bit, .text, .list, .row: preconditionFailure("not a flat storage")
        }
    }

    /// Decimals and uuids as big-endian bytes.
    private func wide(
        _ frame: ShredFrame, _ source: UnsafeMutablePointer<Int128>
    ) throws(ColumnarError) {
        let isUUID = leaf.node.element.logical == .uuid
        let positions = frame.positionBase
        for i in 0..<frame.count where positions[i] != ShredFrame.dead {
            var bits = UInt128(bitPattern: source[Int(positions[i])])
            if isUUID { bits ^= UInt128(1) << 127 }
            let target = try values.reserve(16)
            let shifted = (bits << UInt128(8 * (16 - width))).bigEndian
            target.storeBytes(of: shifted, as: UInt128.self)
            values.advance(width)
            valueCount += 1
        }
    }

    private func texts(_ frame: ShredFrame, _ column: TextColumn) throws(ColumnarError) {
        let slices = column.sliceSpan()
        let positions = frame.positionBase
        var total = 0
        var alive = 0
        for i in 0..<frame.count where positions[i] != ShredFrame.dead {
            total &+= Int(slices[Int(positions[i])].length) &+ 4
            alive &+= 1
        }
        guard values.count + total <= Limits.textBufferBytes else {
            throw .limit(
                name: "textBufferBytes", value: values.count + total,
                limit: Limits.textBufferBytes,
                location: FileLocation(path: path, column: leaf.name))
        }
        let target = try values.reserve(total)
        let marks = try starts.reserve(alive * 4)
        var offset = 0
        var done = 0
        for i in 0..<frame.count where positions[i] != ShredFrame.dead {
            let slice = slices[Int(positions[i])]
            let bytes = column.bytes(of: slice)
            marks.storeBytes(
                of: UInt32(truncatingIfNeeded: values.count &+ offset), toByteOffset: done &* 4,
                as: UInt32.self)
            target.storeBytes(of: slice.length, toByteOffset: offset, as: UInt32.self)
            if let source = bytes.baseAddress {
                (target + offset + 4).copyMemory(from: source, byteCount: bytes.count)
            }
            offset &+= bytes.count &+ 4
            done &+= 1
        }
        values.advance(total)
        starts.advance(alive * 4)
        valueCount += alive
    }
}
