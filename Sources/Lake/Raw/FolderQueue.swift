import Synchronization

/// Hands out folders to scan, in path order: those on disk and those remembered, merged.
///
/// Workers pull from it. A remembered folder that the walk did not meet is handed out too: only
/// opening it tells whether it is gone or merely could not be listed.
final class FolderQueue: @unchecked Sendable {
    private let lock = Mutex<Void>(())
    private let walk: RawWalk
    private let cursor: RawFiles.Cursor
    private var onDisk: [UInt8]?
    private var isStarted = false

    /// Folders handed out at once: enough to make the lock free, few enough to share the end.
    private static let batchFolders = 32

    init(
        root: RawRootHandle, layout: RawLayout, database: Database, source: Int64
    ) throws(LakeError) {
        walk = RawWalk(root: root, layout: layout)
        cursor = try RawFiles.Cursor(database, source: source)
    }

    /// The next folders; empty at the end.
    func next() throws(LakeError) -> [FolderTask] {
        var tasks: [FolderTask] = []
        let failure: LakeError? = lock.withLock { _ in
            do throws(LakeError) {
                while tasks.count < Self.batchFolders, let task = try one() { tasks.append(task) }
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw failure }
        return tasks
    }

    /// What the walk itself counted; after the last `next`.
    var leftovers: (ignored: Int, unreadable: [RawWalk.Unreadable]) {
        lock.withLock { _ in (walk.ignoredCount, walk.unreadable) }
    }

    private func one() throws(LakeError) -> FolderTask? {
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
