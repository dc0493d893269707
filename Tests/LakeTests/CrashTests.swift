import Columnar
import Foundation
import Testing

@testable import Lake

/// Runs the `lake` program, to be killed: a crash of the test's own process would prove nothing.
struct LakeProgram {
    let path: String

    /// The program beside this test bundle; nil if it is not built.
    init?() {
        let products = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        for folder in [products, Bundle.main.bundleURL, products.deletingLastPathComponent()] {
            let candidate = folder.appendingPathComponent("lake").path
            if FileManager.default.isExecutableFile(atPath: candidate) {
                path = candidate
                return
            }
        }
        return nil
    }

    func start(_ arguments: [String]) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }

    /// Runs to the end; returns the exit code.
    func run(_ arguments: [String]) throws -> Int32 {
        let process = try start(arguments)
        process.waitUntilExit()
        return process.terminationStatus
    }
}

@Suite(.serialized) struct CrashTests {
    /// More seeds: `LAKE_TORTURE=1`.
    static let seeds: [UInt64] =
        ProcessInfo.processInfo.environment["LAKE_TORTURE"] == nil
        ? Array(1...100) : Array(1...1_000)

    private static let columns = ["id", "posted_at", "likes", "caption", "_raw_path"]

    /// A lake compacted once, with changes waiting, and what it becomes without a crash.
    private func prepared() throws -> (fixture: LakeFixture, before: [String]) {
        let fixture = try LakeFixture()
        for id in 0..<400 {
            try fixture.write(
                fixture.post(id: id, day: id % 9 + 1, likes: id), to: "u\(id % 40)/\(id).json")
        }
        try fixture.compact()
        for id in 0..<400 where id % 3 == 0 {
            try fixture.write(
                fixture.post(id: id, day: (id + id % 2) % 9 + 1, likes: -id),
                to: "u\(id % 40)/\(id).json")
        }
        for id in 400..<450 {
            try fixture.write(fixture.post(id: id, day: 3, likes: id), to: "u\(id % 40)/\(id).json")
        }
        return (fixture, try rows(of: fixture.lake))
    }

    /// The rows of the table and of its counters.
    private func rows(of lake: Lake) throws -> [String] {
        try LakeFixture.rows(of: lake, Self.columns)
            + LakeFixture.rows(of: lake, table: "posts_metrics", ["id", "likes"])
    }

    @Test func killedRunChangesNothingAndTheNextOneConverges() throws {
        let program = try #require(LakeProgram(), "the lake program is not built")
        let (fixture, before) = try prepared()
        let undisturbed = fixture.folder.path + "/undisturbed"
        try FileManager.default.copyItem(atPath: fixture.lake.path, toPath: undisturbed)
        let started = Date()
        #expect(try program.run(["compact", "--lake", undisturbed]) == 0)
        let seconds = Date().timeIntervalSince(started)
        let calm = try Lake.open(at: undisturbed)
        let after = try self.rows(of: calm)
        #expect(after != before)
        let fileCount = try names(in: undisturbed).count

        var committed = 0
        for seed in Self.seeds {
            var random = SeededGenerator(seed: seed)
            let path = fixture.folder.path + "/crash-\(seed)"
            try FileManager.default.copyItem(atPath: fixture.lake.path, toPath: path)
            let process = try program.start(["compact", "--lake", path])
            usleep(UInt32(Double.random(in: 0...seconds, using: &random) * 1_000_000))
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            let crashed = try self.rows(of: try Lake.open(at: path))
            #expect(crashed == before || crashed == after, "seed \(seed): half a run is visible")
            committed += crashed == after ? 1 : 0
            #expect(try program.run(["compact", "--lake", path]) == 0, "seed \(seed)")
            let rows = try self.rows(of: try Lake.open(at: path))
            #expect(rows == after, "seed \(seed): the next run did not converge")
            #expect(try names(in: path).count == fileCount, "seed \(seed): leftovers")
            try FileManager.default.removeItem(atPath: path)
        }
        #expect(committed < Self.seeds.count, "no run was killed before its commit")
    }

    @Test func twoRunsAtOnceAreOneAfterTheOther() throws {
        let program = try #require(LakeProgram(), "the lake program is not built")
        let (fixture, _) = try prepared()
        let first = try program.start(["compact", "--lake", fixture.lake.path])
        let second = try program.start(["compact", "--lake", fixture.lake.path])
        first.waitUntilExit()
        second.waitUntilExit()
        // One does the work; the other comes too late for it or is told of the lock.
        let codes = [first.terminationStatus, second.terminationStatus]
        #expect(codes.contains(0))
        #expect(codes.allSatisfy { $0 == 0 || $0 == 1 })
        let rows = try fixture.rows(Self.columns)
        #expect(rows.count == 450)
        #expect(try fixture.compact().tables[0].partitionsRewritten == 0)
    }

    private func names(in lake: String) throws -> [String] {
        let all = FileManager.default.enumerator(atPath: lake)?.allObjects as? [String] ?? []
        return all.filter {
            $0.contains("tables/") && $0.contains(".") && !$0.hasSuffix("hint.text")
        }
    }
}
