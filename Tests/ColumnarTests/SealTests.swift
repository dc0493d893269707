@testable import Columnar
import Foundation
import Testing

/// A byte of a sealed file flips: reading tells, or gives the right rows; verification tells.
@Suite struct SealTests {
    private static let pageRows = 40

    /// Three pages a column, dictionaries, a list, a page index, Bloom filters of several stretches.
    private static func write(
        _ path: String, rows: Int = 120, change: (inout ParquetWriterOptions) -> Void = { _ in }
    ) throws -> ParquetRows {
        var random = SeededGenerator(seed: 24)
        let content = PagePruningTests.rows(count: rows, random: &random)
        var options = ParquetWriterOptions()
        options.pageRows = pageRows
        options.textPageBytes = 0
        options.bloomColumns = ["id", "tag"]
        options.sealsFile = true
        change(&options)
        try content.write(to: path, options: options)
        return content
    }

    private static let questions: [[ScanPredicate]] = [
        [], [.compare(ScanColumnPath(index: 0), .equal, .int(57))],
        [.compare(ScanColumnPath(index: 3), .greaterOrEqual, .int(2))],
        [.isIn(ScanColumnPath(index: 1), [.text("tag 0"), .text("none")])],
    ]

    /// The rows that satisfy each question, as a query of a lake would read them.
    private static func answers(
        _ path: String, to questions: [[ScanPredicate]] = questions
    ) throws -> [[String]] {
        let pool = BufferPool()
        return try questions.map { predicates in
            let scan = try ParquetScan(
                files: [
                    ParquetScanFile(
                        path: path, fileIndex: 0, opened: try ParquetFile.open(path: path))
                ],
                schema: PagePruningTests.schema,
                request: ScanRequest(
                    columns: PagePruningTests.schema.fields.indices.map { ScanColumn(index: $0) },
                    predicates: predicates),
                pool: pool, options: ParquetReadOptions(verifiesChecksums: true))
            var columns: [[Value]] = Array(repeating: [], count: PagePruningTests.schema.count)
            for morsel in 0..<scan.morselCount {
                var reader = try scan.open(morsel: morsel, pool: pool)
                while let batch = try reader.next(maxRows: 1_000) {
                    for (i, column) in batch.columns.enumerated() {
                        let type = PagePruningTests.schema.fields[i].type
                        for row in 0..<batch.count {
                            columns[i].append(try column.value(at: row, type: type))
                        }
                    }
                }
            }
            return PagePruningTests.lines(columns) { row in
                predicates.allSatisfy { PagePruningTests.holds($0, row) }
            }
        }
    }

    private static func flip(_ offset: Int, of whole: Data, to path: String, mask: UInt8) throws {
        var damaged = whole
        damaged[offset] ^= mask
        try damaged.write(to: URL(filePath: path))
    }

    /// Where a file says whose it is: without these bytes it is any other program's.
    private static func writerBytes(_ whole: Data) throws -> Range<Int> {
        let name = try #require(whole.range(of: Data("lake version".utf8), options: .backwards))
        return name.lowerBound - 3..<name.lowerBound + FooterSeal.writer.utf8.count
    }

    @Test(arguments: [UInt8(0x01), 0x11, 0x90]) func noFlipIsSilent(mask: UInt8) throws {
        let folder = ScratchFolder()
        let path = folder.file("sound.parquet")
        let rows = try Self.write(path)
        let whole = try Data(contentsOf: URL(filePath: path))
        let truth = try Self.answers(path)
        #expect(truth[0] == PagePruningTests.lines(rows.columns) { _ in true })
        #expect(truth.allSatisfy { !$0.isEmpty })
        #expect(try ParquetVerification.verify(path: path, pool: BufferPool()).isSound)
        let writer = try Self.writerBytes(whole)
        let step = getenv("LAKE_TORTURE") == nil ? 13 : 1
        var told = 0
        for offset in stride(from: Int(mask) % step, to: whole.count, by: step) {
            let damaged = folder.file("damaged-\(offset).parquet")
            try Self.flip(offset, of: whole, to: damaged, mask: mask)
            defer { unlink(damaged) }
            do {
                #expect(try Self.answers(damaged) == truth, "byte \(offset)")
            } catch is ColumnarError { told += 1 }
            if !writer.contains(offset) {
                let verdict = try ParquetVerification.verify(path: damaged, pool: BufferPool())
                #expect(!verdict.isSound, "byte \(offset)")
            }
        }
        #expect(told > whole.count / step / 2)
    }

    /// What is damaged is named, with its place.
    @Test func errorsNameWhatIsDamaged() throws {
        let folder = ScratchFolder()
        let path = folder.file("x.parquet")
        // Enough values for a Bloom filter of several stretches.
        _ = try Self.write(path, rows: 4_000) { $0.pageRows = 1_000 }
        let whole = try Data(contentsOf: URL(filePath: path))
        let chunk = try ParquetFile.open(path: path).metadata.rowGroups[0].columns[0]
        let seal = try #require(chunk.seal)
        #expect(seal.bloomFilter.count > 2)
        let filter = try #require(chunk.bloomFilterOffset)
        let filterBytes = try #require(chunk.bloomFilterBytes)
        for (offset, name) in [
            (chunk.startOffset + 1, "the page's header is not as it was written"),
            (
                try #require(chunk.columnIndexOffset) + 9,
                "the column index is not as it was written"
            ),
            (
                try #require(chunk.offsetIndexOffset) + 9,
                "the offset index is not as it was written"
            ),
            (filter + 1, "the Bloom filter is not as it was written"),
            (filter + filterBytes - 1, "the Bloom filter is not as it was written"),
        ] {
            let damaged = folder.file("damaged-\(offset).parquet")
            try Self.flip(offset, of: whole, to: damaged, mask: 0x04)
            let verdict = try ParquetVerification.verify(path: damaged, pool: BufferPool())
            let finding = try #require(verdict.findings.first)
            #expect(finding.message == name, "\(offset)")
            #expect(finding.location.rowGroup == 0 && finding.location.column == "id")
            // Only the last stretch of the filter is of no use to a question for one id.
            if offset == filter + filterBytes - 1 { continue }
            #expect(throws: ColumnarError.self) {
                try Self.answers(damaged, to: [Self.questions[1]])
            }
        }
    }

    /// Programs that copy all key-values into files of their own copy the seals too.
    @Test func copiedSealsMeanNothing() throws {
        let folder = ScratchFolder()
        let path = folder.file("x.parquet")
        _ = try Self.write(path) {
            $0.sealsFile = false
            $0.createdBy = "parquet-cpp-arrow version 99.0.0"
            $0.keyValueMetadata = [
                (ChunkSeals.key, "AQIDBA=="), (FooterSeal.key, "0123456789abcdef"),
            ]
        }
        let file = try ParquetFile.open(path: path)
        #expect(file.keyValueMetadata.count == 2)
        #expect(file.metadata.rowGroups[0].columns.allSatisfy { $0.seal == nil })
        #expect(try Self.answers(path)[0].count == 120)
        #expect(try ParquetVerification.verify(path: path, pool: BufferPool()).isSound)
    }

    /// A later version's seals are not ours to judge; what follows no version is refused.
    @Test func textsOfSeals() throws {
        var groups = [RowGroupMetadata()]
        groups[0].columns = [ColumnChunkMetadata(), ColumnChunkMetadata()]
        let place = FileLocation(path: "x")
        groups[0].columns[0].seal = ChunkSeal(
            columnIndex: 1, offsetIndex: 0xFFFF_FFFF, pageHeaders: Array(0..<200), bloomFilter: [])
        groups[0].columns[1].seal = ChunkSeal(
            offsetIndex: 7, pageHeaders: [5], bloomFilter: [6, 8])
        let text = ChunkSeals.text(groups)
        var copy = groups
        copy[0].columns[0].seal = nil
        try ChunkSeals.attach(text, to: &copy, location: place)
        #expect(copy[0].columns.map(\.seal) == groups[0].columns.map(\.seal))
        copy[0].columns[0].seal = nil
        try ChunkSeals.attach("AgEC", to: &copy, location: place)
        #expect(copy[0].columns[0].seal == nil)
        for wrong in ["", "?", "AQ==", String(text.dropLast(8)), text + "AAAA"] {
            #expect(throws: ColumnarError.self, "\(wrong)") {
                try ChunkSeals.attach(wrong, to: &copy, location: place)
            }
        }
    }

    @Test func base64() {
        for (bytes, text) in [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
        ] {
            #expect(Base64.text(Array(bytes.utf8)) == text)
            #expect(Base64.bytes(text) == Array(bytes.utf8))
        }
        for wrong in ["Zg=a", "Z?==", "Z===", "Zm9v\n"] { #expect(Base64.bytes(wrong) == nil) }
    }
}
