import Synchronization

/// Hands out folders to scan, in path order; many threads pull from it.
final class FolderQueue: @unchecked Sendable {
    private enum Source {
        case walk(WalkedFolders)
        case list(ListedFolders)
    }

    private let lock = Mutex<Void>(())
    private let source: Source
    private var isStopped = false

    /// Folders handed out at once: enough to make the lock free, few enough to share the end.
    private static let batchFolders = 32

    /// - changed: the paths to look at; nil walks the whole layout.
    init(
        root: RawRootHandle, layout: RawLayout, changed: ChangedPaths.List?, database: Database,
        source: Int64
    ) throws(LakeError) {
        if let changed {
            self.source = .list(
                try ListedFolders(changed, database: database, source: source))
        } else {
            self.source = .walk(
                try WalkedFolders(root: root, layout: layout, database: database, source: source))
        }
    }

    /// The next folders; empty at the end.
    func next() throws(LakeError) -> [FolderTask] {
        var tasks: [FolderTask] = []
        let failure: LakeError? = lock.withLock { _ in
            do throws(LakeError) {
                while !isStopped, tasks.count < Self.batchFolders, let task = try one() {
                    tasks.append(task)
                }
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw failure }
        return tasks
    }

    /// Hands out nothing more: a thread has failed.
    func stop() {
        lock.withLock { _ in isStopped = true }
    }

    /// What the walk itself counted; after the last `next`.
    var leftovers: (ignored: Int, unreadable: [RawWalk.Unreadable]) {
        lock.withLock { _ in
            guard case .walk(let folders) = source else { return (0, []) }
            return (folders.walk.ignoredCount, folders.walk.unreadable)
        }
    }

    private func one() throws(LakeError) -> FolderTask? {
        switch source {
        case .walk(let folders): try folders.next()
        case .list(let folders): try folders.next()
        }
    }
}

/// The folders on disk and those remembered, merged.
///
/// A remembered folder that the walk did not meet is handed out too: only opening it tells whether it is
/// gone or merely could not be listed.
private final class WalkedFolders {
    let walk: RawWalk
    private let cursor: RawFiles.Cursor
    private var onDisk: [UInt8]?
    private var isStarted = false

    init(
        root: RawRootHandle, layout: RawLayout, database: Database, source: Int64
    ) throws(LakeError) {
        walk = RawWalk(root: root, layout: layout)
        cursor = try RawFiles.Cursor(database, source: source)
    }

    func next() throws(LakeError) -> FolderTask? {
        if !isStarted {
            isStarted = true
            onDisk = walk.next()
        }
        let remembered = try cursor.peek()?.folder
        let folder: [UInt8]
        switch (onDisk, remembered) {
        case (nil, nil): return nil
        case (let disk?, nil): folder = disk
        case (nil, let known?): folder = known
        case (let disk?, let known?):
            // Both end in a slash, so the walk's order is SQLite's byte order.
            folder = known.lexicographicallyPrecedes(disk) ? known : disk
        }
        if folder == onDisk { onDisk = walk.next() }
        var task = FolderTask(folder: folder, chunks: [])
        while let row = try cursor.peek(), row.folder == folder {
            task.chunks.append(row)
            cursor.advance()
        }
        return task
    }
}

/// The folders of a list of changed paths, each with the names asked for and the chunks that own them.
private final class ListedFolders {
    private var list: ChangedPaths.List.Iterator
    private let finder: RawFiles.Finder

    init(_ list: ChangedPaths.List, database: Database, source: Int64) throws(LakeError) {
        self.list = list.makeIterator()
        finder = try RawFiles.Finder(database, source: source)
    }

    func next() throws(LakeError) -> FolderTask? {
        guard let (folder, names) = list.next() else { return nil }
        let chunks =
            if let names {
                try finder.chunks(of: folder, owning: names)
            } else {
                try finder.chunks(of: folder)
            }
        return FolderTask(folder: folder, chunks: chunks, names: names)
    }
}
