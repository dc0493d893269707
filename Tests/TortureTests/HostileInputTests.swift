import Foundation
import Testing

/// Fault 10: raw files that are no posts; each is listed with a reason or taken, and the run goes on.
@Suite struct HostileInputTests {
    /// What must become of a file.
    enum Fate {
        case quarantined
        case taken
    }

    private static let date = "\"posted_at\": \"2026-01-01T00:00:00Z\""

    private static let inputs: [(name: String, bytes: [UInt8], fate: Fate)] = {
        func text(_ text: String) -> [UInt8] { Array(text.utf8) }
        func nested(_ depth: Int, _ open: String, _ close: String) -> String {
            String(repeating: open, count: depth) + String(repeating: close, count: depth)
        }
        let long = String(repeating: "x", count: 3_000_000)
        return [
            ("empty", [], .quarantined),
            ("blank", text("  \n\t "), .quarantined),
            ("truncated", text("{\"id\": 1, \(date)"), .quarantined),
            ("truncated-text", text("{\"id\": 1, \(date), \"caption\": \"ab"), .quarantined),
            ("binary", (0..<2_000).map { UInt8(truncatingIfNeeded: $0 &* 37) }, .quarantined),
            ("zeros", [UInt8](repeating: 0, count: 4_096), .quarantined),
            ("gzip", [0x1F, 0x8B, 8, 0, 0, 0, 0, 0], .quarantined),
            ("array", text("[{\"id\": 1, \(date)}]"), .quarantined),
            ("number", text("17"), .quarantined),
            ("null", text("null"), .quarantined),
            ("two", text("{\"id\": 1, \(date)} {\"id\": 2, \(date)}"), .quarantined),
            ("deep-arrays", text(nested(100_000, "[", "]")), .quarantined),
            ("deep-objects", text(nested(50_000, "{\"a\":", "}")), .quarantined),
            (
                "deep-value",
                text("{\"id\": 11, \(date), \"odd\": \(nested(5_000, "[", "]"))}"), .quarantined
            ),
            ("nested", text("{\"id\": 12, \(date), \"odd\": \(nested(60, "[", "]"))}"), .taken),
            ("no-key", text("{\(date)}"), .quarantined),
            ("null-key", text("{\"id\": null, \(date)}"), .quarantined),
            ("no-date", text("{\"id\": 13}"), .quarantined),
            (
                "odd-date", text("{\"id\": 14, \"posted_at\": \"2026-02-30T00:00:00Z\"}"),
                .quarantined
            ),
            ("year-9999", text("{\"id\": 15, \"posted_at\": \"9999-12-31T23:59:59Z\"}"), .taken),
            ("nan", text("{\"id\": 16, \(date), \"likes\": NaN}"), .quarantined),
            ("infinity", text("{\"id\": 17, \(date), \"likes\": 1e999}"), .quarantined),
            ("int64", text("{\"id\": 9223372036854775807, \(date)}"), .taken),
            ("int64-and-one", text("{\"id\": 9223372036854775808, \(date)}"), .quarantined),
            (
                "likes-too-large", text("{\"id\": 18, \(date), \"likes\": 9223372036854775809}"),
                .taken
            ),
            (
                "huge-number",
                text("{\"id\": 19, \(date), \"likes\": 1\(String(repeating: "0", count: 5_000))}"),
                .taken
            ),
            (
                "bad-utf8",
                text("{\"id\": 20, \(date), \"caption\": \"") + [0xC3, 0x28] + text("\"}"),
                .quarantined
            ),
            (
                "overlong",
                text("{\"id\": 21, \(date), \"caption\": \"") + [0xC0, 0x80] + text("\"}"),
                .quarantined
            ),
            (
                "lone-surrogate", text("{\"id\": 22, \(date), \"caption\": \"\\ud800\"}"),
                .quarantined
            ),
            ("surrogates", text("{\"id\": 23, \(date), \"caption\": \"\\ud83d\\ude00\"}"), .taken),
            ("control", text("{\"id\": 24, \(date), \"caption\": \"a\nb\"}"), .quarantined),
            ("nul-escape", text("{\"id\": 25, \(date), \"caption\": \"a\\u0000b\"}"), .taken),
            ("duplicate", text("{\"id\": 26, \(date), \"likes\": 1, \"likes\": 2}"), .taken),
            ("bom", [0xEF, 0xBB, 0xBF] + text("{\"id\": 27, \(date)}"), .taken),
            (
                "utf16",
                Array("{\"id\": 28, \(date)}".utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }),
                .quarantined
            ),
            ("long-text", text("{\"id\": 29, \(date), \"caption\": \"\(long)\"}"), .taken),
            (
                "many-keys",
                text(
                    "{\"id\": 30, \(date)" + (0..<50_000).map { ", \"k\($0)\": \($0)" }.joined()
                        + "}"), .taken
            ),
            ("comment", text("{\"id\": 31, /* c */ \(date)}"), .quarantined),
            ("single-quotes", text("{'id': 32}"), .quarantined),
            ("trailing-comma", text("{\"id\": 33, \(date),}"), .quarantined),
            ("html", text("<!doctype html><title>502 Bad Gateway</title>"), .quarantined),
            (
                "api-error", text("{\"error\": {\"code\": 190, \"message\": \"expired\"}}"),
                .quarantined
            ),
        ]
    }()

    @Test func eachIsTakenOrListed() throws {
        let folder = BuiltLake.makeFolder()
        let raw = RawFolder(folder + "/raw")
        let lake = folder + "/lake"
        // Good first, so that each has an old row to keep.
        for (index, input) in Self.inputs.enumerated() {
            try raw.write(raw.post(1_000 + index, likes: 1), to: "posts/h/\(input.name).json")
        }
        try raw.write(raw.post(1, likes: 1), to: raw.name(1))
        try Scene.makeLake(lake, raw: raw.path)
        try Scene.compactLater(lake)
        for input in Self.inputs {
            let path = "\(raw.path)/posts/h/\(input.name).json"
            try Data(input.bytes).write(to: URL(filePath: path))
        }
        try raw.write(raw.post(1, likes: 2), to: raw.name(1))
        usleep(Scene.ageMicros)
        let ended = try BuiltLake.run(["compact", "--lake", lake], seconds: 60)
        #expect(ended.code == 3, "\(ended.text)")
        let content = try LakeContent(of: lake)
        let rows = content.rows["posts"] ?? []
        #expect(rows.contains { $0.hasPrefix("int(1) ") && $0.contains("int(2)") })
        for (index, input) in Self.inputs.enumerated() {
            let path = "posts/h/\(input.name).json"
            let listed = content.quarantine.first { $0.contains(" \(path) ") }
            let keepsOld = rows.contains { $0.hasPrefix("int(\(1_000 + index)) ") }
            switch input.fate {
            case .quarantined:
                let reason = listed?.split(separator: " ").dropFirst(2).joined(separator: " ")
                #expect(
                    reason?.isEmpty == false, "\(input.name) has no reason: \(listed ?? "none")")
                #expect(keepsOld, "\(input.name): its old row is gone")
            case .taken:
                #expect(listed == nil, "\(input.name): \(listed ?? "")")
                #expect(!keepsOld, "\(input.name): its old row is still there")
            }
        }
        let taken = Self.inputs.filter { if case .taken = $0.fate { true } else { false } }.count
        #expect(rows.count == 1 + Self.inputs.count, "\(taken) taken")
        let again = try BuiltLake.run(["compact", "--lake", lake])
        #expect(again.code == 0, "what is listed and unchanged is no news: \(again.text)")
    }

    /// The published conformance files of JSON: nothing but well-formed objects may become rows.
    @Test func conformanceFiles() throws {
        let data = URL(filePath: BuiltLake.package).deletingLastPathComponent()
            .appending(path: "shared/data/json_examples/jsonchecker").path
        guard let names = try? FileManager.default.subpathsOfDirectory(atPath: data) else {
            return print("skipped: there are no shared JSON files")
        }
        let folder = BuiltLake.makeFolder()
        let raw = RawFolder(folder + "/raw")
        let lake = folder + "/lake"
        try raw.write(raw.post(1, likes: 1), to: raw.name(1))
        var count = 0
        for name in names.sorted() where name.hasSuffix(".json") {
            guard let bytes = FileManager.default.contents(atPath: "\(data)/\(name)") else {
                continue
            }
            count += 1
            try bytes.write(to: URL(filePath: "\(raw.path)/posts/u1/checked-\(count).json"))
        }
        try #require(count > 0)
        try Scene.makeLake(lake, raw: raw.path)
        usleep(Scene.ageMicros)
        let ended = try BuiltLake.run(["compact", "--lake", lake])
        #expect(ended.code == 3, "\(ended.text)")
        let content = try LakeContent(of: lake)
        // None of them is a post with a key and a date.
        #expect(content.rows["posts"]?.count == 1)
        #expect(content.quarantine.count == count)
    }

    /// A file beyond the limit is listed without being read.
    @Test func hugeFile() throws {
        let folder = BuiltLake.makeFolder()
        let raw = RawFolder(folder + "/raw")
        try raw.write(raw.post(1, likes: 1), to: raw.name(1))
        let huge = "\(raw.path)/posts/u1/huge.json"
        try raw.write("{", to: "posts/u1/huge.json")
        truncate(huge, 5 << 30)
        try Scene.makeLake(folder + "/lake", raw: raw.path)
        let ended = try BuiltLake.run(["compact", "--lake", folder + "/lake"])
        #expect(ended.code == 3, "\(ended.text)")
        let content = try LakeContent(of: folder + "/lake")
        #expect(content.quarantine.first?.contains("larger than") == true, "\(content.quarantine)")
        #expect(content.rows["posts"]?.count == 1)
    }
}
