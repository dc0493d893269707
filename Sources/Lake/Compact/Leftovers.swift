import Glibc

/// Removes files that nobody needs: those of crashed runs, and retired ones past their grace.
///
/// A file of a crashed run is known by the run's name in its own: data files begin with it, metadata
/// files hold the name of its commit. The run never published, so nothing points to them. Files of other
/// writers, and files that we cannot name, are never touched. What lies in a cold tier that is not mounted
/// waits until it is.
struct Leftovers {
    let lake: String
    let database: Database

    func collect(nowMicros: Int64, graceMicros: Int64) throws(LakeError) {
        for run in try Runs.crashed(database) where try removeFiles(of: run) {
            try Runs.abandon(database, id: run.id)
        }
        // Written beside the database by the holder of the lock: half of one is nobody's.
        for name in [SuppressionFile.name, HoldFile.name] {
            try DurableFile.remove("\(lake)/\(name).tmp")
        }
        let (limit, overflow) = nowMicros.subtractingReportingOverflow(graceMicros)
        guard !overflow else { return }
        let due = try RetiredFiles.due(database, beforeMicros: limit)
        guard !due.isEmpty else { return }
        let cold = try ColdTier(lake: lake, database: database)
        let isMounted = (try? cold.isMounted()) ?? false
        let archived = try ArchivedPaths(lake: lake, cold: cold, database: database)
        for path in due {
            // The list is ours, but a path outside of the lake is never ours to delete.
            if try archived.contains(path) {
                // An older program listed it.
            } else if path.hasPrefix(lake + "/tables/") {
                try DurableFile.remove(path)
            } else if cold.holds(path) {
                guard isMounted else { continue }
                try DurableFile.remove(path)
            }
            try RetiredFiles.remove(database, path: path)
        }
    }

    /// Removes what a failed run wrote and files it as failed.
    ///
    /// What cannot be removed now is the next run's to collect: then the run stays as started.
    func undo(_ failure: RunFailure, atMicros: Int64) {
        // Only a transaction that surely did not happen allows deleting what it would have named.
        guard let run = try? Runs.record(id: failure.runID, database), run.state == "started"
        else { return }
        do throws(LakeError) {
            guard try removeFiles(of: run) else { return }
            try Runs.fail(database, id: run.id, atMicros: atMicros, report: failure.text)
        } catch {
            return
        }
    }

    /// Removes every file of a run that never published; false if some may lie where nobody can look.
    func removeFiles(of run: Runs.Record) throws(LakeError) -> Bool {
        let identity = RunIdentity(startedMicros: run.startedMicros, seed: run.seed)
        var names = [identity.uuid]
        for source in try Sources.all(database) { names.append(identity.commitID(source: source)) }
        let cold = try ColdTier(lake: lake, database: database)
        let isMounted = (try? cold.isMounted()) == true
        // First what names the others: a rebuild trusts the newest catalog.
        for folder in ColdCatalog.folders(lake: lake, tier: isMounted ? cold.path : nil) {
            try sweep(folder, names, depth: 0)
            if try DurableFile.isThere(folder) { try DurableFile.syncFolder(folder) }
        }
        try sweep("\(lake)/tables", names, depth: 0)
        guard run.kind != .compact else { return true }
        guard isMounted else { return try !cold.isKnown(database) }
        for folder in [ColdTier.tableFolder, ColdTier.packFolder] {
            try sweep(cold.absolute(folder), names, depth: 0)
        }
        return true
    }

    /// Removes the files below a folder whose name holds one of `names`.
    private func sweep(_ folder: String, _ names: [String], depth: Int) throws(LakeError) {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return }
            throw .io(operation: "open", path: folder, errorNumber: errno)
        }
        let listing = DirectoryListing()
        let failure = listing.read(closing: descriptor, order: .files)
        guard failure == 0 else {
            throw .io(operation: "list", path: folder, errorNumber: failure)
        }
        for entry in listing.entries {
            let name = String(decoding: listing.name(entry), as: UTF8.self)
            let path = "\(folder)/\(name)"
            if entry.kind != .file, depth < Self.depthLimit, isFolder(path) {
                try sweep(path, names, depth: depth + 1)
            } else if names.contains(where: { name.contains($0) }) {
                try DurableFile.remove(path)
            }
        }
    }

    /// tables / table / data / partition fields.
    private static let depthLimit = 8

    private func isFolder(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}
