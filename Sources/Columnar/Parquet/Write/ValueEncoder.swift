/// Encodes staged values by any encoding that pages may have.
struct ValueEncoder {
    private var deltas = ByteArrayDeltas()

    /// Encodings that values of a leaf may have, without dictionaries.
    static func encodings(of leaf: SchemaLeaf) -> [ValueEncoding] {
        switch leaf.node.element.type {
        case .boolean: [.plain, .rle]
        case .int32, .int64: [.plain, .deltaBinaryPacked, .byteStreamSplit]
        case .float, .double: [.plain, .byteStreamSplit]
        case .byteArray: [.plain, .deltaLengthByteArray, .deltaByteArray]
        case .fixedLengthByteArray: [.plain, .deltaByteArray, .byteStreamSplit]
        case .int96, nil: [.plain]
        }
    }

    /// Appends values `range`; codes if there is a dictionary.
    mutating func append(
        _ staging: LeafStaging, _ range: Range<Int>, _ plan: ChunkPlan, into out: inout ByteWriter
    ) throws(ColumnarError) {
        if let dictionary = plan.dictionary {
            return try Self.codes(dictionary, range, into: &out)
        }
        switch plan.encoding {
        case .rle: try Self.runs(staging, range, into: &out)
        case .deltaBinaryPacked:
            // Readable even where there are no values: buffers are never empty.
            let base =
                UnsafeRawPointer(staging.values.buffer.base)
                + range.lowerBound * staging.width
            if staging.width == 4 {
                try DeltaBinaryPacked.encode32(base, count: range.count, into: &out)
            } else {
                try DeltaBinaryPacked.encode64(base, count: range.count, into: &out)
            }
        case .byteStreamSplit:
            try ByteStreamSplit.encode(
                staging.values.buffer.base + range.lowerBound * staging.width,
                count: range.count, width: staging.width, into: &out)
        case .deltaLengthByteArray:
            try deltas.lengthsAndBytes(of: staging, range, into: &out)
        case .deltaByteArray: try deltas.prefixesAndRests(of: staging, range, into: &out)
        case .plain, .plainDictionary, .bitPacked, .rleDictionary, .alp:
            try Self.plain(staging, range, into: &out)
        }
    }

    /// The width of codes in one byte, then the codes; entries are in order of appearance, so that early
    /// pages have narrow ones.
    private static func codes(
        _ dictionary: DictionaryBuilder, _ range: Range<Int>, into out: inout ByteWriter
    ) throws(ColumnarError) {
        let codes = UnsafePointer(dictionary.codes.base.assumingMemoryBound(to: UInt32.self))
        var largest: UInt32 = 0
        for i in range { largest = max(largest, codes[i]) }
        let bitWidth = max(BitPacking.bitWidth(for: Int(largest)), 1)
        try out.append(byte: UInt8(bitWidth))
        try HybridRLE.encode(
            codes + range.lowerBound, count: range.count, bitWidth: bitWidth, into: &out)
    }

    /// Booleans as runs behind their length in bytes.
    private static func runs(
        _ staging: LeafStaging, _ range: Range<Int>, into out: inout ByteWriter
    ) throws(ColumnarError) {
        let mark = out.count
        try out.append(number: UInt32(0))
        let values = staging.values.buffer.base.assumingMemoryBound(to: UInt8.self)
        try HybridRLE.encode(
            UnsafePointer(values + range.lowerBound), count: range.count, bitWidth: 1, into: &out)
        out.patch(at: mark, number: UInt32(truncatingIfNeeded: out.count - mark - 4))
    }

    private static func plain(
        _ staging: LeafStaging, _ range: Range<Int>, into out: inout ByteWriter
    ) throws(ColumnarError) {
        if staging.physical == .boolean {
            let size = (range.count + 7) / 8
            let target = try out.reserve(size + 16)
            let values = staging.values.buffer.base.assumingMemoryBound(to: UInt8.self)
            BitPacking.pack(
                UnsafePointer(values + range.lowerBound), count: range.count, bitWidth: 1,
                into: target)
            return out.advance(size)
        }
        let slice = staging.offset(of: range.lowerBound)..<staging.offset(of: range.upperBound)
        try out.append(UnsafeRawBufferPointer(rebasing: staging.values.bytes[slice]))
    }

    /// Appends the entries of a dictionary as a dictionary page holds them, the first ones up to a limit.
    static func entries(
        _ dictionary: DictionaryBuilder, _ staging: LeafStaging, limitBytes: Int = .max,
        into out: inout ByteWriter
    ) throws(ColumnarError) {
        let values = staging.values.bytes
        for first in dictionary.firsts where out.count < limitBytes {
            let range = staging.offset(of: Int(first))..<staging.offset(of: Int(first) + 1)
            try out.append(UnsafeRawBufferPointer(rebasing: values[range]))
        }
    }
}
