import Glibc

/// The folder that holds raw data, and the marker that tells it from an empty mount point.
package enum RawRoot {
    /// The marker's name; it starts with a dot, so no pattern ever takes it for data.
    package static let markerName = ".lake-raw"

    static func isMarker(_ name: UnsafeRawBufferPointer) -> Bool {
        name.elementsEqual(markerName.utf8)
    }

    /// Puts the marker into a raw root, or finds it there; false where we may not write.
    package static func mark(_ path: String) throws(LakeError) -> Bool {
        let descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw .io(operation: "open raw folder", path: path, errorNumber: errno)
        }
        defer { close(descriptor) }
        let marker = openat(
            descriptor, markerName, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o644)
        guard marker >= 0 else {
            switch errno {
            case EACCES, EPERM, EROFS: return faccessat(descriptor, markerName, F_OK, 0) == 0
            default:
                throw .io(
                    operation: "create marker", path: "\(path)/\(markerName)", errorNumber: errno)
            }
        }
        let synced = fsync(marker) == 0 && fsync(descriptor) == 0
        let number = errno
        close(marker)
        guard synced else {
            throw .io(operation: "fsync", path: "\(path)/\(markerName)", errorNumber: number)
        }
        return true
    }

    /// Opens a raw root for a walk; refuses one whose marker is gone.
    package static func open(_ path: String, isMarked: Bool) throws(LakeError) -> RawRootHandle {
        let descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw .io(operation: "open raw folder", path: path, errorNumber: errno)
        }
        let handle = RawRootHandle(path: path, descriptor: descriptor)
        guard !isMarked || faccessat(descriptor, markerName, F_OK, 0) == 0 else {
            throw .invalidLocation(
                path: path,
                reason: "its marker \(markerName) is gone: is the file system mounted?")
        }
        return handle
    }
}

/// An open raw root; closed with its last reference.
package final class RawRootHandle: Sendable {
    package let path: String
    let descriptor: Int32

    init(path: String, descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    /// Opens a folder below the root, by its path with a closing slash, through no link at all.
    ///
    /// Returns the descriptor, or -1 and an errno: `ENOTDIR` if the folder's own name is now something
    /// else, `ELOOP` if one above it is, which says nothing about the folder.
    func openWithoutLinks(_ folder: [UInt8]) -> (descriptor: Int32, errorNumber: Int32) {
        let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
        var current = openat(descriptor, ".", flags)
        if current < 0 { return (-1, errno) }
        let parts = folder.split(separator: UInt8(ascii: "/"))
        for (depth, part) in parts.enumerated() {
            let next = openat(current, String(decoding: part, as: UTF8.self), flags)
            let number = errno
            close(current)
            if next < 0 {
                return (-1, number == ENOTDIR && depth < parts.count - 1 ? ELOOP : number)
            }
            current = next
        }
        return (current, 0)
    }
}
