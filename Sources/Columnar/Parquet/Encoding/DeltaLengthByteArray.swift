/// DELTA_LENGTH_BYTE_ARRAY: all lengths as deltas, then all bytes.
///
/// https://github.com/apache/parquet-format/blob/master/Encodings.md#delta-length-byte-array-delta_length_byte_array--6
enum DeltaLengthByteArray {
    /// Stores where each text lies, `base` bytes into the owner.
    static func slices(
        _ reader: inout ByteReader, count: Int, base: Int,
        into target: UnsafeMutablePointer<TextSlice>
    ) throws(ColumnarError) {
        try DeltaBinaryPacked.lengths(&reader, count: count) { index, length in
            target[index] = TextSlice(start: 0, length: length)
        }
        var start = reader.position
        let end = reader.bytes.count
        for i in 0..<count {
            let length = Int(target[i].length)
            guard length <= end - start else {
                throw reader.corrupt("text \(i) of \(count) is \(length) bytes long")
            }
            target[i].start = UInt32(truncatingIfNeeded: base + start)
            start += length
        }
    }
}
