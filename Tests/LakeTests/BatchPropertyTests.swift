import Foundation
import Glibc
import Testing

@testable import Columnar
@testable import Lake

/// A slow reference for files of many records: dictionaries, and lines split by another program's rules.
///
/// A record speaks when it differs from what its file last held for its key; of those that speak in one run the
/// latest file's wins. A file that was not read may still speak against them, if it is later. A key whose
/// row's record is gone falls back to the latest file that holds it.
private struct BatchReference {
    typealias Row = String

    let deletes: Bool
    private var content: [String: Data] = [:]
    private var known: [String: [Int: Row]] = [:]
    private(set) var table: [Int: (path: String, row: Row)] = [:]

    init(deletes: Bool) {
        self.deletes = deletes
    }

    private struct File {
        var time: Int64
        var last: [Int: Row]
        var isWhole: Bool
    }

    /// - texts: the decoded text of each file, with its time.
    mutating func compact(_ texts: [String: (data: Data, time: Int64)]) {
        let before = known
        var claims: [Int: [(time: Int64, path: String, row: Row)]] = [:]
        var left: Set<Int> = []
        var read: Set<String> = []
        let files = texts.mapValues { Self.parse($0.data, time: $0.time) }
        for (path, file) in files where content[path] != texts[path]?.data {
            content[path] = texts[path]?.data
            // Nothing good and something bad: as if it had not been read.
            if file.last.isEmpty, !file.isWhole { continue }
            read.insert(path)
            for (id, row) in file.last where known[path]?[id] != row {
                claims[id, default: []].append((file.time, path, row))
            }
            var now = known[path] ?? [:]
            if deletes, file.isWhole {
                for id in now.keys where file.last[id] == nil { leave(id, path, &left) }
                now = [:]
            }
            known[path] = now.merging(file.last) { $1 }
        }
        for path in known.keys where texts[path] == nil && deletes {
            for id in known[path, default: [:]].keys { leave(id, path, &left) }
            known[path] = nil
            content[path] = nil
        }
        for id in left.union(claims.keys) {
            var speaking = claims[id] ?? []
            let best = speaking.map { ($0.time, $0.path) }.max { $0 < $1 }
            for (path, records) in before {
                guard let row = records[id], let file = files[path], file.last[id] == row else {
                    continue
                }
                if let best, read.contains(path) || (file.time, path) < best { continue }
                speaking.append((file.time, path, row))
            }
            let winner = speaking.max { ($0.time, $0.path) < ($1.time, $1.path) }
            if let winner { table[id] = (winner.path, winner.row) }
        }
    }

    private mutating func leave(_ id: Int, _ path: String, _ left: inout Set<Int>) {
        left.insert(id)
        if table[id]?.path == path { table[id] = nil }
    }

    private static func parse(_ data: Data, time: Int64) -> File {
        var file = File(time: time, last: [:], isWhole: true)
        for line in data.split(separator: 0x0A) {
            guard let record = try? JSONSerialization.jsonObject(with: line) as? [String: Any],
                let id = record["id"] as? Int, let date = record["posted_at"] as? String
            else {
                file.isWhole = false
                continue
            }
            file.last[id] = "\(date.prefix(10)) \(record["likes"] as? Int ?? -1)"
        }
        return file
    }
}

/// Random nights of a program that writes batches.
private struct BatchClient {
    enum Layout: String, CaseIterable, Sendable { case lines, members, array }

    var random: SeededGenerator
    let fixture: BatchFixture
    let layout: Layout
    /// The lines of each file.
    private(set) var files: [String: [String]] = [:]

    init(random: SeededGenerator, fixture: BatchFixture, layout: Layout) {
        self.random = random
        self.fixture = fixture
        self.layout = layout
    }

    private mutating func below(_ bound: Int) -> Int { Int(random.next() % UInt64(bound)) }

    private mutating func record() -> String {
        let id = below(30)
        let day = below(5) == 0 ? below(4) + 1 : id % 4 + 1
        if below(25) == 0 {
            return ["{\"id\": 1}", "[1]", "{\"id\": 2, \"posted_at\": true}"][below(3)]
        }
        return BatchFixture.post(id, day: day, likes: below(4))
    }

    mutating func night() throws {
        for _ in 0..<below(5) + 1 {
            let name = "\(below(5)).\(layout == .members ? "jsonl.gz" : "jsonl")"
            var lines = files[name] ?? []
            switch below(10) {
            case 0: lines = []
            case 1: lines.shuffle(using: &random)
            case 2: lines = lines.filter { _ in random.next() % 3 != 0 }
            case 3: lines = (0..<below(4)).map { _ in "{\"id\": 3}" }
            case 4:
                unlink("\(fixture.raw)/batches/\(name)")
                files[name] = nil
                continue
            case 5: break
            default: for _ in 0..<below(8) + 1 { lines.append(record()) }
            }
            files[name] = lines
            try write(lines, to: name)
        }
    }

    private mutating func write(_ lines: [String], to name: String) throws {
        let seconds = below(2) == 0 ? 1_000 + below(50) : nil
        switch layout {
        case .lines:
            try fixture.write(
                lines.map { $0 + "\n" }.joined(), to: name, atSeconds: seconds)
        case .members:
            var bytes = try BatchFixture.compressed("", .gzip)
            for line in lines { bytes += try BatchFixture.compressed(line + "\n", .gzip) }
            try fixture.write(bytes, to: name, atSeconds: seconds)
        case .array:
            try fixture.write(
                "{\"data\": [\(lines.joined(separator: ","))]}", to: name, atSeconds: seconds)
        }
    }

    /// What the reference reads.
    func texts() -> [String: (data: Data, time: Int64)] {
        var texts: [String: (data: Data, time: Int64)] = [:]
        for (name, lines) in files {
            var status = stat()
            lstat("\(fixture.raw)/batches/\(name)", &status)
            let nanos = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
            texts["batches/\(name)"] = (Data(lines.map { $0 + "\n" }.joined().utf8), nanos)
        }
        return texts
    }
}

@Suite struct BatchPropertyTests {
    /// More seeds: `LAKE_TORTURE=1`.
    static let seeds: [UInt64] =
        ProcessInfo.processInfo.environment["LAKE_TORTURE"] == nil
        ? [3, 58] : Array(1...200)

    @Test(arguments: seeds, ["keep", "delete"])
    func tableEqualsTheSlowReference(seed: UInt64, onDelete: String) throws {
        for layout in BatchClient.Layout.allCases {
            let fixture = try BatchFixture(
                path: "batches/{batch}.jsonl\(layout == .members ? ".gz" : "")",
                format: layout == .array ? "array" : "jsonl",
                records: layout == .array ? "data" : nil,
                settings: "\"on_delete\": \"\(onDelete)\"")
            var client = BatchClient(
                random: SeededGenerator(seed: seed), fixture: fixture, layout: layout)
            var reference = BatchReference(deletes: onDelete == "delete")
            for night in 0..<10 {
                try client.night()
                try fixture.compact(workers: night % 3 + 1) {
                    if night % 2 == 1 { $0.stagingBytes = 100 }
                    if night % 4 == 3 { $0.auditPercent = 50 }
                }
                reference.compact(client.texts())
                let expected = reference.table.map { "\($0.key) \($0.value.row) \($0.value.path)" }
                    .sorted()
                let rows = try rows(of: fixture)
                let odd = Set(rows).symmetricDifference(expected).sorted()
                try #require(
                    rows == expected, "seed \(seed) \(onDelete) \(layout), night \(night): \(odd)")
            }
        }
    }

    private func rows(of fixture: BatchFixture) throws -> [String] {
        try LakeFixture.rows(
            of: fixture.lake, ["id", "posted_at", "likes", "_raw_path"], pool: fixture.pool
        ).map { row in
            let parts = row.split(separator: " ").map { part -> String in
                String(part.drop { $0 != "(" }.dropFirst().dropLast())
                    .replacingOccurrences(of: "\"", with: "")
            }
            let date = CivilTime.date(fromDays: Int64(parts[1])! / CivilTime.microsPerDay)
            return "\(parts[0]) 2026-01-0\(date.day) \(parts[2]) \(parts[3])"
        }.sorted()
    }
}
