/// PLAIN: values as they are, little-endian; texts behind their length.
///
/// https://github.com/apache/parquet-format/blob/master/Encodings.md#plain-plain--0
///
///     BYTE_ARRAY   ┌────────────┬───────┐┌────────────┬───────┐
///                  │ length u32 │ bytes ││ length u32 │ bytes │ ...
enum Plain {
    /// Walks `count` texts and stores where they lie, `base` bytes into the owner.
    static func slices(
        _ reader: inout ByteReader, count: Int, base: Int,
        into target: UnsafeMutablePointer<TextSlice>
    ) throws(ColumnarError) {
        guard let start = reader.bytes.baseAddress else {
            guard count == 0 else { throw reader.corrupt("\(count) texts in an empty page") }
            return
        }
        let end = reader.bytes.count
        var position = reader.position
        for i in 0..<count {
            guard position &+ 4 <= end else {
                throw reader.corrupt("text \(i) of \(count) lies past the page's end")
            }
            let length = start.loadUnaligned(fromByteOffset: position, as: UInt32.self)
            position &+= 4
            guard Int(length) <= end &- position else {
                throw reader.corrupt("text \(i) of \(count) is \(length) bytes long")
            }
            target[i] = TextSlice(
                start: UInt32(truncatingIfNeeded: base &+ position), length: length)
            position &+= Int(length)
        }
    }
}
