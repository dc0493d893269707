import Columnar
import Glibc

/// Raw files that a check of the whole table turned down after their rows were staged.
///
/// What the scan noted of them is taken back: they are remembered as any quarantined file is, with the new
/// content and the state of the row that stays in the table.
struct SetAsideFiles: Sendable {
    private struct File: Sendable {
        var reason: String
        /// What was remembered before the run.
        var old: RawFileState?
    }

    /// By folder with a closing slash, then by name.
    private var folders: [[UInt8]: [[UInt8]: File]] = [:]

    /// Nothing set aside.
    init() {}

    /// Adds files with reasons; looks up what is remembered of each.
    ///
    /// Returns the keys, hashed short, of the rows that so stay in the table.
    mutating func add(
        _ reasons: [String: String], source: Int64, database: Database
    ) throws(LakeError) -> Set<UInt64> {
        let finder = try RawFiles.Finder(database, source: source)
        var entries = RawFileChunk.Entries()
        var keys: Set<UInt64> = []
        for (path, reason) in reasons {
            let bytes = Array(path.utf8)
            let cut = bytes.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0
            let (folder, name) = (Array(bytes[..<cut]), Array(bytes[cut...]))
            var file = File(reason: reason)
            if let row = try finder.chunk(of: folder, owning: name) {
                entries.removeAll()
                let isIntact = row.entries.withUnsafeBytes { entries.append(chunk: $0) }
                guard isIntact else { throw RawFileChunk.damaged(folder: folder) }
                let index = (0..<entries.count).first { entries.name($0).elementsEqual(name) }
                file.old = index.map { entries.states[$0] }
            }
            if let old = file.old, old.flags.contains(.hasRow) { keys.insert(old.keyHash) }
            folders[folder, default: [:]][name] = file
        }
        return keys
    }

    var isEmpty: Bool { folders.isEmpty }

    /// Moves the files from what a scan took to what it quarantined.
    func correct(_ scan: inout ScanResult, root: RawRootHandle) {
        guard !isEmpty else { return }
        var paths = Set<String>()
        for (folder, files) in folders {
            for (name, file) in files {
                let path = String(decoding: folder + name, as: UTF8.self)
                paths.insert(path)
                if file.old?.flags.contains(.hasRow) == true {
                    scan.counts.changed -= 1
                } else {
                    scan.counts.new -= 1
                }
                scan.counts.quarantined += 1
                var status = stat()
                let isThere = fstatat(root.descriptor, path, &status, AT_SYMLINK_NOFOLLOW) == 0
                let hint = isThere ? FileStat(status) : nil
                scan.quarantined.append(
                    QuarantinedFile(
                        path: path, reason: file.reason, sizeBytes: hint?.sizeBytes ?? 0,
                        modifiedNanos: hint?.modifiedNanos ?? 0))
            }
        }
        scan.quarantined.sort { $0.path < $1.path }
        scan.released.removeAll { paths.contains($0) }
    }

    /// The edit of a folder's state with the files in quarantine.
    func amended(_ edit: RawFileEdit) throws(LakeError) -> RawFileEdit {
        guard let files = folders[edit.folder] else { return edit }
        var amended = edit
        amended.added = []
        var entries = RawFileChunk.Entries()
        for chunk in edit.added {
            entries.removeAll()
            let isIntact = chunk.bytes.withUnsafeBytes { entries.append(chunk: $0) }
            guard isIntact else { throw RawFileChunk.damaged(folder: edit.folder) }
            var writer = RawFileChunk.Writer()
            for index in 0..<entries.count {
                var state = entries.states[index]
                if let file = files[Array(entries.name(index))] {
                    var kept =
                        file.old ?? RawFileState(flags: [], hint: .none, content: state.content)
                    kept.hint = state.hint
                    kept.content = state.content
                    kept.flags.insert(.isQuarantined)
                    kept.flags.remove(.isVanished)
                    state = kept
                }
                writer.append(name: entries.name(index), state: state)
            }
            writer.endChunk()
            amended.added += writer.chunks
        }
        return amended
    }
}
