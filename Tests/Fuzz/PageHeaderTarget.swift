/// Page headers one after another, as a chunk has them.
enum PageHeaderTarget: FuzzTarget {
    static func run(_ input: UnsafeRawBufferPointer) {
        let location = FileLocation(path: "page-header")
        var rest = input
        do throws(ColumnarError) {
            while !rest.isEmpty {
                var thrift = ThriftReader(ByteReader(rest, location: location))
                let header = try PageHeader(reading: &thrift)
                precondition(thrift.bytes.position > 0 && header.valueCount >= 0)
                precondition(header.compressedBytes >= 0 && header.uncompressedBytes >= 0)
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(thrift.bytes.position))
            }
        } catch { return }
    }
}
