import Columnar

/// One file that a scrub may read: what it is, and what it must hold.
struct ScrubTarget: Sendable {
    /// What is known of a file before it is read.
    enum Expectation: Sendable {
        case database
        /// A cold catalog.
        case catalog
        case metadata
        case manifestList
        case manifest(ManifestFile, IcebergTable)
        /// Parquet of a snapshot.
        case data(rowCount: Int64)
        /// Parquet outside of snapshots.
        case cold(sha256: [UInt8], rowCount: Int64)
        case pack(sha256: [UInt8])
    }

    var kind: ScrubKind
    /// In `verifications`: the path below the lake, or `cold:` and the path below the cold tier.
    var name: String
    /// Absolute.
    var path: String
    var table: String?
    /// Of data and cold files.
    var partition: Int32?
    /// nil: not known beforehand.
    var sizeBytes: Int64?
    var expectation: Expectation
    /// Only an older snapshot needs it.
    var isHistory = false
    /// It lies on the cold tier, which may not be mounted.
    var isOnColdTier: Bool { name.hasPrefix(Self.coldPrefix) }

    static let coldPrefix = "cold:"
}

/// The kinds of files that a scrub reads.
package enum ScrubKind: String, CaseIterable, Sendable {
    /// `lake.db`.
    case database
    /// Cold catalogs.
    case catalog
    /// Iceberg metadata files.
    case metadata
    /// Manifest lists and manifests.
    case manifests
    /// Parquet of the current snapshots.
    case data
    /// Parquet outside of them.
    case cold
    case packs
}

/// Finds all files of a lake that a scrub may read.
struct ScrubTargets {
    private(set) var targets: [ScrubTarget] = []
    /// Metadata that cannot be read, so that what it names is not known: found without choosing.
    private(set) var broken: [(target: ScrubTarget, reason: String)] = []
    private let lake: Lake
    private let tier: ColdTier
    private let errorText: @Sendable (LakeError) -> String

    /// - table: nil is all of them.
    init(
        _ lake: Lake, tier: ColdTier, table: String?,
        errorText: @escaping @Sendable (LakeError) -> String
    ) throws(LakeError) {
        self.lake = lake
        self.tier = tier
        self.errorText = errorText
        let names = try lake.catalog.list()
        if let table, !names.contains(table) { throw .tableNotFound(table) }
        if table == nil {
            let isThere = try tier.isMounted()
            for path in try ColdCatalog.paths(
                in: ColdCatalog.folders(lake: lake.path, tier: isThere ? tier.path : nil))
            {
                add(.catalog, path: path, .catalog)
            }
        }
        for name in names where table == nil || table == name {
            do throws(LakeError) {
                try addTable(name)
            } catch {
                try addBroken(
                    .metadata, path: metadataPath(name), .metadata, table: name, error)
            }
            try addArchive(of: name)
        }
    }

    private func metadataPath(_ table: String) -> String {
        let stored = (try? lake.catalog.load(table)) ?? nil
        return stored.flatMap(TableLocation.path) ?? "\(lake.path)/tables/\(table)"
    }

    /// The name of a path in `verifications`.
    private func name(of path: String) -> String {
        for (folder, prefix) in [(tier.path, ScrubTarget.coldPrefix), (lake.path, "")]
        where path.hasPrefix(folder + "/") {
            return prefix + path.dropFirst(folder.count + 1)
        }
        return path
    }

    private mutating func add(
        _ kind: ScrubKind, path: String, _ expectation: ScrubTarget.Expectation,
        table: String? = nil, partition: Int32? = nil, sizeBytes: Int64? = nil,
        isHistory: Bool = false
    ) {
        targets.append(
            ScrubTarget(
                kind: kind, name: name(of: path), path: path, table: table, partition: partition,
                sizeBytes: sizeBytes, expectation: expectation, isHistory: isHistory))
    }

    /// Adds a file that was found broken on the way; errors that say nothing of it go on.
    private mutating func addBroken(
        _ kind: ScrubKind, path: String, _ expectation: ScrubTarget.Expectation, table: String,
        isHistory: Bool = false, _ error: LakeError
    ) throws(LakeError) {
        if case .columnar(.cancelled) = error { throw error }
        if case .columnar(.memoryLimit) = error { throw error }
        let target = ScrubTarget(
            kind: kind, name: name(of: path), path: path, table: table, expectation: expectation,
            isHistory: isHistory)
        broken.append((target, errorText(error)))
    }

    private mutating func addTable(_ name: String) throws(LakeError) {
        let table = try IcebergTable.open(name, in: lake.catalog, lakeFolder: lake.path)
        if let stored = table.metadataLocation {
            add(.metadata, path: try table.location.resolve(stored), .metadata, table: name)
        }
        var known = Set<String>()
        let current = table.metadata.currentSnapshot
        let others = table.metadata.snapshots.filter { $0.id != current?.id }
        for snapshot in [current].compactMap({ $0 }) + others {
            let isHistory = snapshot.id != current?.id
            let list = try table.location.resolve(snapshot.manifestList)
            do throws(LakeError) {
                for manifest in try table.manifests(of: snapshot)
                where known.insert(manifest.path).inserted {
                    try add(manifest, table, isHistory: isHistory)
                }
                add(.manifests, path: list, .manifestList, table: name, isHistory: isHistory)
            } catch {
                try addBroken(
                    .manifests, path: list, .manifestList, table: name, isHistory: isHistory,
                    error)
            }
        }
    }

    /// A manifest, and of the current snapshot the files that it names.
    private mutating func add(
        _ manifest: ManifestFile, _ table: IcebergTable, isHistory: Bool
    ) throws(LakeError) {
        let path = try table.location.resolve(manifest.path)
        let expectation = ScrubTarget.Expectation.manifest(manifest, table)
        do throws(LakeError) {
            for entry in isHistory || !manifest.mayHaveLiveFiles
                ? [] : try table.entries(of: manifest) where entry.isLive
            {
                var partition: Int32?
                if case .int(let value)? = entry.file.partition.first {
                    partition = Int32(clamping: value)
                }
                add(
                    .data, path: try table.location.resolve(entry.file.path),
                    .data(rowCount: entry.file.recordCount), table: table.name,
                    partition: partition, sizeBytes: entry.file.fileSizeBytes)
            }
            add(
                .manifests, path: path, expectation, table: table.name,
                sizeBytes: manifest.lengthBytes, isHistory: isHistory)
        } catch {
            try addBroken(
                .manifests, path: path, expectation, table: table.name, isHistory: isHistory,
                error)
        }
    }

    private mutating func addArchive(of table: String) throws(LakeError) {
        let database = lake.database
        guard database.version >= ColdFiles.version,
            let source = try Sources.known(table, database)
        else { return }
        for file in try ColdFiles.list(database, source: source, hasEntries: false) {
            let path =
                file.place == .cold ? tier.absolute(file.path) : "\(lake.path)/\(file.path)"
            add(
                .cold, path: path, .cold(sha256: file.sha256, rowCount: file.rowCount),
                table: table, partition: file.partition, sizeBytes: file.sizeBytes)
        }
        for pack in try Packs.list(database, source: source) {
            add(
                .packs, path: tier.absolute(pack.path), .pack(sha256: pack.sha256), table: table,
                sizeBytes: pack.sizeBytes)
        }
    }
}
