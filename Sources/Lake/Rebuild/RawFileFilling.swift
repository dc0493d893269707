import Glibc

/// Writes remembered files into the state, folder by folder, in the order of the walk.
struct RawFileFilling {
    let source: Int64
    /// Where to see whether a file is gone; nil: nobody asks.
    let root: RawRootHandle?
    /// What lies in packs; nil: there are none.
    let packed: PackedPaths?
    /// Files that are gone and in no pack are remembered as vanished.
    let keepsGone: Bool
    /// Packs are damaged or lost: what is gone and in no other pack lay in one.
    let arePacksLost: Bool
    private(set) var count = 0
    private var folder: String?
    private var last = ""
    private var writer = RawFileChunk.Writer()

    init(
        source: Int64, root: RawRootHandle?, packed: PackedPaths?, keepsGone: Bool,
        arePacksLost: Bool
    ) {
        self.source = source
        self.root = root
        self.packed = packed
        self.keepsGone = keepsGone
        self.arePacksLost = arePacksLost
    }

    mutating func add(
        _ folder: String, _ name: String, _ row: LedgerRow, to editor: RawFiles.Editor
    ) throws(LakeError) {
        if folder != self.folder {
            try endFolder(editor)
            self.folder = folder
        } else if name == last {
            // A file has one row; what a second one says of it, the next run finds out.
            return
        }
        last = name
        var state = RawFileState(
            flags: .hasRow, hint: .none, content: .none, rowHash: row.rowHash,
            keyHash: row.key.low, partition: row.partition)
        if row.rank == LedgerRow.packed {
            guard let content = try packed?.content(of: row.path) else { return }
            state = RawFileState(flags: .isCold, hint: .none, content: content)
        } else if isGone(row.path) {
            if let content = try packed?.content(of: row.path) {
                // The last version that was packed: a later one would lie in the raw folder.
                state.flags.insert(.isCold)
                state.content = content
            } else if keepsGone {
                state.flags.insert(.isVanished)
            } else if arePacksLost {
                // A run that deletes what vanished must not take it for that.
                state.flags.insert(.isCold)
            }
        }
        writer.append(name: Array(name.utf8), state: state)
        count += 1
    }

    private func isGone(_ path: String) -> Bool {
        guard let root else { return false }
        var status = stat()
        return fstatat(root.descriptor, path, &status, AT_SYMLINK_NOFOLLOW) != 0
            && (errno == ENOENT || errno == ENOTDIR)
    }

    mutating func endFolder(_ editor: RawFiles.Editor) throws(LakeError) {
        guard let folder else { return }
        writer.endChunk()
        try editor.apply(
            RawFileEdit(folder: Array(folder.utf8), removed: nil, added: writer.chunks),
            source: source)
        writer.removeAll()
        self.folder = nil
    }
}
