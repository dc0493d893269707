/// What lies between row groups and footer: column indexes, offset indexes, bloom filter headers.
///
/// The first byte says what the rest is: 0 a column index, 1 an offset index, 2 a bloom filter.
enum PageIndexTarget: FuzzTarget {
    private static let location = FileLocation(path: "page-index")

    static func run(_ bytes: UnsafeRawBufferPointer) {
        guard let kind = bytes.first else { return }
        let rest = ByteReader(
            UnsafeRawBufferPointer(rebasing: bytes.dropFirst()), location: location)
        var thrift = ThriftReader(rest)
        do throws(ColumnarError) {
            switch kind {
            case 0:
                let index = try ColumnIndex(reading: &thrift)
                precondition(index.pages.count <= bytes.count)
            case 1:
                let index = try OffsetIndex(reading: &thrift)
                for page in index.pages {
                    precondition(page.offset >= 0 && page.compressedBytes >= 0)
                }
            case 2:
                let count = try StoredBloomFilter.byteCount(&thrift)
                precondition(count >= 0)
            default: return
            }
        } catch { return }
    }
}
