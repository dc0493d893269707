/// Page-level bounds and places of one chunk.
///
/// https://github.com/apache/parquet-format/blob/master/PageIndex.md
struct ColumnIndex {
    /// One page: bounds are nil for pages of NULLs only, and for no others.
    struct Page {
        var lower: [UInt8]?
        var upper: [UInt8]?
        /// nil: the file does not say.
        var nullCount: Int?
        /// nil for types that have no NaN.
        var nanCount: Int?
        /// Histograms as in `SizeStatistics`.
        var sizes = SizeStatistics()
    }

    enum BoundaryOrder: Int {
        case unordered = 0
        case ascending = 1
        case descending = 2
    }

    var pages: [Page] = []

    func boundaryOrder(_ element: SchemaElement) -> BoundaryOrder {
        let bounded = pages.filter { $0.lower != nil && $0.upper != nil }
        var rises = true
        var falls = true
        for (a, b) in zip(bounded, bounded.dropFirst()) {
            guard let lowA = a.lower, let lowB = b.lower, let highA = a.upper,
                let highB = b.upper
            else { continue }
            if BoundsCollector.isLess(lowB, lowA, element)
                || BoundsCollector.isLess(highB, highA, element)
            {
                rises = false
            }
            if BoundsCollector.isLess(lowA, lowB, element)
                || BoundsCollector.isLess(highA, highB, element)
            {
                falls = false
            }
        }
        return rises ? .ascending : falls ? .descending : .unordered
    }

    func written(_ element: SchemaElement) -> [UInt8] {
        var thrift = ThriftWriter()
        thrift.list(1, of: .boolTrue, count: pages.count)
        for page in pages { thrift.elementBool(page.lower == nil) }
        thrift.list(2, of: .binary, count: pages.count)
        for page in pages { thrift.elementBinary(page.lower ?? []) }
        thrift.list(3, of: .binary, count: pages.count)
        for page in pages { thrift.elementBinary(page.upper ?? []) }
        thrift.i32(4, boundaryOrder(element).rawValue)
        thrift.list(5, of: .i64, count: pages.count)
        for page in pages { thrift.elementInteger(page.nullCount ?? 0) }
        let repetitions = pages.flatMap(\.sizes.repetitions)
        if !repetitions.isEmpty { thrift.integers(6, repetitions) }
        let definitions = pages.flatMap(\.sizes.definitions)
        if !definitions.isEmpty { thrift.integers(7, definitions) }
        let nanCounts = pages.compactMap(\.nanCount)
        if nanCounts.count == pages.count { thrift.integers(8, nanCounts) }
        thrift.finish()
        return thrift.bytes
    }
}

/// Where a chunk's pages lie, and the rows that they begin with.
struct OffsetIndex {
    struct Page {
        var offset: Int
        /// With the header.
        var compressedBytes: Int
        var firstRow: Int
        /// Bytes of the page's byte arrays without their lengths; nil for other types.
        var byteArrayBytes: Int?
    }

    var pages: [Page] = []

    func written() -> [UInt8] {
        var thrift = ThriftWriter()
        thrift.list(1, of: .structure, count: pages.count)
        for page in pages {
            thrift.beginElement()
            thrift.i64(1, page.offset)
            thrift.i32(2, page.compressedBytes)
            thrift.i64(3, page.firstRow)
            thrift.end()
        }
        let byteArrayBytes = pages.compactMap(\.byteArrayBytes)
        if !pages.isEmpty, byteArrayBytes.count == pages.count {
            thrift.integers(2, byteArrayBytes)
        }
        thrift.finish()
        return thrift.bytes
    }
}
