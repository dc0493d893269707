import Foundation
import Glibc
import Testing

@testable import Columnar
@testable import Lake

/// Files of many records: what is staged of a changed one, what is left out and said, what is refused.
@Suite struct RecordFileTests {
    private typealias Fixture = BatchFixture

    @Test func onlyRecordsThatChangedAreWritten() throws {
        let fixture = try BatchFixture()
        try fixture.write(
            Fixture.lines(0..<50, day: 1) + Fixture.lines(50..<100, day: 2), to: "a.jsonl")
        let first = try fixture.compact()
        #expect(first.files.new == 1 && first.rowsWritten == 100 && first.partitionsRewritten == 2)

        // Appended: the rest of the file is known.
        let text = try fixture.read("a.jsonl") + Array(Fixture.lines(100..<103, day: 3).utf8)
        try fixture.write(text, to: "a.jsonl")
        let second = try fixture.compact()
        #expect(second.files.changed == 1 && second.rowsWritten == 3)
        #expect(second.partitionsRewritten == 1)

        // Rewritten in another order with one count changed: one row.
        let rewritten =
            Fixture.lines((50..<100).reversed(), day: 2) + Fixture.lines(0..<49, day: 1)
            + Fixture.lines(49..<50, day: 1, likes: 7) + Fixture.lines(100..<103, day: 3)
        try fixture.write(rewritten, to: "a.jsonl")
        let third = try fixture.compact()
        #expect(third.rowsWritten == 1 && third.rowsCarried == 49)
        #expect(third.partitionsRewritten == 1)

        // Other bytes, the same rows; then the same bytes; then nothing at all.
        try fixture.write("\n" + rewritten, to: "a.jsonl")
        #expect(try fixture.compact().files.unchangedByRow == 1)
        try fixture.write("\n" + rewritten, to: "a.jsonl")
        #expect(try fixture.compact().files.unchangedByHash == 1)
        let last = try fixture.compact()
        #expect(last.files.unchangedByStat == 1 && last.partitionsRewritten == 0)
        let likes = try fixture.likes()
        #expect(likes.count == 103 && likes.contains("49 7"))
        #expect(try fixture.remembered("a.jsonl").entries.count == 103)
    }

    @Test func aRecordThatMovesToAnotherPartitionIsThereOnce() throws {
        let fixture = try BatchFixture()
        try fixture.write(Fixture.lines(0..<3, day: 1), to: "a.jsonl")
        try fixture.compact()
        try fixture.write(
            Fixture.lines(0..<2, day: 1) + Fixture.lines(2..<3, day: 5), to: "a.jsonl")
        #expect(try fixture.compact().partitionsRewritten == 2)
        #expect(try fixture.likes() == ["0 0", "1 0", "2 0"])
    }

    @Test(arguments: [("keep", ["0 0", "1 0", "2 0"]), ("delete", ["1 0"])])
    func recordsThatAreGone(onDelete: String, expected: [String]) throws {
        let fixture = try BatchFixture(settings: "\"on_delete\": \"\(onDelete)\"")
        try fixture.write(Fixture.lines(0..<3), to: "a.jsonl")
        try fixture.compact()
        // With a bad record the file does not say what it lost.
        try fixture.write(Fixture.lines(1..<2) + "oops\n", to: "a.jsonl")
        #expect(try fixture.compact().files.quarantined == 1)
        #expect(try fixture.likes() == ["0 0", "1 0", "2 0"])
        try fixture.write(Fixture.lines(1..<2), to: "a.jsonl")
        try fixture.compact()
        #expect(try fixture.likes() == expected)
        #expect(try fixture.remembered("a.jsonl").entries.count == expected.count)
        unlink(fixture.raw + "/batches/a.jsonl")
        let last = try fixture.compact()
        #expect(last.files.vanished == 1)
        #expect(try fixture.likes() == (onDelete == "keep" ? expected : []))
        #expect(last.files.deleted == (onDelete == "keep" ? 0 : 1))
    }

    @Test func ofOneKeyInOneFileTheLaterRecordCounts() throws {
        let fixture = try BatchFixture()
        try fixture.write(
            Fixture.lines([1, 2], likes: 1) + Fixture.lines([1], day: 2, likes: 2), to: "a.jsonl")
        let first = try fixture.compact()
        #expect(first.rowsWritten == 2 && first.rowsSuperseded == 1)
        #expect(try fixture.likes() == ["1 2", "2 1"])
        // The older version is read again before the newer one, which is the row in the table.
        let longer = try fixture.read("a.jsonl") + Array(Fixture.lines([3]).utf8)
        try fixture.write(longer, to: "a.jsonl")
        let second = try fixture.compact()
        #expect(second.rowsWritten == 1 && second.rowsSuperseded == 0)
        #expect(try fixture.likes() == ["1 2", "2 1", "3 0"])
        #expect(second.partitionsRewritten == 1)
        try fixture.write(Fixture.lines([1, 2], likes: 1), to: "a.jsonl")
        #expect(try fixture.compact().rowsWritten == 1)
        #expect(try fixture.likes() == ["1 1", "2 1", "3 0"])
    }

    @Test func ofOneKeyInTwoFilesTheLaterFileCounts() throws {
        let fixture = try BatchFixture()
        try fixture.write(Fixture.lines([1], likes: 1), to: "a.jsonl", atSeconds: 1_000)
        try fixture.write(Fixture.lines([1, 2], day: 2, likes: 2), to: "b.jsonl", atSeconds: 2_000)
        #expect(try fixture.compact().rowsSuperseded == 1)
        #expect(try fixture.likes() == ["1 2", "2 2"])
        // A batch of last year turns up: what is there is later.
        try fixture.write(Fixture.lines([2, 3], likes: 9), to: "c.jsonl", atSeconds: 500)
        try fixture.compact()
        #expect(try fixture.likes() == ["1 2", "2 2", "3 9"])
        try fixture.write(Fixture.lines([2], day: 4, likes: 10), to: "d.jsonl", atSeconds: 3_000)
        try fixture.compact()
        #expect(try fixture.likes() == ["1 2", "2 10", "3 9"])
    }

    @Test func aKeyFallsBackToTheFileThatStillHasIt() throws {
        let fixture = try BatchFixture(settings: "\"on_delete\": \"delete\"")
        try fixture.write(Fixture.lines([1, 2], likes: 1), to: "a.jsonl", atSeconds: 1_000)
        try fixture.write(Fixture.lines([1, 3], day: 2, likes: 2), to: "b.jsonl", atSeconds: 2_000)
        try fixture.compact()
        #expect(try fixture.likes() == ["1 2", "2 1", "3 2"])
        try fixture.write(Fixture.lines([3], day: 2, likes: 2), to: "b.jsonl", atSeconds: 3_000)
        try fixture.compact()
        #expect(try fixture.likes() == ["1 1", "2 1", "3 2"])
        // Both change: the one loses the key, the other is read for something else.
        try fixture.write(Fixture.lines([1], likes: 5), to: "b.jsonl", atSeconds: 4_000)
        try fixture.compact()
        try fixture.write(Fixture.lines([4], likes: 5), to: "b.jsonl", atSeconds: 5_000)
        try fixture.write(Fixture.lines([1, 2, 6], likes: 1), to: "a.jsonl", atSeconds: 5_000)
        try fixture.compact()
        #expect(try fixture.likes() == ["1 1", "2 1", "4 5", "6 1"])
    }

    @Test func badRecordsAreLeftOutAndTold() throws {
        let fixture = try BatchFixture()
        let bad = [
            "{\"id\": 7", "[1]", "{\"id\": 8}", "{\"id\": \"x\", \"posted_at\": \"2026-01-01\"}",
            "nul",
        ]
        let text =
            Fixture.lines([1]) + bad.map { $0 + "\n" }.joined() + "\r\n  \n" + Fixture.lines([2])
        try fixture.write(text, to: "a.jsonl")
        let report = try fixture.compact()
        #expect(report.files.quarantined == 1 && report.rowsWritten == 2)
        let reason = try #require(report.quarantined.first?.reason)
        #expect(reason.hasPrefix("5 of 7 records left out: line 2, column "), "\(reason)")
        #expect(reason.contains("; line 3: the document is an array, not an object; line 4: "))
        #expect(reason.hasSuffix("; and 2 more"))
        #expect(try fixture.likes() == ["1 0", "2 0"])
        // It is not read again, and still in the list; mended, it leaves it.
        #expect(try fixture.compact().files.unchangedByStat == 1)
        #expect(try Quarantine.list(fixture.lake.database).count == 1)
        try fixture.write(Fixture.lines([1, 2, 7]), to: "a.jsonl")
        #expect(try fixture.compact().rowsWritten == 1)
        #expect(try Quarantine.list(fixture.lake.database).isEmpty)
    }

    @Test func aFileOfNothingButBadRecordsKeepsItsRows() throws {
        let fixture = try BatchFixture(settings: "\"on_delete\": \"delete\"")
        try fixture.write(Fixture.lines([1, 2]), to: "a.jsonl")
        try fixture.compact()
        try fixture.write("oops\nagain", to: "a.jsonl")
        #expect(try fixture.compact().files.quarantined == 1)
        #expect(try fixture.likes() == ["1 0", "2 0"])
        // Empty is not bad: it says that nothing is there.
        try fixture.write("", to: "a.jsonl")
        let report = try fixture.compact()
        #expect(report.files.quarantined == 0)
        #expect(try fixture.likes() == [])
        #expect(try fixture.remembered("a.jsonl").isEmpty)
        try fixture.write("\n\n", to: "b.jsonl")
        #expect(try fixture.compact().files.new == 1)
        #expect(try fixture.compact().files.unchangedByStat == 2)
    }

    @Test(arguments: ["jsonl", "jsonl.gz", "array"])
    func aYoungFileWithABrokenEndWaits(kind: String) throws {
        let isArray = kind == "array"
        let fixture = try BatchFixture(
            path: "batches/{batch}.\(isArray ? "json" : kind)", format: isArray ? "array" : "jsonl")
        let name = isArray ? "a.json" : "a.\(kind)"
        var whole = Array(Fixture.lines(0..<100).utf8)
        if kind == "jsonl.gz" { whole = try Fixture.compressed(Fixture.lines(0..<100), .gzip) }
        if isArray {
            whole = Array("[\((0..<100).map { Fixture.post($0) }.joined(separator: ","))]".utf8)
        }
        try fixture.write(Array(whole.dropLast(30)), to: name)
        let young = try fixture.compact { $0.inFlightNanos = .max }
        #expect(young.files.inFlight == 1 && young.rowsWritten == 0)
        #expect(try fixture.likes() == [])
        // Old, it is what it is: its good part is taken.
        let old = try fixture.compact()
        #expect(old.files.quarantined == 1 && old.rowsWritten > 50)
        try fixture.write(whole, to: name)
        let last = try fixture.compact { $0.inFlightNanos = .max }
        #expect(last.files.quarantined == 0 && last.files.changed == 1)
        #expect(try fixture.likes().count == 100)
    }

    @Test(arguments: [Codec.gzip, .zstd])
    func appendedMembersAreOneText(codec: Codec) throws {
        let suffix = codec == .gzip ? "gz" : "zst"
        let fixture = try BatchFixture(path: "batches/{batch}.jsonl.\(suffix)")
        let name = "a.jsonl.\(suffix)"
        // One member a record, as stream listeners append them; a line may end in the next member.
        var bytes: [UInt8] = []
        for id in 0..<20 { bytes += try Fixture.compressed(Fixture.lines([id]), codec) }
        bytes += try Fixture.compressed("\u{20}", codec)
        try fixture.write(bytes, to: name)
        #expect(try fixture.compact().rowsWritten == 20)
        let post = Fixture.post(20)
        bytes += try Fixture.compressed(String(post.prefix(10)), codec)
        bytes += try Fixture.compressed(post.dropFirst(10) + "\n", codec)
        try fixture.write(bytes, to: name)
        #expect(try fixture.compact().rowsWritten == 1)
        #expect(try fixture.likes().count == 21)
        try fixture.write(Array("not compressed\n".utf8), to: name)
        let report = try fixture.compact()
        #expect(
            report.quarantined.first?.reason.hasPrefix("\(codec == .gzip ? "gzip" : "zstd"): ")
                == true)
        #expect(try fixture.likes().count == 21)
    }

    @Test(arguments: [Codec.gzip, .zstd])
    func oneRecordAFileMayBeCompressed(codec: Codec) throws {
        let suffix = codec == .gzip ? "gz" : "zst"
        let fixture = try BatchFixture(path: "batches/{batch}.json.\(suffix)", format: "json")
        for id in 0..<5 {
            let long = String(repeating: "x", count: id * 40_000)
            let bytes = try Fixture.compressed(Fixture.post(id, url: long), codec)
            try fixture.write(bytes, to: "\(id).json.\(suffix)")
        }
        try fixture.write("{}", to: "plain.json.\(suffix)")
        let report = try fixture.compact()
        #expect(report.files.new == 5 && report.files.quarantined == 1)
        #expect(try fixture.likes().count == 5)
        try fixture.write(
            try Fixture.compressed(Fixture.post(1, likes: 3), codec), to: "1.json.\(suffix)")
        #expect(try fixture.compact().files.changed == 1)
        #expect(try fixture.likes().contains("1 3"))
    }

    @Test func bombsAreRefusedWithBoundedMemory() throws {
        let budget = MemoryBudget(limitBytes: nil)
        // 1 GB of blanks in 1 MB, and 200 MB of an object that never ends.
        let blank = try Fixture.compressed(
            String(repeating: String(repeating: " ", count: 4_095) + "\n", count: 2 << 10), .zstd)
        let open = try Fixture.compressed(
            "{\"id\": 1, \"x\": \"" + String(repeating: "y", count: 8 << 20), .zstd)
        let more = try Fixture.compressed(String(repeating: "y", count: 8 << 20), .zstd)
        let fixture = try BatchFixture(path: "batches/{batch}.jsonl.zst")
        try fixture.write(
            Array(repeating: blank, count: 128).flatMap { $0 }, to: "blank.jsonl.zst")
        try fixture.write(
            open + Array(repeating: more, count: 24).flatMap { $0 }, to: "open.jsonl.zst")
        try fixture.write(
            try Fixture.compressed(Fixture.lines([1]), .zstd), to: "good.jsonl.zst")
        let report = try fixture.lake.compact(
            identity: RunIdentity(startedMicros: 4_000_000_000_000_000, seed: 5),
            options: LakeFixture.options(workers: 1), pool: BufferPool(budget: budget)
        ).tables[0]
        let reasons = report.quarantined.map { "\($0.path.split(separator: "/")[1]): \($0.reason)" }
        #expect(
            reasons.count == 2 && reasons[0].hasPrefix("blank.jsonl.zst: it decodes to more than "))
        #expect(reasons[1] == "open.jsonl.zst: a record has more than \(Limits.recordBytes) bytes")
        #expect(report.rowsWritten == 1)
        #expect(budget.peakBytes < 300 << 20)

        let single = try BatchFixture(path: "batches/{batch}.json.zst", format: "json")
        try single.write(
            open + Array(repeating: more, count: 10).flatMap { $0 }, to: "open.json.zst")
        let refused = try single.compact()
        #expect(
            refused.quarantined.map(\.reason) == [
                "it decodes to more than \(Limits.rawFileBytes) bytes"
            ])
    }

    @Test func arraysAtTheTopAndBelow() throws {
        let top = try BatchFixture(path: "batches/{batch}.json", format: "array")
        let posts = (0..<100_000).map { Fixture.post($0, day: $0 % 3 + 1) }
        try top.write("\u{FEFF}[\n" + posts.joined(separator: ",\r\n") + "\n]\n", to: "a.json")
        #expect(try top.compact().rowsWritten == 100_000)
        try top.write("[" + posts.reversed().joined(separator: " , ") + "]", to: "a.json")
        #expect(try top.compact().files.unchangedByRow == 1)
        try top.write("[]", to: "b.json")
        try top.write("{\"data\": []}", to: "c.json")
        try top.write(
            "[\(posts[0]), {\"id\": tru}, {\"id\": 3}, \(posts[1]) \(posts[2])]", to: "d.json")
        try top.write("[\(posts[0]),]", to: "e.json")
        try top.write("[\(posts[0])] x", to: "f.json")
        let report = try top.compact()
        #expect(
            report.quarantined.map { "\($0.path.dropFirst(8)): \($0.reason)" } == [
                "c.json: the document is no array",
                "d.json: 2 of 4 records left out: record 2, column 8: an unknown word; true, false and "
                    + "null are the only ones; record 3: column posted_at is required and posted_at is "
                    + "missing or null; the rest cannot be read: here must be a comma or ]",
                "e.json: the rest cannot be read: here must be an element; is there a comma too many?",
                "f.json: the rest cannot be read: something follows the document",
            ])

        let below = try BatchFixture(
            path: "batches/{batch}.json", format: "array", records: "answer.data")
        let rest = "\"paging\": {\"data\": [1, {\"next\": \"]}\"}]}"
        try below.write(
            "{\"meta\": [\"{\", 1.5e3, null], \"answer\": {\(rest), \"data\": [\(posts[0]), \(posts[1])], "
                + "\"more\": true}, \"data\": [9]}", to: "a.json")
        try below.write("{\"answer\": {\"data\": null}}", to: "b.json")
        try below.write("{\"answer\": {\"items\": []}}", to: "c.json")
        try below.write("{\"answer\": {\"data\": {}}}", to: "d.json")
        try below.write("[]", to: "e.json")
        try below.write("{\"answer\": {\"data\": [\(posts[2])", to: "f.json")
        let nested = try below.compact()
        #expect(nested.rowsWritten == 3)
        #expect(
            nested.quarantined.map { "\($0.path.dropFirst(8)): \($0.reason)" } == [
                "c.json: there is no array at answer.data", "d.json: answer.data is no array",
                "e.json: the document is no object",
                "f.json: the rest cannot be read: the file ends before its array does",
            ])
    }

    @Test func nestingBeyondTheLimitIsABadRecord() throws {
        let fixture = try BatchFixture(path: "batches/{batch}.json", format: "array")
        let deep = String(repeating: "[", count: 10_000) + String(repeating: "]", count: 10_000)
        try fixture.write("[{\"id\": 1, \"x\": \(deep)}, \(Fixture.post(2))]", to: "a.json")
        #expect(try fixture.compact().quarantined.count == 1)
        #expect(try fixture.likes() == ["2 0"])
    }

    @Test func aVolatileColumnMattersWhereTheTableSaysSo() throws {
        let fixture = try BatchFixture(settings: "\"volatile\": \"update\"")
        try fixture.write(Fixture.lines(0..<10), to: "a.jsonl")
        try fixture.compact()
        try fixture.write(
            Fixture.lines(0..<9) + Fixture.post(9, url: "v") + "\n", to: "a.jsonl")
        #expect(try fixture.compact().rowsWritten == 1)
    }

    @Test func manyFilesWithAndWithoutStagingOnDisk() throws {
        let fixture = try BatchFixture()
        for file in 0..<30 {
            let ids = (0..<200).map { (file * 100 + $0 * 7) % 3_000 }
            try fixture.write(
                Fixture.lines(ids, day: 1, likes: file), to: "\(file).jsonl",
                atSeconds: 1_000 + file % 3)
        }
        try fixture.compact(workers: 3) { $0.stagingBytes = 10_000 }
        let spilled = try fixture.likes()
        let calm = try BatchFixture()
        for file in 0..<30 {
            try calm.write(
                try fixture.read("\(file).jsonl"), to: "\(file).jsonl",
                atSeconds: 1_000 + file % 3)
        }
        try calm.compact(workers: 1)
        #expect(try calm.likes() == spilled)
        #expect(try fixture.compact().partitionsRewritten == 0)
    }

    @Test func damagedStateIsTold() throws {
        let fixture = try BatchFixture()
        try fixture.write(Fixture.lines(0..<10), to: "a.jsonl")
        try fixture.compact()
        try fixture.lake.database.execute(
            "UPDATE record_files SET records = CAST(substr(records, 1, 40) || x'00' AS BLOB)"
        )
        try fixture.write(Fixture.lines(0..<11), to: "a.jsonl")
        #expect(throws: LakeError.self) { try fixture.compact() }
    }

    @Test func aLostDatabaseIsMadeAnewWithItsRecords() throws {
        let fixture = try BatchFixture()
        try fixture.write(Fixture.lines(0..<60, day: 1) + "oops\n", to: "a.jsonl", atSeconds: 1_000)
        try fixture.write(Fixture.lines(50..<90, day: 2), to: "b.jsonl", atSeconds: 2_000)
        try fixture.compact()
        #expect(try examine(fixture).findings == [])
        let before = try LakeFixture.rows(of: fixture.lake, ["id", "likes", "_ingested_at"])
        var options = LakeRebuild.Options(seed: 4_711, nowMicros: 1_800_000_000_000_000)
        options.isForced = true
        let report = try LakeRebuild.run(
            lake: fixture.lake.path, options: options, pool: fixture.pool)
        #expect(report.tables.first { $0.name == "posts" }?.rawFiles == 2)
        #expect(try examine(fixture).findings.filter { $0.severity == .damage } == [])
        let lake = try Lake.open(at: fixture.lake.path)
        let run = RunIdentity(startedMicros: 4_000_000_000_000_000, seed: 77)
        let again = try lake.compact(
            identity: run, options: LakeFixture.options(workers: 2), pool: fixture.pool)
        // Which of two files' records lost is not in the rows: those are weighed again.
        #expect(again.tables[0].rowsWritten <= 10)
        #expect(
            try LakeFixture.rows(of: lake, ["id", "likes"])
                == before.map { $0.split(separator: " ").prefix(2).joined(separator: " ") })
        try lake.database.execute("DELETE FROM record_files WHERE path = 'batches/a.jsonl'")
        #expect(try examine(fixture).isDamaged)
    }

    private func examine(_ fixture: BatchFixture) throws -> Doctor.Diagnosis {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        var options = Doctor.Options(nowMicros: Int64(now.tv_sec) * 1_000_000 + 2_000_000)
        options.isFull = true
        return try Doctor.examine(fixture.lake.path, options: options, pool: fixture.pool)
    }

    @Test func aPlanOfALakeWithoutRecordsIsTold() throws {
        let fixture = try BatchFixture()
        try fixture.write(Fixture.lines(0..<60, day: 1), to: "a.jsonl")
        try fixture.lake.database.downgradeToFirstVersion()
        let lake = try Lake.open(at: fixture.lake.path)
        let run = RunIdentity(startedMicros: 4_000_000_000_000_000, seed: 77)
        let options = LakeFixture.options(workers: 1)
        let plan = try lake.dryRun(identity: run, options: options, pool: fixture.pool)
        #expect(plan.tables[0].rowsWritten == 60)
        let report = try lake.compact(identity: run, options: options, pool: fixture.pool)
        #expect(report.tables[0].rowsWritten == 60)
        #expect(try fixture.remembered("a.jsonl").entries.count == 60)
    }
}
