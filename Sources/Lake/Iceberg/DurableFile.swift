import Columnar
import Glibc

/// Whole files that are there completely or not at all: temp name, fsync, rename, fsync of the folder.
///
/// Source: "All File Systems Are Not Created Equal" (OSDI 2014): without both syncs a crash may leave an
/// empty file under the final name, or no name.
package enum DurableFile {
    /// Writes a file under a name of its own and renames it to `path`, replacing what was there.
    ///
    /// The name is durable only after `syncFolder`. Throws `io`; nothing is left behind then.
    package static func write(_ bytes: [UInt8], to path: String) throws(LakeError) {
        let temporary = path + ".tmp"
        let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw failure("open", temporary) }
        do throws(LakeError) {
            try writeAll(bytes, to: file, path: temporary)
            guard fsync(file) == 0 else { throw failure("fsync", temporary) }
        } catch {
            close(file)
            unlink(temporary)
            throw error
        }
        guard close(file) == 0, rename(temporary, path) == 0 else {
            let error = failure("rename", path)
            unlink(temporary)
            throw error
        }
    }

    private static func writeAll(
        _ bytes: [UInt8], to file: Int32, path: String
    ) throws(LakeError) {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.write(file, buffer.baseAddress.map { $0 + done }, buffer.count - done)
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw failure("write", path)
            }
            // Nothing taken and no error: asking again might never end.
            guard count > 0 else {
                throw .io(operation: "write", path: path, errorNumber: ENOSPC)
            }
            done += count
        }
    }

    /// Makes the names in a folder durable.
    package static func syncFolder(_ path: String) throws(LakeError) {
        let folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw failure("open", path) }
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw failure("fsync", path) }
    }

    /// Makes a folder and the ones above it; each new name is durable.
    package static func makeFolder(_ path: String) throws(LakeError) {
        if mkdir(path, 0o755) != 0 {
            switch errno {
            case EEXIST: break
            case ENOENT:
                guard let parent = parent(of: path) else { throw failure("mkdir", path) }
                try makeFolder(parent)
                guard mkdir(path, 0o755) == 0 || errno == EEXIST else {
                    throw failure("mkdir", path)
                }
            default: throw failure("mkdir", path)
            }
        }
        if let parent = parent(of: path) { try syncFolder(parent) }
    }

    /// A whole file in memory; more than `limitBytes` is refused before it is read.
    package static func read(
        _ path: String, limitBytes: Int = Limits.metadataFileBytes
    ) throws(LakeError) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw failure("open", path) }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw failure("fstat", path) }
        let size = Int(status.st_size)
        guard size <= limitBytes else {
            throw .limit(
                name: "metadata file bytes", value: size, limit: limitBytes,
                location: .init(path: path))
        }
        var errorNumber: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            while count < size {
                let got = Glibc.read(file, buffer.baseAddress.map { $0 + count }, size - count)
                if got < 0, errno == EINTR { continue }
                if got < 0 { errorNumber = errno }
                if got <= 0 { break }
                count += got
            }
        }
        guard errorNumber == 0 else {
            throw .io(operation: "read", path: path, errorNumber: errorNumber)
        }
        return bytes
    }

    /// Removes a file; one that is gone already is no error.
    package static func remove(_ path: String) throws(LakeError) {
        guard unlink(path) == 0 || errno == ENOENT else { throw failure("unlink", path) }
    }

    package static func exists(_ path: String) -> Bool {
        access(path, F_OK) == 0
    }

    /// The same, where a wrong no would do harm: throws `io` if it cannot be known.
    static func isThere(_ path: String) throws(LakeError) -> Bool {
        if access(path, F_OK) == 0 { return true }
        guard errno == ENOENT || errno == ENOTDIR else { throw failure("look for", path) }
        return false
    }

    static func parent(of path: String) -> String? {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")), slash != path.startIndex
        else { return nil }
        return String(path[..<slash])
    }

    private static func failure(_ operation: String, _ path: String) -> LakeError {
        .io(operation: operation, path: path, errorNumber: errno)
    }
}
