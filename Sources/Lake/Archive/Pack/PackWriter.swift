import Columnar
import Glibc

/// Writes a pack: a temporary file that `finish` syncs and renames; one that is not finished leaves nothing.
///
/// Files come in the order of their paths. Each is read once: straight into the frame that will hold it,
/// hashed there, and taken back if it is not what it should be.
final class PackWriter {
    /// What became of a file.
    enum Taken: Equatable {
        case packed
        /// Other bytes than expected, or more or fewer of them.
        case differs
        case unreadable(errorNumber: Int32)
    }

    /// A pack that is written and synced, and not yet read back.
    struct Written: Sendable {
        var fileCount: Int
        var rawBytes: Int64
        var sizeBytes: Int
        /// Of the index: a pack with the same one holds the same files.
        var indexDigest: [UInt8]
    }

    let path: String
    private let temporaryPath: String
    private let descriptor: Int32
    private let zstd: PackFrame
    private let raw: Buffer
    private let stored: Buffer
    private var rawCount = 0
    /// In the file.
    private var position = 0
    /// In the raw stream, of the first byte in `raw`.
    private var start = 0
    private var index = PackIndex()
    private let headerDigest: [UInt8]
    private var isFinished = false

    private static let rawBytes = PackFormat.pieceBytes - Buffer.padding

    /// - path: absolute; the folder must exist.
    init(
        path: String, header: PackHeader, level: Int, pool: BufferPool
    ) throws(LakeError) {
        zstd = try PackFrame(level: level)
        do throws(ColumnarError) {
            raw = try pool.allocate(bytes: Self.rawBytes)
            stored = try pool.allocate(bytes: PackFrame.bound(Self.rawBytes))
        } catch {
            throw .columnar(error)
        }
        self.path = path
        temporaryPath = path + ".tmp"
        let frame = PackFormat.frame(PackFormat.headerFrame, header.encoded())
        headerDigest = SHA256.digest(frame)
        descriptor = open(
            temporaryPath, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard descriptor >= 0 else {
            isFinished = true
            throw .io(operation: "create", path: temporaryPath, errorNumber: errno)
        }
        try write(frame)
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        if !isFinished { unlink(temporaryPath) }
    }

    var fileCount: Int { index.count }

    /// Takes one file whose bytes come from `source`.
    ///
    /// - stat: what it must be; so many bytes are read, and one more is asked for.
    /// - content: what its bytes must hash to; nil: anything.
    /// - sha256: the same; nil: anything.
    /// - isUnchanged: asked when all bytes are read.
    func add(
        path: String, stat: FileStat, content: ContentHash?, sha256: [UInt8]? = nil,
        from source: any ByteStream, isUnchanged: () -> Bool = { true }
    ) throws(LakeError) -> Taken {
        let size = Int(stat.sizeBytes)
        let isLarge = size >= PackFormat.frameBytes
        if isLarge || rawCount + size + 1 > Self.rawBytes { try endFrame() }
        let mark = (position, start, rawCount, index.frames.count)
        let fileStart = start + rawCount
        var digest = SHA256.Stream()
        var hash = try ContentHash.Stream()
        var left = size
        while left > 0 {
            if rawCount == Self.rawBytes { try endFrame() }
            let room = UnsafeMutableRawBufferPointer(
                start: raw.base + rawCount, count: min(left, Self.rawBytes - rawCount))
            let count: Int
            do throws(ColumnarError) {
                count = try source.fill(room)
            } catch {
                back(to: mark)
                guard case .io(_, _, let number) = error else { throw .columnar(error) }
                return .unreadable(errorNumber: number)
            }
            let bytes = UnsafeRawBufferPointer(start: room.baseAddress, count: count)
            digest.update(bytes)
            hash.update(bytes)
            rawCount += count
            left -= count
            if count < room.count { break }
        }
        let entry = PackEntry(
            path: path, stat: stat, sha256: digest.finish(), content: hash.finish())
        guard left == 0, content.map({ $0 == entry.content }) ?? true,
            sha256.map({ $0 == entry.sha256 }) ?? true, isUnchanged()
        else {
            back(to: mark)
            return .differs
        }
        if rawCount == Self.rawBytes { try endFrame() }
        raw.base.storeBytes(of: PackFormat.separator, toByteOffset: rawCount, as: UInt8.self)
        rawCount += 1
        index.add(entry, start: fileStart)
        if isLarge || rawCount >= PackFormat.frameBytes { try endFrame() }
        return .packed
    }

    /// Takes the last file back: it changed while it was read.
    private func back(to mark: (position: Int, start: Int, rawCount: Int, frames: Int)) {
        (position, start, rawCount) = (mark.position, mark.start, mark.rawCount)
        index.truncate(frames: mark.frames)
    }

    private func endFrame() throws(LakeError) {
        guard rawCount > 0 else { return }
        let count = try zstd.compress(
            UnsafeRawBufferPointer(start: raw.base, count: rawCount),
            into: UnsafeMutableRawBufferPointer(
                start: stored.base, count: PackFrame.bound(rawCount)))
        let bytes = UnsafeRawBufferPointer(start: stored.base, count: count)
        index.add(
            frame: .init(
                offset: position, storedBytes: count, start: start, rawBytes: rawCount,
                sha256: SHA256.digest(bytes)))
        try write(bytes)
        start += rawCount
        rawCount = 0
    }

    private func write(_ bytes: [UInt8]) throws(LakeError) {
        let result: Result<Void, LakeError> = bytes.withUnsafeBytes { bytes in
            do throws(LakeError) { return .success(try write(bytes)) } catch {
                return .failure(error)
            }
        }
        try result.get()
    }

    private func write(_ bytes: UnsafeRawBufferPointer) throws(LakeError) {
        guard let base = bytes.baseAddress else { return }
        var done = 0
        while done < bytes.count {
            let count = pwrite(
                descriptor, base + done, bytes.count - done, off_t(position + done))
            if count < 0, errno == EINTR { continue }
            // Nothing taken and no error: asking again might never end.
            guard count > 0 else {
                throw .io(
                    operation: "write", path: temporaryPath,
                    errorNumber: count < 0 ? errno : ENOSPC)
            }
            done += count
        }
        position += bytes.count
    }

    /// Writes index and footer and makes the pack durable under its name, the folder's sync included.
    func finish() throws(LakeError) -> Written {
        try endFrame()
        let plain = index.encoded()
        guard plain.count <= Limits.packIndexBytes else {
            throw .limit(
                name: "packIndexBytes", value: plain.count, limit: Limits.packIndexBytes,
                location: FileLocation(path: path))
        }
        let packed = try compressed(plain)
        let footer = PackFooter(
            headerDigest: headerDigest, indexDigest: SHA256.digest(packed), indexOffset: position,
            indexStoredBytes: packed.count, indexBytes: plain.count)
        try write(PackFormat.frame(PackFormat.indexFrame, packed))
        try write(footer.encoded())
        // A large file that was taken back may have reached further.
        guard ftruncate(descriptor, off_t(position)) == 0 else {
            throw .io(operation: "truncate", path: temporaryPath, errorNumber: errno)
        }
        guard fsync(descriptor) == 0 else {
            throw .io(operation: "fsync", path: temporaryPath, errorNumber: errno)
        }
        guard rename(temporaryPath, path) == 0 else {
            throw .io(operation: "rename", path: path, errorNumber: errno)
        }
        isFinished = true
        if let folder = DurableFile.parent(of: path) { try DurableFile.syncFolder(folder) }
        return Written(
            fileCount: index.count, rawBytes: index.fileBytes, sizeBytes: position,
            indexDigest: footer.indexDigest)
    }

    private func compressed(_ plain: [UInt8]) throws(LakeError) -> [UInt8] {
        var failure: LakeError?
        let bound = PackFrame.bound(plain.count)
        let packed = [UInt8](unsafeUninitializedCapacity: bound) { room, count in
            plain.withUnsafeBytes { plain in
                do throws(LakeError) {
                    count = try zstd.compress(
                        plain,
                        into: UnsafeMutableRawBufferPointer(start: room.baseAddress, count: bound))
                } catch {
                    failure = error
                }
            }
        }
        if let failure { throw failure }
        return packed
    }
}
