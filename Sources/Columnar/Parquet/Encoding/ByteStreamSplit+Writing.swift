/// The writing side.
extension ByteStreamSplit {
    /// Appends `count` values of PLAIN form, split into `width` streams.
    static func encode(
        _ source: UnsafeRawPointer, count: Int, width: Int, into out: inout ByteWriter
    ) throws(ColumnarError) {
        let streams = try out.reserve(count * width).assumingMemoryBound(to: UInt8.self)
        let values = source.assumingMemoryBound(to: UInt8.self)
        switch width {
        case 4: split(values, count, 4, streams)
        case 8: split(values, count, 8, streams)
        default: split(values, count, width, streams)
        }
        out.advance(count * width)
    }

    @inline(__always)
    private static func split(
        _ values: UnsafePointer<UInt8>, _ count: Int, _ width: Int,
        _ streams: UnsafeMutablePointer<UInt8>
    ) {
        for stream in 0..<width {
            let target = streams + stream &* count
            for i in 0..<count { target[i] = values[i &* width &+ stream] }
        }
    }
}
