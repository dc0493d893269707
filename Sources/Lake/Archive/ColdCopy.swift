import Columnar
import Glibc

/// Copies a file byte for byte, and proves the copy: synced, read back from the disk, compared by SHA-256.
///
/// Never a rename: the cold tier may be another file system. The target appears whole or not at all.
struct ColdCopy {
    /// What a file was found to be.
    struct Facts: Hashable, Sendable {
        var sizeBytes: Int64 = 0
        var sha256: [UInt8] = []
    }

    /// Asked for each block: true ends the copy with `ColumnarError.cancelled`.
    let isCancelled: @Sendable () -> Bool

    private static let blockBytes = 1 << 20

    /// Copies `source` to `target`, whose folder is made; both absolute.
    ///
    /// Throws `corrupt` if the source is not of `sizeBytes` bytes, changes meanwhile, or is not what is
    /// read back; the target is the caller's to remove then.
    func copy(
        _ source: String, to target: String, sizeBytes: Int64
    ) throws(LakeError) -> Facts {
        if let folder = DurableFile.parent(of: target) { try DurableFile.makeFolder(folder) }
        let written: Facts
        do throws(ColumnarError) {
            let output = try OutputFile(path: target)
            written = try read(source) { (block) throws(ColumnarError) in
                try output.write(block)
            }
            guard written.sizeBytes == sizeBytes else {
                throw .corrupt(
                    .init(path: source),
                    reason: "it has \(written.sizeBytes) bytes, the table says \(sizeBytes)")
            }
            try output.commit()
        } catch {
            throw .columnar(error)
        }
        guard try facts(of: target) == written else {
            throw .corrupt(
                .init(path: target), reason: "what is read back is not what was written")
        }
        return written
    }

    /// The facts of a file as the disk has it: what the system holds of it in memory is dropped first.
    func facts(of path: String) throws(LakeError) -> Facts {
        do throws(ColumnarError) {
            return try read(path, fromDisk: true) { _ in }
        } catch {
            throw .columnar(error)
        }
    }

    /// Hands out a file block by block; throws `corrupt` if it changes meanwhile.
    private func read(
        _ path: String, fromDisk: Bool = false,
        _ body: (UnsafeRawBufferPointer) throws(ColumnarError) -> Void
    ) throws(ColumnarError) -> Facts {
        let file = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard file >= 0 else { throw .io(operation: "open", path: path, errorNumber: errno) }
        defer { close(file) }
        let before = try status(file, path)
        if fromDisk { posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED) }
        var digest = SHA256.Stream()
        var facts = Facts()
        let block = UnsafeMutableRawBufferPointer.allocate(
            byteCount: Self.blockBytes, alignment: 16)
        defer { block.deallocate() }
        while true {
            if isCancelled() { throw .cancelled }
            let count = Glibc.read(file, block.baseAddress, block.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw .io(operation: "read", path: path, errorNumber: errno)
            }
            if count == 0 { break }
            let part = UnsafeRawBufferPointer(rebasing: block[..<count])
            digest.update(part)
            try body(part)
            facts.sizeBytes += Int64(count)
        }
        guard try status(file, path) == before, facts.sizeBytes == before.sizeBytes else {
            throw .corrupt(.init(path: path), reason: "it changed while it was read")
        }
        facts.sha256 = digest.finish()
        return facts
    }

    private func status(_ file: Int32, _ path: String) throws(ColumnarError) -> FileStat {
        var status = stat()
        guard fstat(file, &status) == 0 else {
            throw .io(operation: "fstat", path: path, errorNumber: errno)
        }
        return FileStat(status)
    }
}
