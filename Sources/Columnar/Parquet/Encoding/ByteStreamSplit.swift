/// BYTE_STREAM_SPLIT: the first bytes of all values, then the second bytes, and so on.
///
/// https://github.com/apache/parquet-format/blob/master/Encodings.md#byte-stream-split-byte_stream_split--9
enum ByteStreamSplit {
    /// Values as PLAIN would hold them; the streams must be exactly as long as the values.
    static func decode(
        _ reader: inout ByteReader, count: Int, width: Int, into target: UnsafeMutableRawPointer
    ) throws(ColumnarError) {
        let bytes = try reader.take(reader.remaining)
        guard bytes.count == count * width, let source = bytes.baseAddress else {
            throw reader.corrupt("\(bytes.count) bytes for \(count) values of \(width)")
        }
        let streams = source.assumingMemoryBound(to: UInt8.self)
        let values = target.assumingMemoryBound(to: UInt8.self)
        for stream in 0..<width {
            let from = streams + stream * count
            for i in 0..<count { values[i &* width &+ stream] = from[i] }
        }
    }
}
