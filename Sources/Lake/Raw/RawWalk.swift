import Glibc

/// The folders that can hold raw files of one pattern, in the byte order of their paths.
///
/// Descends only where the pattern allows and never through links; at most one descriptor a level
/// is open. The last level's files are not listed here: that is a worker's job (`FolderScan`).
/// A folder that cannot be read is reported and skipped; it says nothing about what lies in it.
package final class RawWalk {
    /// A folder that refused to be listed.
    package struct Unreadable: Hashable, Sendable {
        package let path: String
        package let errorNumber: Int32
    }

    /// A folder being gone through: its names and the next one to visit.
    private struct Level {
        let descriptor: Int32
        let listing: DirectoryListing
        var next = 0
        /// Length of the path of the folder itself.
        let pathCount: Int
    }

    private let root: RawRootHandle
    private var names: RawNames
    private var levels: [Level] = []
    private var path: [UInt8] = []
    private var isStarted = false
    /// Names that no file of this pattern can have: temporary, foreign, links, pipes.
    package private(set) var ignoredCount = 0
    package private(set) var unreadable: [Unreadable] = []

    package init(root: RawRootHandle, layout: RawLayout) {
        self.root = root
        names = RawNames(layout)
    }

    deinit {
        for level in levels { close(level.descriptor) }
    }

    /// Levels of folders above the files.
    private var folderLevels: Int { names.levelCount - 1 }

    /// The next folder relative to the root, with a closing slash; empty for the root itself.
    package func next() -> [UInt8]? {
        if !isStarted {
            isStarted = true
            if folderLevels == 0 { return [] }
            push(parent: root.descriptor, name: nil)
        }
        while let top = levels.indices.last {
            guard let entry = nextEntry(top) else {
                close(levels[top].descriptor)
                levels.removeLast()
                continue
            }
            path.removeLast(path.count - levels[top].pathCount)
            path.append(contentsOf: levels[top].listing.name(entry))
            path.append(UInt8(ascii: "/"))
            if levels.count == folderLevels { return path }
            push(parent: levels[top].descriptor, name: entry)
        }
        return nil
    }

    /// The next name of a level that the pattern accepts.
    private func nextEntry(_ level: Int) -> DirectoryListing.Entry? {
        while levels[level].next < levels[level].listing.entries.count {
            let listing = levels[level].listing
            let entry = listing.entries[levels[level].next]
            levels[level].next += 1
            let name = listing.name(entry)
            if entry.kind != .file, names.accepts(name, level: level) {
                return entry
            }
            let isMarker = level == 0 && RawRoot.isMarker(name)
            // A literal level has neighbours that belong to other tables.
            if !isMarker && !names.isLiteral(level: level) { ignoredCount += 1 }
        }
        return nil
    }

    /// Opens and lists a folder: `name` in the level above, or the root.
    private func push(parent: Int32, name: DirectoryListing.Entry?) {
        let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
        let descriptor: Int32
        if let name, let top = levels.last {
            descriptor = openat(parent, top.listing.chars(name), flags)
        } else {
            descriptor = openat(parent, ".", flags)
        }
        guard descriptor >= 0 else { return report(errno) }
        let listed = dup(descriptor)
        guard listed >= 0 else {
            let number = errno
            close(descriptor)
            return report(number)
        }
        let listing = DirectoryListing()
        let failure = listing.read(closing: listed, order: .folders)
        guard failure == 0 else {
            close(descriptor)
            return report(failure)
        }
        if !names.isLiteral(level: levels.count) {
            ignoredCount += listing.specialCount
        }
        levels.append(Level(descriptor: descriptor, listing: listing, pathCount: path.count))
    }

    private func report(_ errorNumber: Int32) {
        // Gone since its parent was listed, or never a folder: then it holds no raw files.
        if errorNumber == ENOENT || errorNumber == ENOTDIR || errorNumber == ELOOP { return }
        let text = String(decoding: path, as: UTF8.self)
        unreadable.append(Unreadable(path: text, errorNumber: errorNumber))
    }
}
