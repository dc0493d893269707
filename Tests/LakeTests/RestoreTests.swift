import Columnar
import Foundation
import Testing

@testable import Lake

extension LakeFixture {
    static let dayMicros = CivilTime.microsPerDay

    /// Asks rows back as `lake restore` does.
    @discardableResult
    func restore(
        _ change: (inout RestoreAsk) -> Void = { _ in }, atMicros now: Int64? = nil,
        workers: Int = 2
    ) throws -> RestoreReport {
        seed += 1
        var ask = RestoreAsk(table: "posts")
        change(&ask)
        return try lake.restore(
            ask,
            identity: RunIdentity(startedMicros: now ?? Self.nowMicros(), seed: seed),
            options: Self.options(workers: workers), pool: pool)
    }

    /// What every run does first.
    @discardableResult
    func settle(atMicros now: Int64) throws -> RestoreReport? {
        seed += 1
        return try lake.settleRestores(
            identity: RunIdentity(startedMicros: now, seed: seed),
            options: Self.options(workers: 2), pool: pool)
    }

    func writeCold(settings text: String) throws {
        try Array(text.utf8).withUnsafeBytes {
            try Data($0).write(to: URL(filePath: lake.path + "/cold.json"))
        }
    }
}

@Suite struct RestoreTests {
    /// Six posts of two accounts on the days 1 to 3.
    private func prepared(
        settings: String = #""account": "user_id""#, archive days: [Int] = [2]
    ) throws -> LakeFixture {
        let fixture = try LakeFixture(settings: settings)
        for id in 1...6 {
            try fixture.write(
                fixture.post(id: id, day: id % 3 + 1, likes: id), to: "u\(id % 2)/\(id).json")
        }
        try fixture.compact()
        for day in days { try fixture.archive(day: day) }
        return fixture
    }

    private func ids(_ fixture: LakeFixture) throws -> [String] { try fixture.rows(["id"]) }

    private func copies(_ fixture: LakeFixture) throws -> [RestoredFiles.Record] {
        try RestoredFiles.list(fixture.lake.database)
    }

    // MARK: Which rows come back

    @Test func whatWasArchivedComesBackAsItWas() throws {
        let fixture = try prepared(archive: [])
        let before = try fixture.rows()
        for day in 1...3 { try fixture.archive(day: day) }
        #expect(try fixture.rows().isEmpty)
        let report = try fixture.restore()
        #expect(report.partitionsRestored == 3)
        #expect(report.rowsRestored == 6)
        #expect(report.requests.map(\.request.state) == [.completed])
        #expect(report.requests.map(\.request.rowCount) == [6])
        #expect(try fixture.rows() == before)
        let found = try copies(fixture)
        #expect(found.map(\.rowCount) == [2, 2, 2])
        // They are files of the snapshot like any other: every engine sees them.
        let table = try IcebergTable.open(
            "posts", in: fixture.lake.catalog, lakeFolder: fixture.lake.path)
        let live = try #require(table.currentSnapshot).liveFiles().map(\.file.path)
        #expect(Set(found.map(\.path)) == Set(live))
    }

    @Test func latestVersionsComeBackAndWhatIsGoneDoesNot() throws {
        let fixture = try prepared(
            settings: #""account": "user_id", "on_delete": "delete""#, archive: [1, 2, 3])
        // 1 changes twice, 2 moves to another archived day, 3 goes, 7 is new, 6 becomes live on day 9.
        try fixture.write(fixture.post(id: 1, day: 2, likes: 10), to: "u1/1.json")
        try fixture.compact()
        try fixture.write(fixture.post(id: 1, day: 2, likes: 11), to: "u1/1.json")
        try fixture.write(fixture.post(id: 2, day: 1, likes: 20), to: "u0/2.json")
        try fixture.write(fixture.post(id: 7, day: 3, likes: 70), to: "u1/7.json")
        try fixture.write(fixture.post(id: 6, day: 9, likes: 60), to: "u0/6.json")
        unlink("\(fixture.raw)/posts/u1/3.json")
        try fixture.compact()
        try fixture.restore()
        #expect(
            try fixture.rows(["id", "likes"]) == [
                "int(1) int(11)", "int(2) int(20)", "int(4) int(4)", "int(5) int(5)",
                "int(6) int(60)", "int(7) int(70)",
            ])
    }

    @Test func keyThatAnotherFileTookOverIsThereOnce() throws {
        let fixture = try prepared(archive: [2])
        // Day 2 holds 1 and 4; a later file says that 1 is a post of day 5.
        try fixture.write(fixture.post(id: 1, day: 5, likes: 99), to: "u0/other.json")
        try fixture.compact()
        try fixture.restore()
        let rows = try fixture.rows(["id", "likes"])
        #expect(rows.filter { $0.hasPrefix("int(1) ") } == ["int(1) int(99)"])
        #expect(rows.count == 6)
        // The same when that one is archived too: the later one stands.
        try fixture.archive(day: 5)
        try fixture.restore { $0.account = "u0" }
        try fixture.settle(atMicros: LakeFixture.nowMicros() + 30 * LakeFixture.dayMicros)
        try fixture.restore()
        #expect(
            try fixture.rows(["id", "likes"]).filter { $0.hasPrefix("int(1) ") } == [
                "int(1) int(99)"
            ])
    }

    @Test func liveRowsBeatArchivedOnesOfTheSamePartition() throws {
        let fixture = try prepared(archive: [2])
        let database = fixture.lake.database
        let files = try ColdFiles.list(database)
        try database.run("DELETE FROM cold_files", [])
        // As if a sweep had taken only some of the day's rows: the day is live too.
        try fixture.write(fixture.post(id: 1, day: 2, likes: 100), to: "u1/1.json")
        try fixture.compact()
        try ColdFiles.add(database, files[0])
        try fixture.restore()
        let rows = try fixture.rows(["id", "likes"])
        #expect(rows.filter { $0.hasPrefix("int(1) ") } == ["int(1) int(100)"])
        #expect(rows.contains("int(4) int(4)"))
        #expect(try copies(fixture).map(\.rowCount) == [1])
    }

    @Test func accountAndKeyAndDaysBringOnlyTheirRows() throws {
        let fixture = try prepared(archive: [1, 2, 3])
        try fixture.restore { $0.account = "u1" }
        #expect(try ids(fixture) == ["int(1)", "int(3)", "int(5)"])
        try fixture.restore { $0.key = "2" }
        #expect(try ids(fixture) == ["int(1)", "int(2)", "int(3)", "int(5)"])
        #expect(try copies(fixture).count == 3)
        let day = LakeFixture.partition(day: 1)
        try fixture.restore {
            $0.firstDay = day
            $0.lastDay = day
        }
        #expect(try ids(fixture) == ["int(1)", "int(2)", "int(3)", "int(5)", "int(6)"])
        #expect(try copies(fixture).count == 3)
    }

    @Test func newerVersionThatIsNotAskedForHidesTheOlderOne() throws {
        // The account is a column of the file's own, so that it can change.
        let fixture = try prepared(settings: #""account": "caption""#, archive: [2])
        try fixture.write(
            fixture.post(id: 1, day: 2, likes: 1, caption: "other"), to: "u1/1.json")
        try fixture.compact()
        try fixture.restore { $0.account = "hello" }
        #expect(try ids(fixture) == ["int(2)", "int(3)", "int(4)", "int(5)", "int(6)"])
    }

    @Test func erasedAccountsNeverComeBack() throws {
        let fixture = try prepared(archive: [1, 2, 3])
        let database = fixture.lake.database
        let salt = [UInt8](repeating: 7, count: Suppressions.saltBytes)
        try database.run(
            """
            INSERT INTO erasures(id, code, state, requested_micros) VALUES (1, 'x', 'done', 0)
            """, [])
        try Suppressions.add(
            database, hash: Suppressions.hash(of: "u1", salt: salt), salt: salt, erasure: 1)
        #expect(throws: LakeError.restore(.erased)) {
            try fixture.restore { $0.account = "u1" }
        }
        try fixture.restore()
        #expect(try ids(fixture) == ["int(2)", "int(4)", "int(6)"])
    }

    @Test func resultDoesNotDependOnWorkers() throws {
        let fixture = try prepared(archive: [1, 2, 3])
        var files: [[String]] = []
        for (number, workers) in [1, 4].enumerated() {
            let now = LakeFixture.nowMicros() + Int64(number) * 30 * LakeFixture.dayMicros
            try fixture.restore(atMicros: now, workers: workers)
            files.append(
                try copies(fixture).map { copy in
                    let path = try #require(TableLocation.path(of: copy.path))
                    return SHA256.digest(try DurableFile.read(path)).description
                })
            try fixture.settle(atMicros: now + 20 * LakeFixture.dayMicros)
        }
        #expect(files[0].count == 3)
        #expect(files[0] == files[1])
    }

    @Test func recordsOfFilesOfManyComeBackAsTheyAre() throws {
        let fixture = try BatchFixture()
        func line(_ id: Int, day: Int, likes: Int) -> String {
            "{\"id\": \(id), \"posted_at\": \"2026-01-0\(day)T00:00:00Z\", \"likes\": \(likes)}\n"
        }
        try fixture.write(
            line(1, day: 1, likes: 1) + line(2, day: 2, likes: 2) + line(3, day: 2, likes: 3),
            to: "a.jsonl", atSeconds: 1_000)
        try fixture.write(line(4, day: 2, likes: 4), to: "b.jsonl", atSeconds: 1_000)
        try fixture.compact()
        for day in 1...2 {
            try LakeFixture.archive(fixture.lake, day: day, seed: 500 + UInt64(day))
        }
        // 2 changes, 3 is no longer there, 4 is taken over by the other file, for another day.
        try fixture.write(
            line(1, day: 1, likes: 1) + line(2, day: 2, likes: 20) + line(4, day: 1, likes: 40),
            to: "a.jsonl", atSeconds: 2_000)
        let report = try fixture.compact()
        #expect(report.rowsWritten == 0)
        #expect(report.rowsAmended == 2)
        var ask = RestoreAsk(table: "posts")
        ask.days = 2
        let restored = try fixture.lake.restore(
            ask, identity: RunIdentity(startedMicros: LakeFixture.nowMicros(), seed: 900),
            options: LakeFixture.options(workers: 2), pool: fixture.pool)
        // A row whose record is gone stays, unless the table says `on_delete: delete`.
        #expect(restored.rowsRestored == 4)
        #expect(
            try LakeFixture.rows(of: fixture.lake, ["id", "likes"]) == [
                "int(1) int(1)", "int(2) int(20)", "int(3) int(3)", "int(4) int(40)",
            ])
    }

    // MARK: Late updates of what is restored

    @Test func lateUpdateOfARestoredPartitionIsSeenAtOnceAndKept() throws {
        let fixture = try prepared(archive: [2])
        try fixture.restore { $0.account = "u1" }
        #expect(try copies(fixture).map(\.rowCount) == [1])
        try fixture.write(fixture.post(id: 1, day: 2, likes: 100), to: "u1/1.json")
        // Of an account that was not asked for: it stays cold.
        try fixture.write(fixture.post(id: 4, day: 2, likes: 400), to: "u0/4.json")
        try fixture.write(fixture.post(id: 7, day: 2, likes: 7), to: "u1/7.json")
        let table = try fixture.compact().tables[0]
        #expect(table.rowsAmended == 3)
        #expect(table.rowsWritten == 0)
        let rows = try fixture.rows(["id", "likes"])
        #expect(rows.contains("int(1) int(100)"))
        #expect(rows.contains("int(7) int(7)"))
        #expect(!rows.contains { $0.hasPrefix("int(4) ") })
        #expect(rows.count == 6)
        // After the end only the archive has them, with all versions.
        try fixture.settle(atMicros: LakeFixture.nowMicros() + 30 * LakeFixture.dayMicros)
        #expect(try fixture.rows().count == 4)
        try fixture.restore()
        let again = try fixture.rows(["id", "likes"])
        #expect(again.contains("int(1) int(100)"))
        #expect(again.contains("int(4) int(400)"))
        #expect(again.count == 7)
    }

    @Test func rowThatLeavesARestoredPartitionLeavesItsCopy() throws {
        let fixture = try prepared(archive: [2])
        try fixture.restore()
        try fixture.write(fixture.post(id: 1, day: 7, likes: 1), to: "u1/1.json")
        let table = try fixture.compact().tables[0]
        #expect(table.rowsWritten == 1)
        #expect(table.rowsAmended == 0)
        #expect(try ids(fixture).count == 6)
        #expect(try copies(fixture).map(\.rowCount) == [1])
        try fixture.settle(atMicros: LakeFixture.nowMicros() + 30 * LakeFixture.dayMicros)
        #expect(try ids(fixture) == ["int(1)", "int(2)", "int(3)", "int(5)", "int(6)"])
    }

    // MARK: S3's rules

    @Test(arguments: [
        // The documentation's own example.
        ("2012-10-15T10:30:00", 3, "2012-10-19"), ("2012-10-15T00:00:00", 3, "2012-10-18"),
        ("2012-10-15T23:59:59", 1, "2012-10-17"), ("2026-12-31T12:00:00", 1, "2027-01-02"),
        ("2028-02-28T00:00:01", 1, "2028-03-01"),
    ])
    func copiesEndAtMidnight(from: String, days: Int, end: String) throws {
        func micros(_ text: String) throws -> Int64 {
            let value = try #require(
                ColumnLiteral.value(ofText: text, .timestamp(precision: 6)))
            guard case .int(let micros) = value else { throw CancellationError() }
            return micros
        }
        let found = RestorePeriod.expiry(fromMicros: try micros(from), days: days)
        #expect(try found == micros(end + "T00:00:00"))
        #expect(RestorePeriod.expiry(fromMicros: .max - 5, days: .max) > 0)
    }

    private static let delays = """
        { "delays": { "GLACIER": { "standard": "4h", "bulk": "12h", "expedited": "1m" },
                      "DEEP_ARCHIVE": { "standard": "12h" } } }
        """
    private static let hour: Int64 = 3_600 * 1_000_000

    @Test func requestIsInProgressUntilItsDelayIsOver() throws {
        let fixture = try prepared(archive: [2])
        try fixture.writeCold(settings: Self.delays)
        let now = LakeFixture.nowMicros()
        let report = try fixture.restore({ $0.tier = .bulk }, atMicros: now)
        #expect(report.runID == 0)
        #expect(report.requests.map(\.request.state) == [.inProgress])
        #expect(report.requests[0].request.availableMicros == now + 12 * Self.hour)
        #expect(try ids(fixture).count == 4)
        // Only faster, and nothing else changed.
        for change: (inout RestoreAsk) -> Void in [
            { _ in }, { $0.tier = .bulk }, { $0.days = 3 },
            {
                $0.tier = .standard
                $0.days = 3
            },
        ] {
            #expect(throws: LakeError.self) { try fixture.restore(change, atMicros: now) }
        }
        let faster = try fixture.restore({ $0.tier = .standard }, atMicros: now + Self.hour)
        #expect(faster.requests[0].request.availableMicros == now + 5 * Self.hour)
        #expect(try fixture.lake.restores().count == 1)
        #expect(throws: LakeError.self) {
            try fixture.restore({ $0.tier = .bulk }, atMicros: now + Self.hour)
        }
        #expect(try fixture.settle(atMicros: now + 5 * Self.hour - 1) == nil)
        let done = try #require(try fixture.settle(atMicros: now + 5 * Self.hour))
        #expect(done.rowsRestored == 2)
        #expect(
            try fixture.lake.restores()[0].request.expiresMicros
                == RestorePeriod.expiry(fromMicros: now + 5 * Self.hour, days: 7))
        #expect(try ids(fixture).count == 6)
    }

    @Test func runsBringWhatHasBecomeAvailable() throws {
        let fixture = try prepared(archive: [2])
        try fixture.writeCold(settings: #"{ "delays": { "GLACIER": { "standard": "1s" } } }"#)
        let now = LakeFixture.nowMicros()
        try fixture.restore(atMicros: now)
        fixture.seed += 1
        _ = try fixture.lake.compact(
            identity: RunIdentity(startedMicros: now + 2_000_000, seed: fixture.seed),
            options: LakeFixture.options(workers: 1), pool: fixture.pool)
        #expect(try ids(fixture).count == 6)
        #expect(try Runs.last(5, fixture.lake.database).map(\.kind).contains(.restore))
    }

    @Test func requestsThatShareACopyShareItsBytes() throws {
        let fixture = try prepared(archive: [2])
        try fixture.writeCold(settings: #"{ "delays": { "GLACIER": { "standard": "1s" } } }"#)
        let now = LakeFixture.nowMicros()
        for account in ["u0", "u1"] {
            try fixture.restore({ $0.account = account }, atMicros: now)
        }
        try fixture.settle(atMicros: now + 2_000_000)
        let requests = try fixture.lake.restores().map(\.request)
        #expect(requests.map(\.rowCount) == [1, 1])
        let copy = try #require(try copies(fixture).first)
        #expect(copy.rowCount == 2)
        #expect(requests.map(\.sizeBytes) == [copy.sizeBytes / 2, copy.sizeBytes / 2])
    }

    @Test func deepArchiveKnowsNoExpeditedTier() throws {
        let fixture = try prepared(archive: [])
        try fixture.archive(day: 2, as: .deepArchive)
        #expect(throws: LakeError.restore(.noExpedited(table: "posts"))) {
            try fixture.restore { $0.tier = .expedited }
        }
        #expect(try fixture.lake.restores().isEmpty)
        try fixture.restore { $0.tier = .bulk }
        #expect(try ids(fixture).count == 6)
    }

    @Test func sameRequestAgainSetsTheEndAnewEvenEarlier() throws {
        let fixture = try prepared(archive: [2])
        let now = LakeFixture.nowMicros()
        try fixture.restore({ $0.days = 10 }, atMicros: now)
        let first = try copies(fixture)
        for days in [2, 20] {
            let report = try fixture.restore({ $0.days = days }, atMicros: now + Self.hour)
            let end = RestorePeriod.expiry(fromMicros: now + Self.hour, days: days)
            #expect(report.requests.map(\.request.expiresMicros) == [end])
            #expect(report.rowsRestored == 0)
            let found = try copies(fixture)
            #expect(found.map(\.expiresMicros) == [end])
            #expect(found.map(\.path) == first.map(\.path), "nothing is written again")
        }
        #expect(try fixture.lake.restores().count == 1)
    }

    @Test func whatIsArchivedLaterIsAskedForAnew() throws {
        let fixture = try prepared(archive: [2])
        try fixture.restore()
        try fixture.archive(day: 3)
        // The first request was for what was archived then.
        try fixture.restore { $0.account = "u0" }
        #expect(try ids(fixture) == ["int(1)", "int(2)", "int(3)", "int(4)", "int(6)"])
        let report = try fixture.restore()
        #expect(report.requests.count == 2)
        #expect(try ids(fixture).count == 6)
    }

    @Test func rowsThatAreSweptIntoARestoredPartitionAreAskedForAnew() throws {
        let fixture = try prepared(archive: [2])
        let database = fixture.lake.database
        let files = try ColdFiles.list(database)
        // As if a sweep had taken only some of the day's rows: 8 is live.
        try database.run("DELETE FROM cold_files", [])
        try fixture.write(fixture.post(id: 8, day: 2, likes: 8), to: "u0/8.json")
        try fixture.compact()
        try ColdFiles.add(database, files[0])
        try fixture.restore()
        try fixture.archive(day: 2)
        #expect(try !ids(fixture).contains("int(8)"))
        let report = try fixture.restore()
        #expect(report.requests.count == 2)
        #expect(try ids(fixture) == (1...6).map { "int(\($0))" } + ["int(8)"])
        #expect(try fixture.restore().rowsRestored == 0)
    }

    @Test func whatIsNotArchivedIsRefused() throws {
        let fixture = try prepared(archive: [2])
        let live = LakeFixture.partition(day: 1)
        #expect(throws: LakeError.restore(.notArchived(table: "posts"))) {
            try fixture.restore {
                $0.firstDay = live
                $0.lastDay = live
            }
        }
        #expect(throws: LakeError.restore(.notArchived(table: "posts"))) {
            try fixture.restore { $0.account = "nobody" }
        }
        #expect(throws: LakeError.restore(.notArchived(table: "posts"))) {
            try fixture.restore { $0.key = "no number" }
        }
        #expect(throws: LakeError.tableNotFound("pins")) {
            try fixture.restore { $0.table = "pins" }
        }
        #expect(throws: LakeError.restore(.noPack(id: 5, table: "posts"))) {
            try fixture.restore { $0.pack = 5 }
        }
        let bare = try prepared(settings: "", archive: [2])
        #expect(throws: LakeError.restore(.noAccount(table: "posts"))) {
            try bare.restore { $0.account = "u1" }
        }
        #expect(try fixture.lake.restores().isEmpty)
    }

    @Test func dryRunChangesNothing() throws {
        let fixture = try prepared(archive: [1, 2])
        let plan = try fixture.lake.planRestore(
            RestoreAsk(table: "posts"), nowMicros: LakeFixture.nowMicros())
        #expect(plan.partitions == 2)
        #expect(plan.rows == 4)
        #expect(plan.bytes > 0)
        #expect(plan.requests.map(\.id) == [0])
        #expect(try fixture.lake.restores().isEmpty)
        #expect(try ids(fixture).count == 2)
    }

    // MARK: The end

    @Test func copiesEndAndOnlyTheirRowsGo() throws {
        let fixture = try prepared(archive: [1, 2])
        let now = LakeFixture.nowMicros()
        try fixture.restore(
            {
                $0.account = "u1"; $0.days = 20
            }, atMicros: now)
        try fixture.restore({ $0.days = 2 }, atMicros: now)
        #expect(try ids(fixture).count == 6)
        let between = now + 5 * LakeFixture.dayMicros
        let report = try #require(try fixture.settle(atMicros: between))
        #expect(report.requests.map(\.request.state) == [.expired])
        // 1 and 3 are u1's; 2 and 5 were never archived.
        #expect(try ids(fixture) == ["int(1)", "int(2)", "int(3)", "int(5)"])
        #expect(
            try Set(copies(fixture).map(\.expiresMicros)) == [
                RestorePeriod.expiry(fromMicros: now, days: 20)
            ])
        try fixture.settle(atMicros: now + 40 * LakeFixture.dayMicros)
        #expect(try ids(fixture) == ["int(2)", "int(5)"])
        #expect(try copies(fixture).isEmpty)
        #expect(try fixture.lake.restores().allSatisfy { $0.request.state == .expired })
        // What is cold stays: it can be asked for again.
        try fixture.restore(atMicros: now + 41 * LakeFixture.dayMicros)
        #expect(try ids(fixture).count == 6)
    }

    @Test func endDoesNotNeedTheColdTier() throws {
        let fixture = try prepared(archive: [2])
        let now = LakeFixture.nowMicros()
        try fixture.restore(atMicros: now)
        let cold = "\(fixture.lake.path)/cold"
        #expect(rename(cold, cold + ".away") == 0)
        fixture.seed += 1
        _ = try fixture.lake.compact(
            identity: RunIdentity(
                startedMicros: now + 30 * LakeFixture.dayMicros, seed: fixture.seed),
            options: LakeFixture.options(workers: 1), pool: fixture.pool)
        #expect(try ids(fixture).count == 4)
        #expect(throws: LakeError.self) { try fixture.restore() }
        #expect(try Runs.crashed(fixture.lake.database).isEmpty)
        #expect(try ids(fixture).count == 4)
        #expect(try fixture.lake.restores().map(\.request.state) == [.expired])
    }

    @Test func jumpingClocksLoseNothing() throws {
        let fixture = try prepared(archive: [2])
        let now = LakeFixture.nowMicros()
        // Forward: the copies end early. Back: nothing ends before its time. The archive keeps all.
        for offset in [400, -400, 0, 4_000, 1] as [Int64] {
            let time = now + offset * LakeFixture.dayMicros
            try fixture.restore(atMicros: time)
            #expect(try ids(fixture).count == 6, "\(offset) days")
            #expect(try fixture.settle(atMicros: time - 10 * LakeFixture.dayMicros) == nil)
            try fixture.settle(atMicros: time + 8 * LakeFixture.dayMicros)
            #expect(try ids(fixture).count == 4, "\(offset) days")
        }
    }

    // MARK: Damage

    @Test func damagedColdFileIsAnErrorAndNothingChanges() throws {
        let fixture = try prepared(archive: [2])
        let file = try #require(try ColdFiles.list(fixture.lake.database).first)
        let path = "\(fixture.lake.path)/cold/\(file.path)"
        var bytes = try DurableFile.read(path)
        let files = fixture.tableFiles()
        for position in stride(from: 5, to: bytes.count, by: 97) {
            bytes[position] ^= 0x10
            try DurableFile.write(bytes, to: path)
            #expect(throws: LakeError.self) { try fixture.restore() }
            bytes[position] ^= 0x10
        }
        #expect(fixture.tableFiles() == files)
        #expect(try fixture.lake.restores().isEmpty)
        unlink(path)
        #expect(throws: LakeError.self) { try fixture.restore() }
        try DurableFile.write(bytes, to: path)
        try fixture.restore()
        #expect(try ids(fixture).count == 6)
    }

    @Test func failedRestoreOfARunIsFiledAndDoesNotStopIt() throws {
        let fixture = try prepared(archive: [2])
        try fixture.writeCold(settings: #"{ "delays": { "GLACIER": { "standard": "1s" } } }"#)
        let now = LakeFixture.nowMicros()
        try fixture.restore(atMicros: now)
        let file = try #require(try ColdFiles.list(fixture.lake.database).first)
        let path = "\(fixture.lake.path)/cold/\(file.path)"
        #expect(rename(path, path + ".away") == 0)
        func compact() throws {
            fixture.seed += 1
            _ = try fixture.lake.compact(
                identity: RunIdentity(startedMicros: now + 2_000_000, seed: fixture.seed),
                options: LakeFixture.options(workers: 1), pool: fixture.pool)
        }
        try compact()
        #expect(try fixture.lake.restores()[0].request.state == .inProgress)
        let failed = try fixture.lake.runs(5).first { $0.outcome == .failed }
        #expect(failed?.error?.isEmpty == false)
        #expect(rename(path + ".away", path) == 0)
        try compact()
        #expect(try ids(fixture).count == 6)
    }

    @Test func damagedFileOfOneRequestStopsNoOther() throws {
        let fixture = try prepared(archive: [1, 2, 3])
        try fixture.writeCold(settings: #"{ "delays": { "GLACIER": { "standard": "1s" } } }"#)
        let now = LakeFixture.nowMicros()
        func ask(day: Int, _ tier: RestoreTier, atMicros: Int64) throws {
            try fixture.restore(
                {
                    $0.firstDay = LakeFixture.partition(day: day)
                    $0.lastDay = LakeFixture.partition(day: day)
                    $0.tier = tier
                }, atMicros: atMicros)
        }
        let damaged = try #require(
            try ColdFiles.list(fixture.lake.database).first {
                $0.partition == LakeFixture.partition(day: 2)
            })
        let path = "\(fixture.lake.path)/cold/\(damaged.path)"
        var bytes = try DurableFile.read(path)
        bytes[bytes.count / 2] ^= 0x10
        try DurableFile.write(bytes, to: path)
        try ask(day: 2, .standard, atMicros: now)
        try ask(day: 3, .standard, atMicros: now)
        let report = try #require(try fixture.settle(atMicros: now + 2_000_000))
        #expect(report.failures.keys.sorted() == [1])
        #expect(try ids(fixture) == ["int(2)", "int(5)"])
        try ask(day: 1, .expedited, atMicros: now + 3_000_000)
        #expect(try ids(fixture) == ["int(2)", "int(3)", "int(5)", "int(6)"])
        #expect(
            try fixture.lake.restores().map(\.request.state) == [
                .completed, .completed, .inProgress,
            ])
    }

    @Test func readersKeepTheirSnapshotBesideARestore() throws {
        let fixture = try prepared(archive: [2])
        let table = try IcebergTable.open(
            "posts", in: fixture.lake.catalog, lakeFolder: fixture.lake.path)
        let before = try #require(table.currentSnapshot)
        let files = try before.liveFiles()
        let now = LakeFixture.nowMicros()
        try fixture.restore(atMicros: now)
        try fixture.settle(atMicros: now + 30 * LakeFixture.dayMicros)
        for file in files { #expect(DurableFile.exists(try before.path(of: file.file))) }
        #expect(try before.liveFiles() == files)
    }
}
