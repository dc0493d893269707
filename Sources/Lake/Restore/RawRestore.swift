import Columnar
import Glibc

/// Brings swept raw files back as files: with their bytes and times, into any folder.
///
/// Only the version that the state remembers comes back, never an older one of another pack. Everything is
/// selected and looked at before the first file is written.
package struct RawRestore {
    /// Which files, and where to; what is nil restricts nothing.
    package struct Request: Sendable {
        package var table: String?
        /// What the raw path says of the account.
        package var account: String?
        /// The text of a row's only key column.
        package var key: String?
        /// The number of one pack.
        package var pack: Int64?
        /// Days since 1970 of the rows' partitions.
        package var firstDay: Int32?
        package var lastDay: Int32?
        /// Absolute; files get their raw paths below it.
        package var folder: String
        /// Replaces files that are there with other bytes.
        package var isForced = false

        package init(folder: String) {
            self.folder = folder
        }
    }

    /// What was done, in files.
    package struct Report: Hashable, Sendable {
        package var restored = 0
        package var restoredBytes: Int64 = 0
        /// Were there already with the same bytes.
        package var present = 0
        package var packs = 0
    }

    let lake: Lake
    let tier: ColdTier
    let keySeed: UInt64
    let definitions: [TableDefinition]
    let suppressions: Suppressions
    let pool: BufferPool
    let isCancelled: @Sendable () -> Bool

    /// The files of one pack that are to be written.
    private struct Choice {
        /// Absolute.
        var pack: String
        var positions: [Int] = []
    }

    func run(_ request: Request) throws(LakeError) -> Report {
        if try tier.isKnown(lake.database) { try tier.requireMounted() }
        try requireOutside(request.folder)
        var report = Report()
        var choices: [Choice] = []
        var obstacles: [(path: String, isFile: Bool)] = []
        var folders = RestoredFolders(root: request.folder)
        for definition in definitions
        where request.table == nil || request.table == definition.name {
            guard let source = try Sources.known(definition.name, lake.database) else { continue }
            let filter = try RawRestoreFilter(
                request, definition, source: source, keySeed: keySeed, suppressions: suppressions,
                database: lake.database)
            // The latest first: an older pack may have the same file.
            for pack in try Packs.list(lake.database, source: source).reversed()
            where filter.mayBe(in: pack) {
                let reader = try PackReader(path: tier.absolute(pack.path))
                var choice = Choice(pack: reader.path)
                for position in 0..<reader.count {
                    if isCancelled() { throw .columnar(.cancelled) }
                    let entry = reader.entry(position)
                    guard try filter.takes(entry) else { continue }
                    try folders.look(forPath: entry.path)
                    switch try RestoredRawFiles.look(at: "\(request.folder)/\(entry.path)", entry) {
                    case .free: choice.positions.append(position)
                    case .same: report.present += 1
                    case .other(let mayReplace):
                        if request.isForced, mayReplace {
                            choice.positions.append(position)
                        } else {
                            obstacles.append((entry.path, mayReplace))
                        }
                    }
                }
                if !choice.positions.isEmpty { choices.append(choice) }
            }
        }
        report.packs = choices.count
        if let first = obstacles.first {
            let more = obstacles.count > 1 ? ", and \(obstacles.count - 1) more," : ""
            let hint =
                obstacles.count > 1
                ? "are there already"
                : first.isFile
                    ? "is there with other bytes" : "is there and is no plain file"
            throw .invalidLocation(
                path: request.folder, reason: "\(first.path)\(more) \(hint); nothing was written")
        }
        try write(choices, request, &report)
        return report
    }

    /// Throws `invalidLocation` for a folder where files would lie among the lake's own.
    private func requireOutside(_ folder: String) throws(LakeError) {
        let place = Self.resolved(folder)
        for (own, name) in [(lake.path, "lake"), (tier.path, "cold tier")] {
            let own = Self.resolved(own)
            guard place == own || place.hasPrefix(own + "/") else { continue }
            throw .invalidLocation(
                path: folder, reason: "it is in the \(name), which holds files of its own only")
        }
    }

    /// A path without links, as far as it is there.
    private static func resolved(_ path: String) -> String {
        if let real = realpath(path, nil) {
            defer { free(real) }
            return String(cString: real)
        }
        guard let parent = DurableFile.parent(of: path) else { return path }
        return resolved(parent) + path.dropFirst(parent.count)
    }

    private func write(
        _ choices: [Choice], _ request: Request, _ report: inout Report
    ) throws(LakeError) {
        guard !choices.isEmpty else { return }
        let frames = try PackFrameBuffer()
        var folders = RestoredFolders(root: request.folder)
        var files = RestoredRawFiles(replaces: request.isForced, pool: pool)
        var damage: LakeError?
        var damaged: [PackEntry] = []
        for choice in choices {
            // Opened anew: the indexes of all of them would not fit in memory.
            let reader = try PackReader(path: choice.pack)
            for position in choice.positions {
                if isCancelled() { throw .columnar(.cancelled) }
                let entry = reader.entry(position)
                let path = "\(request.folder)/\(entry.path)"
                // Another pack had it.
                if case .same = try RestoredRawFiles.look(at: path, entry) { continue }
                do throws(LakeError) {
                    let file = try reader.stream(position, through: frames, pool: pool)
                    try folders.make(forPath: entry.path)
                    try files.add(file, at: path)
                } catch .corrupt(let location, let reason) {
                    damage = damage ?? .corrupt(location, reason: reason)
                    damaged.append(entry)
                    continue
                } catch .columnar(.corrupt(let location, let reason)) {
                    damage = damage ?? .corrupt(location, reason: reason)
                    damaged.append(entry)
                    continue
                }
                report.restored += 1
                report.restoredBytes += entry.stat.sizeBytes
            }
            try files.settle()
        }
        try folders.settle()
        // What one pack has lost another one may have had.
        for entry in damaged {
            let place = try RestoredRawFiles.look(at: "\(request.folder)/\(entry.path)", entry)
            if case .same = place { continue }
            if let damage { throw damage }
        }
    }
}

extension Lake {
    /// Brings swept raw files back into a folder; the lake stays as it is.
    ///
    /// Throws `tableNotFound` for a table that is none, `invalidLocation` where files are in the way, or
    /// where an account is asked for that raw paths do not name.
    package func restoreRaw(
        _ request: RawRestore.Request, pool: BufferPool,
        isCancelled: @escaping @Sendable () -> Bool = { false }
    ) throws(LakeError) -> RawRestore.Report {
        let definitions = try definitions()
        if let name = request.table, !definitions.contains(where: { $0.name == name }) {
            throw .tableNotFound(name)
        }
        guard let seed = try Settings.get(.keySeed, database).flatMap({ UInt64($0, radix: 16) })
        else { throw .notALake(path: path, reason: "its key seed is missing") }
        return try RawRestore(
            lake: self, tier: ColdTier(lake: path, database: database), keySeed: seed,
            definitions: definitions, suppressions: Suppressions(database, definitions),
            pool: pool, isCancelled: isCancelled
        ).run(request)
    }
}
