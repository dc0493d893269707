import Columnar
import Testing

/// Pages that lie, each in one way: sizes, counts, levels, codes, encodings.
@Suite struct ParquetLyingPageTests {
    typealias Element = HostileFile.Element
    typealias Page = HostileFile.Page

    static func file(_ element: Element, rows: Int = 3, _ pages: Page...) -> HostileFile {
        HostileFile(element, rows: rows, pages: pages)
    }

    static func file(_ pages: Page...) -> HostileFile {
        HostileFile(Element(), rows: 3, pages: pages)
    }

    static let three = HostileFile.numbers([7, 8, 9])
    static let optional = Element(repetition: 1)

    @Test func sizes() throws {
        var page = Page(valueCount: 3, body: Self.three)
        for (compressed, plain) in [(-1, 12), (12, 13), (12, 11), (1 << 30, 12)] {
            page.compressedBytes = compressed
            page.plainBytes = plain
            try HostileReading.expectRefusal(Self.file(page), "column a")
        }
        page.compressedBytes = 12
        page.plainBytes = -1
        try HostileReading.expectRefusal(Self.file(page), "negative")
        page.plainBytes = 0x7FFF_FFFF
        try HostileReading.expectRefusal(Self.file(page), "")
    }

    @Test func counts() throws {
        for count in [0, 2, 4, -1, 0x7FFF_FFFF] {
            var file = Self.file(Page(valueCount: count, body: Self.three))
            file.groups[0].chunks[0].valueCount = 3
            try HostileReading.expectRefusal(file, "column a")
        }
        // Values that the page does not hold.
        try HostileReading.expectRefusal(
            Self.file(Page(valueCount: 3, body: HostileFile.numbers([7, 8]))), "page 0")
        // Nothing at all, in both versions.
        try HostileReading.expectRefusal(Self.file(Page(valueCount: 3)), "")
        try HostileReading.expectRefusal(Self.file(Page(type: 3, valueCount: 3)), "")
    }

    @Test func checksums() throws {
        let file = Self.file(Page(valueCount: 3, body: Self.three, checksum: 1))
        try HostileReading.expectRefusal(file, "CRC-32", "page 0")
    }

    @Test func definitionLevels() throws {
        let cases: [([UInt8], String)] = [
            // A run that is empty, one of a value wider than a bit, too few, none, a length too long.
            ([0, 1], "run"), ([6, 2], "wider"), ([4, 1], ""), ([], ""), ([0xFF, 0xFF], ""),
        ]
        for (levels, reason) in cases {
            let body = HostileFile.prefixed(levels) + Self.three
            try HostileReading.expectRefusal(
                Self.file(Self.optional, Page(valueCount: 3, body: body)), reason,
                "column a")
        }
        var long = Page(valueCount: 3, body: [0xFF, 0xFF, 0xFF, 0x7F] + Self.three)
        try HostileReading.expectRefusal(Self.file(Self.optional, long), "")
        // NULLs where values are required.
        long.body = HostileFile.prefixed([6, 0])
        let outcome = try HostileReading.read(Self.file(Self.optional, long), in: ScratchFolder())
        #expect(outcome == .rows([[.null, .null, .null]]))
    }

    @Test func versionTwoLevelLengths() throws {
        var page = Page(type: 3, valueCount: 3, body: [6, 1] + Self.three)
        page.rowCount = 3
        for (definition, repetition) in [(-1, 0), (0, -1), (15, 0), (2, 1 << 30), (0, 0)] {
            page.definitionBytes = definition
            page.repetitionBytes = repetition
            try HostileReading.expectRefusal(Self.file(Self.optional, page), "")
        }
        page.definitionBytes = 2
        page.repetitionBytes = 0
        let outcome = try HostileReading.read(Self.file(Self.optional, page), in: ScratchFolder())
        #expect(outcome == .rows([[.int(7), .int(8), .int(9)]]))
    }

    @Test func repetitionLevels() throws {
        let repeated = Element(repetition: 2)
        func page(_ repetition: [UInt8], _ definition: [UInt8]) -> Page {
            Page(
                valueCount: 3,
                body: HostileFile.prefixed(repetition) + HostileFile.prefixed(definition)
                    + Self.three)
        }
        let all = [UInt8]([6, 1])
        // The first value goes on with a row that never began.
        try HostileReading.expectRefusal(
            Self.file(repeated, rows: 1, page(all, all)), "first repetition level is 1")
        // Fewer rows than declared, and more.
        for rows in [1, 2, 4] {
            try HostileReading.expectRefusal(
                Self.file(repeated, rows: rows, page([6, 0], all)), "")
        }
        // Levels that end too early.
        try HostileReading.expectRefusal(Self.file(repeated, rows: 3, page([2, 0], all)), "")
        let outcome = try HostileReading.read(
            Self.file(repeated, rows: 1, page([2, 0, 4, 1], all)), in: ScratchFolder())
        #expect(outcome == .rows([[.list([.int(7), .int(8), .int(9)])]]))
    }

    @Test func dictionaries() throws {
        let entries = Page(type: 2, valueCount: 3, body: Self.three)
        func codes(_ body: [UInt8]) -> Page { Page(valueCount: 3, encoding: 8, body: body) }
        let good = Self.file(entries, codes([2, 6, 1]))
        #expect(
            try HostileReading.read(good, in: ScratchFolder())
                == .rows([[.int(8), .int(8), .int(8)]]))
        // A code beyond the entries, a width beyond 32, no width, no codes, no dictionary.
        try HostileReading.expectRefusal(Self.file(entries, codes([2, 6, 3])), "3 of 3 entries")
        try HostileReading.expectRefusal(
            Self.file(entries, codes([32, 6, 0xFF, 0xFF, 0xFF, 0xFF])), "entries")
        try HostileReading.expectRefusal(Self.file(entries, codes([33, 6, 1])), "33 bits")
        try HostileReading.expectRefusal(Self.file(entries, codes([254, 6, 1])), "254 bits")
        try HostileReading.expectRefusal(Self.file(entries, codes([])), "")
        try HostileReading.expectRefusal(Self.file(entries, codes([2])), "")
        try HostileReading.expectRefusal(Self.file(codes([2, 6, 1])), "dictionary")
        // Two dictionaries, one behind the data, one that is shorter than it says, one of -1 entries.
        try HostileReading.expectRefusal(
            Self.file(entries, entries, codes([2, 6, 1])), "dictionary")
        try HostileReading.expectRefusal(
            Self.file(entries, codes([2, 6, 1]), entries, codes([2, 6, 1])), "")
        for count in [4, -1, 0x7FFF_FFFF] {
            var bad = entries
            bad.valueCount = count
            try HostileReading.expectRefusal(Self.file(bad, codes([2, 6, 1])), "")
        }
        // No entries are fine where no value needs one.
        let none = Page(type: 2)
        let nulls = Page(valueCount: 3, encoding: 8, body: HostileFile.prefixed([6, 0]))
        let outcome = try HostileReading.read(
            Self.file(Self.optional, none, nulls), in: ScratchFolder())
        #expect(outcome == .rows([[.null, .null, .null]]))
    }

    /// Every encoding on every type, with a body that is none of it: an answer or a refusal, no trap.
    @Test(arguments: 0..<12)
    func encodingsOnAnyType(encoding: Int) throws {
        let folder = ScratchFolder()
        let bodies: [[UInt8]] = [
            [], [0], Array(repeating: 0xFF, count: 40), Array(repeating: 0, count: 40),
            [0x80, 1, 4, 3, 0] + Array(repeating: 0x7F, count: 30),
        ]
        for type in 0..<8 {
            for body in bodies {
                for repetition in 0..<2 {
                    let element = Element(type: type, typeLength: 5, repetition: repetition)
                    let page = Page(valueCount: 3, encoding: encoding, body: body)
                    let outcome = try HostileReading.read(Self.file(element, page), in: folder)
                    if encoding == 0, repetition == 0, body.isEmpty {
                        #expect(outcome.error != nil)
                    }
                }
            }
        }
    }

    @Test func deltas() throws {
        let v = ThriftBuilder.varint
        // Block size, miniblocks, count, first value; then what lies.
        let headers: [[UInt64]] = [
            [0, 4, 3, 0], [128, 0, 3, 0], [100, 4, 3, 0], [128, 3, 3, 0], [128, 4, 4, 0],
            [128, 4, .max, 0], [.max, 4, 3, 0], [1 << 31, 1 << 26, 3, 0], [128, 4, 0, 0],
        ]
        for header in headers {
            let body = header.flatMap(v) + [0, 0, 0, 0, 0]
            try HostileReading.expectRefusal(
                Self.file(Page(valueCount: 3, encoding: 5, body: body)), "page 0")
        }
        // A width beyond 64 bits; bits that end too early.
        for widths: [UInt8] in [[65, 0, 0, 0], [255, 0, 0, 0], [64, 0, 0, 0]] {
            let body = [128, 4, 3, 0].flatMap(v) + [0] + widths
            try HostileReading.expectRefusal(
                Self.file(Page(valueCount: 3, encoding: 5, body: body)), "")
        }
    }

    @Test func texts() throws {
        let text = Element(type: 6)
        for length: [UInt8] in [
            [0xFF, 0xFF, 0xFF, 0xFF], [0xFF, 0xFF, 0xFF, 0x7F], [9, 0, 0, 0], [1, 0],
        ] {
            try HostileReading.expectRefusal(
                Self.file(text, rows: 1, Page(valueCount: 1, body: length + [1, 2, 3])), "")
        }
        // Texts that are no UTF-8 are read; they are not ours to judge.
        let outcome = try HostileReading.read(
            Self.file(
                Element(type: 6, converted: 0), rows: 1,
                Page(valueCount: 1, body: [2, 0, 0, 0, 0xFF, 0xC0])), in: ScratchFolder())
        #expect(outcome == .rows([[.text("\u{FFFD}\u{FFFD}")]]))
    }
}
