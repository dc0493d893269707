import Foundation
import Testing

@testable import Columnar
@testable import Lake

/// Real files of many records, compacted and added up against an independent reading in Python.
@Suite struct RealBatchTests {
    private static let tables = [
        (
            "tweets", "tweets/{name}.jsonl", "jsonl", ["retweet_count", "favorite_count"],
            "created_at"
        ),
        ("reddit", "reddit/{name}.jsonl.zst", "jsonl", ["score", "num_comments"], "created_utc"),
        ("pins", "pins/{name}.jsonl", "jsonl", ["downloaded"], nil),
        (
            "statuses", "statuses/{name}.json", "array", ["retweet_count", "favorite_count"],
            "created_at"
        ),
    ]

    private static func schema(
        _ table: String, _ path: String, _ format: String, _ counters: [String], _ time: String?
    ) -> Lake.SchemaFile {
        let key = ["tweets": "[\"id_str\", \"id\"]", "pins": "\"index\"", "reddit": "\"id\""][table]
        let records = format == "array" ? ", \"records\": \"statuses\"" : ""
        var text = "{\"table\": \"\(table)\", "
        text += "\"raw\": {\"path\": \"\(path)\", \"format\": \"\(format)\"\(records)}, "
        text +=
            time.map { "\"partition\": {\"column\": \"\($0)\", \"transform\": \"month\"}, " } ?? ""
        text += "\"columns\": [{\"name\": \"id\", \"type\": \"varchar\", "
        text += "\"path\": \(key ?? "\"id_str\""), \"class\": \"key\"}"
        text += time.map { ", {\"name\": \"\($0)\", \"type\": \"timestamp(6)\"}" } ?? ""
        for counter in counters {
            text += ", {\"name\": \"\(counter)\", \"type\": \"bigint\", \"class\": \"counter\"}"
        }
        return .init(name: "\(table).json", bytes: Array((text + "]}").utf8))
    }

    @Test(.enabled(if: RealInputTests.data != nil, "skipped: no ../shared/data beside the package"))
    func sumsEqualPythons() throws {
        let data = try #require(RealInputTests.data)
        let folder = try TemporaryFolder()
        let raw = folder.path + "/raw"
        for (table, files) in [
            (
                "tweets",
                ["condensed_2016_2017.jsonl", "v11_full_2019.jsonl"].map {
                    "tweets_public_figure/\($0)"
                }
            ),
            ("reddit", ["reddit_top/posts.jsonl.zst"]), ("pins", ["pinterest_pins/pin.jsonl"]),
            ("statuses", ["json_examples/twitter.json"]),
        ] {
            try FileManager.default.createDirectory(
                atPath: "\(raw)/\(table)", withIntermediateDirectories: true)
            for file in files {
                let name = file.split(separator: "/")[1]
                try FileManager.default.copyItem(
                    atPath: "\(data)/\(file)", toPath: "\(raw)/\(table)/\(name)")
            }
        }
        let lake = try Lake.create(
            at: folder.path + "/lake", rawPath: raw, schemas: Self.tables.map(Self.schema), seed: 9)
        let report = try lake.compact(
            identity: RunIdentity(startedMicros: 4_000_000_000_000_000, seed: 5),
            options: LakeFixture.options(workers: 2), pool: BufferPool())
        #expect(!report.isPartial)
        var found: [String] = []
        for (table, _, _, counters, _) in Self.tables {
            let rows = try LakeFixture.rows(of: lake, table: table, counters)
            found.append("\(table) rows \(rows.count)")
            var sums = [Int](repeating: 0, count: counters.count)
            for row in rows {
                for (index, value) in row.split(separator: " ").enumerated() {
                    sums[index] += Int(value.dropFirst(4).dropLast()) ?? 0
                }
            }
            for (counter, sum) in zip(counters, sums) { found.append("\(table) \(counter) \(sum)") }
        }
        let script = "python3 '\(packageFolder)/Tests/interop/sum_batches.py' '\(raw)'"
        let pipe = try #require(popen(script, "r"))
        var bytes: [UInt8] = []
        while case let byte = fgetc(pipe), byte >= 0 { bytes.append(UInt8(byte)) }
        #expect(pclose(pipe) == 0)
        #expect(found.joined(separator: "\n") + "\n" == String(decoding: bytes, as: UTF8.self))

        let again = try lake.compact(
            identity: RunIdentity(startedMicros: 4_000_000_100_000_000, seed: 6),
            options: LakeFixture.options(workers: 2), pool: BufferPool())
        #expect(again.tables.allSatisfy { $0.partitionsRewritten == 0 })
    }
}
