/// A file of one column and one row group around bytes that are not trusted: everything else is right.
///
/// So that what is fuzzed is the page's body, not the footer that leads to it.
struct PageFile {
    /// One page's part of the file.
    struct Page {
        var type = PageType.data
        var valueCount = 0
        var encoding = ValueEncoding.plain
        var body: [UInt8] = []
        /// nil: the body's own size.
        var plainBytes: Int?
        var nullCount = 0
        var rowCount = 0
        var definitionBytes = 0
        var repetitionBytes = 0
        var isCompressed = true
        var levelEncoding = ValueEncoding.rle.rawValue

        func written() -> [UInt8] {
            var thrift = ThriftWriter()
            thrift.i32(1, type.rawValue)
            thrift.i32(2, plainBytes ?? body.count)
            thrift.i32(3, body.count)
            switch type {
            case .dictionary, .index:
                thrift.begin(7)
                thrift.i32(1, valueCount)
                thrift.i32(2, encoding.rawValue)
            case .data:
                thrift.begin(5)
                thrift.i32(1, valueCount)
                thrift.i32(2, encoding.rawValue)
                thrift.i32(3, levelEncoding)
                thrift.i32(4, levelEncoding)
            case .dataV2:
                thrift.begin(8)
                thrift.i32(1, valueCount)
                thrift.i32(2, nullCount)
                thrift.i32(3, rowCount)
                thrift.i32(4, encoding.rawValue)
                thrift.i32(5, definitionBytes)
                thrift.i32(6, repetitionBytes)
                thrift.bool(7, isCompressed)
            }
            thrift.end()
            thrift.finish()
            return thrift.bytes + body
        }
    }

    /// Elements from the root down to the one leaf.
    var schema: [SchemaElement]
    var codec = Codec.uncompressed.rawValue
    var rowCount = 0
    var pages: [Page] = []

    /// The root and one leaf below it.
    static func schema(_ leaf: SchemaElement) -> [SchemaElement] {
        var root = SchemaElement(name: "root")
        root.childCount = 1
        return [root, leaf]
    }

    func written() -> [UInt8] {
        var bytes = Array("PAR1".utf8)
        var chunk = ColumnChunkMetadata()
        chunk.type = schema.last?.type ?? .int32
        chunk.encodings = [0]
        chunk.path = schema.dropFirst().map(\.name)
        chunk.codec = codec
        chunk.dataPageOffset = 4
        for page in pages {
            let data = page.written()
            if page.type == .dictionary {
                chunk.dictionaryPageOffset = bytes.count
                chunk.dataPageOffset = bytes.count + data.count
            } else {
                chunk.valueCount += page.valueCount
            }
            chunk.uncompressedBytes += data.count - page.body.count
            chunk.uncompressedBytes += page.plainBytes ?? page.body.count
            bytes += data
        }
        chunk.compressedBytes = bytes.count - 4
        var footer = FileMetadata()
        footer.schema = schema
        footer.rowCount = rowCount
        var group = RowGroupMetadata()
        group.columns = [chunk]
        group.rowCount = rowCount
        group.uncompressedBytes = chunk.uncompressedBytes
        group.compressedBytes = chunk.compressedBytes
        footer.rowGroups = [group]
        footer.columnOrders = [.typeDefined]
        var thrift = ThriftWriter()
        footer.write(to: &thrift)
        bytes += thrift.bytes
        let length = UInt32(truncatingIfNeeded: thrift.bytes.count)
        for shift in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: length >> shift)) }
        return bytes + Array("PAR1".utf8)
    }

    /// Writes the file into memory and reads it in every way.
    func read() {
        written().withUnsafeBytes { FileReading.all(MemoryFile.path($0)) }
    }
}
