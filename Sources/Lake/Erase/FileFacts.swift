import Columnar
import Glibc

/// Size and SHA-256 of a file as the disk has it: what the system holds of it in memory is dropped first.
struct FileFacts: Hashable, Sendable {
    var sizeBytes: Int64 = 0
    var sha256: [UInt8] = []

    init(readBack path: String, isCancelled: () -> Bool) throws(LakeError) {
        let file = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard file >= 0 else { throw .io(operation: "open", path: path, errorNumber: errno) }
        defer { close(file) }
        posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED)
        var digest = SHA256.Stream()
        var block = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            if isCancelled() { throw .columnar(.cancelled) }
            let count = read(file, &block, block.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw .io(operation: "read", path: path, errorNumber: errno)
            }
            if count == 0 { break }
            block.withUnsafeBytes { digest.update(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
            sizeBytes += Int64(count)
        }
        sha256 = digest.finish()
    }
}
