import Columnar

/// The last frame that was read of a pack, so that the next file of it costs no second reading; one thread.
final class PackFrameBuffer {
    let zstd: PackFrame
    var stored: Buffer?
    var raw: Buffer?
    /// The pack is kept: another one must not come to lie where it lay.
    private var held: (pack: PackReader, frame: Int)?

    init() throws(LakeError) {
        zstd = try PackFrame(level: nil)
    }

    func holds(_ frame: Int, of pack: PackReader) -> Bool {
        guard let held else { return false }
        return held.pack === pack && held.frame == frame
    }

    func hold(_ frame: Int, of pack: PackReader) {
        held = (pack, frame)
    }

    func holdsNothing() {
        held = nil
    }
}

/// The bytes of one file of a pack.
final class PackedFile: ByteStream {
    let entry: PackEntry
    private let pack: PackReader
    private let pool: BufferPool
    private let frames: PackFrameBuffer
    private var digest = SHA256.Stream()
    private var isVerified = false
    /// In the raw stream.
    private var position: Int
    private let end: Int

    init(_ pack: PackReader, _ number: Int, _ frames: PackFrameBuffer, pool: BufferPool) {
        self.pack = pack
        self.pool = pool
        self.frames = frames
        entry = pack.index[number]
        let range = pack.index.range(number)
        (position, end) = (range.lowerBound, range.upperBound)
    }

    func read(into target: UnsafeMutableRawBufferPointer) throws(ColumnarError) -> Int {
        do throws(LakeError) {
            return try readVerified(into: target)
        } catch .columnar(let error) {
            throw error
        } catch .corrupt(let location, let reason) {
            throw .corrupt(location, reason: reason)
        } catch .io(let operation, let path, let number) {
            throw .io(operation: operation, path: path, errorNumber: number)
        } catch {
            throw .corrupt(FileLocation(path: pack.path), reason: "it cannot be read")
        }
    }

    private func readVerified(
        into target: UnsafeMutableRawBufferPointer
    ) throws(LakeError) -> Int {
        guard position < end, target.count > 0 else {
            if position == end { try verify() }
            return 0
        }
        let number = pack.index.frame(at: position)
        let raw = try pack.read(frame: number, into: frames, pool: pool)
        let offset = position - pack.index.frames[number].start
        let count = min(target.count, end - position, raw.count - offset)
        guard count > 0 else {
            throw .corrupt(FileLocation(path: pack.path), reason: "a frame of the pack is empty")
        }
        let bytes = UnsafeRawBufferPointer(rebasing: raw[offset..<offset + count])
        target.copyMemory(from: bytes)
        digest.update(bytes)
        position += count
        if position == end { try verify() }
        return count
    }

    /// The last bytes are handed out only if all of them are those that were packed.
    private func verify() throws(LakeError) {
        guard !isVerified else { return }
        guard digest.finish() == entry.sha256 else {
            throw .corrupt(
                FileLocation(path: pack.path),
                reason: "\(entry.path) in the pack does not match its SHA-256")
        }
        isVerified = true
    }
}

extension PackReader {
    /// All bytes of a file, verified.
    ///
    /// Throws `limit` for one larger than `Limits.rawFileBytes`, which is to be streamed.
    func bytes(
        _ position: Int, through frames: PackFrameBuffer, pool: BufferPool
    ) throws(LakeError) -> [UInt8] {
        let file = try stream(position, through: frames, pool: pool)
        let size = Int(file.entry.stat.sizeBytes)
        guard size <= Limits.rawFileBytes else {
            throw .limit(
                name: "rawFileBytes", value: size, limit: Limits.rawFileBytes,
                location: FileLocation(path: path))
        }
        var failure: LakeError?
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { room, count in
            do throws(ColumnarError) {
                count = try file.fill(UnsafeMutableRawBufferPointer(room))
                // The empty file has a digest too.
                if size == 0 { _ = try file.fill(UnsafeMutableRawBufferPointer(room)) }
            } catch {
                failure = .columnar(error)
            }
        }
        if let failure { throw failure }
        return bytes
    }
}
