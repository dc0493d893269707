import Columnar
import Testing

/// Footers that lie, each in one way: schema, counts, places.
@Suite struct ParquetLyingFooterTests {
    typealias Element = HostileFile.Element
    typealias Page = HostileFile.Page

    /// Three honest numbers.
    static func honest() -> HostileFile {
        HostileFile(
            Element(), rows: 3,
            pages: [Page(valueCount: 3, body: HostileFile.numbers([7, 8, 9]))])
    }

    @Test func theHonestFileIsRead() throws {
        let outcome = try HostileReading.read(Self.honest(), in: ScratchFolder())
        #expect(outcome == .rows([[.int(7), .int(8), .int(9)]]))
    }

    @Test func schemas() throws {
        let refused: [([Element], String)] = [
            // A root that claims more children than there are, fewer, negative, or a loop of itself.
            ([Element(name: "r", type: nil, childCount: 5), Element()], "schema"),
            ([Element(name: "r", type: nil, childCount: 0), Element()], "schema"),
            ([Element(name: "r", type: nil, childCount: -1), Element()], "negative"),
            ([Element(name: "r", type: nil, childCount: .max), Element()], "schema"),
            ([Element(name: "r", type: nil, childCount: 1), Element(type: -7)], "type"),
            ([Element(name: "r", type: nil, childCount: 1), Element(type: 99)], "type"),
            ([Element(name: "r", type: nil, childCount: 1), Element(repetition: 7)], "repetition"),
            ([Element(name: "r", type: nil, childCount: 1), Element(type: 7)], "length"),
            (
                [Element(name: "r", type: nil, childCount: 1), Element(type: 7, typeLength: -4)],
                "negative"
            ),
            ([], ""),
        ]
        for (elements, reason) in refused {
            var file = Self.honest()
            file.elements = elements
            try HostileReading.expectRefusal(file, reason)
        }
    }

    @Test func deepSchemasAreRefused() throws {
        var file = Self.honest()
        file.elements = [Element(name: "root", type: nil, childCount: 1)]
        for level in 0..<100_000 {
            file.elements.append(
                Element(name: "g\(level % 10)", type: nil, repetition: level % 3, childCount: 1))
        }
        file.elements.append(Element())
        try HostileReading.expectRefusal(file, "nestingDepth")
    }

    @Test func deepThriftIsRefused() throws {
        var file = Self.honest()
        file.extraFooter = { builder in
            func nest(_ builder: inout ThriftBuilder, _ depth: Int) {
                if depth == 0 { return }
                builder.structure(1) { nest(&$0, depth - 1) }
            }
            builder.structure(6 + 90) { nest(&$0, 1_000) }
        }
        try HostileReading.expectRefusal(file, "thrift")
    }

    @Test func hugeContainersAreRefusedBeforeMemoryIsTaken() throws {
        for (type, id) in [(12, 5), (8, 90), (5, 91)] {
            var file = Self.honest()
            file.extraFooter = { $0.list(id, UInt8(type), count: 0x7FFF_FFFF, []) }
            try HostileReading.expectRefusal(file, "elements")
        }
    }

    @Test func countsOfRowsAndChunks() throws {
        var file = Self.honest()
        file.groups[0].chunks = []
        try HostileReading.expectRefusal(
            file, "0 column chunks, 1 columns", "row group 0")
        file = Self.honest()
        file.groups[0].chunks.append(file.groups[0].chunks[0])
        try HostileReading.expectRefusal(file, "2 column chunks")
        file = Self.honest()
        file.groups[0].rows = 4
        try HostileReading.expectRefusal(file, "3 values in 4 rows", "column a")
        file.groups[0].rows = -1
        try HostileReading.expectRefusal(file, "negative")
        file.groups[0].rows = .max
        try HostileReading.expectRefusal(file, "rowGroupValues")
        // Some writers are wrong about the sum, and the row groups are what counts.
        file = Self.honest()
        file.rowCount = 99
        #expect(try HostileReading.read(file, in: ScratchFolder()).error == nil)
    }

    @Test func chunksLieWithinTheData() throws {
        for (offset, bytes) in [(0, 40), (3, 40), (1 << 40, 40), (4, 1 << 40), (-9, 40), (4, -1)] {
            var file = Self.honest()
            file.groups[0].chunks[0].dataPageOffset = offset
            file.groups[0].chunks[0].compressedBytes = bytes
            try HostileReading.expectRefusal(file, "")
        }
        var file = Self.honest()
        file.groups[0].chunks[0].filePath = "/etc/passwd"
        try HostileReading.expectRefusal(file, "in another file")
        file = Self.honest()
        file.groups[0].chunks[0].type = 2
        try HostileReading.expectRefusal(file, "type")
    }

    @Test func footerLengths() throws {
        for length in [0, 0x7FFF_FFFF, -1, 1 << 20] {
            var file = Self.honest()
            file.footerLength = length
            try HostileReading.expectRefusal(file, "footer")
        }
    }

    /// Names may repeat: columns are told apart by position.
    @Test func repeatedNames() throws {
        var file = Self.honest()
        file.elements[0].childCount = 2
        file.elements.append(Element())
        file.groups[0].chunks.append(file.groups[0].chunks[0])
        let outcome = try HostileReading.read(file, in: ScratchFolder())
        if let error = outcome.error {
            #expect("\(error)".contains("a"))
        } else {
            let values: [Value] = [.int(7), .int(8), .int(9)]
            #expect(outcome == .rows([values, values]))
        }
    }

    /// Statistics of the wrong width, reversed, or absent prune nothing.
    @Test(arguments: [
        ([UInt8](), [UInt8]()), ([1], [2]), ([9, 0, 0, 0], [1, 0, 0, 0]),
        (Array(repeating: 0, count: 16), Array(repeating: 0, count: 16)),
    ])
    func uselessStatisticsPruneNothing(minimum: [UInt8], maximum: [UInt8]) throws {
        var file = Self.honest()
        file.groups[0].chunks[0].minimum = minimum
        file.groups[0].chunks[0].maximum = maximum
        try Self.expectSeven(file)
    }

    /// Indexes of lists with different lengths, and filters outside the file, count as absent.
    @Test func uselessIndexesPruneNothing() throws {
        var file = Self.honest()
        file.groups[0].chunks[0].offsetIndex = ThriftBuilder.whole {
            $0.list(
                1, 12, count: 1,
                ThriftBuilder.whole { page in
                    page.integer(1, 4)
                    page.integer(2, 31, type: 5)
                    page.integer(3, 0)
                })
        }
        file.groups[0].chunks[0].columnIndex = ThriftBuilder.whole {
            $0.list(1, 1, count: 2, [2, 2])
            $0.list(2, 8, count: 1, [4, 99, 0, 0, 0])
            $0.list(3, 8, count: 1, [4, 99, 0, 0, 0])
            $0.integer(4, 0, type: 5)
        }
        try Self.expectSeven(file)
        for offset in [-1, 0, 5, 1 << 50] {
            file = Self.honest()
            file.groups[0].chunks[0].bloomFilterOffset = offset
            if offset >= 0 { try Self.expectSeven(file) }
        }
    }

    /// The row of 7 is found with a filter on it.
    private static func expectSeven(_ file: HostileFile) throws {
        let folder = ScratchFolder()
        try ParquetHostileTests.store(file.bytes, at: folder.file("a.parquet"))
        let path = folder.file("a.parquet")
        let schema = try ParquetFile.open(path: path).schema
        let predicate = ScanPredicate.compare(ScanColumnPath(index: 0), .equal, .int(7))
        let found = try ParquetRows.read(
            [path], schema: schema,
            request: ScanRequest(columns: [ScanColumn(index: 0)], predicates: [predicate]))
        #expect(found[0].contains(.int(7)))
    }
}
