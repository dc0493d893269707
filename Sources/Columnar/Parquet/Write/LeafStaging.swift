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
    private let meter: StagingMeter

    init(
        leaf: SchemaLeaf, path: String, meter: StagingMeter, pool: BufferPool
    ) throws(ColumnarError) {
        self.leaf = leaf
        self.path = path
        self.meter = meter
        guard let type = leaf.node.element.type else { preconditionFailure("a leaf has a type") }
        physical = type
        width = type == .boolean ? 1 : type.width(typeLength: leaf.node.element.typeLength) ?? 0
        values = try ByteWriter(pool: pool)
        starts = try ByteWriter(pool: pool)
        definitions = try ByteWriter(pool: pool)
        repetitions = try ByteWriter(pool: pool)
    }

    /// True for types that have NaN.
    var isFloating: Bool { physical == .float || physical == .double }

    private var stagedBytes: Int {
        values.count + starts.count + definitions.count + repetitions.count
    }

    /// How much is staged: where a piece that does not fit is cut off again.
    struct Mark {
        fileprivate var values = 0
        fileprivate var starts = 0
        fileprivate var definitions = 0
        fileprivate var repetitions = 0
        fileprivate var valueCount = 0
        fileprivate var levelCount = 0
    }

    var mark: Mark {
        Mark(
            values: values.count, starts: starts.count, definitions: definitions.count,
            repetitions: repetitions.count, valueCount: valueCount, levelCount: levelCount)
    }

    /// Forgets what was staged after `mark`.
    func rollBack(to mark: Mark) {
        let before = stagedBytes
        values.truncate(to: mark.values)
        starts.truncate(to: mark.starts)
        definitions.truncate(to: mark.definitions)
        repetitions.truncate(to: mark.repetitions)
        valueCount = mark.valueCount
        levelCount = mark.levelCount
        meter.giveBack(before - stagedBytes)
    }

    func removeAll() { rollBack(to: Mark()) }

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
    ///
    /// False if they do not fit the row group: then the caller rolls back.
    func append(_ frame: ShredFrame, _ column: Column) throws(ColumnarError) -> Bool {
        let levelBytes =
            (leaf.maxDefinition > 0 ? frame.count : 0) + (leaf.maxRepetition > 0 ? frame.count : 0)
        guard meter.take(levelBytes) else { return false }
        if leaf.maxDefinition > 0 { try definitions.append(frame.definitionBytes) }
        if leaf.maxRepetition > 0 { try repetitions.append(frame.repetitionBytes) }
        levelCount += frame.count
        switch column {
        case .bits(let c):
            return try fixed(frame, UInt8.self) { c.values[Int($0)] ? 1 : 0 }
        case .flat(let c): return try flat(frame, c)
        case .text(let c): return try texts(frame, c)
        case .coded, .constant, .runs, .lazy, .list, .row:
            preconditionFailure("shredding leaves flat forms")
        }
    }

    @inline(__always)
    private func fixed<T: BitwiseCopyable>(
        _ frame: ShredFrame, _ type: T.Type, _ value: (UInt32) -> T
    ) throws(ColumnarError) -> Bool {
        let room = frame.count * MemoryLayout<T>.stride
        guard meter.take(room) else { return false }
        let target = try values.reserve(room)
        var done = 0
        let positions = frame.positionBase
        for i in 0..<frame.count where positions[i] != ShredFrame.dead {
            target.storeBytes(
                of: value(positions[i]), toByteOffset: done &* MemoryLayout<T>.stride, as: T.self)
            done &+= 1
        }
        values.advance(done * MemoryLayout<T>.stride)
        meter.giveBack(room - done * MemoryLayout<T>.stride)
        valueCount += done
        return true
    }

    private func flat(_ frame: ShredFrame, _ column: FlatColumn) throws(ColumnarError) -> Bool {
        let base = column.buffer.base + column.start * column.storage.width
        switch column.storage {
        case .int32 where physical == .fixedLengthByteArray:
            let source = base.assumingMemoryBound(to: Int32.self)
            return try intervals(frame) { (months: Int64(source[Int($0)]), millis: 0) }
        case .int64 where physical == .fixedLengthByteArray && width == 12:
            let source = base.assumingMemoryBound(to: Int64.self)
            return try intervals(frame) { (months: 0, millis: source[Int($0)]) }
        case .int32, .float32:
            let source = base.assumingMemoryBound(to: UInt32.self)
            return try fixed(frame, UInt32.self) { source[Int($0)] }
        case .float64:
            let source = base.assumingMemoryBound(to: UInt64.self)
            return try fixed(frame, UInt64.self) { source[Int($0)] }
        case .int64:
            let source = base.assumingMemoryBound(to: Int64.self)
            if physical == .int32 {
                // Unscaled decimals of up to nine digits.
                return try fixed(frame, Int32.self) { Int32(truncatingIfNeeded: source[Int($0)]) }
            }
            return try fixed(frame, Int64.self) { source[Int($0)] }
        case .int128:
            let source = base.assumingMemoryBound(to: Int128.self)
            if physical == .int64 {
                return try fixed(frame, Int64.self) { ZonedTime(bits: source[Int($0)]).micros }
            }
            return try wide(frame, source)
        case .bit, .text, .list, .row: preconditionFailure("not a flat storage")
        }
    }

    /// Decimals and uuids as big-endian bytes.
    private func wide(
        _ frame: ShredFrame, _ source: UnsafeMutablePointer<Int128>
    ) throws(ColumnarError) -> Bool {
        guard meter.take(frame.count * width) else { return false }
        let isUUID = leaf.node.element.logical == .uuid
        let positions = frame.positionBase
        let target = try values.reserve(frame.count * width + 16)
        var done = 0
        for i in 0..<frame.count where positions[i] != ShredFrame.dead {
            var bits = UInt128(bitPattern: source[Int(positions[i])])
            if isUUID { bits ^= UInt128(1) << 127 }
            let shifted = (bits << UInt128(8 * (16 - width))).bigEndian
            target.storeBytes(of: shifted, toByteOffset: done &* width, as: UInt128.self)
            done &+= 1
        }
        values.advance(done * width)
        meter.giveBack((frame.count - done) * width)
        valueCount += done
        return true
    }

    /// Months, days and milliseconds, each unsigned: the format's INTERVAL has no sign.
    private func intervals(
        _ frame: ShredFrame, _ parts: (UInt32) -> (months: Int64, millis: Int64)
    ) throws(ColumnarError) -> Bool {
        guard meter.take(frame.count * width) else { return false }
        let positions = frame.positionBase
        let target = try values.reserve(frame.count * width)
        var done = 0
        for i in 0..<frame.count where positions[i] != ShredFrame.dead {
            let (months, millis) = parts(positions[i])
            guard months >= 0, millis >= 0, let days = UInt32(exactly: millis / 86_400_000) else {
                throw .unsupported(
                    FileLocation(path: path, column: leaf.name),
                    feature: "writing an interval below 0 or above 2^32 days to Parquet")
            }
            let words = [
                UInt32(truncatingIfNeeded: months), days,
                UInt32(truncatingIfNeeded: millis % 86_400_000),
            ]
            for (word, number) in words.enumerated() {
                target.storeBytes(of: number, toByteOffset: done * 12 + word * 4, as: UInt32.self)
            }
            done += 1
        }
        values.advance(done * width)
        meter.giveBack((frame.count - done) * width)
        valueCount += done
        return true
    }

    private func texts(_ frame: ShredFrame, _ column: TextColumn) throws(ColumnarError) -> Bool {
        let slices = column.sliceSpan()
        let positions = frame.positionBase
        var total = 0
        var alive = 0
        for i in 0..<frame.count where positions[i] != ShredFrame.dead {
            total &+= Int(slices[Int(positions[i])].length) &+ 4
            alive &+= 1
        }
        guard meter.take(total + alive * 4) else { return false }
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
        return true
    }
}
