/// DELTA_BINARY_PACKED: differences from the value before, bit-packed above the least of their block.
///
/// https://github.com/apache/parquet-format/blob/master/Encodings.md#delta-encoding-delta_binary_packed--5
///
///     header  ┌────────────┬────────────────────┬───────┬──────────────┐  varints, the first
///             │ block size │ miniblocks a block │ count │ first value  │  value as zigzag
///     block   ├───────────┬┴───────────────┬────┴───────┴──────────────┤
///             │ min delta │ width, 1 B each│ miniblocks, width × size  │
///             └───────────┴────────────────┴───────────────────────────┘
enum DeltaBinaryPacked {
    /// Deltas unpacked at a time, whatever the size of a miniblock.
    private static let pieceCount = 256

    /// Decodes exactly `count` values and hands each on; arithmetic wraps, as the format says.
    ///
    /// The bytes must be readable 9 bytes past their end.
    @inline(__always)
    private static func decode(
        _ reader: inout ByteReader, count: Int, _ store: (_ index: Int, _ value: Int64) -> Void
    ) throws(ColumnarError) {
        let blockSize = try reader.length()
        let miniblocks = try reader.length()
        let total = try reader.length()
        var value = try reader.zigzag()
        guard blockSize > 0, blockSize % 128 == 0, miniblocks > 0, blockSize % miniblocks == 0,
            blockSize / miniblocks % 32 == 0
        else {
            throw reader.corrupt("delta blocks of \(blockSize) values in \(miniblocks) miniblocks")
        }
        guard total == count else { throw reader.corrupt("\(total) deltas for \(count) values") }
        guard count > 0 else { return }
        store(0, value)
        let size = blockSize / miniblocks
        var deltas = Deltas(size: pieceCount)
        var done = 1
        while done < count {
            let least = UInt64(bitPattern: try reader.zigzag())
            let widths = try reader.take(miniblocks)
            for miniblock in 0..<miniblocks where done < count {
                let width = Int(widths[miniblock])
                guard width <= 64 else { throw reader.corrupt("deltas of \(width) bits") }
                let wanted = min(size, count - done)
                let bytes = try reader.take(min(size / 8 * width, reader.remaining))
                guard bytes.count >= BitPacking.packedBytes(count: wanted, bitWidth: width) else {
                    throw reader.corrupt("deltas end too early")
                }
                var start = 0
                while start < wanted {
                    let count = min(wanted - start, pieceCount)
                    let piece = UnsafeRawBufferPointer(rebasing: bytes[(start / 8 * width)...])
                    deltas.add(piece, width, count, least: least, to: &value) {
                        store(done &+ $0, $1)
                    }
                    start += count
                    done += count
                }
            }
        }
    }

    /// Room for the differences of one miniblock.
    private struct Deltas {
        private var narrow: [UInt32]
        private var wide: [UInt64]

        init(size: Int) {
            narrow = Array(repeating: 0, count: size)
            wide = Array(repeating: 0, count: size)
        }

        /// Unpacks differences and adds them up, handing on each sum.
        @inline(__always)
        mutating func add(
            _ bytes: UnsafeRawBufferPointer, _ width: Int, _ count: Int, least: UInt64,
            to value: inout Int64, _ store: (_ index: Int, _ value: Int64) -> Void
        ) {
            var sum = UInt64(bitPattern: value)
            guard width > 0, let source = bytes.baseAddress else {
                for i in 0..<count {
                    sum &+= least
                    store(i, Int64(bitPattern: sum))
                }
                value = Int64(bitPattern: sum)
                return
            }
            if width <= 32 {
                narrow.withUnsafeMutableBufferPointer { deltas in
                    guard let base = deltas.baseAddress else { return }
                    BitPacking.unpack(source, bitWidth: width, count: count, into: base)
                    for i in 0..<count {
                        sum &+= least &+ UInt64(base[i])
                        store(i, Int64(bitPattern: sum))
                    }
                }
            } else {
                wide.withUnsafeMutableBufferPointer { deltas in
                    guard let base = deltas.baseAddress else { return }
                    BitPacking.unpackWide(source, bitWidth: width, count: count, into: base)
                    for i in 0..<count {
                        sum &+= least &+ base[i]
                        store(i, Int64(bitPattern: sum))
                    }
                }
            }
            value = Int64(bitPattern: sum)
        }
    }

    /// INT32 or INT64 values as PLAIN would hold them.
    static func decode(
        _ reader: inout ByteReader, count: Int, width: Int, into target: UnsafeMutableRawPointer
    ) throws(ColumnarError) {
        if width == 4 {
            try decode(&reader, count: count) { index, value in
                target.storeBytes(
                    of: Int32(truncatingIfNeeded: value), toByteOffset: index &* 4, as: Int32.self)
            }
        } else {
            try decode(&reader, count: count) { index, value in
                target.storeBytes(of: value, toByteOffset: index &* 8, as: Int64.self)
            }
        }
    }

    /// Lengths of texts, each handed on: none may be negative.
    @inline(__always)
    static func lengths(
        _ reader: inout ByteReader, count: Int, _ store: (_ index: Int, _ length: UInt32) -> Void
    ) throws(ColumnarError) {
        var isValid = true
        try decode(&reader, count: count) { index, value in
            isValid = isValid && value >= 0 && value <= Int64(Int32.max)
            store(index, UInt32(truncatingIfNeeded: value))
        }
        guard isValid else { throw reader.corrupt("a length below 0 or beyond 31 bits") }
    }
}
