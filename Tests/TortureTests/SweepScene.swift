import Columnar
import Foundation
import Testing

@testable import Lake

/// A lake whose posts are past retention, copied with its raw folder for each play.
///
/// Posts go to GLACIER but those of one account, which expire, and of another, which is held; figures expire.
final class SweepScene: Sendable {
    static let shared = Result { try SweepScene() }

    let folder: String
    /// What becomes of it undisturbed.
    let before: SweptContent
    let after: SweptContent

    private static let rules = """
        [{"id": "old", "after_days": 30, "transition": "GLACIER"},
         {"id": "gone", "where": {"user_id": ["u1"]}, "after_days": 30, "expire": true}]
        """

    /// Days from now, where no stat is young: the copies' clock.
    static func micros(daysAhead days: Int64) -> Int64 {
        (Int64(time(nil)) + days * 86_400) * 1_000_000
    }

    /// The same for the program.
    static func environment(daysAhead days: Int64 = 11) -> [String: String] {
        let date = CivilTime.date(fromDays: CivilTime.floorDays(micros: micros(daysAhead: days)))
        func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return ["LAKE_NOW": "\(date.year)-\(padded(date.month))-\(padded(date.day))T12:00:00Z"]
    }

    private init() throws {
        folder = BuiltLake.makeFolder()
        let raw = RawFolder(folder + "/raw")
        try raw.writeFirstDay()
        try Scene.makeLake(folder + "/lake", raw: raw.path)
        try Self.add(
            "\"retention\": \(Self.rules), \"settings\": {\"account\": \"user_id\"}",
            to: folder + "/lake/schemas/posts.json")
        try Self.add(
            "\"retention\": [{\"after_days\": 30, \"expire\": true}], "
                + "\"settings\": {\"account\": \"account\"}",
            to: folder + "/lake/schemas/stats.json")
        let lake = try Lake.open(at: folder + "/lake")
        try lake.database.execute(
            """
            INSERT INTO holds(account, reason, placed_by, placed_micros)
            VALUES ('u3', 'court', 'test', 0)
            """)
        var contents: [SweptContent] = []
        try Self.play(folder) { stage in
            contents.append(try SweptContent(of: stage))
            try Scene.expectDone(Self.sweep(stage))
            contents.append(try SweptContent(of: stage))
            try #require(SweptContent.orphans(of: stage) == [])
        }
        (before, after) = (contents[0], contents[1])
        try #require(before != after)
        try #require(!after.cold.isEmpty && after.packed.count > 5)
    }

    private static func add(_ members: String, to path: String) throws {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        try text.replacing("\"sort\"", with: "\(members), \"sort\"")
            .write(toFile: path, atomically: true, encoding: .utf8)
    }

    /// Where one play takes place.
    struct Stage {
        let folder: String
        var lake: String { folder + "/lake" }
        var raw: String { folder + "/raw" }
    }

    /// Plays on a copy of lake and raw folder, compacted there so that every stat is believed.
    func play<Output>(_ body: (Stage) throws -> Output) throws -> Output {
        try Self.play(folder, body)
    }

    private static func play<Output>(
        _ folder: String, _ body: (Stage) throws -> Output
    ) throws -> Output {
        let stage = Stage(folder: "\(folder)/stage-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            atPath: stage.folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: stage.folder) }
        for name in ["lake", "raw"] {
            try FileManager.default.copyItem(
                atPath: "\(folder)/\(name)", toPath: "\(stage.folder)/\(name)")
        }
        try Lake.open(at: stage.lake).database.run(
            "UPDATE settings SET value = ?1 WHERE key = 'raw_root'", [.text(stage.raw)])
        try compact(stage)
        return try body(stage)
    }

    static func compact(_ stage: Stage) throws {
        _ = try Lake.open(at: stage.lake).compact(
            identity: RunIdentity(startedMicros: micros(daysAhead: 9), seed: 5),
            options: CompactionOptions(workers: 1, nanos: { 0 }), pool: BufferPool())
    }

    static func arguments(_ stage: Stage) -> [String] {
        ["sweep", "--threads", "1", "--lake", stage.lake]
    }

    static func sweep(_ stage: Stage) throws -> ChildProcess.Ended {
        try BuiltLake.run(arguments(stage), environment: environment())
    }

    /// What must hold at every moment: the lake is as before or as after, and every raw file in a verified place.
    @discardableResult
    func expectWhole(_ stage: Stage, _ what: Comment) throws -> Bool {
        let found = try SweptContent(of: stage)
        for path in before.raw where !after.gone.contains(path) {
            #expect(
                found.raw.contains(path) || found.packed.contains(path), "\(path) is lost; \(what)")
        }
        try expectExplained(stage, what)
        let isBefore = found.tables == before.tables
        let isAfter = found.tables == after.tables
        #expect(isBefore || isAfter, "half a sweep is visible; \(what)")
        return isAfter
    }

    /// `lake explain` finds each record, its bytes and the row that stands.
    func expectExplained(_ stage: Stage, _ what: Comment) throws {
        let lake = try Lake.open(at: stage.lake, access: .readOnly)
        let pool = BufferPool()
        for path in before.raw where !after.gone.contains(path) {
            let found = try lake.locate(
                path, table: nil, nowMicros: Self.micros(daysAhead: 11), pool: pool)
            guard let places = found.first else {
                Issue.record("\(path) is unknown; \(what)")
                continue
            }
            var hasBytes = places.packs.contains { $0.isCurrent == true }
            if case .present? = places.raw { hasBytes = true }
            #expect(hasBytes, "nobody knows the bytes of \(path); \(what)")
            #expect(
                places.standing == .quarantined || places.rows.contains { $0.stands && $0.isSeen },
                "no row of \(path) stands, it is \(places.standing); \(what)")
        }
    }

    /// What must hold at last: the next sweep brings the lake to where it should be.
    func expectConvergence(_ stage: Stage, _ what: Comment) throws {
        // A file that could not be removed is found again by a run, and removed by the sweep behind it.
        for step in ["sweep", "compact", "sweep"] {
            let ended = try BuiltLake.run(
                [step, "--lake", stage.lake], environment: Self.environment())
            #expect(ended.code == 0 || step == "compact", "\(step): \(ended.text); \(what)")
        }
        let found = try SweptContent(of: stage)
        #expect(found.tables == after.tables, "\(what)")
        #expect(found.raw == after.raw, "\(what)")
        #expect(found.packed == after.packed, "\(what)")
        #expect(found.state == after.state, "\(what)")
        #expect(try SweptContent.orphans(of: stage) == [], "\(what)")
        let doctor = try BuiltLake.run(["doctor", "--lake", stage.lake])
        #expect(doctor.code == 0, "\(doctor.text); \(what)")
    }
}

/// All that a swept lake holds, hot and cold, in a form that two lakes can be compared in.
struct SweptContent: Equatable {
    /// The rows of each table as texts, sorted.
    var rows: [String: [String]]
    /// The same of archived files, with their class.
    var cold: [String] = []
    /// Paths of the raw folder's files.
    var raw: Set<String> = []
    /// Paths of the files in packs; each pack is read and held against its digest.
    var packed: Set<String> = []
    /// What is remembered of raw files, but for their stat.
    var state: [String] = []
    /// Remembered files that are in neither place.
    var gone: Set<String> = []

    /// What queries could see.
    var tables: [String: [String]] { rows.merging(["cold": cold]) { $1 } }

    init(of stage: SweepScene.Stage) throws {
        rows = try LakeContent(of: stage.lake).rows
        let lake = try Lake.open(at: stage.lake)
        let tier = try ColdTier(lake: stage.lake, database: lake.database)
        let pool = BufferPool()
        for record in try ColdFiles.list(lake.database) {
            let path = tier.absolute(record.path)
            try #require(SHA256.digest(DurableFile.read(path)) == record.sha256)
            cold += try LakeContent.rows(ofFile: path, pool).map {
                "\(record.storageClass.rawValue) \($0)"
            }
        }
        cold.sort()
        for pack in try Packs.list(lake.database) {
            let reader = try PackReader(path: tier.absolute(pack.path))
            for position in 0..<reader.count {
                let path = reader.entry(position).path
                try #require(packed.insert(path).inserted, "\(path) is packed twice")
            }
        }
        for path in LakeContent.files(below: stage.raw) where path.hasSuffix(".json") {
            raw.insert(String(path.dropFirst(stage.raw.count + 1)))
        }
        try readState(lake)
    }

    private mutating func readState(_ lake: Lake) throws {
        for source in try Sources.all(lake.database) {
            let cursor = try RawFiles.Cursor(lake.database, source: source)
            var entries = RawFileChunk.Entries()
            while let row = try cursor.peek() {
                cursor.advance()
                entries.removeAll()
                try #require(row.entries.withUnsafeBytes { entries.append(chunk: $0) })
                for index in 0..<entries.count {
                    let entry = entries.states[index]
                    let path = String(decoding: row.folder + entries.name(index), as: UTF8.self)
                    state.append(
                        "\(path) \(entry.flags.rawValue) \(entry.content.low) \(entry.keyHash)")
                    if !raw.contains(path), !packed.contains(path) { gone.insert(path) }
                }
            }
        }
    }

    /// Files of lake and cold tier that nothing names.
    static func orphans(of stage: SweepScene.Stage) throws -> [String] {
        let lake = try Lake.open(at: stage.lake)
        let tier = try ColdTier(lake: stage.lake, database: lake.database)
        let named = Set(
            try ColdFiles.list(lake.database).map(\.path) + Packs.list(lake.database).map(\.path)
                + [ColdTier.markerName])
        let cold = LakeContent.files(below: tier.path).filter {
            !named.contains(String($0.dropFirst(tier.path.count + 1)))
        }
        let own = try LakeContent.orphans(of: stage.lake).filter { !$0.hasPrefix(tier.path + "/") }
        return (own + cold).filter {
            !$0.hasSuffix("/cold.json") && !$0.contains("/\(ColdCatalog.folder)/")
        }
    }
}
