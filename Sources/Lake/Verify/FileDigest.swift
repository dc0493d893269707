import Columnar
import Glibc

/// The SHA-256 of a file as the disk has it: what the system holds of it in memory is dropped first.
enum FileDigest {
    private static let blockBytes = 1 << 20

    static func ofFile(
        _ path: String, isCancelled: () -> Bool
    ) throws(LakeError) -> (sha256: [UInt8], sizeBytes: Int64) {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw .io(operation: "open", path: path, errorNumber: errno) }
        defer { close(file) }
        posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED)
        var digest = SHA256.Stream()
        var size: Int64 = 0
        let block = UnsafeMutableRawBufferPointer.allocate(byteCount: blockBytes, alignment: 16)
        defer { block.deallocate() }
        while true {
            if isCancelled() { throw .columnar(.cancelled) }
            let count = read(file, block.baseAddress, block.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                throw .io(operation: "read", path: path, errorNumber: errno)
            }
            if count == 0 { return (digest.finish(), size) }
            digest.update(UnsafeRawBufferPointer(rebasing: block[..<count]))
            size += Int64(count)
        }
    }

    /// Lets the next reader of a file read the disk.
    static func dropCached(_ path: String) {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED)
        close(file)
    }
}
