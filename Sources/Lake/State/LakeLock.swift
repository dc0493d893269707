import Glibc

/// The kernel's lock on a lake: one writer at a time, freed by the kernel however the writer ends.
///
/// `flock` on `lake.lock`; the file holds what the holder says of itself, for messages only, never for
/// decisions: process numbers are reused and files are copied.
package final class LakeLock {
    private let descriptor: Int32

    private init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit {
        _ = ftruncate(descriptor, 0)
        close(descriptor)
    }

    package static let fileName = "lake.lock"

    /// Who asks for the lock, and how patiently.
    package struct Request: Sendable {
        /// What others read of us: `lake compact, since 2026-01-02 03:04:05 UTC`.
        package var note = ""
        /// How long to wait for another writer; nil: for ever.
        package var waitMilliseconds: Int? = 0
        /// Asked while waiting: true gives up with `ColumnarError.cancelled`.
        package var isCancelled: @Sendable () -> Bool = { false }

        package init() {}
    }

    private static let pollMilliseconds = 20
    /// Readers that ask for the holder have the lock for an instant: no reason to turn a writer away.
    private static let graceMilliseconds = 100
    private static let noteBytes = 512

    /// Takes the lock of a lake's folder, or says who holds it (`LakeError.busy`).
    package static func take(
        _ lake: String, _ request: Request = Request()
    ) throws(LakeError) -> LakeLock {
        let path = "\(lake)/\(fileName)"
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard descriptor >= 0 else {
            throw .io(operation: "open lock", path: path, errorNumber: errno)
        }
        let patience = request.waitMilliseconds.map { max($0, graceMilliseconds) }
        var waited = 0
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            let number = errno
            if number == EINTR { continue }
            guard number == EWOULDBLOCK else {
                close(descriptor)
                throw .io(operation: "lock", path: path, errorNumber: number)
            }
            guard patience.map({ waited < $0 }) ?? true else {
                let holder = note(descriptor)
                close(descriptor)
                throw .busy(path: lake, holder: holder)
            }
            if request.isCancelled() {
                close(descriptor)
                throw .columnar(.cancelled)
            }
            usleep(UInt32(pollMilliseconds) * 1_000)
            waited += pollMilliseconds
        }
        let said = request.note.isEmpty ? "" : ", \(request.note)"
        let line = "process \(getpid())\(said)".split(separator: "\n").joined(separator: " ")
        let text = Array(line.utf8.prefix(noteBytes - 1)) + [UInt8(ascii: "\n")]
        // The note is a courtesy: a full disk must not keep anyone from locking.
        _ = ftruncate(descriptor, 0)
        _ = pwrite(descriptor, text, text.count, 0)
        return LakeLock(descriptor: descriptor)
    }

    /// What the present holder says of itself; nil if nobody holds the lock.
    package static func holder(of lake: String) throws(LakeError) -> String? {
        let path = "\(lake)/\(fileName)"
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw .io(operation: "open lock", path: path, errorNumber: errno)
        }
        defer { close(descriptor) }
        while flock(descriptor, LOCK_SH | LOCK_NB) != 0 {
            if errno == EINTR { continue }
            guard errno == EWOULDBLOCK else {
                throw .io(operation: "lock", path: path, errorNumber: errno)
            }
            return note(descriptor) ?? "a process that did not say who it is"
        }
        return nil
    }

    /// What the holder wrote about itself.
    private static func note(_ descriptor: Int32) -> String? {
        var bytes = [UInt8](repeating: 0, count: noteBytes)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        guard count > 0 else { return nil }
        let line = bytes[..<count].prefix { $0 != UInt8(ascii: "\n") }
        return String(decoding: line, as: UTF8.self)
    }
}
