import Columnar
import Testing

/// Small files that stand for huge ones: without any budget, each ends in an error or a bounded stream.
@Suite struct ParquetBombTests {
    typealias Element = HostileFile.Element
    typealias Page = HostileFile.Page

    /// Reads the first rows without a budget, and tells the peak, which the file's own size bounds.
    private func read(_ file: HostileFile, rows: Int = 1000) throws -> (HostileOutcome, peak: Int) {
        let budget = MemoryBudget(limitBytes: nil)
        let outcome = try HostileReading.read(
            file, in: ScratchFolder(), batchRows: rows, pool: BufferPool(budget: budget))
        #expect(budget.usedBytes == 0)
        return (outcome, budget.peakBytes)
    }

    /// Thousands of row groups that all are the same page, each a run of two million values.
    @Test func rowGroupsThatShareOnePage() throws {
        let count = 2_000_000
        let entries = Page(type: 2, valueCount: 1, body: HostileFile.numbers([42]))
        let run = Page(
            valueCount: count, encoding: 8,
            body: [1] + ThriftBuilder.varint(UInt64(count) << 1) + [0])
        var file = HostileFile(Element(), rows: count, pages: [entries, run])
        var alias = file.groups[0]
        alias.chunks[0].isAlias = true
        for _ in 0..<400 { file.groups.append(alias) }
        #expect(file.bytes.count < 42_000)
        let (outcome, peak) = try read(file)
        #expect(outcome.error == nil)
        #expect(peak < HostileReading.budgetBytes / 4)
    }

    /// One page of two billion values in one run.
    @Test func oneRunOfTwoBillion() throws {
        for encoding in [8, 3] {
            let count = 0x7FFF_FFFF
            let isCoded = encoding == 8
            let entries = Page(type: 2, valueCount: 1, body: HostileFile.numbers([42]))
            let body = ThriftBuilder.varint(UInt64(count) << 1) + [0]
            let run = Page(
                valueCount: count, encoding: encoding,
                body: isCoded ? [1] + body : HostileFile.prefixed(body))
            let file = HostileFile(
                Element(type: isCoded ? 1 : 0), rows: count,
                pages: isCoded ? [entries, run] : [run])
            let (outcome, peak) = try read(file)
            #expect(peak <= HostileReading.budgetBytes)
            let error = try #require(outcome.error)
            #expect("\(error)".contains("decodedExpansion"))
        }
    }

    /// A list of two billion NULLs in one row, from a dozen bytes of levels.
    @Test func oneRowOfTwoBillion() throws {
        let count = 0x7FFF_FFFF
        let levels = HostileFile.prefixed(
            [2, 0] + ThriftBuilder.varint(UInt64(count - 1) << 1) + [1])
        let definition = HostileFile.prefixed(ThriftBuilder.varint(UInt64(count) << 1) + [1])
        let page = Page(valueCount: count, body: levels + definition)
        let file = HostileFile(Element(repetition: 2), rows: 1, pages: [page])
        let (outcome, peak) = try read(file)
        #expect(outcome.error != nil)
        #expect(peak <= HostileReading.budgetBytes)
    }

    /// Prefixes that make each text one byte longer than the one before: n bytes become n²/2.
    @Test func quadraticPrefixes() throws {
        let count = 40_960
        let v = ThriftBuilder.varint
        // Deltas of 1 without any bits: 0, 1, 2, …; then lengths of 1.
        func deltas(first: Int, step: Int) -> [UInt8] {
            var bytes = v(65_536) + v(8) + v(UInt64(count)) + ThriftBuilder.zigzag(first)
            bytes += ThriftBuilder.zigzag(step) + [UInt8](repeating: 0, count: 8)
            return bytes
        }
        let body =
            deltas(first: 0, step: 1) + deltas(first: 1, step: 0)
            + [UInt8](repeating: 120, count: count)
        let page = Page(valueCount: count, encoding: 7, body: body)
        let file = HostileFile(Element(type: 6), rows: count, pages: [page])
        #expect(file.bytes.count < 42_000)
        let (outcome, peak) = try read(file)
        #expect(outcome.error != nil)
        #expect(peak <= HostileReading.budgetBytes)
    }

    /// A gigabyte of zeros in each codec: declared small it is refused, declared whole it meets the budget.
    @Test(arguments: zeros.indices)
    func pagesOfZeros(index: Int) throws {
        let (codec, body, plainBytes) = Self.zeros[index]
        for declared in [64, plainBytes - 1, plainBytes + 1, 0x3FFF_FFFF] {
            let values = declared / 4
            var page = Page(valueCount: values, body: body, plainBytes: declared)
            if values == 0 { page.valueCount = 1 }
            let file = HostileFile(
                Element(), rows: page.valueCount, codec: codec, pages: [page])
            let (outcome, peak) = try read(file)
            #expect(outcome.error != nil, "codec \(codec), \(declared) bytes")
            #expect(peak <= HostileReading.budgetBytes)
        }
    }

    /// Compressed pages of zeros, built by hand: codec, page, plain size.
    static let zeros: [(codec: Int, body: [UInt8], plainBytes: Int)] = [
        // snappy: length, a literal 0, then copies of 64 bytes from 1 byte back.
        (
            1,
            ThriftBuilder.varint(1 + 64 * 4_000) + [0, 0]
                + (0..<4_000).flatMap { _ -> [UInt8] in [0xFE, 1, 0] }, 1 + 64 * 4_000
        ),
        // gzip and brotli as their own programs write them.
        (
            2,
            [
                31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 237, 193, 49, 1, 0, 0, 0, 194, 160, 245, 79, 109,
                13, 15, 160, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 128, 87, 3, 125, 149, 17, 212, 160,
                134, 1, 0,
            ], 100_000
        ),
        (4, [91, 255, 255, 15, 64, 2, 32, 30, 11, 36, 247, 254, 1], 1 << 20),
        // LZ4 block: a literal 0, then one match as long as its length bytes say.
        (
            7, [0x1F, 0, 1, 0] + [UInt8](repeating: 255, count: 4_000) + [0, 0x10, 0],
            1 + 4 + 15 + 255 * 4_000 + 1
        ),
        // zstd: a frame of RLE blocks of 128 KiB each.
        (
            6,
            [0x28, 0xB5, 0x2F, 0xFD, 0x00, 0x38]
                + (0..<2_000).flatMap { i -> [UInt8] in [i == 1_999 ? 0x03 : 0x02, 0x00, 0x10, 0] },
            2_000 * 131_072
        ),
    ]

    /// Pages that hold nothing, hundreds of thousands of them.
    @Test func emptyPagesWithoutEnd() throws {
        let empty = Page().written
        var file = HostileFile(
            Element(), rows: 1, pages: [Page(valueCount: 1, body: HostileFile.numbers([1]))])
        file.groups[0].chunks[0].pages.insert(
            Page(type: 1, body: Array(repeating: empty, count: 50_000).flatMap { $0 }), at: 0)
        let (outcome, _) = try read(file)
        #expect(outcome == .rows([[.int(1)]]))
    }
}
