/// A Parquet file of which any part can be made to lie; what is not set is honest.
struct HostileFile {
    /// One element of the schema.
    struct Element {
        var name = "a"
        var type: Int? = 1
        var typeLength: Int?
        var repetition: Int? = 0
        var childCount: Int?
        var converted: Int?

        var written: [UInt8] {
            ThriftBuilder.whole {
                $0.integer(1, type, type: 5)
                $0.integer(2, typeLength, type: 5)
                $0.integer(3, repetition, type: 5)
                $0.binary(4, Array(name.utf8))
                $0.integer(5, childCount, type: 5)
                $0.integer(6, converted, type: 5)
            }
        }
    }

    struct Page {
        /// 0 data, 2 dictionary, 3 data version 2.
        var type = 0
        var valueCount = 0
        var encoding = 0
        var body: [UInt8] = []
        var plainBytes: Int?
        var compressedBytes: Int?
        var nullCount = 0
        var rowCount = 0
        var definitionBytes = 0
        var repetitionBytes = 0
        var isCompressed = true
        var checksum: Int?

        var written: [UInt8] {
            ThriftBuilder.whole {
                $0.integer(1, type, type: 5)
                $0.integer(2, plainBytes ?? body.count, type: 5)
                $0.integer(3, compressedBytes ?? body.count, type: 5)
                $0.integer(4, checksum, type: 5)
                $0.structure([0: 5, 2: 7, 3: 8][type] ?? 5) { body in
                    body.integer(1, valueCount, type: 5)
                    guard type == 3 else {
                        body.integer(2, encoding, type: 5)
                        body.integer(3, 3, type: 5)
                        body.integer(4, 3, type: 5)
                        return
                    }
                    body.integer(2, nullCount, type: 5)
                    body.integer(3, rowCount, type: 5)
                    body.integer(4, encoding, type: 5)
                    body.integer(5, definitionBytes, type: 5)
                    body.integer(6, repetitionBytes, type: 5)
                    body.bool(7, isCompressed)
                }
            } + body
        }
    }

    struct Chunk {
        var type = 1
        var codec = 0
        var pages: [Page] = []
        var valueCount: Int?
        var compressedBytes: Int?
        var dataPageOffset: Int?
        var dictionaryPageOffset: Int?
        var filePath: String?
        var minimum: [UInt8]?
        var maximum: [UInt8]?
        var nullCount: Int?
        var bloomFilterOffset: Int?
        /// Written behind the pages.
        var offsetIndex: [UInt8]?
        var columnIndex: [UInt8]?
        /// A Bloom filter with its header, behind the indexes.
        var bloomFilter: [UInt8]?
        /// Share the bytes of the chunk before instead of writing any.
        var isAlias = false
    }

    var elements = [Element(name: "root", type: nil, repetition: nil, childCount: 1), Element()]
    var groups: [(rows: Int, chunks: [Chunk])] = []
    /// The order of the first column that row groups claim; nil: none.
    var sortsDescending: Bool?
    /// Honest: the sum.
    var rowCount: Int?
    /// Behind the row groups in the footer.
    var extraFooter: (inout ThriftBuilder) -> Void = { _ in }
    /// Changes the finished footer.
    var footerLength: Int?

    /// One column of one chunk with these pages.
    init(
        _ element: Element = Element(), rows: Int, codec: Int = 0, pages: [Page]
    ) {
        elements[1] = element
        var chunk = Chunk(type: element.type ?? 1)
        chunk.codec = codec
        chunk.pages = pages
        groups = [(rows, [chunk])]
    }

    var bytes: [UInt8] {
        var bytes = Array("PAR1".utf8)
        var written: [[UInt8]] = []
        var last = (offset: 4, data: 4, byteCount: 0)
        for group in groups {
            var chunks: [UInt8] = []
            for chunk in group.chunks {
                if !chunk.isAlias {
                    last.offset = bytes.count
                    last.data = bytes.count
                    for page in chunk.pages {
                        bytes += page.written
                        if page.type == 2 { last.data = bytes.count }
                    }
                    last.byteCount = bytes.count - last.offset
                }
                let indexes = (bytes.count, bytes.count + (chunk.offsetIndex?.count ?? 0))
                bytes += chunk.offsetIndex ?? []
                bytes += chunk.columnIndex ?? []
                let bloom = bytes.count
                bytes += chunk.bloomFilter ?? []
                var chunk = chunk
                if chunk.bloomFilter != nil { chunk.bloomFilterOffset = bloom }
                chunks += Self.written(chunk, last, indexes)
            }
            written.append(
                ThriftBuilder.whole {
                    $0.list(1, 12, count: group.chunks.count, chunks)
                    $0.integer(2, last.byteCount)
                    $0.integer(3, group.rows)
                    if let descending = sortsDescending {
                        let column = ThriftBuilder.whole {
                            $0.integer(1, 0, type: 5)
                            $0.bool(2, descending)
                            $0.bool(3, false)
                        }
                        $0.list(4, 12, count: 1, column)
                    }
                })
        }
        let footer = ThriftBuilder.whole {
            $0.integer(1, 1, type: 5)
            $0.list(2, 12, count: elements.count, elements.flatMap(\.written))
            $0.integer(3, rowCount ?? groups.reduce(0) { $0 &+ $1.rows })
            $0.list(4, 12, count: groups.count, written.flatMap { $0 })
            extraFooter(&$0)
            // Bounds mean nothing without an order.
            let leaves = elements.count { $0.type != nil }
            let order: [UInt8] = [0x1C, 0, 0]
            $0.list(7, 12, count: leaves, (0..<leaves).flatMap { _ in order })
        }
        let length = UInt32(truncatingIfNeeded: footerLength ?? footer.count)
        return bytes + footer + withUnsafeBytes(of: length) { Array($0) } + Array("PAR1".utf8)
    }

    private static func written(
        _ chunk: Chunk, _ place: (offset: Int, data: Int, byteCount: Int),
        _ indexes: (offset: Int, column: Int)
    ) -> [UInt8] {
        let values = chunk.pages.filter { $0.type != 2 }.reduce(0) { $0 &+ $1.valueCount }
        let plain = chunk.pages.reduce(0) { $0 &+ ($1.plainBytes ?? $1.body.count) }
        return ThriftBuilder.whole {
            $0.binary(1, chunk.filePath.map { Array($0.utf8) })
            $0.integer(2, 0)
            $0.structure(3) { meta in
                meta.integer(1, chunk.type, type: 5)
                meta.list(2, 5, count: 1, ThriftBuilder.zigzag(0))
                meta.list(3, 8, count: 1, [1, UInt8(ascii: "a")])
                meta.integer(4, chunk.codec, type: 5)
                meta.integer(5, chunk.valueCount ?? values)
                meta.integer(6, plain)
                meta.integer(7, chunk.compressedBytes ?? place.byteCount)
                meta.integer(9, chunk.dataPageOffset ?? place.data)
                let dictionary = place.data > place.offset ? place.offset : nil
                meta.integer(11, chunk.dictionaryPageOffset ?? dictionary)
                if chunk.minimum != nil || chunk.nullCount != nil {
                    meta.structure(12) { statistics in
                        statistics.integer(3, chunk.nullCount)
                        statistics.binary(5, chunk.maximum)
                        statistics.binary(6, chunk.minimum)
                    }
                }
                meta.integer(14, chunk.bloomFilterOffset)
            }
            if let index = chunk.offsetIndex {
                $0.integer(4, indexes.offset)
                $0.integer(5, index.count, type: 5)
            }
            if let index = chunk.columnIndex {
                $0.integer(6, indexes.column)
                $0.integer(7, index.count, type: 5)
            }
        }
    }
}

extension HostileFile {
    /// PLAIN INT32 values.
    static func numbers(_ values: [Int32]) -> [UInt8] {
        values.flatMap { value in withUnsafeBytes(of: value) { Array($0) } }
    }

    /// Levels with the length in front that version 1 pages have.
    static func prefixed(_ levels: [UInt8]) -> [UInt8] {
        withUnsafeBytes(of: UInt32(levels.count)) { Array($0) } + levels
    }
}
