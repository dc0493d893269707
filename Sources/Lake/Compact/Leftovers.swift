import Glibc

/// Removes files that nobody needs: those of crashed runs, and retired ones past their grace.
///
/// A file of a crashed run is known by the run's name in its own: data files begin with it, metadata
/// files hold the name of its commit. The run never published, so nothing points to them. Files of other
/// writers, and files that we cannot name, are never touched.
struct Leftovers {
    let lake: String
    let database: Database

    func collect(nowMicros: Int64, graceMicros: Int64) throws(LakeError) {
        for run in try Runs.crashed(database) {
            try removeFiles(of: run)
            try Runs.abandon(database, id: run.id)
        }
        let (limit, overflow) = nowMicros.subtractingReportingOverflow(graceMicros)
        guard !overflow else { return }
        for path in try RetiredFiles.due(database, beforeMicros: limit) {
            // The list is ours, but a path outside of the lake is never ours to delete.
            if path.hasPrefix(lake + "/tables/") { try DurableFile.remove(path) }
            try RetiredFiles.remove(database, path: path)
        }
    }

    /// Removes every file of a run that never published.
    func removeFiles(of run: Runs.Record) throws(LakeError) {
        let identity = RunIdentity(startedMicros: run.startedMicros, seed: run.seed)
        var names = [identity.uuid]
        for source in try Sources.all(database) { names.append(identity.commitID(source: source)) }
        try sweep("\(lake)/tables", names, depth: 0)
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
