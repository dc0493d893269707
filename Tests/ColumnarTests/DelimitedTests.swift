import Foundation
import Testing

@testable import Columnar

/// CSV and TSV read as tables, in blocks of every size.
@Suite struct DelimitedTests {
    static let file = "delimited.golden"

    @Test func readingsAreAsRecorded() throws {
        var cases = TextCase.all(Self.file)
        #expect(cases.count > 30)
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
        var dialect = item.options.first == "tsv" ? DelimitedDialect.tsv : .csv
        if let delimiter = item.option("delimiter") { dialect.delimiter = delimiter.utf8.first }
        if let header = item.option("header") { dialect.hasHeader = header == "true" }
        if let null = item.option("null") { dialect.nullText = Array(null.utf8) }
        if item.option("types") == "false" { dialect.infersTypes = false }
        let pool = BufferPool()
        do {
            let file = try DelimitedFile.survey(
                TextInput(path: text.path, name: "f"), dialect: dialect, pool: pool,
                blockBytes: blockBytes)
            let listing = try TextListing.of(file.schema, batchRows: batchRows, pool: pool) {
                DelimitedScan(
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
