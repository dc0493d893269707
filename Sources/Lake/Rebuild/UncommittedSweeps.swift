/// Tells snapshots of sweeps that never committed: they lack rows that no catalog of the cold tier knows.
///
/// A sweep writes its metadata first and its catalog last, both before the commit; the run's name is in the
/// snapshot's summary and in the catalog's name.
struct UncommittedSweeps {
    /// Runs with a catalog, or, where there is none, nil.
    private let known: Set<String>?
    /// When the run of the adopted catalog began.
    private let writtenMicros: Int64
    /// Names of the cold tier's table files; looked at only without a catalog.
    private let copies: [String]

    /// For a lake whose `lake.db` can say: nothing is doubted.
    static let none = UncommittedSweeps(known: [], writtenMicros: .max, copies: [])

    /// Whether a catalog says so.
    var isCertain: Bool { known != nil }

    private init(known: Set<String>?, writtenMicros: Int64, copies: [String]) {
        self.known = known
        self.writtenMicros = writtenMicros
        self.copies = copies
    }

    /// - damaged: catalogs that cannot be read: what their runs archived is not known.
    init(
        lake: String, coldFolder: String, adopted: ColdCatalog?, damaged: [String]
    ) throws(LakeError) {
        guard let adopted else {
            let files = try FolderNames.allFiles(below: "\(coldFolder)/\(ColdTier.tableFolder)")
            let names = files.compactMap { $0.split(separator: "/").last.map(String.init) }
            self.init(known: nil, writtenMicros: .min, copies: names)
            return
        }
        let paths = try ColdCatalog.paths(in: ColdCatalog.folders(lake: lake, tier: coldFolder))
        let unreadable = Set(damaged)
        let known = paths.filter { !unreadable.contains($0) }.map {
            String($0.dropLast(".json".utf8.count).suffix(36))
        }
        self.init(known: Set(known), writtenMicros: adopted.writtenMicros, copies: [])
    }

    /// Whether a snapshot was made by a sweep that never committed.
    func made(_ snapshot: Snapshot?) -> Bool {
        guard let snapshot, snapshot.summary["lake.plan"] != nil,
            let run = snapshot.summary["lake.run"]
        else { return false }
        // A sweep that only lets rows expire needs no catalog.
        guard let known else { return copies.contains { $0.hasPrefix(run) } }
        return !known.contains(run) && snapshot.timestampMillis > writtenMicros / 1_000
    }
}
