import Columnar
import Glibc
import Synchronization

/// A nameless file for what does not fit in memory: appended to from any thread, gone with its owner.
final class SpillFile: Sendable {
    private let descriptor: Int32
    private let folder: String
    private let sizeBytes = Atomic<Int>(0)

    init(folder: String) throws(LakeError) {
        // O_TMPFILE, which the importer does not know: __O_TMPFILE | O_DIRECTORY.
        let temporary: Int32 = 0o20000000 | O_DIRECTORY
        var made = open(folder, temporary | O_RDWR | O_CLOEXEC, 0o600)
        if made < 0, errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL {
            // Some file systems want a name for a moment.
            var template = Array("\(folder)/.spill-XXXXXX".utf8CString)
            made = mkstemp(&template)
            if made >= 0 {
                _ = fcntl(made, F_SETFD, FD_CLOEXEC)
                unlink(template)
            }
        }
        guard made >= 0 else {
            throw .io(operation: "create spill file", path: folder, errorNumber: errno)
        }
        descriptor = made
        self.folder = folder
    }

    deinit {
        close(descriptor)
    }

    func append(_ bytes: [UInt8]) throws(LakeError) {
        var failure: LakeError?
        bytes.withUnsafeBytes { all in
            do throws(LakeError) { _ = try append(all) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    /// Returns the offset at which the bytes begin.
    func append(_ bytes: UnsafeRawBufferPointer) throws(LakeError) -> Int {
        let end = sizeBytes.wrappingAdd(bytes.count, ordering: .relaxed).newValue
        let start = end - bytes.count
        guard let base = bytes.baseAddress else { return start }
        var done = 0
        while done < bytes.count {
            let count = pwrite(
                descriptor, base + done, bytes.count - done, off_t(start + done))
            if count < 0, errno == EINTR { continue }
            // A write of nothing would be tried for ever.
            guard count > 0 else {
                throw .io(
                    operation: "write spill file", path: folder,
                    errorNumber: count < 0 ? errno : EIO)
            }
            done += count
        }
        return start
    }

    /// Fills `target` with the bytes from an offset.
    func read(at offset: Int, into target: UnsafeMutableRawBufferPointer) throws(LakeError) {
        guard let base = target.baseAddress else { return }
        var done = 0
        while done < target.count {
            let got = pread(descriptor, base + done, target.count - done, off_t(offset + done))
            if got < 0, errno == EINTR { continue }
            guard got > 0 else {
                throw .io(
                    operation: "read spill file", path: folder, errorNumber: got < 0 ? errno : EIO)
            }
            done += got
        }
    }

    /// Up to `count` bytes from an offset; none at the end.
    private func read(at offset: Int, count: Int) throws(LakeError) -> [UInt8] {
        var number: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            repeat {
                let got = pread(descriptor, buffer.baseAddress, count, off_t(offset))
                number = got < 0 ? errno : 0
                filled = max(got, 0)
            } while number == EINTR
        }
        guard number == 0 else {
            throw .io(operation: "read spill file", path: folder, errorNumber: number)
        }
        return bytes
    }

    /// Reads numbers and byte strings back, from a file or from memory.
    struct Reader {
        private let file: SpillFile?
        private var offset = 0
        private var buffer: [UInt8]
        private var position = 0

        init(_ bytes: [UInt8]) {
            file = nil
            buffer = bytes
        }

        init(_ file: SpillFile) {
            self.file = file
            buffer = []
        }

        /// A 4-byte number; nil at the end.
        mutating func number() throws(LakeError) -> Int? {
            guard try have(4) else { return nil }
            defer { position += 4 }
            return buffer.withUnsafeBytes {
                Int(
                    UInt32(
                        littleEndian: $0.loadUnaligned(fromByteOffset: position, as: UInt32.self)))
            }
        }

        mutating func bytes(_ count: Int) throws(LakeError) -> [UInt8] {
            guard try have(count) else {
                throw .corrupt(
                    FileLocation(path: "spill file", offset: offset), reason: "it ends too early")
            }
            defer { position += count }
            return Array(buffer[position..<position + count])
        }

        /// Whether `count` more bytes are in the buffer, after reading on if need be.
        private mutating func have(_ count: Int) throws(LakeError) -> Bool {
            if position + count <= buffer.count { return true }
            guard let file else { return false }
            buffer = Array(buffer[position...])
            position = 0
            while buffer.count < count {
                let part = try file.read(at: offset, count: max(count, 1 << 20))
                if part.isEmpty { return false }
                offset += part.count
                buffer += part
            }
            return true
        }
    }
}
