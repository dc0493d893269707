import Columnar
import Glibc

/// Reads whole raw files into one buffer that is reused, between two stats of the open file.
///
/// The file is opened relative to its folder's descriptor, without following links and without
/// waiting on pipes. If size, times or inode differ before and after the read, somebody writes to it.
struct RawFileReader: ~Copyable {
    /// What came of a read.
    enum Outcome {
        /// The bytes are in `bytes()`.
        case read(FileStat, ContentHash)
        /// It is gone: deleted since the folder was listed.
        case vanished
        /// A link, a pipe, a device or a folder took its name.
        case notAFile
        /// It changed while it was read.
        case changing
        case tooLarge(FileStat)
        case unreadable(errorNumber: Int32)
    }

    private var buffer: Buffer
    private var count = 0
    private let pool: BufferPool
    private let limitBytes: Int

    init(pool: BufferPool, limitBytes: Int = Limits.rawFileBytes) throws(LakeError) {
        self.pool = pool
        self.limitBytes = limitBytes
        do {
            buffer = try pool.allocate(bytes: Self.startBytes)
        } catch {
            throw .columnar(error)
        }
    }

    /// Posts are 1...3 KB: the buffer rarely grows.
    private static let startBytes = 60 << 10

    /// The bytes of the last file read, valid until the next read; 64 more are readable behind them.
    func bytes() -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: buffer.base, count: count)
    }

    /// Reads one file of an open folder; `name` is NUL-terminated.
    mutating func read(
        folder: Int32, name: UnsafePointer<CChar>
    ) throws(LakeError) -> Outcome {
        let descriptor = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else {
            switch errno {
            case ENOENT, ENOTDIR: return .vanished
            case ELOOP, ENXIO, ENODEV: return .notAFile
            case EMFILE, ENFILE, ENOMEM:
                throw .io(operation: "open", path: String(cString: name), errorNumber: errno)
            default: return .unreadable(errorNumber: errno)
            }
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return .unreadable(errorNumber: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { return .notAFile }
        let before = FileStat(status)
        guard before.sizeBytes <= limitBytes else { return .tooLarge(before) }
        if let failure = try fill(from: descriptor, expected: Int(before.sizeBytes)) {
            return failure
        }
        guard fstat(descriptor, &status) == 0 else { return .unreadable(errorNumber: errno) }
        guard FileStat(status) == before, count == Int(before.sizeBytes) else { return .changing }
        return .read(before, ContentHash(bytes()))
    }

    /// Reads to the expected end; a file that is longer than it says is changing.
    private mutating func fill(
        from descriptor: Int32, expected: Int
    ) throws(LakeError) -> Outcome? {
        if expected + 1 > buffer.capacityBytes {
            do {
                buffer = try pool.allocate(bytes: expected + 1)
            } catch {
                throw .columnar(error)
            }
        }
        count = 0
        while count <= expected {
            let got = Glibc.read(descriptor, buffer.base + count, expected + 1 - count)
            if got < 0 {
                if errno == EINTR { continue }
                return .unreadable(errorNumber: errno)
            }
            if got == 0 { break }
            count += got
            // One call suffices for a whole file: the second stat confirms that this is its end.
            if count == expected { break }
        }
        return count > expected ? .changing : nil
    }
}
