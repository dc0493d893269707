import Columnar
import Glibc

/// One raw file written from a pack: a name of its own until it is whole, verified and dated.
enum RestoredRawFile {
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

    /// Writes a file with its bytes and times; on an error nothing of it is left.
    ///
    /// - replaces: false: a file that has turned up meanwhile stays, and is an error.
    static func write(
        _ file: PackedFile, to path: String, replaces: Bool, pool: BufferPool
    ) throws(LakeError) {
        let temporary = path + ".lake-restore.tmp"
        let descriptor = open(
            temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard descriptor >= 0 else {
            throw .io(operation: "create", path: temporary, errorNumber: errno)
        }
        do throws(LakeError) {
            try copy(file, to: descriptor, temporary, pool)
            let nanos = file.entry.stat.modifiedNanos
            let seconds = nanos.quotientTowardsPast(1_000_000_000)
            let time = timespec(
                tv_sec: Int(seconds), tv_nsec: Int(nanos - seconds * 1_000_000_000))
            guard futimens(descriptor, [time, time]) == 0 else {
                throw .io(operation: "set times", path: temporary, errorNumber: errno)
            }
            guard fsync(descriptor) == 0 else {
                throw .io(operation: "fsync", path: temporary, errorNumber: errno)
            }
        } catch {
            close(descriptor)
            unlink(temporary)
            throw error
        }
        guard close(descriptor) == 0, name(temporary, path, replaces: replaces) else {
            let number = errno
            unlink(temporary)
            throw .io(operation: "create", path: path, errorNumber: number)
        }
    }

    /// Gives a file its own name, in nobody's place unless that is meant; false with an errno.
    private static func name(_ temporary: String, _ path: String, replaces: Bool) -> Bool {
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

    private static func copy(
        _ file: PackedFile, to descriptor: Int32, _ path: String, _ pool: BufferPool
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

/// Makes the folders of restored files, each once.
struct RestoredFolders {
    private let root: String
    private var last: String?

    init(root: String) {
        self.root = root
    }

    mutating func make(forPath path: String) throws(LakeError) {
        let folder = "\(root)/\(RowLedger.parts(of: path).folder)"
        if folder == last { return }
        try Self.make(String(folder.dropLast()))
        last = folder
    }

    private static func make(_ folder: String) throws(LakeError) {
        if mkdir(folder, 0o755) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, let parent = DurableFile.parent(of: folder) else {
            throw .io(operation: "mkdir", path: folder, errorNumber: errno)
        }
        try make(parent)
        guard mkdir(folder, 0o755) == 0 || errno == EEXIST else {
            throw .io(operation: "mkdir", path: folder, errorNumber: errno)
        }
    }
}
