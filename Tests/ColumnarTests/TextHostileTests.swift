import Foundation
import Testing

@testable import Columnar

/// Text files that were cut, flipped or made to hurt: an error or rows, never a trap, a hang or a heap of memory.
@Suite struct TextHostileTests {
    private func survey(_ bytes: [UInt8], budget: MemoryBudget) throws {
        let text = try TemporaryText(bytes)
        let pool = BufferPool(budget: budget)
        let input = try TextInput(path: text.path)
        for dialect in [DelimitedDialect.csv, .tsv] {
            if let file = attempt({
                try DelimitedFile.survey(input, dialect: dialect, pool: pool, blockBytes: 64)
            }) {
                #expect(try rows(file.schema, pool) { file.scanAll($0) } == file.rowCount)
            }
        }
        for isLines in [true, false] {
            if let file = attempt({
                try RecordFile.survey(input, isLines: isLines, pool: pool, blockBytes: 64)
            }) {
                #expect(try rows(file.schema, pool) { file.scanAll($0) } == file.rowCount)
            }
        }
    }

    private func attempt<T>(_ body: () throws -> T) -> T? {
        do { return try body() } catch {
            #expect(error is ColumnarError)
            return nil
        }
    }

    private func rows(
        _ schema: Schema, _ pool: BufferPool, scan: (ScanRequest) -> any TableScan
    ) throws -> Int {
        let scan = scan(
            ScanRequest(columns: schema.fields.indices.map { ScanColumn(index: $0) }))
        var total = 0
        for morsel in 0..<scan.morselCount {
            var reader = try scan.open(morsel: morsel, pool: pool)
            while let batch = try reader.next(maxRows: 100) { total += batch.count }
        }
        return total
    }

    private static let samples: [[UInt8]] = [
        Array(
            "id,name,at\n1,\"a \"\"b\"\"\",2021-02-20 01:02:03.5+02:00\n2,é,\n-3,x,2021-02-20\n"
                .utf8),
        Array("a\tb\n1\tx\\ty\n2\t\\N\n".utf8),
        Array(
            "{\"a\":1,\"b\":{\"c\":[1,2.5,null]}}\n{\"a\":18446744073709551616,\"b\":\"\\ud83d\\ude00\"}\n"
                .utf8),
        Array("[{\"a\":[{\"x\":\"2021-02-20\"}]},\n {\"a\":[]}]".utf8),
    ]

    @Test func cutAndFlippedFilesReadOrFail() throws {
        let budget = MemoryBudget(limitBytes: 64 << 20)
        for sample in Self.samples {
            for count in 0...sample.count {
                try survey(Array(sample[..<count]), budget: budget)
            }
            for position in sample.indices {
                for byte in [UInt8](arrayLiteral: 0x00, 0x0A, 0x22, 0x2C, 0x5C, 0x5D, 0x7B, 0xFF) {
                    var changed = sample
                    changed[position] = byte
                    try survey(changed, budget: budget)
                }
            }
        }
    }

    @Test func randomBytesReadOrFail() throws {
        let budget = MemoryBudget(limitBytes: 64 << 20)
        let alphabet = Array("\"\"\\,\t\n\r{}[]:01-.eNulltrue é\u{0}".utf8) + [0xFF]
        var state: UInt64 = 42
        for _ in 0..<600 {
            var bytes: [UInt8] = []
            for _ in 0..<60 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                bytes.append(alphabet[Int(state >> 33) % alphabet.count])
            }
            try survey(bytes, budget: budget)
        }
    }

    @Test func deepAndWideJSONIsBounded() throws {
        let pool = BufferPool(budget: MemoryBudget(limitBytes: 256 << 20))
        func file(_ text: String) throws -> RecordFile {
            let held = try TemporaryText(Array(text.utf8))
            return try RecordFile.survey(TextInput(path: held.path), isLines: true, pool: pool)
        }
        let deep = String(repeating: "[", count: 60) + String(repeating: "]", count: 60)
        let shape = try file("{\"a\":\(deep)}\n").schema.fields[0].type
        var depth = 0
        var type = shape
        while case .array(let element) = type {
            depth += 1
            type = element
        }
        #expect(depth < Limits.recordDepth)
        #expect(type == .json)
        let tooDeep = String(repeating: "[", count: 200) + String(repeating: "]", count: 200)
        #expect(throws: ColumnarError.self) { try file("{\"a\":\(tooDeep)}\n") }
        let keys = (0..<2_000).map { "\"k\($0)\":\($0)" }.joined(separator: ",")
        #expect(try file("{\"a\":{\(keys)}}\n").schema.fields[0].type == .json)
        let columns = (0...Limits.tableColumns).map { "\"k\($0)\":1" }.joined(separator: ",")
        #expect(throws: ColumnarError.self) { try file("{\(columns)}\n") }
        let fields = String(repeating: ",", count: Limits.recordFields)
        let wide = try TemporaryText(Array(fields.utf8))
        #expect(throws: ColumnarError.self) {
            try DelimitedFile.survey(TextInput(path: wide.path), dialect: .csv, pool: pool)
        }
    }

    @Test func aBombOfZerosTakesTheMemoryOfARecord() throws {
        let zeros = [UInt8](repeating: 0x30, count: 4 << 20)
        let compressor = try PageCompressor(codec: .zstd, level: nil)
        let held = BufferPool()
        var member = try ByteWriter(pool: held)
        try zeros.withUnsafeBytes { try compressor.compress($0, into: &member) }
        // 1 GB of zeros in some KB.
        var bomb: [UInt8] = []
        for _ in 0..<256 { bomb += Array(member.bytes) }
        #expect(bomb.count < 200_000)
        let text = try TemporaryText(bomb)
        let budget = MemoryBudget(limitBytes: nil)
        #expect(throws: ColumnarError.self) {
            try DelimitedFile.survey(
                TextInput(path: text.path), dialect: .csv, pool: BufferPool(budget: budget))
        }
        #expect(budget.peakBytes < 300 << 20)
    }
}

extension DelimitedFile {
    fileprivate func scanAll(_ request: ScanRequest) -> any TableScan {
        DelimitedScan(
            files: [TextScanFile(file: self, fileIndex: 0)], schema: schema, request: request)
    }
}

extension RecordFile {
    fileprivate func scanAll(_ request: ScanRequest) -> any TableScan {
        RecordScan(
            files: [TextScanFile(file: self, fileIndex: 0)], schema: schema, request: request)
    }
}
