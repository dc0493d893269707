import Synchronization

/// Reads the page index of one row group's chunks, each once.
///
/// An index only ever saves work: one that cannot be read, or that contradicts itself or the footer,
/// counts as absent. One that the file vouches for and that is not as it was written is an error.
/// https://github.com/apache/parquet-format/blob/master/PageIndex.md
final class PageIndexReader: Sendable {
    private let input: InputFile
    private let chunks: [ColumnChunkMetadata]
    private let rowCount: Int
    private let location: FileLocation
    private let pool: BufferPool
    private let counters: ScanCounters
    private let offsets = Mutex<[Int: OffsetIndex?]>([:])

    init(
        input: InputFile, rowGroup: RowGroupMetadata, location: FileLocation, pool: BufferPool,
        counters: ScanCounters
    ) {
        self.input = input
        chunks = rowGroup.columns
        rowCount = rowGroup.rowCount
        self.location = location
        self.pool = pool
        self.counters = counters
    }

    /// Where a leaf's pages lie and the rows that they begin with.
    func offsetIndex(_ leaf: Int) throws(ColumnarError) -> OffsetIndex? {
        if let held = offsets.withLock({ $0[leaf] }) { return held }
        let chunk = chunks[leaf]
        var index: OffsetIndex?
        if let offset = chunk.offsetIndexOffset {
            index = try read(
                "offset index", chunk, offset, chunk.offsetIndexBytes, sum: chunk.seal?.offsetIndex,
                { thrift throws(ColumnarError) in try OffsetIndex(reading: &thrift) })
        }
        if let found = index, !isSound(found, chunk) { index = nil }
        offsets.withLock { $0[leaf] = .some(index) }
        return index
    }

    /// Bounds of a leaf's pages, as many as its offset index has.
    func columnIndex(_ leaf: Int) throws(ColumnarError) -> ColumnIndex? {
        let chunk = chunks[leaf]
        guard let offset = chunk.columnIndexOffset, let pages = try offsetIndex(leaf)?.pages,
            let index = try read(
                "column index", chunk, offset, chunk.columnIndexBytes, sum: chunk.seal?.columnIndex,
                { thrift throws(ColumnarError) in try ColumnIndex(reading: &thrift) }),
            index.pages.count == pages.count
        else { return nil }
        return index
    }

    private func read<Index>(
        _ name: String, _ chunk: ColumnChunkMetadata, _ offset: Int, _ byteCount: Int,
        sum: UInt32?, _ parse: (inout ThriftReader) throws(ColumnarError) -> Index
    ) throws(ColumnarError) -> Index? {
        guard offset >= 4, byteCount > 0, byteCount <= Limits.pageIndexBytes,
            offset <= input.sizeBytes, byteCount <= input.sizeBytes - offset
        else { return nil }
        do throws(ColumnarError) {
            let bytes = try input.read(offset: offset, count: byteCount, pool: pool)
            counters.bytesRead.wrappingAdd(byteCount, ordering: .relaxed)
            defer { withExtendedLifetime(bytes) {} }
            let body = UnsafeRawBufferPointer(start: bytes.base, count: byteCount)
            var place = location
            place.column = chunk.path.joined(separator: ".")
            place.offset = offset
            if let sum, sum != ChunkSeal.sum(body) {
                throw .corrupt(place, reason: "the \(name) is not as it was written")
            }
            var thrift = ThriftReader(ByteReader(body, location: place))
            return try parse(&thrift)
        } catch {
            if sum == nil { return nil }
            throw error
        }
    }

    /// Pages follow each other inside the chunk, and their first rows rise from 0.
    private func isSound(_ index: OffsetIndex, _ chunk: ColumnChunkMetadata) -> Bool {
        var position = chunk.startOffset
        var row = -1
        let end = chunk.startOffset + chunk.compressedBytes
        for page in index.pages {
            guard page.offset >= position, page.compressedBytes > 0,
                page.offset <= end, page.compressedBytes <= end - page.offset,
                page.firstRow > row, page.firstRow < rowCount
            else { return false }
            position = page.offset + page.compressedBytes
            row = page.firstRow
        }
        return index.pages.first?.firstRow == 0
    }
}

extension OffsetIndex {
    init(reading thrift: inout ThriftReader) throws(ColumnarError) {
        var last = 0
        while let field = try thrift.field(after: &last) {
            guard field.id == 1 else {
                try thrift.skip(field)
                continue
            }
            let count = try thrift.list(field, of: .structure)
            pages.reserveCapacity(count)
            for _ in 0..<count { pages.append(try Self.page(&thrift)) }
        }
    }

    private static func page(_ thrift: inout ThriftReader) throws(ColumnarError) -> Page {
        var page = Page(offset: 0, compressedBytes: 0, firstRow: 0)
        var last = 0
        while let field = try thrift.field(after: &last) {
            switch field.id {
            case 1: page.offset = try thrift.count(field)
            case 2: page.compressedBytes = try thrift.count(field)
            case 3: page.firstRow = try thrift.count(field)
            default: try thrift.skip(field)
            }
        }
        return page
    }

    /// The rows of each page of a chunk.
    func rows(of page: Int, rowCount: Int) -> Range<Int> {
        let end = page + 1 < pages.count ? pages[page + 1].firstRow : rowCount
        return pages[page].firstRow..<end
    }
}

extension ColumnIndex {
    /// Throws if the lists of the index have different lengths.
    init(reading thrift: inout ThriftReader) throws(ColumnarError) {
        var isNull: [Bool] = []
        var lower: [[UInt8]] = []
        var upper: [[UInt8]] = []
        var nullCounts: [Int]?
        var last = 0
        while let field = try thrift.field(after: &last) {
            switch field.id {
            case 1:
                for _ in 0..<(try thrift.list(field, of: .boolTrue)) {
                    isNull.append(try thrift.elementBool())
                }
            case 2: lower = try Self.bounds(field, &thrift)
            case 3: upper = try Self.bounds(field, &thrift)
            case 5:
                var counts: [Int] = []
                for _ in 0..<(try thrift.list(field, of: .i64)) {
                    counts.append(try thrift.elementInteger())
                }
                nullCounts = counts
            default: try thrift.skip(field)
            }
        }
        guard lower.count == isNull.count, upper.count == isNull.count,
            nullCounts == nil || nullCounts?.count == isNull.count
        else { throw thrift.corrupt("a column index whose lists differ in length") }
        for i in isNull.indices {
            pages.append(
                Page(
                    lower: isNull[i] ? nil : lower[i], upper: isNull[i] ? nil : upper[i],
                    nullCount: nullCounts?[i]))
        }
    }

    private static func bounds(
        _ field: ThriftField, _ thrift: inout ThriftReader
    ) throws(ColumnarError) -> [[UInt8]] {
        var bounds: [[UInt8]] = []
        for _ in 0..<(try thrift.list(field, of: .binary)) {
            bounds.append(try thrift.elementBinary())
        }
        return bounds
    }
}
