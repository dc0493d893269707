import Columnar
import Foundation

@testable import Lake

/// Lakes whose schema files have quality checks.
enum QualityFixture {
    /// A schema file of posts with these checks, as JSON objects.
    static func posts(_ checks: String...) -> String {
        """
        {
          "table": "posts",
          "raw": { "path": "posts/{user_id}/{post}.json", "format": "json" },
          "partition": { "column": "posted_at", "transform": "day" },
          "settings": { "metrics": false },
          "checks": [\(checks.joined(separator: ", "))],
          "columns": [
            { "name": "id", "type": "bigint", "class": "key" },
            { "name": "user_id", "type": "varchar", "capture": "user_id" },
            { "name": "posted_at", "type": "timestamp(6)", "required": true },
            { "name": "day", "type": "date" },
            { "name": "likes", "type": "bigint" },
            { "name": "stars", "type": "integer" },
            { "name": "score", "type": "double" },
            { "name": "code", "type": "varchar" },
            { "name": "parent", "type": "bigint" },
            { "name": "url", "type": "varchar", "class": "volatile" },
            { "name": "tags", "type": "array(varchar)" }
          ]
        }
        """
    }

    /// A schema file of accounts with these checks.
    static func accounts(_ checks: String...) -> String {
        """
        {
          "table": "accounts",
          "raw": { "path": "accounts/{name}.json", "format": "json" },
          "checks": [\(checks.joined(separator: ", "))],
          "columns": [
            { "name": "name", "type": "varchar", "capture": "name", "class": "key" },
            { "name": "pinned", "type": "bigint" }
          ]
        }
        """
    }

    /// A lake with these schema files.
    static func lake(posts: String, accounts: String? = nil) throws -> LakeFixture {
        let fixture = try LakeFixture()
        mkdir(fixture.raw + "/accounts", 0o755)
        try rewrite(fixture, posts: posts, accounts: accounts)
        return fixture
    }

    static func rewrite(_ fixture: LakeFixture, posts: String, accounts: String? = nil) throws {
        let folder = fixture.lake.path + "/schemas/"
        try posts.write(toFile: folder + "posts.json", atomically: true, encoding: .utf8)
        if let accounts {
            try accounts.write(toFile: folder + "accounts.json", atomically: true, encoding: .utf8)
        }
    }

    /// A raw post with some more members, as JSON.
    static func post(_ id: Int, day: Int = 1, _ members: String = "") -> String {
        "{\"id\": \(id), \"posted_at\": \"2026-01-0\(day)T10:00:00Z\""
            + (members.isEmpty ? "}" : ", \(members)}")
    }

    static func ids(_ fixture: LakeFixture) throws -> [String] {
        guard try fixture.lake.catalog.load("posts") != nil else { return [] }
        return try fixture.rows(["id"])
    }

    /// The check of a report or of `lake check` by its name.
    static func outcome(_ name: String, in outcomes: [CheckOutcome]) throws -> CheckOutcome {
        guard let outcome = outcomes.first(where: { $0.name == name }) else {
            throw LakeError.tableNotFound("no outcome of \(name) among \(outcomes)")
        }
        return outcome
    }

    static func check(_ fixture: LakeFixture, hashLimit: Int = 1 << 20) throws -> [CheckOutcome] {
        try fixture.lake.check(
            nil, nowMicros: 4_000_000_000_000_000, workers: 2, pool: fixture.pool,
            hashLimit: hashLimit, isCancelled: { false })
    }

    /// Runs and expects a check with `fail` to stop it, leaving nothing behind.
    static func failing(_ fixture: LakeFixture) throws -> [CheckOutcome] {
        let files = fixture.tableFiles()
        let rows = try ids(fixture)
        let listed = try Quarantine.list(fixture.lake.database)
        let state = try fixture.lake.database.integer("SELECT count(*) FROM raw_files")
        do {
            try fixture.compact()
        } catch let error as LakeError {
            guard case .checksFailed(let outcomes) = error else { throw error }
            guard fixture.tableFiles() == files, try ids(fixture) == rows,
                try Quarantine.list(fixture.lake.database) == listed,
                try fixture.lake.database.integer("SELECT count(*) FROM raw_files") == state
            else { throw LakeError.conflict(table: "something is left behind") }
            return outcomes
        }
        throw LakeError.conflict(table: "the run did not fail")
    }
}
