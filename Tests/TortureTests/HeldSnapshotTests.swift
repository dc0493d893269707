import Foundation
import Glibc
import Testing

/// Fault 21: a query that stands still while sweeps, runs, restores and erasures go on around it.
@Suite(.serialized, .enabled(if: OddMachine.isHere, "needs a C compiler"))
struct HeldSnapshotTests {
    /// Files of which a query opens some: it stands still with the table found, its manifests read, or in the
    /// middle of its rows.
    private static let places = [".metadata.json", ".avro", ".parquet"]

    private static func query(_ stage: SweepScene.Stage) -> [String] {
        [
            "query", "--quiet", "--format", "csv", "--threads", "1", "--lake", stage.lake,
            "select count(*), sum(likes), min(caption), max(user_id) from posts",
        ]
    }

    private func answer(_ stage: SweepScene.Stage) throws -> String {
        let ended = try BuiltLake.run(Self.query(stage), environment: SweepScene.environment())
        try Scene.expectDone(ended)
        return ended.output
    }

    /// Starts the query, does something while it stands before a file, and lets it go on.
    private func held(
        before place: String, _ stage: SweepScene.Stage, _ meanwhile: () throws -> Void
    ) throws -> ChildProcess.Ended {
        let query = try BuiltLake.start(
            Self.query(stage),
            environment: SweepScene.environment().merging(OddMachine.environment(["STOP": place])) {
                $1
            })
        try query.waitUntilStopped()
        try meanwhile()
        query.send(SIGCONT)
        return try query.wait()
    }

    private func lake(
        _ words: [String], _ stage: SweepScene.Stage, daysAhead: Int64 = 11
    ) throws {
        let ended = try BuiltLake.run(
            words + ["--lake", stage.lake],
            environment: SweepScene.environment(daysAhead: daysAhead))
        try #require(ended.code == 0 || ended.code == 3, "\(words): \(ended.text)")
    }

    /// Within the day of grace the reader gets the rows of its snapshot, although nothing of them is live.
    @Test(arguments: places) func sweptMeanwhile(_ place: String) throws {
        let scene = try SweepScene.shared.get()
        try scene.play { stage in
            let before = try answer(stage)
            let ended = try held(before: place, stage) {
                try lake(["sweep"], stage)
                try lake(["compact"], stage)
                try lake(["sweep"], stage)
                #expect(try answer(stage) != before)
            }
            #expect(ended.code == 0, "\(ended.text)")
            #expect(ended.output == before)
            try scene.expectConvergence(
                stage, "a query that stood before \(Comment(rawValue: place))")
        }
    }

    /// The same of temporary copies that expire.
    @Test(arguments: places) func copiesThatExpireMeanwhile(_ place: String) throws {
        let scene = try SweepScene.shared.get()
        try scene.play { stage in
            try lake(["sweep"], stage)
            let without = try answer(stage)
            try lake(["restore", "posts", "--days", "1"], stage)
            let restored = try answer(stage)
            #expect(restored != without)
            let ended = try held(before: place, stage) {
                try lake(["compact"], stage, daysAhead: 13)
            }
            #expect(ended.code == 0, "\(ended.text)")
            #expect(ended.output == restored)
            try scene.expectWhole(stage, "copies that expired")
        }
    }

    /// Longer than that, and past an erasure, it gets the rows or an error, never others.
    @Test(arguments: places, [["sweep"], ["erase", "--account", "u2"]])
    func heldForTooLong(_ place: String, _ change: [String]) throws {
        let scene = try SweepScene.shared.get()
        try scene.play { stage in
            let before = try answer(stage)
            let ended = try held(before: place, stage) {
                try lake(change, stage)
                // Two days on, nothing of the old snapshot is kept.
                try lake(["compact"], stage, daysAhead: 13)
                try lake(["sweep"], stage, daysAhead: 13)
            }
            if ended.code == 0 {
                #expect(ended.output == before)
            } else {
                #expect(ended.code == 1 && ended.output == "", "\(ended.text)")
                #expect(ended.errors.contains("No such file"), "\(ended.text)")
            }
        }
    }
}
