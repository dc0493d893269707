import Columnar
import Foundation
import Testing

@testable import Lake

/// The table of counters beside a table, against a slow reference that looks at every raw file.
@Suite struct MetricsTests {
    private static let schema = """
        {
          "table": "posts",
          "raw": { "path": "posts/{user_id}/{post}.json", "format": "json" },
          "partition": { "column": "posted_at", "transform": "day" },
          "sort": ["user_id", "posted_at"],
          "columns": [
            { "name": "id", "type": "bigint", "class": "key" },
            { "name": "user_id", "type": "varchar", "capture": "user_id" },
            { "name": "posted_at", "type": "timestamp(6)", "required": true },
            { "name": "owner", "type": "row", "fields": [
              { "name": "name", "type": "varchar" },
              { "name": "followers", "type": "bigint", "class": "counter" } ] },
            { "name": "likes", "type": "bigint", "class": "counter" },
            { "name": "caption", "type": "varchar" }
          ]
        }
        """
    private static let columns = ["id", "observed_at", "owner_followers", "likes"]

    private struct Post {
        var day: Int
        var likes: Int
        var followers: Int?
        var caption = "x"
    }

    private func fixture(_ schema: String = schema) throws -> LakeFixture {
        let fixture = try LakeFixture()
        try schema.write(
            toFile: fixture.lake.path + "/schemas/posts.json", atomically: true, encoding: .utf8)
        return fixture
    }

    private func write(_ post: Post, id: Int, to fixture: LakeFixture) throws {
        let followers = post.followers.map { "\($0)" } ?? "null"
        let owner = post.followers == -1 ? "null" : "{\"followers\": \(followers)}"
        try fixture.write(
            """
            {"id": \(id), "posted_at": "2026-01-0\(post.day)T10:00:00Z", "likes": \(post.likes),
             "owner": \(owner), "caption": "\(post.caption)"}
            """, to: "u\(id % 3)/\(id).json")
    }

    /// Compacts at midnight of a night, `minute` minutes later.
    private func compact(
        _ fixture: LakeFixture, night: Int, minute: Int = 0, workers: Int = 2
    ) throws -> RunReport {
        fixture.seed += 1
        return try fixture.lake.compact(
            identity: RunIdentity(startedMicros: time(night, minute), seed: fixture.seed),
            options: LakeFixture.options(workers: workers), pool: fixture.pool)
    }

    /// Far ahead of the file system's clock.
    private func time(_ night: Int, _ minute: Int = 0) -> Int64 {
        4_000_000_000_000_000 / CivilTime.microsPerDay * CivilTime.microsPerDay
            + Int64(night) * CivilTime.microsPerDay + Int64(minute) * 60_000_000
    }

    private func rows(_ fixture: LakeFixture) throws -> [String] {
        try LakeFixture.rows(
            of: fixture.lake, table: "posts_metrics", Self.columns, pool: fixture.pool)
    }

    @Test func tenNightsGiveTheGrowthCurvesOfASlowReference() throws {
        let fixture = try fixture()
        var random = SeededGenerator(seed: 7)
        var posts: [Int: Post] = [:]
        var seen: [Int: [Int?]] = [:]
        var expected: [String] = []
        for night in 0..<10 {
            for id in 0..<40 {
                let isNew = posts[id] == nil
                var post =
                    posts[id] ?? Post(day: id % 6 + 1, likes: id, followers: id % 4 == 0 ? nil : id)
                guard !isNew || Int.random(in: 0..<3, using: &random) == 0 else { continue }
                switch Int.random(in: 0..<6, using: &random) {
                case 0: post.likes += 1
                case 1: post.followers = (post.followers ?? 0) + 5
                case 2: post.followers = -1
                case 3: post.caption = "night \(night)"
                default: break
                }
                posts[id] = post
                try write(post, id: id, to: fixture)
                let followers = post.followers == -1 ? nil : post.followers
                let counters = [followers, post.likes]
                if seen[id] != counters {
                    expected.append(
                        "int(\(id)) int(\(time(night))) "
                            + (followers.map { "int(\($0))" } ?? "null") + " int(\(post.likes))")
                }
                seen[id] = counters
            }
            let report = try compact(fixture, night: night)
            let before = expected.filter { $0.contains("int(\(time(night)))") }.count
            #expect(report.tables[0].rowsObserved == before, "night \(night)")
        }
        #expect(try rows(fixture) == expected.sorted())
        #expect(expected.count > 60)
    }

    @Test func unchangedNightAppendsNothing() throws {
        let fixture = try fixture()
        for id in 0..<9 {
            try write(Post(day: 1, likes: id, followers: 1), id: id, to: fixture)
        }
        _ = try compact(fixture, night: 0)
        let before = try rows(fixture)
        for id in 0..<9 {
            try write(Post(day: 1, likes: id, followers: 1, caption: "new"), id: id, to: fixture)
        }
        let report = try compact(fixture, night: 1)
        #expect(report.tables[0].rowsWritten == 9)
        #expect(report.tables[0].rowsObserved == 0)
        #expect(try rows(fixture) == before)
        let snapshots = try fixture.lake.tables().map(\.snapshots)
        #expect(snapshots == [2, 1])
    }

    @Test func manyFilesOfOneDayBecomeOne() throws {
        let fixture = try fixture()
        var expected: [String] = []
        for run in 0..<21 {
            try write(Post(day: 1, likes: run, followers: nil), id: 1, to: fixture)
            _ = try compact(fixture, night: 3, minute: run)
            expected.append("int(1) int(\(time(3, run))) null int(\(run))")
            let partition = try fixture.lake.describe("posts_metrics").partitions
            #expect(partition.count == 1)
            #expect(partition[0].files <= MetricsAppender.filesADay)
            #expect(partition[0].rows == Int64(run + 1))
        }
        #expect(try rows(fixture) == expected.sorted())
        try write(Post(day: 1, likes: 99, followers: nil), id: 1, to: fixture)
        _ = try compact(fixture, night: 4)
        #expect(try fixture.lake.describe("posts_metrics").partitions.count == 2)
    }

    @Test func fileDoesNotDependOnWorkers() throws {
        var files: [[[UInt8]]] = []
        for workers in [1, 2, 7] {
            let fixture = try fixture()
            fixture.seed = 100
            for id in 0..<300 {
                try write(
                    Post(day: id % 7 + 1, likes: id, followers: id % 5), id: id, to: fixture)
            }
            _ = try compact(fixture, night: 0, workers: workers)
            for id in 0..<300 where id % 3 == 0 {
                try write(
                    Post(day: id % 7 + 1, likes: id + id % 2, followers: id % 5, caption: "y"),
                    id: id, to: fixture)
            }
            _ = try compact(fixture, night: 1, workers: workers)
            files.append(
                try fixture.tableFiles().filter {
                    $0.contains("posts_metrics") && $0.hasSuffix(".parquet")
                }.map { try DurableFile.read($0) })
        }
        #expect(files[0].count == 2)
        #expect(files[0] == files[1])
        #expect(files[0] == files[2])
    }

    @Test func newCounterIsTakenOver() throws {
        let fixture = try fixture()
        try write(Post(day: 1, likes: 1, followers: 2), id: 1, to: fixture)
        try write(Post(day: 1, likes: 1, followers: 2), id: 2, to: fixture)
        _ = try compact(fixture, night: 0)
        let wider = Self.schema.replacingOccurrences(
            of: "{ \"name\": \"caption\"",
            with: "{ \"name\": \"shares\", \"type\": \"bigint\", \"class\": \"counter\" },"
                + "{ \"name\": \"caption\"")
        try wider.write(
            toFile: fixture.lake.path + "/schemas/posts.json", atomically: true, encoding: .utf8)
        try fixture.write(
            "{\"id\": 1, \"posted_at\": \"2026-01-01T10:00:00Z\", \"likes\": 1, \"shares\": 4,"
                + " \"owner\": {\"followers\": 2}}", to: "u1/1.json")
        try write(Post(day: 1, likes: 1, followers: 2, caption: "z"), id: 2, to: fixture)
        #expect(try compact(fixture, night: 1).tables[0].rowsObserved == 1)
        let rows = try LakeFixture.rows(
            of: fixture.lake, table: "posts_metrics", ["id", "likes", "shares"],
            pool: fixture.pool)
        #expect(rows == ["int(1) int(1) int(4)", "int(1) int(1) null", "int(2) int(1) null"])
    }

    @Test func tableWithoutMetricsHasNone() throws {
        let fixture = try fixture(
            Self.schema.replacingOccurrences(
                of: "\"columns\": [", with: "\"settings\": { \"metrics\": false }, \"columns\": ["))
        try write(Post(day: 1, likes: 1, followers: 2), id: 1, to: fixture)
        _ = try compact(fixture, night: 0)
        #expect(try fixture.lake.tables().map(\.name) == ["posts"])
    }

    @Test func countersOfOneNameAreRefused() throws {
        let twice = Self.schema.replacingOccurrences(
            of: "\"name\": \"likes\"", with: "\"name\": \"owner_followers\"")
        let error = #expect(throws: LakeError.self) {
            try TableDefinition.parse(Array(twice.utf8), path: "posts.json")
        }
        #expect("\(error!)".contains("column owner_followers twice"))
    }

    @Test func strangersTableOfThatNameIsLeftAlone() throws {
        let fixture = try fixture()
        let other = Self.schema.replacingOccurrences(
            of: "\"table\": \"posts\"", with: "\"table\": \"posts_metrics\""
        ).replacingOccurrences(of: "posts/{user_id}", with: "others/{user_id}")
        try other.write(
            toFile: fixture.lake.path + "/schemas/other.json", atomically: true, encoding: .utf8)
        #expect(throws: LakeError.tableExists("posts_metrics")) {
            try compact(fixture, night: 0)
        }
        #expect(fixture.tableFiles().isEmpty)
    }
}
