import Columnar

extension PackReader {
    /// Reads every byte again and holds each file against its digests.
    ///
    /// Returns the SHA-256 of the whole file as it is stored; throws at the first thing that is wrong.
    package func verify(
        pool: BufferPool, isCancelled: () -> Bool = { false }
    ) throws(LakeError) -> [UInt8] {
        var whole = SHA256.Stream()
        headerBytes.withUnsafeBytes { whole.update($0) }
        let frames = try PackFrameBuffer()
        var file = try FileCheck(index: index, path: path)
        for (number, frame) in index.frames.enumerated() {
            if isCancelled() { throw .columnar(.cancelled) }
            let bytes = try read(frame: number, into: frames, pool: pool)
            if let stored = frames.stored {
                whole.update(UnsafeRawBufferPointer(start: stored.base, count: frame.storedBytes))
            }
            try file.take(bytes)
        }
        try file.finish()
        var rest: Buffer?
        var position = footer.indexOffset
        while position < sizeBytes {
            let count = min(sizeBytes - position, PackFormat.frameBytes)
            let room = try Self.room(count, &rest, pool)
            try read(offset: position, into: room)
            whole.update(UnsafeRawBufferPointer(room))
            position += count
        }
        return whole.finish()
    }
}

/// Cuts the raw stream of a pack into its files and holds each against the index.
private struct FileCheck: ~Copyable {
    let index: PackIndex
    let path: String
    /// The file that the stream is in, or before.
    private var file = 0
    /// In the raw stream.
    private var position = 0
    private var digest = SHA256.Stream()
    private var content: ContentHash.Stream

    init(index: PackIndex, path: String) throws(LakeError) {
        content = try ContentHash.Stream()
        self.index = index
        self.path = path
    }

    /// Takes the bytes of the next frame.
    mutating func take(_ bytes: UnsafeRawBufferPointer) throws(LakeError) {
        let end = position + bytes.count
        while file < index.count {
            let range = index.range(file)
            let (low, high) = (max(range.lowerBound, position), min(range.upperBound, end))
            if low < high {
                let part = UnsafeRawBufferPointer(
                    rebasing: bytes[low - position..<high - position])
                digest.update(part)
                content.update(part)
            }
            // The separator may lie in the next frame; the file's end does not wait for it.
            guard range.upperBound <= end else { break }
            try settle()
        }
        position = end
    }

    private mutating func settle() throws(LakeError) {
        let entry = index[file]
        guard digest.finish() == entry.sha256, content.finish() == entry.content else {
            throw .corrupt(
                FileLocation(path: path),
                reason: "\(entry.path) in the pack does not match its hashes")
        }
        digest = SHA256.Stream()
        content.reset()
        file += 1
    }

    mutating func finish() throws(LakeError) {
        guard file == index.count else {
            throw .corrupt(FileLocation(path: path), reason: "the pack ends before its last file")
        }
    }
}
