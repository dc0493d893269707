import Columnar
import Foundation
import Testing

@testable import Lake

/// A slow reference: reads every file with another JSON parser and keeps the latest row per key.
///
/// A key is decided anew when a file with it changed, or when a file left it; then the latest of all files
/// that hold it now wins. A file that has the key but cannot be read then counts as changed later.
private struct Reference {
    struct Row: Equatable {
        var id: Int
        var text: String
    }

    let deletes: Bool
    /// The last good row of each path.
    private var good: [String: Row] = [:]
    private var table: [Int: (path: String, row: Row)] = [:]

    init(deletes: Bool) {
        self.deletes = deletes
    }

    mutating func compact(raw: String) throws {
        var present: [String: (time: Int64, row: Row)] = [:]
        var names: Set<String> = []
        let root = raw + "/posts"
        for user in try FileManager.default.contentsOfDirectory(atPath: root) {
            for name in try FileManager.default.contentsOfDirectory(atPath: "\(root)/\(user)") {
                let path = "posts/\(user)/\(name)"
                names.insert(path)
                guard let row = read("\(raw)/\(path)") else { continue }
                var status = stat()
                lstat("\(raw)/\(path)", &status)
                let nanos = Int64(status.st_mtim.tv_sec) * 1_000_000_000
                present[path] = (nanos + Int64(status.st_mtim.tv_nsec), row)
            }
        }
        var atStake: Set<Int> = []
        func leave(_ path: String, _ old: Row) {
            atStake.insert(old.id)
            if table[old.id]?.path == path { table[old.id] = nil }
        }
        for (path, old) in good where deletes && !names.contains(path) {
            leave(path, old)
            good[path] = nil
        }
        for (path, file) in present where good[path] != file.row {
            if let old = good[path], old.id != file.row.id { leave(path, old) }
            atStake.insert(file.row.id)
            good[path] = file.row
        }
        for id in atStake {
            let holders = good.filter { $0.value.id == id }.map(\.key)
            let able = holders.filter { present[$0]?.row == good[$0] }
            for path in holders where !able.contains(path) { good[path]?.text = "?" }
            let latest = able.max { (present[$0]!.time, $0) < (present[$1]!.time, $1) }
            if let latest { table[id] = (latest, present[latest]!.row) }
        }
    }

    private func read(_ path: String) -> Row? {
        guard let data = FileManager.default.contents(atPath: path),
            let object = try? JSONSerialization.jsonObject(with: data) as? [String: Any],
            let id = object["id"] as? Int, let date = object["posted_at"] as? String,
            let likes = object["likes"] as? Int, let caption = object["caption"] as? String
        else { return nil }
        return Row(id: id, text: "\(date.prefix(10)) \(likes) \(caption)")
    }

    var rows: [String] {
        table.values.map { "\($0.row.id) \($0.row.text) \($0.path)" }.sorted()
    }
}

/// Random nights of an API client, with all its bad habits.
private struct Client {
    var random: SeededGenerator
    let fixture: LakeFixture

    private mutating func below(_ bound: Int) -> Int { Int(random.next() % UInt64(bound)) }

    private mutating func path(_ id: Int) -> String {
        // Now and then the same key in another account's folder.
        let user = below(12) == 0 ? below(4) : id % 4
        return "u\(user)/\(id).json"
    }

    mutating func night() throws {
        for _ in 0..<below(14) + 1 {
            let id = below(40)
            let name = path(id)
            let full = "\(fixture.raw)/posts/\(name)"
            let old = FileManager.default.contents(atPath: full)
            switch below(12) {
            case 0:
                // Rewritten alike.
                if let old { try fixture.write(String(decoding: old, as: UTF8.self), to: name) }
            case 1:
                var times = [timespec(tv_sec: 1_000 + below(1_000), tv_nsec: 0), timespec()]
                times[1] = times[0]
                utimensat(AT_FDCWD, full, &times, 0)
            case 2: try fixture.write(["", "{", "[1]", "{\"id\": 1.5}"][below(4)], to: name)
            case 3: unlink(full)
            case 4:
                // Another key in the same file.
                let other = below(40)
                try fixture.write(fixture.post(id: other, day: 1, likes: 0), to: name)
            case 5:
                let text = old.map { String(decoding: $0, as: UTF8.self) } ?? ""
                let signed = text.replacingOccurrences(
                    of: "\"url\": \"", with: "\"url\": \"\(below(100))")
                if old != nil { try fixture.write(signed, to: name) }
            default:
                let day = below(5) == 0 ? below(6) + 1 : id % 6 + 1
                try fixture.write(
                    fixture.post(id: id, day: day, likes: below(5), caption: "c\(below(3))"),
                    to: name)
            }
        }
    }
}

@Suite struct PropertyTests {
    /// More seeds: `LAKE_TORTURE=1`.
    static let seeds: [UInt64] =
        ProcessInfo.processInfo.environment["LAKE_TORTURE"] == nil
        ? [1, 136, 176] : Array(1...200)

    @Test(arguments: seeds, ["keep", "delete"])
    func tableEqualsTheSlowReference(seed: UInt64, onDelete: String) throws {
        let fixture = try LakeFixture(seed: seed, settings: "\"on_delete\": \"\(onDelete)\"")
        var client = Client(random: SeededGenerator(seed: seed), fixture: fixture)
        var reference = Reference(deletes: onDelete == "delete")
        for night in 0..<12 {
            try client.night()
            try fixture.compact(workers: night % 3 + 1) {
                // Every other night stages its rows on disk.
                if night % 2 == 1 { $0.stagingBytes = 100 }
                if night % 4 == 3 { $0.auditPercent = 50 }
            }
            try reference.compact(raw: fixture.raw)
            let rows = try rows(of: fixture)
            let odd = Set(rows).symmetricDifference(reference.rows).sorted()
            try #require(rows == reference.rows, "seed \(seed) \(onDelete), night \(night): \(odd)")
        }
    }

    private func rows(of fixture: LakeFixture) throws -> [String] {
        try fixture.rows(["id", "posted_at", "likes", "caption", "_raw_path"]).map { row in
            // int(7) int(micros) int(2) text("c") text("path")
            let parts = row.split(separator: " ").map { part -> String in
                String(part.drop { $0 != "(" }.dropFirst().dropLast())
                    .replacingOccurrences(of: "\"", with: "")
            }
            let days = Int64(parts[1])! / CivilTime.microsPerDay
            let date = CivilTime.date(fromDays: days)
            let day = date.day < 10 ? "0\(date.day)" : "\(date.day)"
            return "\(parts[0]) 2026-01-\(day) \(parts[2]) \(parts[3]) \(parts[4])"
        }.sorted()
    }
}
