import Columnar
import Glibc

/// A pack that is open for reading: its index is in memory, each byte that is handed out is verified.
///
/// Any thread may read; each read has its own buffers.
package final class PackReader: Sendable {
    package let path: String
    package let header: PackHeader
    let index: PackIndex
    let footer: PackFooter
    let headerBytes: [UInt8]
    package let sizeBytes: Int
    private let descriptor: Int32

    /// Opens a pack and checks header, index and footer.
    ///
    /// Throws `corrupt` where anything is not as it was written, `io` where it cannot be read.
    ///
    /// - isFresh: what the kernel has cached of the file is forgotten first, so that the disk is asked.
    package init(path: String, isFresh: Bool = false) throws(LakeError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw .io(operation: "open pack", path: path, errorNumber: errno)
        }
        do throws(LakeError) {
            var status = stat()
            guard fstat(descriptor, &status) == 0 else {
                throw .io(operation: "fstat", path: path, errorNumber: errno)
            }
            let location = FileLocation(path: path)
            guard status.st_mode & S_IFMT == S_IFREG else {
                throw .corrupt(location, reason: "it is no plain file")
            }
            if isFresh { posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED) }
            let parts = try Parts(descriptor, size: Int(status.st_size), location)
            (header, headerBytes) = (parts.header, parts.headerBytes)
            (footer, index) = (parts.footer, parts.index)
            sizeBytes = Int(status.st_size)
        } catch {
            close(descriptor)
            throw error
        }
        self.path = path
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    /// Files in the pack.
    package var count: Int { index.count }
    /// Their bytes.
    package var rawBytes: Int64 { index.fileBytes }

    /// A file by its position, in the order of paths.
    package func entry(_ position: Int) -> PackEntry { index[position] }

    /// The position of a path below the raw folder.
    package func find(_ path: String) -> Int? { index.find(path) }

    /// The bytes of a file, to be read from start to end; the last read throws if they are not those packed.
    ///
    /// - frames: shared by files that are read one after another, so that no frame is read twice.
    func stream(
        _ position: Int, through frames: PackFrameBuffer, pool: BufferPool
    ) throws(LakeError) -> PackedFile {
        PackedFile(self, position, frames, pool: pool)
    }

    /// Reads and verifies one frame; its raw bytes are valid until the buffer holds another one.
    func read(
        frame number: Int, into frames: PackFrameBuffer, pool: BufferPool
    ) throws(LakeError) -> UnsafeRawBufferPointer {
        let frame = index.frames[number]
        if let raw = frames.raw, frames.holds(number, of: self) {
            return UnsafeRawBufferPointer(start: raw.base, count: frame.rawBytes)
        }
        frames.holdsNothing()
        let location = FileLocation(path: path, offset: frame.offset)
        let room = try Self.room(frame.storedBytes, &frames.stored, pool)
        try Self.read(descriptor, frame.offset, into: room, location)
        guard SHA256.digest(UnsafeRawBufferPointer(room)) == frame.sha256 else {
            throw .corrupt(location, reason: "a frame of the pack does not match its SHA-256")
        }
        let target = try Self.room(frame.rawBytes, &frames.raw, pool)
        try frames.zstd.decompress(UnsafeRawBufferPointer(room), into: target, at: location)
        frames.hold(number, of: self)
        return UnsafeRawBufferPointer(target)
    }

    /// Reads bytes as they are stored.
    func read(
        offset: Int, into target: UnsafeMutableRawBufferPointer
    ) throws(LakeError) {
        try Self.read(descriptor, offset, into: target, FileLocation(path: path, offset: offset))
    }

    static func room(
        _ count: Int, _ buffer: inout Buffer?, _ pool: BufferPool
    ) throws(LakeError) -> UnsafeMutableRawBufferPointer {
        if let buffer, buffer.capacityBytes >= count {
            return UnsafeMutableRawBufferPointer(start: buffer.base, count: count)
        }
        do throws(ColumnarError) {
            let made = try pool.allocate(bytes: max(count, PackFormat.frameBytes))
            buffer = made
            return UnsafeMutableRawBufferPointer(start: made.base, count: count)
        } catch {
            throw .columnar(error)
        }
    }

    fileprivate static func read(
        _ descriptor: Int32, _ offset: Int, into target: UnsafeMutableRawBufferPointer,
        _ location: FileLocation
    ) throws(LakeError) {
        var done = 0
        while done < target.count {
            let count = pread(
                descriptor, target.baseAddress.map { $0 + done }, target.count - done,
                off_t(offset + done))
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                throw .io(operation: "read pack", path: location.path, errorNumber: errno)
            }
            guard count > 0 else { throw .corrupt(location, reason: "the pack ends too early") }
            done += count
        }
    }

    fileprivate static func bytes(
        _ descriptor: Int32, _ offset: Int, _ count: Int, _ location: FileLocation
    ) throws(LakeError) -> [UInt8] {
        var failure: LakeError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { room, filled in
            do throws(LakeError) {
                try read(
                    descriptor, offset,
                    into: UnsafeMutableRawBufferPointer(start: room.baseAddress, count: count),
                    location)
                filled = count
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }
}

extension PackReader {
    /// What stands around the data frames.
    fileprivate struct Parts {
        let header: PackHeader
        let headerBytes: [UInt8]
        let footer: PackFooter
        let index: PackIndex

        init(
            _ descriptor: Int32, size: Int, _ location: FileLocation
        ) throws(LakeError) {
            let head = PackFormat.frameHeadBytes
            guard size >= 2 * head + PackFooter.sizeBytes else {
                throw .corrupt(location, reason: "it is no pack, or its end is missing")
            }
            let end = size - PackFooter.sizeBytes
            footer = try PackFooter(
                decoding: PackReader.bytes(descriptor, end, PackFooter.sizeBytes, location),
                fileBytes: size, at: location)
            let first = try PackReader.bytes(descriptor, 0, head, location)
            let length = Self.contentBytes(ofFrame: first, PackFormat.headerFrame)
            guard let length, length <= PackHeader.limitBytes, head + length <= footer.indexOffset
            else { throw .corrupt(location, reason: "the pack has no header") }
            headerBytes = try PackReader.bytes(descriptor, 0, head + length, location)
            guard SHA256.digest(headerBytes) == footer.headerDigest else {
                throw .corrupt(location, reason: "the pack's header does not match its SHA-256")
            }
            header = try PackHeader(decoding: Array(headerBytes[head...]), at: location)
            index = try Self.index(descriptor, footer, firstFrame: headerBytes.count, location)
        }

        private static func index(
            _ descriptor: Int32, _ footer: PackFooter, firstFrame: Int, _ location: FileLocation
        ) throws(LakeError) -> PackIndex {
            let head = PackFormat.frameHeadBytes
            let place = FileLocation(path: location.path, offset: footer.indexOffset)
            let bytes = try PackReader.bytes(
                descriptor, footer.indexOffset, head + footer.indexStoredBytes, place)
            let stored = Array(bytes[head...])
            guard
                contentBytes(ofFrame: Array(bytes.prefix(head)), PackFormat.indexFrame)
                    == footer.indexStoredBytes, SHA256.digest(stored) == footer.indexDigest
            else { throw .corrupt(place, reason: "the pack's index does not match its SHA-256") }
            let zstd = try PackFrame(level: nil)
            var failure: LakeError?
            let plain = [UInt8](unsafeUninitializedCapacity: footer.indexBytes) { room, count in
                stored.withUnsafeBytes { stored in
                    do throws(LakeError) {
                        try zstd.decompress(
                            stored,
                            into: UnsafeMutableRawBufferPointer(
                                start: room.baseAddress, count: footer.indexBytes), at: place)
                        count = footer.indexBytes
                    } catch {
                        failure = error
                    }
                }
            }
            if let failure { throw failure }
            return try PackIndex(
                decoding: plain, frames: firstFrame..<footer.indexOffset, at: place)
        }

        /// What the head of a skippable frame says of its length; nil if it is another frame.
        private static func contentBytes(ofFrame head: [UInt8], _ magic: UInt32) -> Int? {
            let (found, length) = head.withUnsafeBytes {
                (
                    UInt32(littleEndian: $0.loadUnaligned(as: UInt32.self)),
                    UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
                )
            }
            return found == magic ? Int(length) : nil
        }
    }
}
