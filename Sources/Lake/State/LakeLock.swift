import Glibc

/// The kernel's lock on a lake: one writer at a time, freed by the kernel however the writer ends.
///
/// `flock` on `lake.lock`; the file holds the holder's process number for messages only, never for
/// decisions: numbers are reused and files are copied.
package final class LakeLock {
    private let descriptor: Int32

    private init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    package static let fileName = "lake.lock"

    /// Takes the lock of a lake's folder, or says who holds it (`LakeError.busy`).
    package static func take(_ lake: String) throws(LakeError) -> LakeLock {
        let path = "\(lake)/\(fileName)"
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard descriptor >= 0 else {
            throw .io(operation: "open lock", path: path, errorNumber: errno)
        }
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            let number = errno
            if number == EINTR { continue }
            let holder = note(descriptor)
            close(descriptor)
            guard number == EWOULDBLOCK else {
                throw .io(operation: "lock", path: path, errorNumber: number)
            }
            throw .busy(path: holder.isEmpty ? lake : "\(lake) (\(holder))")
        }
        let text = Array("process \(getpid())\n".utf8)
        // The note is a courtesy: a full disk must not keep anyone from locking.
        _ = ftruncate(descriptor, 0)
        _ = pwrite(descriptor, text, text.count, 0)
        return LakeLock(descriptor: descriptor)
    }

    /// What the holder wrote about itself.
    private static func note(_ descriptor: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        guard count > 0 else { return "" }
        let line = bytes[..<count].prefix { $0 != UInt8(ascii: "\n") }
        return String(decoding: line, as: UTF8.self)
    }
}
