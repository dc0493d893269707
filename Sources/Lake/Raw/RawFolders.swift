import Glibc

/// Looks at, opens and unlinks single raw files, folder by folder: the last folder stays open.
///
/// No link is followed, in no part of a path. One thread.
final class RawFolders {
    /// What became of a file that was to be unlinked.
    enum Removal: Equatable {
        case removed
        /// It was not there any more.
        case gone
        /// It is another file, or was written to.
        case changed
        case refused(errorNumber: Int32)
    }

    private let root: RawRootHandle
    private var folder: String?
    private var descriptor: Int32 = -1
    private var failure: Int32 = 0

    init(root: RawRootHandle) {
        self.root = root
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// Moves to a folder, by its path with a closing slash; returns 0 or an errno.
    private func enter(_ folder: String) throws(LakeError) -> Int32 {
        if folder == self.folder { return failure }
        if descriptor >= 0 { close(descriptor) }
        (descriptor, failure) = root.openWithoutLinks(Array(folder.utf8))
        self.folder = folder
        if failure == EMFILE || failure == ENFILE || failure == ENOMEM {
            throw .io(operation: "open raw folder", path: folder, errorNumber: failure)
        }
        return failure
    }

    /// The stat of a regular file; `failure` is an errno.
    func look(
        at name: String, in folder: String
    ) throws(LakeError) -> (stat: FileStat?, failure: Int32) {
        let failure = try enter(folder)
        guard failure == 0 else { return (nil, failure) }
        var status = stat()
        guard fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
            return (nil, errno)
        }
        return status.st_mode & S_IFMT == S_IFREG ? (FileStat(status), 0) : (nil, EINVAL)
    }

    /// Opens a regular file; `failure` is an errno.
    func open(
        _ name: String, in folder: String
    ) throws(LakeError) -> (file: RawFileStream?, failure: Int32) {
        let failure = try enter(folder)
        guard failure == 0 else { return (nil, failure) }
        return try RawFileStream.open(name, folder: descriptor, path: folder + name)
    }

    /// Unlinks a file if it is still the one that it was; between the look and the unlink lie microseconds.
    func remove(
        _ name: String, in folder: String, ifStill expected: FileStat
    ) throws(LakeError) -> Removal {
        let (stat, failure) = try look(at: name, in: folder)
        guard let stat else {
            switch failure {
            case ENOENT, ENOTDIR: return .gone
            case EINVAL, ELOOP: return .changed
            default: return .refused(errorNumber: failure)
            }
        }
        guard stat == expected else { return .changed }
        guard unlinkat(descriptor, name, 0) == 0 else {
            return errno == ENOENT ? .gone : .refused(errorNumber: errno)
        }
        return .removed
    }
}
