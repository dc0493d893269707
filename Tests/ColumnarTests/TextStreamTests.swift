import Foundation
import Testing

@testable import Columnar

/// Compressed, large, cut and changed text files.
@Suite struct TextStreamTests {
    private let pool = BufferPool()

    /// `id,text` with texts of every length up to 90.
    private func table(rows: Int) -> [UInt8] {
        var text = "id,text\n"
        for i in 0..<rows { text += "\(i),\(String(repeating: "ab", count: i % 46))\n" }
        return Array(text.utf8)
    }

    private func compressed(_ bytes: [UInt8], _ codec: Codec) throws -> [UInt8] {
        let compressor = try PageCompressor(codec: codec, level: nil)
        var target = try ByteWriter(pool: pool, capacity: bytes.count)
        try bytes.withUnsafeBytes { try compressor.compress($0, into: &target) }
        return Array(target.bytes)
    }

    private func sum(_ bytes: [UInt8]) throws -> (rows: Int, ids: Int64, textBytes: Int) {
        let text = try TemporaryText(bytes)
        let file = try DelimitedFile.survey(
            TextInput(path: text.path), dialect: .csv, pool: pool)
        let request = ScanRequest(columns: [ScanColumn(index: 1), ScanColumn(index: 0)])
        let scan = DelimitedScan(
            files: [TextScanFile(file: file, fileIndex: 0)], schema: file.schema, request: request)
        var result = (rows: 0, ids: Int64(0), textBytes: 0)
        for morsel in 0..<scan.morselCount {
            var reader = try scan.open(morsel: morsel, pool: pool)
            while let batch = try reader.next(maxRows: 8192) {
                for row in 0..<batch.count {
                    if case .text(let text) = try batch.columns[0].value(at: row, type: .text) {
                        result.textBytes += text.utf8.count
                    }
                    if case .int(let id) = try batch.columns[1].value(at: row, type: .bigint) {
                        result.ids += id
                    }
                }
                result.rows += batch.count
            }
        }
        return result
    }

    @Test(arguments: [Codec.gzip, .zstd])
    func compressedFilesOfSeveralMembersReadAsOne(_ codec: Codec) throws {
        let plain = table(rows: 9_000)
        let half = plain.count / 2
        let bytes =
            try compressed(Array(plain[..<half]), codec)
            + compressed(Array(plain[half...]), codec)
        #expect(try sum(bytes) == sum(plain))
        #expect(try sum(plain).rows == 9_000)
    }

    @Test(arguments: [Codec.gzip, .zstd])
    func cutCompressedFilesAreErrors(_ codec: Codec) throws {
        let bytes = try compressed(table(rows: 1_000), codec)
        for count in stride(from: 4, to: bytes.count, by: max(1, bytes.count / 97)) {
            #expect(throws: ColumnarError.self) { try sum(Array(bytes[..<count])) }
        }
    }

    @Test func piecesOfALargeFileMakeItsRows() throws {
        let rows = 150_000
        let bytes = table(rows: rows)
        #expect(bytes.count > 2 * Limits.textBlockBytes / 2)
        let result = try sum(bytes)
        #expect(result.rows == rows)
        #expect(result.ids == Int64(rows) * Int64(rows - 1) / 2)
        #expect(result.textBytes == (0..<rows).reduce(0) { $0 + $1 % 46 * 2 })
    }

    @Test func aRecordBeyondTheLimitIsRefusedWithItsLine() throws {
        var bytes = Array("a,b\n1,2\n3,\"".utf8)
        bytes += [UInt8](repeating: 0x78, count: Limits.recordBytes + (8 << 20))
        let budget = MemoryBudget(limitBytes: nil)
        let text = try TemporaryText(bytes)
        let error = #expect(throws: ColumnarError.self) {
            try DelimitedFile.survey(
                TextInput(path: text.path, name: "f"), dialect: .csv,
                pool: BufferPool(budget: budget))
        }
        guard case .limit("recordBytes", _, Limits.recordBytes, let place)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(place?.line == 3)
        #expect(budget.peakBytes < 300 << 20)
    }

    @Test func aChangedFileIsNoticed() throws {
        let text = try TemporaryText(Array("a\n1\n2\n".utf8))
        let file = try DelimitedFile.survey(
            TextInput(path: text.path), dialect: .csv, pool: pool)
        try Data("a\nx\n23456\n".utf8).write(to: URL(filePath: text.path))
        let scan = DelimitedScan(
            files: [TextScanFile(file: file, fileIndex: 0)], schema: file.schema,
            request: ScanRequest(columns: [ScanColumn(index: 0)]))
        #expect(throws: ColumnarError.self) { try scan.open(morsel: 0, pool: pool) }
    }

    @Test func filesOfOneTableAgreeOnTypesThatHoldAll() throws {
        let tree = try ScratchTree()
        try Data("id,a\n1,x\n".utf8).write(to: URL(filePath: tree.file("day=2020-01-01/1.csv")))
        try Data("b,id\ntrue,2.5\n".utf8)
            .write(to: URL(filePath: tree.file("day=2020-01-02/2.csv")))
        let paths = try Glob("*/*.csv", in: tree.path, ending: "csv").paths()
        let pool = pool
        let dataset = try TextDataset<DelimitedFile>.open(
            paths, hivePartitioning: nil, workers: 2
        ) { (input) throws(ColumnarError) in
            try DelimitedFile.survey(input, dialect: .csv, pool: pool)
        }
        let shown = Schema(Array(dataset.schema.fields.prefix(4)))
        let listing = try TextListing.of(shown, batchRows: 10, pool: pool) { dataset.scan($0) }
        #expect(
            listing == """
                id double, a varchar, b boolean, day date
                1.0 | 'x' | NULL | 18262
                2.5 | NULL | true | 18263
                """)
        let second = ScanPredicate.compare(ScanColumnPath(index: 3), .equal, .int(18_263))
        let scan = dataset.scan(
            ScanRequest(columns: [ScanColumn(index: 0)], predicates: [second]))
        #expect(scan.morselCount == 1)
    }
}
