import Columnar
import Testing

@testable import Lake

/// What samples of one key become, and which columns are chosen as key and partition.
@Suite struct InferenceTests {
    /// The table that is inferred from records, one a file.
    private func table(
        _ records: [String], paths: [String]? = nil, format: RawLayout.Format = .json
    ) throws -> TableDefinition {
        let paths = paths ?? records.indices.map { "things/\($0).json" }
        var inference = SchemaInference(paths: paths, format: format, recordPath: [])
        let parser = try JSONParser()
        for (record, path) in zip(records, paths) {
            inference.add(try parser.parse(copyOf: Array(record.utf8)), path: path)
            inference.endFile()
        }
        return try TableDefinition.parse(inference.schemaFile(table: nil), path: "inferred.json")
    }

    @Test(arguments: [
        (#"1"#, #"2"#, "bigint"), (#"1"#, #"2.5"#, "double"), (#"1"#, #"null"#, "bigint"),
        (#"true"#, #"false"#, "boolean"), (#"true"#, #"1.5"#, "varchar"),
        (#"9007199254740993"#, #"0.5"#, "varchar"), (#"18446744073709551615"#, #"1"#, "varchar"),
        (#""12""#, #""-7""#, "bigint"), (#""007""#, #""12""#, "varchar"),
        (#""+12""#, #""12""#, "varchar"), (#""1.5""#, #""2""#, "double"),
        (#""184467440737095516160""#, #""1""#, "varchar"), (#""12""#, #"12"#, "bigint"),
        (#""12""#, #""""#, "bigint"), (#""x""#, #"1"#, "varchar"), (#""1.2k""#, #""5""#, "bigint"),
        (#""2026-01-02""#, #""2026-01-03""#, "date"),
        (#""2026-01-02""#, #""2026-01-02T00:00:00+0000""#, "timestamp(6)"),
        (#""Fri Oct 11 23:55:42 +0000 2019""#, #"null"#, "timestamp(6)"),
        (#""2026-13-02""#, #""2026-01-03""#, "varchar"), (#""true""#, #""false""#, "boolean"),
        (#"[]"#, #"[]"#, "json"), (#"[1]"#, #"[2, null]"#, "array(bigint)"),
        (#"["a"]"#, #"[]"#, "array(varchar)"), (#"["a"]"#, #"[{"x": 1}]"#, "json"),
        (#"[[1]]"#, #"[]"#, "json"), (#"{}"#, #"{}"#, "json"), (#"{"x": 1}"#, #"7"#, "json"),
        (#"{"x": 1}"#, #"{"y": "a"}"#, "row(x bigint, y varchar)"),
        (#"[{"x": 1}]"#, #"[{"y": 0.5}]"#, "array(row(x bigint, y double))"),
        (
            #"{"data": [{"x": 1}], "paging": {"next": "n"}}"#, #"{"data": []}"#,
            "array(row(x bigint))"
        ),
    ])
    func typesHoldEveryValue(first: String, second: String, type: String) throws {
        let records = [#"{"v": \#(first)}"#, #"{"v": \#(second)}"#]
        let table = try table(records)
        let column = try #require(table.columns.first { $0.name == "v" })
        #expect("\(column.type)" == type)
        let flattener = try Flattener(definition: table, pool: BufferPool())
        for (i, record) in records.enumerated() {
            let outcome = try flattener.stage(
                copyOf: Array(record.utf8), path: "things/\(i).json")
            guard case .row = outcome else {
                Issue.record("rejected: \(record)")
                continue
            }
            try flattener.commit()
        }
        #expect(flattener.driftCounts.allSatisfy { $0 == 0 })
    }

    @Test func theKeyIsWhatTellsRecordsApart() throws {
        func key(_ table: TableDefinition) -> [String] {
            table.keyColumns.map { table.columns[$0].name }
        }
        let ids = try table([#"{"n": 1, "id": "a"}"#, #"{"n": 1, "id": "b"}"#])
        #expect(key(ids) == ["id"])
        let same = try table(
            [#"{"id": "a", "n": 1}"#, #"{"id": "a", "n": 2}"#],
            paths: ["s/x/2026-01-01.json", "s/x/2026-01-02.json"])
        #expect(key(same) == ["date"])
        #expect(same.raw.pattern == "s/x/{date}.json")
        let folders = try table(
            [#"{"id": "a", "n": 1}"#, #"{"id": "a", "n": 2}"#, #"{"id": "b", "n": 1}"#],
            paths: ["s/a/2026-01-01.json", "s/a/2026-01-02.json", "s/b/2026-01-01.json"])
        #expect(folders.raw.pattern == "s/{id}/{date}.json")
        #expect(Set(key(folders)) == ["id", "date"])
        let lines = try table(
            [#"{"index": 1, "n": 1}"#, #"{"index": 1, "n": 1}"#, #"{"index": 2, "n": 1}"#],
            paths: ["a.jsonl", "a.jsonl", "a.jsonl"], format: .jsonl)
        #expect(key(lines) == ["index"])
        #expect(lines.name == "a")
    }

    @Test func onlyATimeThatEveryRecordHasIsThePartition() throws {
        let start = #"{"id": 1, "timestamp": "2026-01-01T00:00:00Z"}"#
        let all = try table([start, #"{"id": 2, "timestamp": "2026-02-01T00:00:00Z"}"#])
        #expect(all.partition?.transform == .month)
        #expect(try table([start, #"{"id": 2}"#]).partition == nil)
        #expect(try table([start, #"{"id": 2, "timestamp": ""}"#]).partition == nil)
    }
}
