import Columnar
import Foundation
import Testing

@testable import Lake

/// What `lake explain` and `lake policy check` know, against lakes whose every place is known.
@Suite struct RecordLocatorTests {
    static let retention = """
        "retention": [
          {"id": "old", "steps": [{"after_days": 10, "transition": "GLACIER"},
            {"after_days": 100, "expire": true}]},
          {"id": "bob", "where": {"user_id": "bob"}, "after_days": 5, "transition": "DEEP_ARCHIVE"},
          {"id": "late", "where": {"user_id": "bob"}, "from": "2020-01-01", "after_days": 50, "transition": "GLACIER"},
          {"id": "off", "status": "disabled", "after_days": 1, "expire": true}],
        """

    static func fixture(_ retention: String = retention) throws -> LakeFixture {
        let fixture = try LakeFixture(settings: "\"account\": \"user_id\"")
        let schema = LakeFixture.schema.replacing(
            "\"sort\"", with: "\"settings\": {\"account\": \"user_id\"}, \(retention) \"sort\"")
        try schema.write(
            toFile: fixture.lake.path + "/schemas/posts.json", atomically: true, encoding: .utf8)
        try fixture.write(fixture.post(id: 1, day: 1, likes: 1), to: "ann/1.json")
        try fixture.write(fixture.post(id: 2, day: 1, likes: 1), to: "bob/2.json")
        try fixture.write(fixture.post(id: 3, day: 2, likes: 1), to: "bob/3.json")
        try fixture.write("{", to: "ann/4.json")
        try fixture.compact()
        return fixture
    }

    static func locate(
        _ fixture: LakeFixture, _ text: String, now: Int64 = LifecycleTests.micros(2026, 1, 3)
    ) throws -> RecordPlaces? {
        let found = try fixture.lake.locate(text, table: nil, nowMicros: now, pool: fixture.pool)
        #expect(found.count <= 1)
        return found.first
    }

    @Test func aHotRowIsFoundByPathAndKey() throws {
        let fixture = try Self.fixture()
        let byPath = try #require(try Self.locate(fixture, "posts/bob/2.json"))
        #expect(byPath.standing == .live(nil))
        #expect(byPath.key == "2")
        #expect(byPath.account == "bob")
        #expect(byPath.timeMicros == LifecycleTests.micros(2026, 1, 1, hour: 10))
        #expect(byPath.rows.count == 1)
        #expect(byPath.rows[0].stands)
        #expect(byPath.rows[0].partition == "posted_at_day=2026-01-01")
        guard case .present(_, _, let state)? = byPath.raw else {
            Issue.record("\(String(describing: byPath.raw))")
            return
        }
        #expect(state == .taken)
        #expect(byPath.steps.map(\.rule.id) == ["bob", "old/2"])
        #expect(
            byPath.steps.map(\.dueMicros)
                == [LifecycleTests.micros(2026, 1, 7), LifecycleTests.micros(2026, 4, 12)])
        #expect(try Self.locate(fixture, "2") == byPath)
        #expect(try Self.locate(fixture, "\(fixture.raw)/posts/bob/2.json") == byPath)
        let ann = try #require(try Self.locate(fixture, "1"))
        #expect(ann.steps.map(\.rule.id) == ["old/1", "old/2"])
        // Long overdue: the furthest counts, the others are no steps any more.
        let late = try #require(
            try Self.locate(fixture, "1", now: LifecycleTests.micros(2027, 1, 1)))
        #expect(late.steps.map(\.rule.id) == ["old/2"])
    }

    @Test func whatIsNoRowIsToldToo() throws {
        let fixture = try Self.fixture()
        let bad = try #require(try Self.locate(fixture, "posts/ann/4.json"))
        #expect(bad.standing == .quarantined)
        #expect(bad.quarantineReason != nil)
        #expect(bad.rows.isEmpty)
        #expect(try Self.locate(fixture, "posts/ann/5.json") == nil)
        #expect(try Self.locate(fixture, "77") == nil)
        #expect(try Self.locate(fixture, "no number") == nil)
        try fixture.write(fixture.post(id: 5, day: 1, likes: 1), to: "ann/5.json")
        let new = try #require(try Self.locate(fixture, "posts/ann/5.json"))
        #expect(new.standing == .untaken)
        // A changed file keeps its row until the next run.
        try fixture.write(fixture.post(id: 1, day: 2, likes: 9), to: "ann/1.json")
        let changed = try #require(try Self.locate(fixture, "1"))
        guard case .present(_, _, .changed)? = changed.raw else {
            Issue.record("\(String(describing: changed.raw))")
            return
        }
        #expect(changed.standing == .live(nil))
        // A file that is gone: its row stays, as the table's settings have it.
        try FileManager.default.removeItem(atPath: fixture.raw + "/posts/bob/3.json")
        let gone = try #require(try Self.locate(fixture, "3"))
        #expect(gone.raw == .absent(.missing))
        #expect(gone.standing == .live(nil))
    }

    @Test func holdsStandInTheWay() throws {
        let fixture = try Self.fixture()
        let now = LifecycleTests.micros(2026, 3, 1)
        var request = HoldRequest(reason: "case", placedBy: "ann")
        request.account = "bob"
        request.firstDay = LifecycleTests.day(2026, 1, 2)
        let entry = try fixture.lake.placeHold(
            request, nowMicros: now, lock: LakeLock.Request())
        #expect(try Self.locate(fixture, "3", now: now)?.holds == [entry])
        #expect(try Self.locate(fixture, "2", now: now)?.holds == [])
        #expect(try Self.locate(fixture, "1", now: now)?.holds == [])
        let held = try fixture.lake.checkPolicy(
            table: "posts", nowMicros: now, pool: fixture.pool)
        #expect(held[0].holds.map(\.kept.rows) == [1])
        _ = try fixture.lake.releaseHold(
            entry.hold.id, by: "ann", reason: "over", nowMicros: now, lock: LakeLock.Request())
        #expect(try Self.locate(fixture, "3", now: now)?.holds == [])
    }

    @Test func theCheckCountsByRule() throws {
        let fixture = try Self.fixture()
        func due(_ now: Int64) throws -> [String: Int64] {
            let reports = try fixture.lake.checkPolicy(
                table: nil, nowMicros: now, pool: fixture.pool)
            let report = try #require(reports.first)
            #expect(reports.count == 1)
            var rows: [String: Int64] = [:]
            for rule in report.rules where rule.due.rows > 0 {
                rows[rule.rule.id] = rule.due.rows
                #expect(rule.due.bytes > 0)
            }
            #expect(rows.values.reduce(0, +) + report.settled.rows == 3)
            return rows
        }
        #expect(try due(LifecycleTests.micros(2026, 1, 6)) == [:])
        #expect(try due(LifecycleTests.micros(2026, 1, 7)) == ["bob": 1])
        #expect(try due(LifecycleTests.micros(2026, 1, 8)) == ["bob": 2])
        #expect(try due(LifecycleTests.micros(2026, 1, 12)) == ["bob": 2, "old/1": 1])
        #expect(try due(LifecycleTests.micros(2027, 1, 1)) == ["old/2": 3])
        let report = try fixture.lake.checkPolicy(
            table: "posts", nowMicros: 0, pool: fixture.pool)[0]
        #expect(
            report.rules.map(\.idleReason).map { $0 != nil } == [false, false, false, true, true])
        #expect(throws: LakeError.tableNotFound("pots")) {
            try fixture.lake.checkPolicy(table: "pots", nowMicros: 0, pool: fixture.pool)
        }
    }

    /// A day behind the fixture's compactions, microseconds since 1970.
    static func sweep(_ fixture: LakeFixture, daysAhead: Int64 = 2) throws -> Int64 {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        let micros = Int64(now.tv_sec) * 1_000_000 + daysAhead * LifecycleTests.days
        fixture.seed += 1
        _ = try fixture.lake.sweep(
            identity: RunIdentity(startedMicros: micros, seed: fixture.seed),
            options: SweepOptions(run: LakeFixture.options(workers: 2)), pool: fixture.pool)
        return micros
    }

    @Test func aSweptRowIsFoundWhereItWentTo() throws {
        let fixture = try Self.fixture(
            """
            "retention": [{"after_days": 10, "transition": "GLACIER_IR"},
              {"id": "bob", "where": {"user_id": "bob"}, "after_days": 10, "transition": "GLACIER"},
              {"id": "gone", "where": {"user_id": "ann"}, "after_days": 40000, "expire": true}],
            """)
        let now = try Self.sweep(fixture)
        let instant = try #require(try Self.locate(fixture, "1", now: now))
        #expect(instant.standing == .live(.glacierIR))
        #expect(instant.rows.filter(\.stands).map(\.kind) == [.live(.glacierIR)])
        #expect(instant.steps.map(\.rule.id) == ["gone"])
        let archived = try #require(try Self.locate(fixture, "2", now: now))
        #expect(archived.standing == .archived(.glacier))
        #expect(archived.key == "2")
        #expect(archived.account == "bob")
        #expect(archived.rows.count == 1)
        #expect(archived.raw == .absent(.packed))
        #expect(archived.packs.map(\.isCurrent) == [true])
        #expect(archived.steps.isEmpty)
        #expect(!archived.isPartial)
        #expect(try Self.locate(fixture, "posts/bob/2.json", now: now) == archived)
        let report = try fixture.lake.checkPolicy(
            table: "posts", nowMicros: now, pool: fixture.pool)[0]
        #expect(report.rules.map(\.due.rows) == [0, 0, 0])
        #expect(report.settled.rows == 3)
        // Without the cold tier either file of the partition may hold it: what is said is said to be partial.
        try FileManager.default.moveItem(
            atPath: fixture.lake.path + "/cold", toPath: fixture.lake.path + "/away")
        let unseen = try #require(try Self.locate(fixture, "2", now: now))
        #expect(unseen.rows.count == 2)
        #expect(unseen.packs.allSatisfy { $0.isCurrent == nil })
        #expect(unseen.isPartial)
    }

    @Test func anExpiredRowIsKnownToBeGone() throws {
        let fixture = try Self.fixture(
            """
            "retention": [{"where": {"user_id": "bob"}, "after_days": 10, "expire": true}],
            """)
        let now = try Self.sweep(fixture)
        let path = try #require(try Self.locate(fixture, "posts/bob/2.json", now: now))
        #expect(path.standing == .expired)
        #expect(path.rows.isEmpty)
        #expect(path.steps.isEmpty)
        let key = try #require(try Self.locate(fixture, "2", now: now))
        #expect(key.standing == .expired)
        #expect(key.rawPath == "posts/bob/2.json")
        #expect(try Self.locate(fixture, "1", now: now)?.standing == .live(nil))
    }
}
