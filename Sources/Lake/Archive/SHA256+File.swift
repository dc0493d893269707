import Columnar
import Glibc

extension SHA256 {
    /// Of a whole file, and its size; read front to back, a piece at a time.
    static func digest(
        ofFileAt path: String
    ) throws(LakeError) -> (digest: [UInt8], sizeBytes: Int64) {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            throw .io(operation: "open", path: path, errorNumber: errno)
        }
        defer { close(file) }
        var stream = Stream()
        var size: Int64 = 0
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
        defer { piece.deallocate() }
        while true {
            let count = read(file, piece.baseAddress, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                throw .io(operation: "read", path: path, errorNumber: errno)
            }
            if count == 0 { break }
            stream.update(UnsafeRawBufferPointer(rebasing: piece[..<count]))
            size += Int64(count)
        }
        return (stream.finish(), size)
    }
}
