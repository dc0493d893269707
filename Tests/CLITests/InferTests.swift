import Foundation
import Testing

/// An inferred schema file must pass its own check, and compact what it was inferred from without a loss.
@Suite struct InferTests {
    /// Infers over `raw/FOLDER`, makes a lake of it and compacts; gives the number of rows.
    private func compact(_ raw: String, _ options: String, in folder: URL) throws -> Int {
        let name = "t\(abs(raw.hashValue % 100_000))"
        for (command, expected) in [
            ("mkdir -p \(name)", 0),
            ("lake schema infer \(raw) \(options) --table t -o \(name)/t.json", 0),
            ("lake schema check \(name)/t.json", 0),
            ("lake init \(name)/lake --raw raw --schemas \(name)", 0),
            ("lake compact --lake \(name)/lake > \(name)/report", 0),
        ] {
            let (status, text) = try BuiltProgram.run(command, in: folder)
            try #require(status == Int32(expected), "\(command): \(text)")
        }
        let report = try BuiltProgram.run("cat \(name)/report", in: folder).text
        #expect(!report.contains("did not fit"), "\(report)")
        #expect(!report.contains("quarantined"), "\(report)")
        let rows = try BuiltProgram.run(
            "lake query -q --lake \(name)/lake --format tsv 'select count(*) from t' | tail -n +2",
            in: folder)
        return Int(rows.text.trimmingCharacters(in: .whitespacesAndNewlines)) ?? -1
    }

    @Test func theSampleIsItsOwnSchema() throws {
        let folder = try BuiltProgram.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let made = try BuiltProgram.run(
            "lake-sample create raw --accounts 5 --posts 8 --days 3", in: folder)
        try #require(made.status == 0)
        #expect(try compact("raw/instagram_graph/posts", "--raw raw", in: folder) == 40)
        #expect(try compact("raw/instagram_graph/stats", "--raw raw", in: folder) == 15)
    }

    @Test(.enabled(if: BuiltProgram.sharedData != nil, "skipped: the sample data is not here"))
    func realSourcesAreTheirOwnSchemas() throws {
        let data = try #require(BuiltProgram.sharedData)
        let folder = try BuiltProgram.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let script = BuiltProgram.package.appending(path: "Tests/interop/split_real_input.py").path
        let split = try BuiltProgram.run("python3 \(script) split \(data) raw", in: folder)
        try #require(split.status == 0, "\(split.text)")
        for (raw, rows) in [
            ("raw/tweets", 4_932), ("raw/graph_media", 113), ("raw/topics/x.pin", 488),
            ("raw/topics/x.geo", 290), ("raw/topics/x.user", 289),
            ("raw/instagram_graph/comments", 5), ("raw/instagram_graph/insights", 4),
        ] {
            #expect(try compact(raw, "--raw raw", in: folder) == rows, "\(raw)")
        }
    }

    @Test(.enabled(if: BuiltProgram.sharedData != nil, "skipped: the sample data is not here"))
    func filesOfManyRecordsAreTheirOwnSchemas() throws {
        let data = try #require(BuiltProgram.sharedData)
        let folder = try BuiltProgram.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let made = try BuiltProgram.run(
            """
            mkdir -p raw/pins raw/v11 raw/arrays raw/answers
            cp \(data)/pinterest_pins/pin.jsonl raw/pins/
            gzip -c < \(data)/tweets_public_figure/v11_full_2019.jsonl > raw/v11/2019.jsonl.gz
            python3 -c 'import json, sys; json.dump([json.loads(line) for line in sys.stdin], sys.stdout)' \
                < \(data)/pinterest_pins/geo.jsonl > raw/arrays/geo.json
            cp \(data)/json_examples/twitter.json raw/answers/
            """, in: folder)
        try #require(made.status == 0, "\(made.text)")
        for (raw, options, rows) in [
            ("raw/pins", "", 488), ("raw/v11", "", 300), ("raw/arrays", "", 290),
            ("raw/answers", "--records statuses", 100),
        ] {
            #expect(try compact(raw, "--raw raw \(options)", in: folder) == rows, "\(raw)")
        }
    }
}
