import Columnar
import Glibc
import Testing

@testable import Lake

/// Takes any file that does not begin with `{` for malformed; the row is the text before a `#`.
private struct FakeSink: RawFileSink {
    mutating func take(
        bytes: UnsafeRawBufferPointer, path: String, stat: FileStat, state: RawFileState?
    ) throws(LakeError) -> RawFileVerdict {
        guard bytes.first == UInt8(ascii: "{") else { return .rejected(reason: "not JSON") }
        let row = bytes.prefix { $0 != UInt8(ascii: "#") }
        let hash = ContentHash(.init(rebasing: row)).low
        if state?.flags.contains(.hasRow) == true, state?.rowHash == hash { return .same }
        return .staged(rowHash: hash, keyHash: ContentHash(bytes).high, partition: 3)
    }

    mutating func take(
        records path: String, stat: FileStat, state: RawFileState?, isYoung: Bool
    ) throws(LakeError) -> RecordsVerdict { .rejected(reason: "these tests have none") }

    mutating func leave(path: String, state: RawFileState) throws(LakeError) -> Int { 1 }
}

/// A raw folder with its state, scanned again and again.
private final class ScanBench {
    let folder: TemporaryFolder
    let database: Database
    let source: Int64
    /// Far enough ahead that every stat is settled.
    var clock = ScanClock(nowNanos: .max, settleNanos: 0, inFlightNanos: 0)

    init() throws {
        folder = try TemporaryFolder()
        mkdir(folder.path + "/raw", 0o755)
        mkdir(folder.path + "/raw/p", 0o755)
        database = try Database.create(
            path: folder.path + "/lake.db", tables: Migrations.all)
        source = try Sources.id(of: "posts", database)
    }

    func scan(
        workers: Int = 2, ioThreads: Int = 3, _ change: (inout RawScan) throws -> Void = { _ in }
    ) throws -> ScanResult {
        var scan = RawScan(
            root: try RawRoot.open(folder.path + "/raw", isMarked: false),
            layout: try RawLayout(pattern: "p/{user}/{post}.json", format: .json), clock: clock,
            pool: BufferPool())
        try change(&scan)
        let journal = StateJournal(folder: folder.path, limitBytes: 64)
        let result = try scan.run(
            database: database, source: source, workers: workers, ioThreads: ioThreads,
            journal: journal,
            makeSink: { (_) throws(LakeError) in FakeSink() },
            finish: { (_) throws(LakeError) in }, advanced: { (_) throws(LakeError) in })
        let editor = try RawFiles.Editor(database)
        let source = source
        try database.transaction { () throws(LakeError) in
            try journal.forEach(
                files: { (edit) throws(LakeError) in try editor.apply(edit, source: source) },
                records: { (edit) throws(LakeError) in Issue.record("records of \(edit.path)") })
        }
        return result
    }

    func write(_ text: String, to name: String) throws {
        let user = name.split(separator: "/")[0]
        mkdir("\(folder.path)/raw/p/\(user)", 0o755)
        try folder.write(text, to: "raw/p/\(name)")
    }

    func remembered() throws -> Int {
        let cursor = try RawFiles.Cursor(database, source: source)
        var entries = RawFileChunk.Entries()
        while let row = try cursor.peek() {
            let isIntact = row.entries.withUnsafeBytes { entries.append(chunk: $0) }
            #expect(isIntact)
            cursor.advance()
        }
        return entries.count
    }
}

@Suite struct RawScanTests {
    @Test func classesOfFiles() throws {
        let bench = try ScanBench()
        for user in 0..<70 {
            for post in 0..<3 { try bench.write("{\(user) \(post)}", to: "u\(user)/\(post).json") }
        }
        try bench.write("oops", to: "u1/bad.json")
        try bench.write("{}", to: "u1/.hidden.json")
        try bench.write("{}", to: "u1/x.json.tmp")
        symlink("0.json", "\(bench.folder.path)/raw/p/u1/link.json")
        mkfifo("\(bench.folder.path)/raw/p/u1/pipe.json", 0o644)
        let first = try bench.scan()
        #expect(first.counts.new == 210)
        #expect(first.counts.quarantined == 1)
        #expect(first.counts.ignored == 4)
        #expect(first.counts.seen == 211)
        #expect(first.quarantined.map(\.path) == ["p/u1/bad.json"])
        #expect(try bench.remembered() == 211)

        let second = try bench.scan()
        #expect(second.counts.unchangedByStat == 211)
        #expect(second.counts.read == 0)

        try bench.write("{1 0}", to: "u1/0.json")
        try bench.write("{1 1}#noise", to: "u1/1.json")
        try bench.write("{other}", to: "u1/2.json")
        try bench.write("{fixed}", to: "u1/bad.json")
        try bench.write("{", to: "u0/new.json")
        unlink("\(bench.folder.path)/raw/p/u2/1.json")
        let third = try bench.scan(workers: 1)
        #expect(third.counts.unchangedByHash == 1)
        #expect(third.counts.changed == 1)
        #expect(third.counts.new == 2)
        #expect(third.counts.vanished == 1)
        #expect(third.released == ["p/u1/bad.json"])
        #expect(third.counts.unchangedByStat == 206)
        #expect(third.counts.unchangedByRow == 1)

        let fourth = try bench.scan()
        #expect(fourth.counts.vanished == 0)
        #expect(fourth.counts.unchangedByStat == fourth.counts.seen)
    }

    @Test func sameRowInOtherBytes() throws {
        let bench = try ScanBench()
        try bench.write("{a#1}", to: "u/0.json")
        _ = try bench.scan()
        try bench.write("{a#22}", to: "u/0.json")
        let second = try bench.scan()
        #expect(second.counts.unchangedByRow == 1)
        #expect(second.counts.changed == 0)
        let third = try bench.scan()
        #expect(third.counts.unchangedByStat == 1)
    }

    @Test func youngFilesAreReadAgainAndYoungGarbageWaits() throws {
        let bench = try ScanBench()
        try bench.write("{a}", to: "u/0.json")
        try bench.write("half", to: "u/1.json")
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        bench.clock = ScanClock(
            nowNanos: Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec),
            settleNanos: 60_000_000_000, inFlightNanos: 60_000_000_000)
        let first = try bench.scan()
        #expect(first.counts.new == 1)
        #expect(first.counts.inFlight == 1)
        #expect(first.counts.quarantined == 0)
        let second = try bench.scan()
        #expect(second.counts.unchangedByHash == 1)
        #expect(second.counts.inFlight == 1)
        bench.clock = ScanClock(nowNanos: .max, settleNanos: 0, inFlightNanos: 0)
        #expect(try bench.scan().counts.quarantined == 1)
        // Listed once; looked at again only when its stat moves.
        let last = try bench.scan()
        #expect(last.counts.unchangedByStat == 2)
    }

    @Test func vanishedFilesKeepTheirRowsAndReturn() throws {
        let bench = try ScanBench()
        for post in 0..<3 { try bench.write("{\(post)}", to: "u/\(post).json") }
        try bench.write("bad", to: "u/bad.json")
        _ = try bench.scan()
        for name in ["0.json", "1.json", "2.json", "bad.json"] {
            unlink("\(bench.folder.path)/raw/p/u/\(name)")
        }
        rmdir("\(bench.folder.path)/raw/p/u")
        let gone = try bench.scan()
        #expect(gone.counts.vanished == 4)
        #expect(gone.counts.seen == 0)
        #expect(try bench.remembered() == 3)
        try bench.write("{1}", to: "u/1.json")
        let back = try bench.scan()
        #expect(back.counts.unchangedByHash == 1)
        #expect(back.counts.vanished == 0)
        #expect(try bench.scan().counts.unchangedByStat == 1)
    }

    @Test func unreadableFolderChangesNothing() throws {
        let bench = try ScanBench()
        try bench.write("{1}", to: "u/1.json")
        _ = try bench.scan()
        let path = "\(bench.folder.path)/raw/p"
        // A loop of links is an error that even root cannot read past.
        rename(path, path + ".away")
        symlink("p", path)
        let result = try bench.scan()
        #expect(result.counts.vanished == 0)
        #expect(result.unreadable.map(\.path) == ["p/u"])
        unlink(path)
        rename(path + ".away", path)
        #expect(try bench.scan().counts.unchangedByStat == 1)
    }
}
