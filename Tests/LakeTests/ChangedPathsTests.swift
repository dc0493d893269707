import Columnar
import Foundation
import Glibc
import Testing

@testable import Lake

/// Runs that are told what changed instead of walking.
@Suite struct ChangedPathsTests {
    private func list(
        _ fixture: LakeFixture, _ text: String, separator: UInt8 = UInt8(ascii: "\n")
    ) throws -> ChangedPaths {
        var list = ChangedPaths(root: fixture.raw, separator: separator)
        // In small pieces: lines are cut anywhere.
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: 7) {
            try bytes[start..<min(start + 7, bytes.count)].withUnsafeBytes { (part) in
                try list.append(part)
            }
        }
        list.finish()
        return list
    }

    private func compact(_ fixture: LakeFixture, _ text: String) throws -> RunReport {
        let changed = try list(fixture, text)
        return try fixture.compact { $0.changed = changed }
    }

    @Test func onlyWhatIsListedIsLookedAt() throws {
        let fixture = try LakeFixture()
        for id in 0..<200 {
            try fixture.write(fixture.post(id: id, day: 1, likes: 0), to: "u\(id % 3)/\(id).json")
        }
        try fixture.compact()
        for id in [3, 4, 5, 6] {
            try fixture.write(fixture.post(id: id, day: 1, likes: 1), to: "u\(id % 3)/\(id).json")
        }
        try fixture.write(fixture.post(id: 900, day: 1, likes: 1), to: "u0/900.json")
        try fixture.write(fixture.post(id: 901, day: 2, likes: 1), to: "new/901.json")
        unlink("\(fixture.raw)/posts/u1/7.json")
        unlink("\(fixture.raw)/posts/u1/10.json")
        let report = try compact(
            fixture,
            """
            posts/u0/3.json
            \(fixture.raw)/posts/u1/4.json
            posts/u0/3.json
            posts/u2/8.json
            posts/u1/7.json
            posts/u1/never.json
            posts/new/901.json
            posts/none/1.json

            posts/u0/900.json
            stats/u0/1.json
            /etc/passwd
            posts/u0/.hidden.json
            posts/../posts/u0/3.json
            posts/u0
            posts/u0/x/y.json
            """)
        let files = report.tables[0].files
        #expect(files.changed == 2)
        #expect(files.new == 2)
        #expect(files.unchangedByHash == 1)
        #expect(files.vanished == 1)
        #expect(files.seen == 5)
        #expect(files.unchangedByStat == 0)
        #expect(report.ignoredPaths.count == 6)
        #expect(report.ignoredPaths.examples.count == 5)
        #expect(try fixture.rows(["likes"]).filter { $0 == "int(1)" }.count == 4)
        // A whole run finds the rest, and only the rest.
        let rest = try fixture.compact().tables[0].files
        #expect(rest.changed == 2)
        #expect(rest.vanished == 1)
        #expect(rest.new == 0)
        #expect(rest.read == 2)
        let idle = try fixture.compact().tables[0]
        #expect(idle.files.read == 0)
        #expect(idle.partitionsRewritten == 0)
    }

    @Test func listedFoldersAreLookedAtWhole() throws {
        let fixture = try LakeFixture()
        for id in 0..<6 {
            try fixture.write(fixture.post(id: id, day: 1, likes: 0), to: "u\(id % 2)/\(id).json")
        }
        try fixture.compact()
        try FileManager.default.removeItem(atPath: "\(fixture.raw)/posts/u0")
        try fixture.write(fixture.post(id: 1, day: 1, likes: 1), to: "u1/1.json")
        try fixture.write(fixture.post(id: 9, day: 1, likes: 9), to: "u2/9.json")
        let report = try compact(fixture, "posts/u0/\nposts/u2/\nposts/u2/9.json\nposts/\n")
        #expect(report.tables[0].files.vanished == 3)
        #expect(report.tables[0].files.new == 1)
        #expect(report.ignoredPaths.examples == ["posts/"])
        let rest = try fixture.compact().tables[0].files
        #expect(rest.changed == 1)
        #expect(rest.vanished == 0)
    }

    @Test func manyNamesInOneFolderTouchOnlyTheirChunks() throws {
        let fixture = try LakeFixture()
        for id in 1_000..<1_900 {
            try fixture.write(fixture.post(id: id, day: 1, likes: 0), to: "u/\(id).json")
        }
        try fixture.compact()
        var generator = SeededGenerator(seed: 5)
        for round in 1...6 {
            var names: Set<String> = []
            for _ in 0..<25 {
                // Before the first, behind the last, between, and known ones.
                let id = Int(generator.next() % 1_200) + 900
                let name = "u/\(id).json"
                if generator.next() % 5 == 0 {
                    unlink("\(fixture.raw)/posts/\(name)")
                } else {
                    try fixture.write(fixture.post(id: id, day: 1, likes: round), to: name)
                }
                names.insert("posts/\(name)")
            }
            _ = try compact(fixture, names.shuffled(using: &generator).joined(separator: "\n"))
            let whole = try fixture.compact()
            #expect(whole.tables[0].files.read == 0)
            #expect(whole.tables[0].files.vanished == 0)
            #expect(whole.tables[0].files.new == 0)
        }
    }

    @Test func linksOnTheWayAreNotFollowed() throws {
        let fixture = try LakeFixture()
        try fixture.write(fixture.post(id: 1, day: 1, likes: 0), to: "u/1.json")
        try fixture.compact()
        let posts = "\(fixture.raw)/posts"
        rename(posts, posts + ".away")
        symlink("posts.away", posts)
        let report = try compact(fixture, "posts/u/1.json\nposts/u/2.json")
        #expect(report.tables[0].files.vanished == 0)
        #expect(report.tables[0].unreadable.map(\.path) == ["posts/u"])
        unlink(posts)
        rename(posts + ".away", posts)
        symlink("u", "\(posts)/link")
        let second = try compact(fixture, "posts/link/1.json")
        #expect(second.tables[0].files.new == 0)
    }

    @Test func nulSeparatesNamesWithNewlines() throws {
        let fixture = try LakeFixture()
        try fixture.write(fixture.post(id: 1, day: 1, likes: 0), to: "u/a\nb.json")
        let changed = try list(fixture, "posts/u/a\nb.json\0posts/u/c.json", separator: 0)
        let report = try fixture.compact { $0.changed = changed }
        #expect(report.tables[0].files.new == 1)
        let cut = try list(fixture, "posts/u/x\0.json\n")
        #expect(try fixture.compact { $0.changed = cut }.ignoredPaths.count == 1)
    }
}
