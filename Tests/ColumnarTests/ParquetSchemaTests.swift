import Testing

@testable import Columnar

/// Lists and maps as writers of all ages laid them out, and footers with known defects.
@Suite struct ParquetSchemaTests {
    let folder = ScratchFolder()

    /// A page of INT32 with levels of the given widths.
    static func page(
        _ values: [Int32], repetition: [UInt64], _ definition: [UInt64], widths: (Int, Int)
    ) -> HandmadePage {
        HandmadePage(
            count: definition.count, repetition: Handmade.levels(repetition, width: widths.0),
            definition: widths.1 == 0 ? [] : Handmade.levels(definition, width: widths.1),
            values: Handmade.plain(values))
    }

    func read(
        _ elements: [SchemaElement], rows: Int, _ pages: HandmadePage...
    ) throws -> (type: String, lines: [String]) {
        let file = HandmadeFile(
            elements: elements, rootChildren: 1, rows: rows,
            chunks: pages.map { .init(pages: [$0]) })
        let lines = try file.lines(folder)
        let schema = try ParquetFile.open(path: folder.file("handmade.parquet")).schema
        return (PeerRows.kind(schema.fields[0].type), lines)
    }

    /// The rules of LogicalTypes.md for lists of two levels.
    @Test func listsOfTwoLevels() throws {
        let page = Self.page([1, 2, 3], repetition: [0, 1, 0, 0], [2, 2, 1, 2], widths: (1, 2))
        let list = Handmade.group("my_list", .optional, children: 1, converted: .list)
        let int = Handmade.leaf(.int32, name: "int")
        // One level less above the values: the element is required.
        let plain = try read(
            [list, Handmade.leaf(.int32, nil, .repeated, name: "element")], rows: 3, page)
        #expect(plain.type == "[\"list\", \"int\"]")
        #expect(plain.lines == ["[1,2]", "[]", "[3]"])
        for name in ["array", "my_list_tuple"] {
            let found = try read(
                [list, Handmade.group(name, .repeated, children: 1), int], rows: 3, page)
            #expect(found.type == "[\"list\", [\"row\", [\"int\", \"int\"]]]", "\(name)")
            #expect(found.lines == ["[(1),(2)]", "[]", "[(3)]"])
        }
        for name in ["bag", "list", "element", "other_tuple"] {
            let found = try read(
                [list, Handmade.group(name, .repeated, children: 1), int], rows: 3, page)
            #expect(found.type == "[\"list\", \"int\"]", "\(name)")
            #expect(found.lines == plain.lines)
        }
        let pair = try read(
            [list, Handmade.group("list", .repeated, children: 2), int, int], rows: 3, page, page)
        #expect(pair.lines == ["[(1,1),(2,2)]", "[]", "[(3,3)]"])
    }

    /// parquet-testing's `old_list_structure`: [[1,2],[3,4]].
    @Test func listsOfListsOfTwoLevels() throws {
        let outer = Handmade.group("a", .optional, children: 1, logical: .list)
        let page = Self.page(
            [1, 2, 3, 4], repetition: [0, 2, 1, 2], [3, 3, 3, 3], widths: (2, 2))
        for annotated in [LogicalType.list, nil] {
            let found = try read(
                [
                    outer, Handmade.group("array", .repeated, children: 1, logical: annotated),
                    Handmade.leaf(.int32, nil, .repeated, name: "array"),
                ], rows: 1, page)
            if annotated != nil {
                #expect(found.type == "[\"list\", [\"list\", \"int\"]]")
                #expect(found.lines == ["[[1,2],[3,4]]"])
            } else {
                #expect(found.lines == ["[([1,2]),([3,4])]"])
            }
        }
        // A repeated group that is itself annotated is a list of lists.
        let repeated = try read(
            [
                Handmade.group("a", .repeated, children: 1, converted: .list),
                Handmade.group("list", .repeated, children: 1), Handmade.leaf(.int32, name: "e"),
            ], rows: 2,
            Self.page([1, 2, 3], repetition: [0, 2, 1, 0], [2, 2, 2, 0], widths: (2, 2)))
        #expect(repeated.lines == ["[[1,2],[3]]", "[]"])
    }

    @Test func repeatedWithoutAnnotation() throws {
        let page = Self.page([1, 2, 3], repetition: [0, 1, 0, 0], [1, 1, 0, 1], widths: (1, 1))
        let numbers = try read([Handmade.leaf(.int32, nil, .repeated)], rows: 3, page)
        #expect(numbers.lines == ["[1,2]", "[]", "[3]"])
        let groups = try read(
            [Handmade.group("g", .repeated, children: 1), Handmade.leaf(.int32)], rows: 3, page)
        #expect(groups.lines == ["[(1),(2)]", "[]", "[(3)]"])
        let inner = try read(
            [
                Handmade.group("g", .required, children: 1), Handmade.leaf(.int32, nil, .repeated),
            ], rows: 3, page)
        #expect(inner.lines == ["([1,2])", "([])", "([3])"])
    }

    /// The footer's own count of rows may be wrong: that of the row groups is meant.
    @Test func rowCountOfTheFooterIsNotBelieved() throws {
        let page = Self.page([1, 2, 3], repetition: [0, 1, 0, 0], [1, 1, 0, 1], widths: (1, 1))
        var file = HandmadeFile(
            elements: [Handmade.leaf(.int32, nil, .repeated)], rootChildren: 1, rows: 3,
            chunks: [.init(pages: [page])])
        file.change = { $0.rowCount = 77 }
        #expect(try file.lines(folder) == ["[1,2]", "[]", "[3]"])
        #expect(try ParquetFile.open(path: folder.file("handmade.parquet")).rowCount == 3)
        file.change = { $0.rowGroups[0].rowCount = 4 }
        #expect(try file.isCorrupt(folder))
    }

    @Test func mapsOfEveryStyle() throws {
        let key = Handmade.leaf(.int32, name: "key")
        let value = Handmade.leaf(.int32, nil, .optional, name: "value")
        let keys = Self.page([1, 2, 3], repetition: [0, 1, 0, 0], [2, 2, 1, 2], widths: (1, 2))
        let values = Self.page([10, 30], repetition: [0, 1, 0, 0], [3, 2, 1, 3], widths: (1, 2))
        let styles: [(SchemaElement, SchemaElement)] = [
            (
                Handmade.group("m", .optional, children: 1, logical: .map),
                Handmade.group("key_value", .repeated, children: 2)
            ),
            (
                Handmade.group("m", .optional, children: 1, converted: .map),
                Handmade.group("map", .repeated, children: 2, converted: .mapKeyValue)
            ),
            (
                Handmade.group("m", .optional, children: 1, converted: .mapKeyValue),
                Handmade.group("map", .repeated, children: 2)
            ),
        ]
        for (outer, entry) in styles {
            let found = try read([outer, entry, key, value], rows: 3, keys, values)
            #expect(found.type == "[\"map\", \"int\", \"int\"]")
            #expect(found.lines == ["{1:10,2:null}", "{}", "{3:30}"])
        }
        // Presto made keys optional.
        var loose = key
        loose.repetition = .optional
        let looseKeys = Self.page(
            [1, 2, 3], repetition: [0, 1, 0, 0], [3, 3, 1, 3], widths: (1, 2))
        let presto = try read([styles[0].0, styles[0].1, loose, value], rows: 3, looseKeys, values)
        #expect(presto.lines == ["{1:10,2:null}", "{}", "{3:30}"])
        // Without values a map is the list of its keys, as in `map_no_value`.
        let bare = try read(
            [styles[0].0, Handmade.group("key_value", .repeated, children: 1), key], rows: 3, keys)
        #expect(bare.type == "[\"list\", \"int\"]")
        #expect(bare.lines == ["[1,2]", "[]", "[3]"])
    }

    /// Groups of annotations that we do not know are read as the rows that they are.
    @Test func groupsOfUnknownKind() throws {
        let variant = HandmadeFile(
            elements: [
                Handmade.group("v", .optional, children: 2, logical: .other),
                Handmade.leaf(.byteArray, name: "metadata"),
                Handmade.leaf(.byteArray, nil, .optional, name: "value"),
            ], rootChildren: 1, rows: 2,
            chunks: [
                .init(pages: [
                    HandmadePage(
                        count: 2, definition: Handmade.levels([1, 0], width: 1),
                        values: [1, 0, 0, 0, 7])
                ]),
                .init(pages: [
                    HandmadePage(
                        count: 2, definition: Handmade.levels([2, 0], width: 2),
                        values: [1, 0, 0, 0, 9])
                ]),
            ])
        #expect(try variant.lines(folder) == ["(x07,x09)", "null"])
    }

    @Test func nestingToTheLimit() throws {
        for depth in [2, 20, 60] {
            var elements = (0..<depth).map { Handmade.group("g\($0)", .optional, children: 1) }
            elements.append(Handmade.leaf(.int32))
            let width = 64 - UInt64(depth).leadingZeroBitCount
            let levels = (0...depth).map { UInt64($0) }
            let page = HandmadePage(
                count: levels.count, definition: Handmade.levels(levels, width: width),
                values: Handmade.plain([Int32(5)]))
            let found = try read(elements, rows: levels.count, page)
            let full =
                String(repeating: "(", count: depth) + "5" + String(repeating: ")", count: depth)
            #expect(found.lines.first == "null")
            #expect(found.lines.last == full)
        }
        let deep = (0..<70).map { Handmade.group("g\($0)", .optional, children: 1) }
        let file = HandmadeFile(
            elements: deep + [Handmade.leaf(.int32)], rootChildren: 1, rows: 0, chunks: [])
        guard case .limit? = try file.failure(folder) else {
            Issue.record("70 levels were read")
            return
        }
    }

    @Test func emptyVersionTwoPages() throws {
        for (codec, stored) in [
            (Codec.snappy, []), (.zstd, try CodecTests.compress([], .zstd)), (.gzip, []),
            (.lz4Raw, []), (.brotli, []),
        ] as [(Codec, [UInt8])] {
            let file = HandmadeFile.column(
                Handmade.leaf(.float, nil, .optional), rows: 2, codec: codec,
                HandmadePage(
                    version: .two, count: 2, definition: [2 << 1, 0], values: [], stored: stored))
            #expect(try file.lines(folder) == ["null", "null"], "\(codec)")
        }
        // Values that are said not to be compressed are not, whatever the codec.
        for isCompressed in [nil, false, true] as [Bool?] {
            var page = HandmadePage(
                version: .two, count: 2, definition: [2 << 1, 1],
                values: Handmade.plain([Int32(1), 2]), isCompressed: isCompressed)
            if isCompressed == false { page.stored = page.values }
            let file = HandmadeFile.column(
                Handmade.leaf(.int32, nil, .optional), rows: 2, codec: .snappy, page)
            #expect(try file.lines(folder) == ["1", "2"])
        }
    }

    @Test func pagesOfNothing() throws {
        let full = HandmadePage(
            count: 2, definition: Handmade.levels([1, 0], width: 1), values: [7, 0, 0, 0])
        for codec in [Codec.uncompressed, .snappy] {
            for nothing in [
                HandmadePage(count: 0), HandmadePage(count: 0, stored: []),
                HandmadePage(version: .two, count: 0),
            ] {
                let file = HandmadeFile.column(
                    Handmade.leaf(.int32, nil, .optional), rows: 4, codec: codec, nothing, full,
                    nothing, full, nothing)
                #expect(try file.lines(folder) == ["7", "null", "7", "null"])
            }
        }
    }

    @Test func moreThan32767Pages() throws {
        let page = HandmadePage(count: 1, values: [7, 0, 0, 0])
        var file = HandmadeFile.column(Handmade.leaf(.int32), rows: 33_000)
        file.chunks[0].pages = Array(repeating: page, count: 33_000)
        let lines = try file.lines(folder)
        #expect(lines.count == 33_000)
        #expect(lines.allSatisfy { $0 == "7" })
    }

    @Test func offsetsOfDictionaries() throws {
        var file = HandmadeFile.column(
            Handmade.leaf(.int32), rows: 2,
            HandmadePage(
                version: .dictionary, encoding: ValueEncoding.plainDictionary.rawValue, count: 2,
                values: Handmade.plain([Int32(8), 9])),
            HandmadePage(
                encoding: ValueEncoding.plainDictionary.rawValue, count: 2,
                values: [1] + Handmade.hybrid([1, 0], width: 1)))
        #expect(try file.lines(folder) == ["9", "8"])
        // 0 stands for none; the data offset is that of the dictionary, or behind it.
        for (offset, data) in [(0, 4), (nil, 4), (4, 4), (4, 0)] as [(Int?, Int)] {
            file.change = {
                $0.rowGroups[0].columns[0].dictionaryPageOffset = offset
                $0.rowGroups[0].columns[0].dataPageOffset = data
            }
            #expect(try file.lines(folder) == ["9", "8"])
        }
    }

    /// parquet-mr before 1.2.9 left the dictionary's header out of the chunk's size.
    @Test func sizesWithoutDictionaryHeader() throws {
        var file = HandmadeFile.column(
            Handmade.leaf(.int32), rows: 2,
            HandmadePage(version: .dictionary, count: 1, values: Handmade.plain([Int32(8)])),
            HandmadePage(
                encoding: ValueEncoding.plainDictionary.rawValue, count: 2,
                values: [1] + Handmade.hybrid([0, 0], width: 1)))
        for (writer, isRead) in [
            ("parquet-mr version 1.2.8 (build abc)", true), ("parquet-mr", true), (nil, true),
            ("parquet-mr version 1.2.9", false), ("parquet-mr version 1.10.0", false),
            ("impala version 1.0", false),
        ] as [(String?, Bool)] {
            file.change = {
                $0.createdBy = writer
                $0.rowGroups[0].columns[0].compressedBytes -= 14
            }
            #expect(try file.failure(folder) == nil ? isRead : !isRead, "\(writer ?? "")")
        }
    }

    /// What is not encrypted of a file can be read; what is cannot, and the error says so.
    @Test func encryptedColumns() throws {
        var bytes: [UInt8] = Array("PAR1".utf8)
        let page = try HandmadePage(count: 2, values: Handmade.plain([Int32(4), 5]))
            .bytes(codec: .uncompressed)
        bytes += page
        let footer = Self.encryptedFooter(pageBytes: page.count)
        let file = HandmadeFile.closed(bytes, footer: footer)
        let path = folder.file("encrypted.parquet")
        try ParquetHostileTests.store(file, at: path)
        let schema = try ParquetFile.open(path: path).schema
        let request = ScanRequest(columns: [ScanColumn(index: 0)])
        let columns = try ParquetRows.read([path], schema: schema, request: request)
        #expect(columns == [[.int(4), .int(5)]])
        do throws(any Error) {
            _ = try ParquetRows.read([path], schema: schema)
            Issue.record("an encrypted column was read")
        } catch let error as ColumnarError {
            guard case .unsupported(let place, let feature) = error else { throw error }
            #expect(place.column == "secret")
            #expect(feature.contains("encrypted"))
        }
        try ParquetHostileTests.store(Array(file.dropLast(4)) + Array("PARE".utf8), at: path)
        do throws(ColumnarError) {
            _ = try ParquetFile.open(path: path)
            Issue.record("an encrypted footer was read")
        } catch {
            guard case .unsupported = error else { throw error }
        }
    }

    /// A plaintext footer of two columns, the second without metadata and encrypted with its own key.
    private static func encryptedFooter(pageBytes: Int) -> [UInt8] {
        var root = SchemaElement(name: "schema")
        root.childCount = 2
        let leaves = [
            Handmade.leaf(.int32, name: "open"), Handmade.leaf(.int32, name: "secret"),
        ]
        var chunk = ColumnChunkMetadata()
        chunk.type = .int32
        chunk.path = ["open"]
        chunk.valueCount = 2
        chunk.compressedBytes = pageBytes
        chunk.dataPageOffset = 4
        var thrift = ThriftWriter()
        thrift.i32(1, 2)
        thrift.list(2, of: .structure, count: 3)
        for element in [root] + leaves { element.write(to: &thrift) }
        thrift.i64(3, 2)
        thrift.list(4, of: .structure, count: 1)
        thrift.beginElement()
        thrift.list(1, of: .structure, count: 2)
        chunk.write(to: &thrift)
        thrift.beginElement()
        thrift.i64(2, 0)
        thrift.begin(8)
        thrift.begin(2)
        thrift.list(1, of: .binary, count: 1)
        thrift.elementBinary("secret".utf8)
        thrift.end()
        thrift.end()
        thrift.binary(9, [1, 2, 3])
        thrift.end()
        thrift.i64(3, 2)
        thrift.end()
        thrift.begin(8)
        thrift.begin(1)
        thrift.binary(2, [9])
        thrift.end()
        thrift.end()
        thrift.finish()
        return thrift.bytes
    }

    @Test func chunksInOtherFilesAreRefused() throws {
        for (path, isRefused) in [("", false), ("part-0.parquet", true)] {
            var thrift = ThriftWriter()
            thrift.string(1, path)
            thrift.begin(3)
            thrift.i32(1, 1)
            thrift.end()
            thrift.finish()
            let bytes = thrift.bytes
            let isRead = bytes.withUnsafeBytes { raw -> Bool in
                var reader = ThriftReader(ByteReader(raw, location: FileLocation(path: "f")))
                do throws(ColumnarError) {
                    _ = try ColumnChunkMetadata(reading: &reader)
                    return true
                } catch {
                    guard case .unsupported = error else { Issue.record("\(error)"); return false }
                    return false
                }
            }
            #expect(isRead != isRefused)
        }
    }
}
