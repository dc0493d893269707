/// Runs of one value, and groups of eight bit-packed values, in any order.
///
/// https://github.com/apache/parquet-format/blob/master/Encodings.md#run-length-encoding--bit-packing-hybrid-rle--3
///
///     run            ┌───────────────────┬─────────────────────┐
///                    │ varint length << 1│ value, ⌈width/8⌉ B  │
///     packed groups  ├───────────────────┼─────────────────────┤
///                    │ varint groups<<1|1│ width B a group     │
enum HybridRLE {
    /// One piece of a stream: a run of a value, or packed values.
    enum Piece {
        case run(value: UInt32, count: Int)
        case packed(UnsafeRawPointer, count: Int)
    }

    /// Reads the next piece, cut to the `wanted` values that are still to come.
    static func next(
        _ reader: inout ByteReader, bitWidth: Int, wanted: Int
    ) throws(ColumnarError) -> Piece {
        let head = try reader.varint()
        if head & 1 == 0 {
            let bytes = try reader.take((bitWidth + 7) / 8)
            var value: UInt32 = 0
            for i in bytes.indices { value |= UInt32(bytes[i]) << UInt32(8 * i) }
            guard bitWidth == 32 || value >> UInt32(bitWidth) == 0 else {
                throw reader.corrupt("a run of \(value), wider than \(bitWidth) bits")
            }
            guard head >> 1 > 0 else { throw reader.corrupt("an empty run") }
            return .run(value: value, count: Int(min(head >> 1, UInt64(wanted))))
        }
        let groups = Int(min(head >> 1, UInt64(Int32.max)))
        guard groups > 0 else { throw reader.corrupt("an empty bit-packed run") }
        let count = min(groups * 8, wanted)
        // The last group may be cut short where the values end.
        let bytes = try reader.take(
            min(groups * bitWidth, max(reader.remaining, 0)))
        guard bytes.count >= BitPacking.packedBytes(count: count, bitWidth: bitWidth) else {
            throw reader.corrupt("bit-packed values end too early")
        }
        return .packed(bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 64)!, count: count)
    }

    /// Decodes exactly `count` values.
    ///
    /// The bytes must be readable 8 bytes past their end.
    @inline(__always)
    private static func decodeValues<T: FixedWidthInteger>(
        _ reader: inout ByteReader, bitWidth: Int, count: Int, into target: UnsafeMutablePointer<T>,
        _ unpack: (UnsafeRawPointer, Int, UnsafeMutablePointer<T>) -> Void
    ) throws(ColumnarError) {
        var done = 0
        while done < count {
            switch try next(&reader, bitWidth: bitWidth, wanted: count - done) {
            case .run(let value, let length):
                (target + done).update(repeating: T(truncatingIfNeeded: value), count: length)
                done += length
            case .packed(let source, let length):
                if bitWidth == 0 {
                    (target + done).update(repeating: 0, count: length)
                } else {
                    unpack(source, length, target + done)
                }
                done += length
            }
        }
    }

    /// Dictionary codes: widths 0...32.
    static func decode(
        _ reader: inout ByteReader, bitWidth: Int, count: Int,
        into target: UnsafeMutablePointer<UInt32>
    ) throws(ColumnarError) {
        try decodeValues(&reader, bitWidth: bitWidth, count: count, into: target) {
            BitPacking.unpack($0, bitWidth: bitWidth, count: $1, into: $2)
        }
    }

    /// Levels: widths 0...8.
    static func decode(
        _ reader: inout ByteReader, bitWidth: Int, count: Int,
        into target: UnsafeMutablePointer<UInt8>
    ) throws(ColumnarError) {
        try decodeValues(&reader, bitWidth: bitWidth, count: count, into: target) {
            BitPacking.unpack($0, bitWidth: bitWidth, count: $1, into: $2)
        }
    }

    /// One-bit values into `bits`, which starts with bit `bits.position`; returns how many are 1.
    static func decodeBits(
        _ reader: inout ByteReader, count: Int, into bits: inout BitSplicer
    ) throws(ColumnarError) -> Int {
        var done = 0
        var ones = 0
        while done < count {
            switch try next(&reader, bitWidth: 1, wanted: count - done) {
            case .run(let value, let length):
                bits.append(repeating: value == 1, count: length)
                if value == 1 { ones += length }
                done += length
            case .packed(let source, let length):
                ones += bits.append(source, count: length)
                done += length
            }
        }
        return ones
    }

    /// Encodes values; each must fit `bitWidth`.
    static func encode<T: FixedWidthInteger>(
        _ values: UnsafePointer<T>, count: Int, bitWidth: Int, into out: inout ByteWriter
    ) throws(ColumnarError) {
        var position = 0
        var packedStart = 0
        while position < count {
            let value = values[position]
            var end = position + 1
            while end < count && values[end] == value { end += 1 }
            let length = end - position
            if length >= 8 {
                try packed(values, packedStart..<position, bitWidth, into: &out)
                try out.append(varint: UInt64(length) << 1)
                for i in 0..<(bitWidth + 7) / 8 {
                    try out.append(
                        byte: UInt8(
                            truncatingIfNeeded: UInt64(truncatingIfNeeded: value)
                                >> UInt64(8 * i)))
                }
                position = end
                packedStart = end
            } else {
                // Runs are looked for at group borders only: packed groups are whole.
                position = min(position + 8, count)
            }
        }
        try packed(values, packedStart..<count, bitWidth, into: &out)
    }

    private static func packed<T: FixedWidthInteger>(
        _ values: UnsafePointer<T>, _ range: Range<Int>, _ bitWidth: Int, into out: inout ByteWriter
    ) throws(ColumnarError) {
        guard !range.isEmpty else { return }
        let groups = (range.count + 7) / 8
        try out.append(varint: UInt64(groups) << 1 | 1)
        let bytes = groups * bitWidth
        let target = try out.reserve(bytes + 16)
        target.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
        BitPacking.pack(
            values + range.lowerBound, count: range.count, bitWidth: bitWidth, into: target)
        out.advance(bytes)
    }
}
