import Columnar
import Glibc

/// Finds the newest whole state of a table in its folder, without any catalog.
///
/// A metadata file counts if it can be read and every file of its current snapshot is there with its
/// size. The highest version wins; among equal ones the one that `version-hint.text` names, then the later.
/// A state that was prepared and never published may win: it is whole, and the raw files' state is made
/// from its rows. Not so a sweep's: the rows that it took out are nowhere else if it never committed.
struct TableAdoption {
    let folder: String
    let name: String
    /// The metadata file that a sound `lake.db` names: it wins if it is whole.
    var published: String?
    /// Which snapshots are of sweeps that never committed.
    var uncommitted = UncommittedSweeps.none
    let errorText: (LakeError) -> String

    /// What was found in a folder.
    enum Outcome {
        case table(IcebergTable, location: String, files: TableFiles)
        /// Not one metadata file is whole; why the newest is not.
        case none(reason: String)
    }

    func newest() throws(LakeError) -> Outcome {
        let hinted = hint()
        var candidates: [(name: String, version: Int)] = []
        for name in try FolderNames.files(in: "\(folder)/metadata")
        where name.hasSuffix(".metadata.json") {
            candidates.append((name, MetadataFile.version(of: name) ?? -1))
        }
        candidates.sort { a, b in
            if (a.name == published) != (b.name == published) { return a.name == published }
            if a.version != b.version { return a.version > b.version }
            if (a.name == hinted) != (b.name == hinted) { return a.name == hinted }
            return a.name > b.name
        }
        var firstReason: String?
        var rejected: Outcome?
        for candidate in candidates {
            let path = "\(folder)/metadata/\(candidate.name)"
            do throws(LakeError) {
                let table = try IcebergTable.open(metadataPath: path, name: name)
                let location = table.location.stored("metadata/\(candidate.name)")
                let adopted = IcebergTable(
                    published: table.metadata, name: name, metadataLocation: location,
                    location: table.location)
                let files = TableFiles(adopted, errorText: errorText)
                guard let problem = files.problems.first(where: \.isCurrent) else {
                    let outcome = Outcome.table(adopted, location: location, files: files)
                    guard candidate.name != published,
                        uncommitted.made(table.metadata.currentSnapshot)
                    else { return outcome }
                    rejected = rejected ?? outcome
                    firstReason = firstReason ?? "\(path): its sweep never committed"
                    continue
                }
                firstReason = firstReason ?? "\(problem.path): \(problem.reason)"
            } catch {
                firstReason = firstReason ?? errorText(error)
            }
        }
        // Without any catalog the sweep may have committed all the same.
        if !uncommitted.isCertain, let rejected { return rejected }
        return .none(reason: firstReason ?? "it has no metadata file")
    }

    private func hint() -> String? {
        let path = "\(folder)/metadata/version-hint.text"
        guard let bytes = try? DurableFile.read(path, limitBytes: 4_096) else { return nil }
        return String(decoding: bytes, as: UTF8.self) + ".metadata.json"
    }
}

/// The names in a folder, sorted by bytes.
enum FolderNames {
    static func files(in folder: String) throws(LakeError) -> [String] {
        try names(in: folder, areFolders: false)
    }

    static func folders(in folder: String) throws(LakeError) -> [String] {
        try names(in: folder, areFolders: true)
    }

    /// Paths of all files below a folder, links not followed.
    static func allFiles(below folder: String, depth: Int = 0) throws(LakeError) -> [String] {
        guard depth < Limits.folderDepth else { return [] }
        var paths = try files(in: folder).map { "\(folder)/\($0)" }
        for name in try folders(in: folder) {
            paths += try allFiles(below: "\(folder)/\(name)", depth: depth + 1)
        }
        return paths
    }

    private static func names(in folder: String, areFolders: Bool) throws(LakeError) -> [String] {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return [] }
            throw .io(operation: "open", path: folder, errorNumber: errno)
        }
        let listing = DirectoryListing()
        let failure = listing.read(closing: descriptor, order: .files)
        guard failure == 0 else {
            throw .io(operation: "list", path: folder, errorNumber: failure)
        }
        var names: [String] = []
        for entry in listing.entries {
            let name = String(decoding: listing.name(entry), as: UTF8.self)
            var isFolder = entry.kind == .folder
            if entry.kind == .unknown {
                var status = stat()
                isFolder =
                    lstat("\(folder)/\(name)", &status) == 0
                    && status.st_mode & S_IFMT == S_IFDIR
            }
            if isFolder == areFolders { names.append(name) }
        }
        return names
    }
}
