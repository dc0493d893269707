import Columnar
import Glibc

/// One raw file read from its start to its end, as the stat says that it is.
///
/// Opened without following links and without waiting on pipes, like those that `RawFileReader` reads whole.
final class RawFileStream: ByteStream {
    private let descriptor: Int32
    private let path: String
    private var left: Int64
    /// What the file was when it was opened.
    let stat: FileStat

    private init(descriptor: Int32, path: String, stat: FileStat) {
        self.descriptor = descriptor
        self.path = path
        self.stat = stat
        left = stat.sizeBytes
    }

    deinit {
        close(descriptor)
    }

    /// Opens a regular file of a raw root; `failure` is an errno.
    static func open(
        _ path: String, in root: RawRootHandle
    ) throws(LakeError) -> (file: RawFileStream?, failure: Int32) {
        let (descriptor, failure) = descriptor(of: path, in: root)
        guard descriptor >= 0 else {
            if failure == EMFILE || failure == ENFILE || failure == ENOMEM {
                throw .io(operation: "open", path: path, errorNumber: failure)
            }
            return (nil, failure)
        }
        var status = Glibc.stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            return (nil, EINVAL)
        }
        _ = posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL)
        return (RawFileStream(descriptor: descriptor, path: path, stat: FileStat(status)), 0)
    }

    /// Opens a regular file by its name in an open folder; `failure` is an errno.
    static func open(
        _ name: String, folder: Int32, path: String
    ) throws(LakeError) -> (file: RawFileStream?, failure: Int32) {
        let opened = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard opened >= 0 else {
            let failure = errno
            if failure == EMFILE || failure == ENFILE || failure == ENOMEM {
                throw .io(operation: "open", path: path, errorNumber: failure)
            }
            return (nil, failure)
        }
        var status = Glibc.stat()
        guard fstat(opened, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(opened)
            return (nil, EINVAL)
        }
        return (RawFileStream(descriptor: opened, path: path, stat: FileStat(status)), 0)
    }

    private static func descriptor(
        of path: String, in root: RawRootHandle
    ) -> (descriptor: Int32, errorNumber: Int32) {
        let bytes = Array(path.utf8)
        let nameStart = (bytes.lastIndex(of: UInt8(ascii: "/")) ?? -1) + 1
        let (folder, failure) = root.openWithoutLinks(Array(bytes[..<nameStart]))
        guard folder >= 0 else { return (-1, failure) }
        defer { close(folder) }
        let name = String(decoding: bytes[nameStart...], as: UTF8.self)
        let opened = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        return (opened, opened < 0 ? errno : 0)
    }

    /// Bytes up to the size that the stat told; fewer if somebody cut the file.
    func read(into target: UnsafeMutableRawBufferPointer) throws(ColumnarError) -> Int {
        let wanted = min(target.count, Int(left))
        guard wanted > 0 else { return 0 }
        while true {
            let count = Glibc.read(descriptor, target.baseAddress, wanted)
            if count < 0 {
                if errno == EINTR { continue }
                throw .io(operation: "read", path: path, errorNumber: errno)
            }
            left -= Int64(count)
            return count
        }
    }

    /// Whether nobody wrote to the file since it was opened.
    var isUnchanged: Bool {
        var status = Glibc.stat()
        return fstat(descriptor, &status) == 0 && FileStat(status) == stat
    }
}
