/// BIT_PACKED: the deprecated encoding of levels, most significant bit first, no length in front.
///
/// https://github.com/apache/parquet-format/blob/master/Encodings.md#bit-packed-deprecated-bit_packed--4
///
///     levels 0...7 of 3 bits   ┌──────────┬──────────┬──────────┐
///                              │ 00000101 │ 00111001 │ 01110111 │
///                              └──────────┴──────────┴──────────┘
enum BitPackedLevels {
    /// Takes `count` levels and lays them into `out` as one packed run of `HybridRLE`.
    ///
    /// So the readers of levels know one layout only; files with this one are rare and old.
    static func transcode(
        _ reader: inout ByteReader, bitWidth: Int, count: Int, into out: inout ByteWriter
    ) throws(ColumnarError) {
        out.removeAll()
        let bytes = try reader.take(BitPacking.packedBytes(count: count, bitWidth: bitWidth))
        guard count > 0, bitWidth > 0 else { return }
        let groups = (count + 7) / 8
        try out.append(varint: UInt64(groups) << 1 | 1)
        let target = try out.reserve(groups * bitWidth + 16)
        target.initializeMemory(as: UInt8.self, repeating: 0, count: groups * bitWidth)
        for level in 0..<count {
            for bit in 0..<bitWidth {
                let from = level &* bitWidth &+ bit
                guard bytes[from &>> 3] &>> UInt8(7 &- from & 7) & 1 == 1 else { continue }
                // The level's first bit here is its highest, there its last.
                let to = level &* bitWidth &+ bitWidth &- 1 &- bit
                let byte = target.load(fromByteOffset: to &>> 3, as: UInt8.self)
                target.storeBytes(
                    of: byte | 1 &<< UInt8(to & 7), toByteOffset: to &>> 3, as: UInt8.self)
            }
        }
        out.advance(groups * bitWidth)
    }
}
