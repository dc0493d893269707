import Columnar

/// What a table has outside of its snapshot, by partition, as far as a run must know it.
struct ArchivedPartitions: Sendable {
    /// One partition's cold files.
    struct Partition: Hashable, Sendable {
        /// The run that archived its first rows.
        var since: Int64
        /// Of its latest file.
        var storageClass: StorageClass
    }

    let partitions: [Int32?: Partition]
    /// Temporary copies by stored path.
    let copies: [String: RestoredFiles.Record]
    /// Whose copies are alive.
    private let requests: [Restores.Record]

    init(_ database: Database, source: Int64, nowMicros: Int64) throws(LakeError) {
        guard database.version >= ColdFiles.version else {
            (partitions, copies, requests) = ([:], [:], [])
            return
        }
        let statement = try database.prepare(
            """
            SELECT partition, sequence, storage_class FROM cold_files WHERE source = ?1
            ORDER BY partition, sequence, id
            """)
        try statement.bind(source, at: 1)
        var partitions: [Int32?: Partition] = [:]
        while try statement.step() {
            guard let storage = StorageClass(rawValue: statement.text(2)) else {
                throw .corrupt(
                    FileLocation(path: "lake.db"),
                    reason: "cold_files has a row of an unknown class")
            }
            let value =
                statement.isNull(0) ? nil : Int32(truncatingIfNeeded: statement.integer(0))
            let sequence = statement.integer(1)
            partitions[value, default: Partition(since: sequence, storageClass: storage)]
                .storageClass = storage
        }
        self.partitions = partitions
        var copies: [String: RestoredFiles.Record] = [:]
        for copy in try RestoredFiles.list(database, source: source) { copies[copy.path] = copy }
        self.copies = copies
        requests = try Restores.list(database, source: source).filter {
            $0.isAlive(atMicros: nowMicros)
        }
    }

    /// The rows of a partition that living requests are for; nil if there is no such request.
    func filter(of partition: Int32?, _ table: LakeTable) -> ScopeFilter? {
        guard let since = partitions[partition]?.since else { return nil }
        let scopes = requests.filter { $0.covers(partition, archivedSince: since) }.map(\.scope)
        return scopes.isEmpty ? nil : ScopeFilter(scopes, table)
    }
}
