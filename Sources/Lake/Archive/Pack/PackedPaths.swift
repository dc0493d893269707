import Columnar

/// All versions of raw files that the packs of a source hold, by path; on disk, so that memory stays the same.
final class PackedPaths {
    private let database: Database
    private let latest: Statement
    private let exact: Statement
    /// Packs that cannot be read, and why.
    private(set) var damaged: [(pack: Packs.Record, error: LakeError)] = []

    /// - packs: the earliest first.
    init(
        _ packs: [Packs.Record], _ tier: ColdTier, isCancelled: () -> Bool = { false }
    ) throws(LakeError) {
        database = try Database.temporary()
        try database.execute(
            """
            CREATE TABLE files (
              path TEXT NOT NULL, pack INTEGER NOT NULL, low INTEGER NOT NULL,
              high INTEGER NOT NULL, PRIMARY KEY (path, pack)) WITHOUT ROWID
            """)
        latest = try database.prepare(
            "SELECT low, high FROM files WHERE path = ?1 ORDER BY pack DESC LIMIT 1")
        exact = try database.prepare(
            "SELECT 1 FROM files WHERE path = ?1 AND low = ?2 AND high = ?3 LIMIT 1")
        let insertion = try database.prepare(
            "INSERT OR REPLACE INTO files VALUES (?1, ?2, ?3, ?4)")
        try database.execute("BEGIN")
        for (order, pack) in packs.enumerated() {
            let reader: PackReader
            do throws(LakeError) {
                reader = try PackReader(path: tier.absolute(pack.path))
            } catch {
                damaged.append((pack, error))
                continue
            }
            for position in 0..<reader.count {
                if isCancelled() { throw .columnar(.cancelled) }
                let entry = reader.entry(position)
                try insertion.bind(entry.path, at: 1)
                try insertion.bind(Int64(order), at: 2)
                try insertion.bind(Int64(bitPattern: entry.content.low), at: 3)
                try insertion.bind(Int64(bitPattern: entry.content.high), at: 4)
                try insertion.run()
            }
        }
    }

    /// The content of the version that was packed last; nil if no pack has the path.
    func content(of path: String) throws(LakeError) -> ContentHash? {
        try latest.bind(path, at: 1)
        guard try latest.step() else { return nil }
        defer { latest.reset() }
        return ContentHash(
            low: UInt64(bitPattern: latest.integer(0)), high: UInt64(bitPattern: latest.integer(1)))
    }

    /// Every path once.
    func forEachPath(_ body: (String) throws(LakeError) -> Void) throws(LakeError) {
        let statement = try database.prepare("SELECT DISTINCT path FROM files ORDER BY path")
        while try statement.step() { try body(statement.text(0)) }
    }

    /// Whether a pack has this very version.
    func holds(_ path: String, _ content: ContentHash) throws(LakeError) -> Bool {
        try exact.bind(path, at: 1)
        try exact.bind(Int64(bitPattern: content.low), at: 2)
        try exact.bind(Int64(bitPattern: content.high), at: 3)
        defer { exact.reset() }
        return try exact.step()
    }
}
