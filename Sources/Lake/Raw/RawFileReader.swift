import CXXHash
import Columnar
import Glibc

/// Reads whole raw files into one buffer, one behind the other, each between two stats of the open file.
///
/// A file is opened relative to its folder's descriptor, without following links and without
/// waiting on pipes. If size, times or inode differ before and after the read, somebody writes to it.
struct RawFileReader: ~Copyable {
    /// What came of a read.
    enum Outcome {
        /// The bytes are in `bytes(range)`, if the reader keeps them.
        case read(FileStat, ContentHash, Range<Int>)
        /// It is gone: deleted since the folder was listed.
        case vanished
        /// A link, a pipe, a device or a folder took its name.
        case notAFile
        /// It changed while it was read.
        case changing
        case tooLarge(FileStat)
        case unreadable(errorNumber: Int32)
        /// It does not fit behind the files read before; nothing was read.
        case noRoom(sizeBytes: Int)
    }

    private var buffer: Buffer
    private var count = 0
    private let pool: BufferPool
    private let limitBytes: Int
    private let keepsBytes: Bool

    /// - keepsBytes: false: files are hashed as they stream by, whatever their size.
    init(
        pool: BufferPool, limitBytes: Int = Limits.rawFileBytes, keepsBytes: Bool = true
    ) throws(LakeError) {
        self.pool = pool
        self.limitBytes = limitBytes
        self.keepsBytes = keepsBytes
        do {
            buffer = try pool.allocate(bytes: Self.startBytes)
        } catch {
            throw .columnar(error)
        }
    }

    /// Posts are 1...3 KB: some hundred files fit, and the buffer's size is a power of two.
    static let startBytes = 1 << 20 - Buffer.padding

    /// Whether no file has been read since the buffer was emptied.
    var isEmpty: Bool { count == 0 }

    /// Bytes of a file read, valid until the buffer is emptied; 64 more are readable behind them.
    func bytes(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: buffer.base + range.lowerBound, count: range.count)
    }

    /// Forgets all files; a buffer that was grown for a large one is given back.
    mutating func removeAll() throws(LakeError) {
        count = 0
        if buffer.capacityBytes > Self.startBytes { try replaceBuffer(bytes: Self.startBytes) }
    }

    /// Makes room for one file of a size; only an empty reader may grow.
    mutating func reserve(sizeBytes: Int) throws(LakeError) {
        precondition(count == 0)
        if sizeBytes + 1 > buffer.capacityBytes { try replaceBuffer(bytes: sizeBytes + 1) }
    }

    private mutating func replaceBuffer(bytes: Int) throws(LakeError) {
        do {
            buffer = try pool.allocate(bytes: bytes)
        } catch {
            throw .columnar(error)
        }
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
        guard keepsBytes else { return hash(descriptor, before) }
        let size = Int(before.sizeBytes)
        guard count + size + 1 <= buffer.capacityBytes else { return .noRoom(sizeBytes: size) }
        if let failure = fill(from: descriptor, expected: size) { return failure }
        guard fstat(descriptor, &status) == 0 else { return .unreadable(errorNumber: errno) }
        guard FileStat(status) == before else { return .changing }
        let range = count..<count + size
        count += size
        return .read(before, ContentHash(bytes(range)), range)
    }

    /// Reads a file through the buffer and keeps nothing of it but its hash.
    private func hash(_ descriptor: Int32, _ before: FileStat) -> Outcome {
        guard let state = XXH3_createState() else { return .unreadable(errorNumber: ENOMEM) }
        defer { XXH3_freeState(state) }
        XXH3_128bits_reset(state)
        var total: Int64 = 0
        while true {
            let got = Glibc.read(descriptor, buffer.base, Self.startBytes)
            if got < 0 {
                if errno == EINTR { continue }
                return .unreadable(errorNumber: errno)
            }
            if got == 0 { break }
            XXH3_128bits_update(state, buffer.base, got)
            total += Int64(got)
            // It grows faster than it is read.
            if total > before.sizeBytes { return .changing }
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return .unreadable(errorNumber: errno) }
        guard FileStat(status) == before, total == before.sizeBytes else { return .changing }
        let hash = XXH3_128bits_digest(state)
        return .read(before, ContentHash(low: hash.low64, high: hash.high64), 0..<0)
    }

    /// Reads to the expected end; a file that is longer or shorter than it says is changing.
    private func fill(from descriptor: Int32, expected: Int) -> Outcome? {
        var filled = 0
        while filled <= expected {
            let got = Glibc.read(
                descriptor, buffer.base + count + filled, expected + 1 - filled)
            if got < 0 {
                if errno == EINTR { continue }
                return .unreadable(errorNumber: errno)
            }
            if got == 0 { break }
            filled += got
            // One call suffices for a whole file: the second stat confirms that this is its end.
            if filled == expected { break }
        }
        return filled == expected ? nil : .changing
    }
}
