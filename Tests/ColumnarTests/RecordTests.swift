import Foundation
import Testing

@testable import Columnar

/// JSON files of records read as tables, in blocks of every size.
@Suite struct RecordTests {
    static let file = "records.golden"

    @Test func readingsAreAsRecorded() throws {
        var cases = TextCase.all(Self.file)
        #expect(cases.count > 25)
        let isUpdate = ProcessInfo.processInfo.environment["LAKE_UPDATE"] == "1"
        for index in cases.indices {
            let item = cases[index]
            let actual = try read(item, blockBytes: Limits.textBlockBytes, batchRows: 8192)
            for blockBytes in [16, 17, 23, 64] {
                let same = try read(item, blockBytes: blockBytes, batchRows: 3)
                #expect(same == actual, "\(item.title), blocks of \(blockBytes)")
            }
            if isUpdate {
                cases[index].output = actual
            } else {
                let expected = item.output.trimmingCharacters(in: .newlines)
                #expect(actual == expected, "\(item.title)")
            }
        }
        if isUpdate { try TextCase.write(cases, to: Self.file) }
    }

    private func read(_ item: TextCase, blockBytes: Int, batchRows: Int) throws -> String {
        let text = try TemporaryText(item.bytes)
        let pool = BufferPool()
        do {
            let file = try RecordFile.survey(
                TextInput(path: text.path, name: "f"), isLines: item.options.first == "ndjson",
                pool: pool, blockBytes: blockBytes)
            let listing = try TextListing.of(file.schema, batchRows: batchRows, pool: pool) {
                RecordScan(
                    files: [TextScanFile(file: file, fileIndex: 0)], schema: file.schema,
                    request: $0)
            }
            let lines = listing.split(separator: "\n", omittingEmptySubsequences: false)
            #expect(lines.count == file.rowCount + 1, "\(item.title)")
            return listing
        } catch let error as ColumnarError {
            return "error: \(error)"
        }
    }
}
