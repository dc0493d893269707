/// The writing side: blocks of 128 values in four miniblocks, as most writers have them.
extension DeltaBinaryPacked {
    private static let blockValues = 128
    private static let miniblockValues = 32

    /// Appends `count` INT32 values of PLAIN form.
    static func encode32(
        _ source: UnsafeRawPointer, count: Int, into out: inout ByteWriter
    ) throws(ColumnarError) {
        try encode(source, UInt32.self, count: count, into: &out) { Int64(Int32(bitPattern: $0)) }
    }

    /// Appends `count` INT64 values of PLAIN form.
    static func encode64(
        _ source: UnsafeRawPointer, count: Int, into out: inout ByteWriter
    ) throws(ColumnarError) {
        try encode(source, UInt64.self, count: count, into: &out) { Int64(bitPattern: $0) }
    }

    /// Differences wrap in the values' own width, so that none is wider than they are.
    @inline(__always)
    private static func encode<Word: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
        _ source: UnsafeRawPointer, _ type: Word.Type, count: Int, into out: inout ByteWriter,
        signed: (Word) -> Int64
    ) throws(ColumnarError) {
        func value(_ index: Int) -> Word {
            source.loadUnaligned(
                fromByteOffset: index &* MemoryLayout<Word>.size, as: Word.self)
        }
        try out.append(varint: UInt64(blockValues))
        try out.append(varint: UInt64(blockValues / miniblockValues))
        try out.append(varint: UInt64(count))
        try out.append(zigzag: count > 0 ? signed(value(0)) : 0)
        var done = 1
        try withDeltas(Word.self) { (deltas) throws(ColumnarError) in
            while done < count {
                let length = min(blockValues, count &- done)
                var previous = value(done &- 1)
                var least = Int64.max
                for i in 0..<length {
                    let next = value(done &+ i)
                    let delta = next &- previous
                    deltas[i] = delta
                    least = min(least, signed(delta))
                    previous = next
                }
                let base = Word(truncatingIfNeeded: least)
                for i in 0..<length { deltas[i] &-= base }
                // Values that pad the last miniblock.
                for i in length..<blockValues { deltas[i] = 0 }
                try out.append(zigzag: least)
                try block(UnsafePointer(deltas), length, into: &out)
                done &+= length
            }
        }
    }

    private static func withDeltas<Word: FixedWidthInteger>(
        _ type: Word.Type,
        _ body: (UnsafeMutablePointer<Word>) throws(ColumnarError) -> Void
    ) throws(ColumnarError) {
        let deltas = UnsafeMutablePointer<Word>.allocate(capacity: blockValues)
        defer { deltas.deallocate() }
        deltas.initialize(repeating: 0, count: blockValues)
        try body(deltas)
    }

    /// The widths of a block's miniblocks, then those miniblocks that hold values.
    @inline(__always)
    private static func block<Word: FixedWidthInteger & UnsignedInteger>(
        _ deltas: UnsafePointer<Word>, _ length: Int, into out: inout ByteWriter
    ) throws(ColumnarError) {
        let count = blockValues / miniblockValues
        // Four widths, and room for all values at full width and one store beyond.
        let room = try out.reserve(count + blockValues * MemoryLayout<Word>.size + 16)
        var end = count
        for miniblock in 0..<count {
            let start = miniblock * miniblockValues
            guard start < length else {
                room.storeBytes(of: 0, toByteOffset: miniblock, as: UInt8.self)
                continue
            }
            var bits: Word = 0
            for i in 0..<miniblockValues { bits |= deltas[start &+ i] }
            let width = Word.bitWidth - bits.leadingZeroBitCount
            room.storeBytes(
                of: UInt8(truncatingIfNeeded: width), toByteOffset: miniblock, as: UInt8.self)
            BitPacking.packWide(
                deltas + start, count: miniblockValues, bitWidth: width, into: room + end)
            end += miniblockValues / 8 * width
        }
        out.advance(end)
    }
}
