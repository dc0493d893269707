import Columnar
import Glibc
import Synchronization

/// Follows a raw folder by inotify: collects which files were written, moved or deleted.
///
/// The kernel watches folders, not trees, and drops events when its queue is full; what happens while
/// nobody watches it never tells. So this is an accelerator: `hasMissed` says that a whole run is due, and
/// one is due now and then in any case. One thread calls `pump` all the time, others ask what came.
package final class RawWatch: Sendable {
    private struct State {
        var names: [RawNames] = []
        /// Folders below the root with closing slashes, by watch; empty for the root.
        var folders: [Int32: [UInt8]] = [:]
        var changed: ChangedPaths
        /// When the first and the last change since the last `take` came.
        var times: (first: UInt64, last: UInt64)?
        var hasMissed = false
        /// Folders that the kernel would not watch.
        var unwatchedCount = 0
    }

    private let descriptor: Int32
    private let root: String
    private let nanos: @Sendable () -> UInt64
    private let state: Mutex<State>

    /// What a folder is to the layouts.
    private struct Role {
        var holdsFiles = false
        var holdsFolders = false

        var mask: UInt32 {
            var mask = IN_MOVED_TO | IN_MOVED_FROM | Int32(IN_DELETE) | IN_ONLYDIR
            mask |= Int32(IN_DONT_FOLLOW) | Int32(IN_EXCL_UNLINK)
            if holdsFiles { mask |= Int32(IN_CLOSE_WRITE) }
            if holdsFolders { mask |= Int32(IN_CREATE) }
            return UInt32(bitPattern: mask)
        }
    }

    /// - root: absolute path of the raw folder.
    /// - nanos: a clock that never jumps.
    package init(root: String, nanos: @escaping @Sendable () -> UInt64) throws(LakeError) {
        self.root = root
        self.nanos = nanos
        descriptor = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
        guard descriptor >= 0 else {
            throw .io(operation: "watch", path: root, errorNumber: errno)
        }
        state = Mutex(State(changed: ChangedPaths(root: root)))
    }

    deinit {
        close(descriptor)
    }

    /// Watches all folders that the layouts may use; again to find what was missed.
    ///
    /// Returns how many folders could not be watched: the kernel's limit is `fs.inotify.max_user_watches`.
    package func watch(_ layouts: [RawLayout]) -> Int {
        state.withLock { state in
            state.names = layouts.map { RawNames($0) }
            state.unwatchedCount = 0
            state.hasMissed = false
            add([], isNew: false, &state)
            return state.unwatchedCount
        }
    }

    /// Whether events were lost, so that only a whole run finds all changes.
    package var hasMissed: Bool { state.withLock { $0.hasMissed } }

    /// Whether changes wait, and either none came for `quietNanos` or the first is `limitNanos` old.
    package func isReady(quietNanos: UInt64, limitNanos: UInt64) -> Bool {
        let now = nanos()
        return state.withLock { state in
            guard let times = state.times else { return false }
            return now &- times.last >= quietNanos || now &- times.first >= limitNanos
        }
    }

    /// The changes so far, for `CompactionOptions.changed`; collecting begins anew.
    package func take() -> ChangedPaths {
        state.withLock { state in
            var changed = state.changed
            changed.finish()
            state.changed = ChangedPaths(root: root)
            state.times = nil
            return changed
        }
    }

    /// Takes paths that must be looked at once more.
    package func add(paths: [String]) {
        state.withLock { state in
            for path in paths { note(Array(path.utf8), &state) }
        }
    }

    /// Waits for events, at most so long, and takes them.
    package func pump(milliseconds: Int32) throws(LakeError) {
        var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        let ready = Glibc.poll(&poll, 1, milliseconds)
        guard ready > 0 else {
            guard ready == 0 || errno == EINTR else {
                throw .io(operation: "watch", path: root, errorNumber: errno)
            }
            return
        }
        try withUnsafeTemporaryAllocation(
            byteCount: Self.bufferBytes, alignment: MemoryLayout<inotify_event>.alignment
        ) { (buffer) throws(LakeError) in
            while true {
                let count = read(descriptor, buffer.baseAddress, buffer.count)
                guard count > 0 else {
                    if count == 0 || errno == EAGAIN { return }
                    if errno == EINTR { continue }
                    throw .io(operation: "watch", path: root, errorNumber: errno)
                }
                state.withLock { state in
                    take(UnsafeRawBufferPointer(rebasing: buffer[..<count]), &state)
                }
            }
        }
    }

    private static let bufferBytes = 64 << 10

    private func take(_ events: UnsafeRawBufferPointer, _ state: inout State) {
        let headBytes = MemoryLayout<inotify_event>.size
        var position = 0
        while position + headBytes <= events.count {
            let event = events.loadUnaligned(fromByteOffset: position, as: inotify_event.self)
            let end = position + headBytes + Int(event.len)
            guard end <= events.count else { return }
            let name = events[(position + headBytes)..<end].prefix { $0 != 0 }
            handle(event, Array(name), &state)
            position = end
        }
    }

    private func handle(_ event: inotify_event, _ name: [UInt8], _ state: inout State) {
        func has(_ bits: Int...) -> Bool {
            bits.contains { event.mask & UInt32(truncatingIfNeeded: $0) != 0 }
        }
        if has(Int(IN_Q_OVERFLOW), Int(IN_UNMOUNT)) {
            state.hasMissed = true
            return
        }
        if has(Int(IN_IGNORED)) {
            state.folders[event.wd] = nil
            return
        }
        guard let folder = state.folders[event.wd], !name.isEmpty else { return }
        guard has(Int(IN_ISDIR)) else {
            if has(Int(IN_CLOSE_WRITE), Int(IN_MOVED_TO), Int(IN_MOVED_FROM), Int(IN_DELETE)) {
                noteFile(folder + name, &state)
            }
            return
        }
        let path = folder + name + [UInt8(ascii: "/")]
        if has(Int(IN_CREATE), Int(IN_MOVED_TO)) {
            add(path, isNew: true, &state)
        } else if has(Int(IN_MOVED_FROM), Int(IN_DELETE)) {
            leave(path, &state)
        }
    }

    private func noteFile(_ path: [UInt8], _ state: inout State) {
        let isOurs = path.withUnsafeBytes { path in
            state.names.indices.contains { state.names[$0].accepts(path: path) }
        }
        if isOurs { note(path, &state) }
    }

    private func note(_ path: [UInt8], _ state: inout State) {
        let now = nanos()
        state.times = (state.times?.first ?? now, now)
        if state.changed.count < Limits.watchedChanges,
            (try? state.changed.append(path: path)) != nil
        {
            return
        }
        // So many changes are found faster by walking.
        state.changed = ChangedPaths(root: root)
        state.hasMissed = true
    }

    /// A folder was moved away or deleted, with all that is in it.
    private func leave(_ path: [UInt8], _ state: inout State) {
        let role = role(of: path, &state)
        if role.holdsFiles { note(path, &state) }
        if role.holdsFolders { state.hasMissed = true }
        guard role.holdsFiles || role.holdsFolders else { return }
        for (watch, folder) in state.folders where folder.starts(with: path) {
            inotify_rm_watch(descriptor, watch)
            state.folders[watch] = nil
        }
    }

    /// Watches a folder and the folders in it; what lies in a new one already counts as changed.
    private func add(_ folder: [UInt8], isNew: Bool, _ state: inout State) {
        let role = role(of: folder, &state)
        guard role.holdsFiles || role.holdsFolders else { return }
        let path = root + "/" + String(decoding: folder, as: UTF8.self)
        let watch = inotify_add_watch(descriptor, path, role.mask)
        if watch >= 0 {
            state.folders[watch] = folder
        } else if errno != ENOENT, errno != ENOTDIR {
            state.unwatchedCount += 1
        }
        // First watched, then listed: a file that comes in between is found twice, never missed.
        if isNew, role.holdsFiles, !folder.isEmpty { note(folder, &state) }
        guard role.holdsFolders else { return }
        let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
        let opened = open(folder.isEmpty ? root : String(path.dropLast()), flags)
        guard opened >= 0 else { return }
        let listing = DirectoryListing()
        guard listing.read(closing: opened, order: .folders) == 0 else { return }
        for entry in listing.entries where entry.kind != .file {
            add(folder + listing.name(entry) + [UInt8(ascii: "/")], isNew: isNew, &state)
        }
    }

    private func role(of folder: [UInt8], _ state: inout State) -> Role {
        var role = Role()
        let parts = folder.split(separator: UInt8(ascii: "/"))
        for index in state.names.indices where parts.count < state.names[index].levelCount {
            var isOurs = true
            for (level, part) in parts.enumerated() where isOurs {
                isOurs = part.withUnsafeBytes { state.names[index].accepts($0, level: level) }
            }
            guard isOurs else { continue }
            if parts.count == state.names[index].levelCount - 1 {
                role.holdsFiles = true
            } else {
                role.holdsFolders = true
            }
        }
        return role
    }
}
