import Glibc

/// A new file that appears whole or not at all: temporary name, fsync, rename, fsync of the folder.
///
/// The temporary name is `.` + name + `.tmp` in the same folder. If the object goes before `commit`
/// succeeded, the temporary file is unlinked.
package final class OutputFile {
    package let path: String
    package let temporaryPath: String
    /// Bytes written so far.
    package private(set) var sizeBytes = 0
    private let folder: String
    private var descriptor: Int32
    private var hasTemporary = true

    /// Creates the temporary file; an old one of the same name is replaced.
    package init(path: String) throws(ColumnarError) {
        let bytes = Array(path.utf8)
        let cut = bytes.lastIndex(of: UInt8(ascii: "/"))
        let name = String(decoding: bytes[(cut.map { $0 + 1 } ?? 0)...], as: UTF8.self)
        folder = cut.map { $0 == 0 ? "/" : String(decoding: bytes[..<$0], as: UTF8.self) } ?? "."
        self.path = path
        temporaryPath = (cut == nil ? "" : folder == "/" ? "/" : folder + "/") + ".\(name).tmp"
        descriptor = Glibc.open(
            temporaryPath, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode_t(0o644))
        guard descriptor >= 0 else {
            hasTemporary = false
            throw .io(operation: "create", path: temporaryPath, errorNumber: errno)
        }
    }

    deinit {
        abandon()
    }

    package func write(_ bytes: UnsafeRawBufferPointer) throws(ColumnarError) {
        var done = 0
        while done < bytes.count {
            let count = Glibc.write(descriptor, bytes.baseAddress! + done, bytes.count - done)
            if count < 0, errno == EINTR { continue }
            // A write of nothing would be tried for ever.
            guard count > 0 else {
                throw .io(
                    operation: "write", path: temporaryPath, errorNumber: count < 0 ? errno : EIO)
            }
            done += count
        }
        sizeBytes += bytes.count
    }

    /// Closes and removes the temporary file; nothing was written.
    package func abandon() {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
        if hasTemporary { unlink(temporaryPath) }
        hasTemporary = false
    }

    /// Makes the file durable and visible under its name.
    package func commit() throws(ColumnarError) {
        guard fsync(descriptor) == 0 else {
            throw .io(operation: "fsync", path: temporaryPath, errorNumber: errno)
        }
        let closed = close(descriptor)
        descriptor = -1
        guard closed == 0 else {
            throw .io(operation: "close", path: temporaryPath, errorNumber: errno)
        }
        guard rename(temporaryPath, path) == 0 else {
            throw .io(operation: "rename", path: path, errorNumber: errno)
        }
        hasTemporary = false
        let directory = Glibc.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else {
            throw .io(operation: "open", path: folder, errorNumber: errno)
        }
        defer { close(directory) }
        guard fsync(directory) == 0 else {
            throw .io(operation: "fsync", path: folder, errorNumber: errno)
        }
    }
}
