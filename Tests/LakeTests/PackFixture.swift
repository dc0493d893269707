import Columnar
import Foundation
import Glibc
import Testing

@testable import Lake

/// A lake of posts whose raw files can be packed step by step, as a sweep does it.
final class PackFixture {
    let fixture: LakeFixture
    let tier: ColdTier
    let definition: TableDefinition
    var lake: Lake { fixture.lake }
    var database: Database { fixture.lake.database }
    var holds: [Holds.Record] = []
    private var seed: UInt64 = 1_000_000

    /// Far behind all posts, and a day behind every file.
    static var nowMicros: Int64 {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return (Int64(now.tv_sec) + 2 * 86_400) * 1_000_000
    }

    /// - coldFolder: where the cold tier is; nil: in the lake.
    init(settings: String = "\"account\": \"user_id\"", coldFolder: String? = nil) throws {
        fixture = try LakeFixture(settings: settings)
        if let coldFolder {
            try fixture.folder.write("{\"folder\": \"\(coldFolder)\"}", to: "lake/cold.json")
        }
        tier = try ColdTier(lake: fixture.lake.path, database: fixture.lake.database)
        var definition = try fixture.lake.definitions()[0]
        definition.retention = [
            RetentionRule(id: "archive", due: .afterDays(10), action: .transition(.glacier))
        ]
        self.definition = definition
        try tier.prepare(isKnown: false)
    }

    /// One sweep's packing, which may be left at any step.
    struct Sweep {
        let packing: RawPacking
        let plan: RawPacking.Plan
        let sources: PackedSources
        let runID: Int64
    }

    func root() throws -> RawRootHandle { try RawRoot.open(fixture.raw, isMarked: true) }

    func plan(quietMicros: Int64 = 0, nowMicros: Int64 = PackFixture.nowMicros) throws -> Sweep {
        seed += 1
        let identity = RunIdentity(startedMicros: nowMicros, seed: seed)
        let source = try Sources.id(of: "posts", database)
        let table = try LakeTable(
            definition, source: source, catalog: lake.catalog, lake: lake.path,
            identity: identity)
        let keySeed = try #require(UInt64(try Settings.get(.keySeed, database) ?? "", radix: 16))
        let root = try root()
        let packing = RawPacking(
            table: table, database: database, root: root, tier: tier, identity: identity,
            keySeed: keySeed, quietMicros: quietMicros, workers: 2, pool: fixture.pool)
        let fates = try RawFates(
            table: table,
            lifecycle: Lifecycle(
                definition, source: source, holds: holds, nowMicros: nowMicros),
            lake: lake.path, tier: tier, database: database, keySeed: keySeed,
            pool: fixture.pool, isCancelled: { false })
        let plan = try packing.plan(fates)
        return Sweep(
            packing: packing, plan: plan,
            sources: PackedSources(database: database, tier: tier, root: root),
            runID: try Runs.start(database, identity: identity, kind: .sweep))
    }

    func publish(_ sweep: Sweep, _ written: RawPacking.Written) throws {
        try database.transaction { () throws(LakeError) in
            try sweep.packing.publish(written)
            try Runs.commit(database, id: sweep.runID, atMicros: 0, report: "{}")
        }
    }

    /// All of it; `between` is called before the step with its number.
    @discardableResult
    func sweep(
        quietMicros: Int64 = 0, between: (Int) throws -> Void = { _ in }
    ) throws -> (plan: RawPacking.Counts, removed: PackedSources.Counts) {
        let sweep = try plan(quietMicros: quietMicros)
        try between(1)
        let written = try sweep.packing.write(sweep.plan)
        try between(2)
        try publish(sweep, written)
        try between(3)
        var removed = try sweep.sources.finish()
        try between(4)
        let returned = try sweep.sources.removeReturned(of: sweep.plan)
        removed.removed += returned.removed
        removed.kept += returned.kept
        return (sweep.plan.counts, removed)
    }

    /// Names of all raw files, below the posts' folder.
    func rawFiles() -> [String] {
        let root = fixture.raw + "/posts"
        let all = FileManager.default.enumerator(atPath: root)?.allObjects as? [String] ?? []
        return all.filter { $0.hasSuffix(".json") }.sorted()
    }

    func state(of name: String) throws -> RawFileState? {
        let source = try Sources.id(of: "posts", database)
        let walk = try RememberedFiles(database, source: source)
        while let file = try walk.next() {
            if file.folder + file.name == "posts/\(name)" { return file.state }
        }
        return nil
    }

    /// The bytes of a raw file in its packs, by the version that the state remembers.
    func packed(_ name: String) throws -> [UInt8]? {
        let source = try Sources.id(of: "posts", database)
        let cold = ColdRawFiles(
            lake: lake.path, databasePath: database.path, source: source, pool: fixture.pool)
        guard let state = try state(of: name),
            let file = try cold.file("posts/\(name)", content: state.content)
        else { return nil }
        var bytes = [UInt8](repeating: 0, count: Int(file.entry.stat.sizeBytes))
        let count = try bytes.withUnsafeMutableBytes { try file.fill($0) }
        return count == bytes.count ? bytes : nil
    }

    func packs() throws -> [Packs.Record] { try Packs.list(database) }
}
