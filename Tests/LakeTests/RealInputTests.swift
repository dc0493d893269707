import Columnar
import Foundation
import Lake
import Testing

/// Real tweets and Graph API answers, split into one file a post, flattened with the package's schema
/// files, and added up against an independent reading in Python.
@Suite struct RealInputTests {
    /// The developer's sample data: `shared/data` beside the package or beside a folder above it.
    static let data: String? = {
        var parts = packageFolder.split(separator: "/")
        while !parts.isEmpty {
            parts.removeLast()
            let path = "/" + parts.joined(separator: "/") + "/shared/data"
            if access(path + "/tweets_public_figure", R_OK) == 0 { return path }
        }
        return nil
    }()

    @Test(.enabled(if: data != nil, "skipped: no ../shared/data beside the package"))
    func sumsEqualPythons() throws {
        let data = try #require(Self.data)
        let folder = try TemporaryFolder()
        let script = "python3 '\(packageFolder)/Tests/interop/split_real_input.py'"
        _ = try Self.output("\(script) split '\(data)' '\(folder.path)'")
        let expected = try Self.output("\(script) expect '\(folder.path)'").split(separator: "\n")
            .filter { $0.hasPrefix("tweets.") || $0.hasPrefix("graph_media.") }
        var facts: [String: Int64] = [:]
        for table in ["tweets", "graph_media"] {
            try Self.add(table, below: folder.path, to: &facts)
        }
        let found = facts.filter { $0.value != 0 }.map { "\($0.key) \($0.value)" }.sorted()
        #expect(found == expected.map(String.init))
    }

    private static func output(_ command: String) throws -> String {
        let pipe = try #require(popen(command, "r"))
        var bytes: [UInt8] = []
        while case let byte = fgetc(pipe), byte >= 0 { bytes.append(UInt8(byte)) }
        #expect(pclose(pipe) == 0, "\(command)")
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func add(
        _ table: String, below raw: String, to facts: inout [String: Int64]
    ) throws {
        let definition = try schemaFile(table)
        let flattener = try Flattener(definition: definition, pool: BufferPool())
        let names = try FileManager.default.subpathsOfDirectory(atPath: raw)
        for name in names.sorted() where name.hasPrefix(table) && name.hasSuffix(".json") {
            let bytes = try #require(fileBytes(raw + "/" + name))
            switch try flattener.stage(copyOf: bytes, path: name) {
            case .rejected(let reason): Issue.record("\(name): \(reason)")
            case .row(let identity):
                if let month = identity.partitionValue {
                    facts["\(table).month.\(month)", default: 0] += 1
                }
                try flattener.commit()
            }
        }
        #expect(flattener.driftCounts.allSatisfy { $0 == 0 }, "\(flattener.driftCounts)")
        let rows = Rows(batch: try flattener.finishBatch(), schema: definition.schema)
        facts["\(table).rows"] = Int64(rows.batch.count)
        try table == "tweets" ? addTweets(rows, to: &facts) : addMedia(rows, to: &facts)
    }

    private static func addTweets(_ rows: Rows, to facts: inout [String: Int64]) throws {
        facts["tweets.id_digits"] = try rows.sum("id") {
            $0.text.compactMap(\.wholeNumberValue).sum
        }
        facts["tweets.retweet_count"] = try rows.sum("retweet_count") { $0.integer }
        facts["tweets.favorite_count"] = try rows.sum("favorite_count") { $0.integer }
        facts["tweets.text_code_points"] = try rows.sum("text") { $0.codePoints }
        facts["tweets.created_at_seconds"] = try rows.sum("created_at") { $0.integer / 1_000_000 }
        facts["tweets.is_retweet"] = try rows.sum("is_retweet") { $0 == .boolean(true) ? 1 : 0 }
        facts["tweets.replies"] = try rows.sum("in_reply_to_user_id") { _ in 1 }
        for list in ["hashtags", "user_mentions", "urls"] {
            facts["tweets.\(list)"] = try rows.sum(list) { Int64($0.elements.count) }
        }
        facts["tweets.user_followers"] = try rows.sum("user") { $0.fields[6].integer }
    }

    private static func addMedia(_ rows: Rows, to facts: inout [String: Int64]) throws {
        for counter in ["like_count", "comments_count"] {
            facts["graph_media.\(counter)"] = try rows.sum(counter) { $0.integer }
        }
        facts["graph_media.caption_code_points"] = try rows.sum("caption") { $0.codePoints }
        facts["graph_media.owners"] = try rows.sum("owner_id") { _ in 1 }
        facts["graph_media.children"] = try rows.sum("children") { Int64($0.elements.count) }
        facts["graph_media.timestamps"] = try rows.sum("timestamp") { _ in 1 }
        facts["graph_media.timestamp_seconds"] = try rows.sum("timestamp") {
            $0.integer / 1_000_000
        }
    }
}

/// A batch by column name.
private struct Rows {
    let batch: Batch
    let schema: Schema

    /// The sum over the rows where the column is not NULL.
    func sum(_ name: String, _ value: (Value) -> Int64) throws -> Int64 {
        let column = try #require(schema.index(of: name))
        var total: Int64 = 0
        for row in 0..<batch.count {
            let cell = try batch.columns[column].value(at: row, type: schema.fields[column].type)
            if !cell.isNull { total += value(cell) }
        }
        return total
    }
}

extension Value {
    fileprivate var text: String { if case .text(let text) = self { text } else { "" } }
    fileprivate var codePoints: Int64 { Int64(text.unicodeScalars.count) }
    fileprivate var integer: Int64 { if case .int(let number) = self { number } else { 0 } }
    fileprivate var elements: [Value] { if case .list(let values) = self { values } else { [] } }
    fileprivate var fields: [Value] { if case .row(let values) = self { values } else { [] } }
}

extension [Int] {
    fileprivate var sum: Int64 { Int64(reduce(0, +)) }
}
