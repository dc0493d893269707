/// Writes byte arrays as DELTA_LENGTH_BYTE_ARRAY or DELTA_BYTE_ARRAY; its lists serve page after page.
///
/// https://github.com/apache/parquet-format/blob/master/Encodings.md#delta-strings-delta_byte_array--7
struct ByteArrayDeltas {
    private var prefixes: [Int32] = []
    private var lengths: [Int32] = []

    /// Appends all lengths as deltas, then all bytes.
    mutating func lengthsAndBytes(
        of staging: LeafStaging, _ range: Range<Int>, into out: inout ByteWriter
    ) throws(ColumnarError) {
        lengths.removeAll(keepingCapacity: true)
        var total = 0
        for i in range {
            let length = staging.value(i).count
            lengths.append(Int32(truncatingIfNeeded: length))
            total += length
        }
        try Self.append(lengths, into: &out)
        let target = try out.reserve(total)
        var done = 0
        for i in range {
            let value = staging.value(i)
            if let source = value.baseAddress {
                (target + done).copyMemory(from: source, byteCount: value.count)
            }
            done += value.count
        }
        out.advance(total)
    }

    /// Appends how much each value shares with the one before, then the rests with their lengths.
    mutating func prefixesAndRests(
        of staging: LeafStaging, _ range: Range<Int>, into out: inout ByteWriter
    ) throws(ColumnarError) {
        prefixes.removeAll(keepingCapacity: true)
        lengths.removeAll(keepingCapacity: true)
        var total = 0
        var previous = UnsafeRawBufferPointer(start: nil, count: 0)
        for i in range {
            let value = staging.value(i)
            let shared = Self.sharedPrefix(previous, value)
            prefixes.append(Int32(truncatingIfNeeded: shared))
            lengths.append(Int32(truncatingIfNeeded: value.count - shared))
            total += value.count - shared
            previous = value
        }
        try Self.append(prefixes, into: &out)
        try Self.append(lengths, into: &out)
        let target = try out.reserve(total)
        var done = 0
        for (i, prefix) in zip(range, prefixes) {
            let value = staging.value(i)
            let rest = value.count - Int(prefix)
            if let source = value.baseAddress {
                (target + done).copyMemory(from: source + Int(prefix), byteCount: rest)
            }
            done += rest
        }
        out.advance(total)
    }

    private static func append(
        _ numbers: [Int32], into out: inout ByteWriter
    ) throws(ColumnarError) {
        // A page of NULLs still has the header of its deltas.
        var none: Int32 = 0
        if numbers.isEmpty { return try DeltaBinaryPacked.encode32(&none, count: 0, into: &out) }
        try numbers.span.withUnsafeBytes { (bytes) throws(ColumnarError) in
            guard let base = bytes.baseAddress else { return }
            try DeltaBinaryPacked.encode32(base, count: numbers.count, into: &out)
        }
    }

    private static func sharedPrefix(
        _ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer
    ) -> Int {
        let limit = min(a.count, b.count)
        guard limit > 0, let x = a.baseAddress, let y = b.baseAddress else { return 0 }
        var done = 0
        while done &+ 8 <= limit {
            let difference =
                x.loadUnaligned(fromByteOffset: done, as: UInt64.self)
                ^ y.loadUnaligned(fromByteOffset: done, as: UInt64.self)
            if difference != 0 { return done &+ difference.trailingZeroBitCount / 8 }
            done &+= 8
        }
        while done < limit,
            x.load(fromByteOffset: done, as: UInt8.self)
                == y.load(fromByteOffset: done, as: UInt8.self)
        {
            done &+= 1
        }
        return done
    }
}
