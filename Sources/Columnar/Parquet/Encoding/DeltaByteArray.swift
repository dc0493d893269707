/// DELTA_BYTE_ARRAY: how much of the text before is kept, then the rest as DELTA_LENGTH_BYTE_ARRAY.
///
/// https://github.com/apache/parquet-format/blob/master/Encodings.md#delta-strings-delta_byte_array--7
enum DeltaByteArray {
    /// Appends each text to `out`, whole, and stores its slice of it.
    ///
    /// Prefixes can amplify: `limit` bounds what `out` may hold.
    static func texts(
        _ reader: inout ByteReader, count: Int, out: inout ByteWriter, limit: Int,
        into target: UnsafeMutablePointer<TextSlice>
    ) throws(ColumnarError) {
        // The slices hold prefix and suffix lengths until each text's place is known.
        try DeltaBinaryPacked.lengths(&reader, count: count) { index, length in
            target[index] = TextSlice(start: length, length: 0)
        }
        try DeltaBinaryPacked.lengths(&reader, count: count) { target[$0].length = $1 }
        var previous = 0..<0
        for i in 0..<count {
            let prefix = Int(target[i].start)
            guard prefix <= previous.count else {
                throw reader.corrupt("prefix \(prefix) of a text of \(previous.count) bytes")
            }
            let suffix = try reader.take(Int(target[i].length))
            let start = out.count
            let length = prefix + suffix.count
            guard length <= limit - start else {
                throw .limit(
                    name: "textBufferBytes", value: start + length, limit: limit,
                    location: reader.location)
            }
            let room = try out.reserve(length)
            // `reserve` may have moved the bytes: the prefix is read from where they are now.
            room.copyMemory(from: out.buffer.base + previous.lowerBound, byteCount: prefix)
            if let source = suffix.baseAddress {
                (room + prefix).copyMemory(from: source, byteCount: suffix.count)
            }
            out.advance(length)
            previous = start..<start + length
            target[i] = TextSlice(
                start: UInt32(truncatingIfNeeded: start),
                length: UInt32(truncatingIfNeeded: length))
        }
    }
}
