import Glibc

/// What identifies one version of a file: if any of these differ, it was replaced or rewritten.
package struct FileVersion: Hashable, Sendable {
    package let sizeBytes: Int
    package let modifiedSeconds: Int
    package let modifiedNanoseconds: Int
    package let inode: UInt64

    init(sizeBytes: Int, modifiedSeconds: Int, modifiedNanoseconds: Int, inode: UInt64) {
        self.sizeBytes = sizeBytes
        self.modifiedSeconds = modifiedSeconds
        self.modifiedNanoseconds = modifiedNanoseconds
        self.inode = inode
    }

    init(_ status: stat) {
        self.init(
            sizeBytes: Int(status.st_size), modifiedSeconds: status.st_mtim.tv_sec,
            modifiedNanoseconds: status.st_mtim.tv_nsec, inode: UInt64(status.st_ino))
    }

    /// The version of the file that lies at a path now.
    package init(path: String) throws(ColumnarError) {
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw .io(operation: "open", path: path, errorNumber: errno)
        }
        self.init(status)
    }
}

/// A file open for positioned reads; closed when the last reference goes.
package final class InputFile: Sendable {
    package let path: String
    package let version: FileVersion
    private let descriptor: Int32

    /// Opens a regular file for reading.
    package init(path: String) throws(ColumnarError) {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw .io(operation: "open", path: path, errorNumber: errno)
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let code = errno
            close(descriptor)
            throw .io(operation: "fstat", path: path, errorNumber: code)
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw .io(
                operation: "open", path: path,
                errorNumber: status.st_mode & S_IFMT == S_IFDIR ? EISDIR : EINVAL)
        }
        self.path = path
        self.descriptor = descriptor
        version = FileVersion(status)
    }

    deinit {
        close(descriptor)
    }

    package var sizeBytes: Int { version.sizeBytes }

    /// Fills `target` from `offset`; a file that ends before is an error.
    package func read(
        offset: Int, into target: UnsafeMutableRawBufferPointer
    ) throws(ColumnarError) {
        var done = 0
        while done < target.count {
            let count = pread(
                descriptor, target.baseAddress! + done, target.count - done, off_t(offset + done))
            if count < 0 {
                if errno == EINTR { continue }
                throw .io(operation: "read", path: path, errorNumber: errno)
            }
            guard count > 0 else {
                throw .corrupt(
                    FileLocation(path: path, offset: offset + done),
                    reason: "the file ends here, \(target.count - done) bytes too early")
            }
            done += count
        }
    }

    /// `count` bytes from `offset` in pool memory.
    package func read(
        offset: Int, count: Int, pool: BufferPool
    ) throws(ColumnarError) -> Buffer {
        let buffer = try pool.allocate(bytes: count)
        try read(
            offset: offset, into: UnsafeMutableRawBufferPointer(start: buffer.base, count: count))
        return buffer
    }
}
