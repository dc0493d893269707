import Columnar
import Glibc

/// Raw files written from packs: under names of their own until they are whole, verified, dated and durable.
///
/// Many are made durable at once: to sync one after the other takes longer than all the rest.
struct RestoredRawFiles: ~Copyable {
    /// What lies at a place already.
    enum Place {
        case free
        /// The same bytes.
        case same
        /// Something else; only a plain file may be replaced.
        case other(mayReplace: Bool)
    }

    static func look(at path: String, _ entry: PackEntry) throws(LakeError) -> Place {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            switch errno {
            case ENOENT: return .free
            case ENOTDIR: return .other(mayReplace: false)
            default: throw .io(operation: "look for", path: path, errorNumber: errno)
            }
        }
        guard status.st_mode & S_IFMT == S_IFREG else { return .other(mayReplace: false) }
        guard Int64(status.st_size) == entry.stat.sizeBytes, try digest(of: path) == entry.sha256
        else { return .other(mayReplace: true) }
        return .same
    }

    private static func digest(of path: String) throws(LakeError) -> [UInt8] {
        let file = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard file >= 0 else { throw .io(operation: "open", path: path, errorNumber: errno) }
        defer { close(file) }
        var digest = SHA256.Stream()
        var room = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = read(file, &room, room.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                throw .io(operation: "read", path: path, errorNumber: errno)
            }
            if count == 0 { return digest.finish() }
            room.withUnsafeBytes {
                digest.update(UnsafeRawBufferPointer(rebasing: $0[..<count]))
            }
        }
    }

    /// Whether files that are there are replaced; else one that has turned up meanwhile stays, and is an error.
    private let replaces: Bool
    private let pool: BufferPool
    /// Names of files that are whole and not yet durable.
    private var waiting: [String] = []

    private static let waitingLimit = 512
    /// They wait for the disk, which syncs many in the time of one.
    private static let syncThreads = 16
    private static let ending = ".lake-restore.tmp"

    init(replaces: Bool, pool: BufferPool) {
        self.replaces = replaces
        self.pool = pool
    }

    deinit {
        for path in waiting { unlink(path + Self.ending) }
    }

    /// Writes a file with its bytes and times; on an error nothing of it is left.
    mutating func add(_ file: PackedFile, at path: String) throws(LakeError) {
        let temporary = path + Self.ending
        let descriptor = open(
            temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard descriptor >= 0 else {
            throw .io(operation: "create", path: temporary, errorNumber: errno)
        }
        do throws(LakeError) {
            try copy(file, to: descriptor, temporary)
            let nanos = file.entry.stat.modifiedNanos
            let seconds = nanos.quotientTowardsPast(1_000_000_000)
            let time = timespec(
                tv_sec: Int(seconds), tv_nsec: Int(nanos - seconds * 1_000_000_000))
            guard futimens(descriptor, [time, time]) == 0 else {
                throw .io(operation: "set times", path: temporary, errorNumber: errno)
            }
        } catch {
            close(descriptor)
            unlink(temporary)
            throw error
        }
        guard close(descriptor) == 0 else {
            let number = errno
            unlink(temporary)
            throw .io(operation: "write", path: temporary, errorNumber: number)
        }
        waiting.append(path)
        if waiting.count >= Self.waitingLimit { try settle() }
    }

    /// Makes durable what was added, and gives it its names.
    mutating func settle() throws(LakeError) {
        try Self.sync(waiting.map { $0 + Self.ending })
        var folders: Set<String> = []
        while let path = waiting.last {
            guard name(path) else {
                throw .io(operation: "create", path: path, errorNumber: errno)
            }
            waiting.removeLast()
            folders.insert(DurableFile.parent(of: path) ?? path)
        }
        try Self.sync(Array(folders))
    }

    fileprivate static func sync(_ paths: [String]) throws(LakeError) {
        try Workers.forEach(paths.count, workers: syncThreads) { (index) throws(LakeError) in
            let descriptor = open(paths[index], O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else {
                throw .io(operation: "open", path: paths[index], errorNumber: errno)
            }
            defer { close(descriptor) }
            guard fsync(descriptor) == 0 else {
                throw .io(operation: "fsync", path: paths[index], errorNumber: errno)
            }
        }
    }

    /// Gives a file its own name, in nobody's place unless that is meant; false with an errno.
    private func name(_ path: String) -> Bool {
        let temporary = path + Self.ending
        if replaces { return rename(temporary, path) == 0 }
        if link(temporary, path) == 0 {
            unlink(temporary)
            return true
        }
        // Some file systems have no second names.
        guard [EPERM, EOPNOTSUPP, ENOSYS].contains(errno), access(path, F_OK) != 0 else {
            return false
        }
        return rename(temporary, path) == 0
    }

    private func copy(
        _ file: PackedFile, to descriptor: Int32, _ path: String
    ) throws(LakeError) {
        do throws(ColumnarError) {
            let room = try pool.allocate(bytes: 250 << 10)
            while true {
                let count = try file.read(
                    into: UnsafeMutableRawBufferPointer(
                        start: room.base, count: room.capacityBytes))
                if count == 0 { return }
                var done = 0
                while done < count {
                    let written = Glibc.write(descriptor, room.base + done, count - done)
                    if written < 0, errno == EINTR { continue }
                    guard written > 0 else {
                        throw .io(
                            operation: "write", path: path,
                            errorNumber: written < 0 ? errno : ENOSPC)
                    }
                    done += written
                }
            }
        } catch {
            throw .columnar(error)
        }
    }
}

/// The folders of restored files: looked at and made, each once.
///
/// Below the root none may be a link: it would lead out of it.
struct RestoredFolders {
    private let root: String
    /// Of the last path, below the root.
    private var last: String?
    /// Folders that have new ones, and are not synced.
    private var parents: Set<String> = []

    private static let waitingLimit = 512

    init(root: String) {
        self.root = root
    }

    /// Throws `invalidLocation` if what is there of a path's folder is not all folders.
    mutating func look(forPath path: String) throws(LakeError) {
        try walk(path) { (folder) throws(LakeError) in try Self.requireFolder(folder) }
    }

    mutating func make(forPath path: String) throws(LakeError) {
        var made: [String] = []
        if last == nil { try Self.makeRoot(root, &made) }
        try walk(path) { (folder) throws(LakeError) in
            if try Self.make(folder) { made.append(folder) }
        }
        parents.formUnion(made.compactMap(DurableFile.parent))
        if parents.count >= Self.waitingLimit { try settle() }
    }

    /// Makes the new folders durable.
    mutating func settle() throws(LakeError) {
        try RestoredRawFiles.sync(Array(parents))
        parents = []
    }

    /// Visits the folders of a path, from the root, but for those that the last path had too.
    private mutating func walk(
        _ path: String, _ visit: (String) throws(LakeError) -> Void
    ) throws(LakeError) {
        let folder = RowLedger.parts(of: path).folder
        if folder == last { return }
        if last == nil {
            var status = stat()
            if stat(root, &status) == 0, status.st_mode & S_IFMT != S_IFDIR {
                throw .invalidLocation(path: root, reason: "it is no folder")
            }
        }
        var below = ""
        for name in folder.split(separator: "/") {
            below += "\(name)/"
            if last?.hasPrefix(below) != true { try visit("\(root)/\(below.dropLast())") }
        }
        last = folder
    }

    private static func requireFolder(_ folder: String) throws(LakeError) {
        var status = stat()
        guard lstat(folder, &status) == 0 else {
            // What is in the place of an earlier folder of the path was told.
            if errno == ENOENT { return }
            throw .io(operation: "look for", path: folder, errorNumber: errno)
        }
        switch status.st_mode & S_IFMT {
        case S_IFDIR: return
        case S_IFLNK:
            throw .invalidLocation(
                path: folder, reason: "it is a link, which may lead anywhere else")
        default: throw .invalidLocation(path: folder, reason: "it is no folder")
        }
    }

    /// Whether it is new.
    private static func make(_ folder: String) throws(LakeError) -> Bool {
        if mkdir(folder, 0o755) == 0 { return true }
        guard errno == EEXIST else {
            throw .io(operation: "mkdir", path: folder, errorNumber: errno)
        }
        try requireFolder(folder)
        return false
    }

    /// The root may be a link: somebody has named it.
    private static func makeRoot(_ folder: String, _ made: inout [String]) throws(LakeError) {
        if mkdir(folder, 0o755) == 0 {
            made.append(folder)
            return
        }
        if errno == EEXIST { return }
        guard errno == ENOENT, let parent = DurableFile.parent(of: folder) else {
            throw .io(operation: "mkdir", path: folder, errorNumber: errno)
        }
        try makeRoot(parent, &made)
        guard mkdir(folder, 0o755) == 0 || errno == EEXIST else {
            throw .io(operation: "mkdir", path: folder, errorNumber: errno)
        }
        made.append(folder)
    }
}
