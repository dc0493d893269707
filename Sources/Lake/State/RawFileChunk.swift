import CXXHash
import Columnar

/// Sorted entries of one folder, as one database row holds them: XXH3-64 of the rest, then entries.
///
/// A chunk is filed under its first name. Its size is what fits a database page without overflow, so
/// a change costs one small row and a whole walk reads the table front to back.
enum RawFileChunk {
    /// Bytes after which a new chunk begins: SQLite keeps (8192 - 12) * 64 / 255 - 23 = 2030 bytes of
    /// an index row on its page, folder and first name included.
    static let targetBytes = 1_800
    static let checksumBytes = 8
    /// Bytes of the longest file name: NAME_MAX.
    private static let nameBytes = 255

    /// What to say of a chunk that does not match its checksum.
    static func damaged(folder: [UInt8]) -> LakeError {
        let name = String(decoding: folder, as: UTF8.self)
        return .corrupt(
            FileLocation(path: "lake.db"),
            reason: "the remembered files of '\(name)' do not match their checksum")
    }

    /// Decoded entries of one folder, in buffers that are reused.
    struct Entries {
        /// All names, one after another.
        private(set) var names: [UInt8] = []
        private(set) var nameEnds: [Int] = []
        private(set) var states: [RawFileState] = []
        /// Where each chunk begins in `states`.
        private(set) var chunkStarts: [Int] = []

        init() {}

        var count: Int { states.count }

        mutating func removeAll() {
            names.removeAll(keepingCapacity: true)
            nameEnds.removeAll(keepingCapacity: true)
            states.removeAll(keepingCapacity: true)
            chunkStarts.removeAll(keepingCapacity: true)
        }

        func nameRange(_ index: Int) -> Range<Int> {
            (index == 0 ? 0 : nameEnds[index - 1])..<nameEnds[index]
        }

        func name(_ index: Int) -> ArraySlice<UInt8> { names[nameRange(index)] }

        /// The entries of one chunk.
        func chunk(_ index: Int) -> Range<Int> {
            let end = index + 1 < chunkStarts.count ? chunkStarts[index + 1] : states.count
            return chunkStarts[index]..<end
        }

        /// Appends the entries of a chunk; false if the bytes are not a whole, intact chunk.
        mutating func append(chunk bytes: UnsafeRawBufferPointer) -> Bool {
            guard bytes.count > checksumBytes else { return false }
            let body = UnsafeRawBufferPointer(rebasing: bytes[checksumBytes...])
            let sum = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
            guard XXH3_64bits(body.baseAddress, body.count) == sum else { return false }
            chunkStarts.append(states.count)
            var position = 0
            var previous = 0..<0
            while position < body.count {
                guard position + 2 <= body.count else { return false }
                let shared = Int(body[position])
                let length = Int(body[position + 1])
                position += 2
                guard shared <= previous.count, shared + length <= nameBytes,
                    position + length + RawFileState.fixedBytes <= body.count
                else { return false }
                let start = names.count
                for i in 0..<shared { names.append(names[previous.lowerBound + i]) }
                names.append(contentsOf: body[position..<position + length])
                position += length
                states.append(RawFileState(reading: .init(rebasing: body[position...])))
                position += RawFileState.fixedBytes
                nameEnds.append(names.count)
                previous = start..<names.count
            }
            return true
        }
    }

    /// Collects sorted entries into chunks.
    struct Writer {
        private var bytes: [UInt8] = []
        private var first: [UInt8] = []
        private var previous: [UInt8] = []
        private(set) var chunks: [(first: [UInt8], bytes: [UInt8])] = []

        init() {}

        mutating func append(name: some Collection<UInt8>, state: RawFileState) {
            if bytes.isEmpty {
                bytes.append(contentsOf: repeatElement(0, count: checksumBytes))
                first = Array(name)
                previous.removeAll(keepingCapacity: true)
            }
            var shared = 0
            var position = name.startIndex
            while shared < previous.count, position < name.endIndex,
                name[position] == previous[shared]
            {
                shared += 1
                name.formIndex(after: &position)
            }
            // File names have at most 255 bytes (NAME_MAX).
            bytes.append(UInt8(shared))
            bytes.append(UInt8(name.distance(from: position, to: name.endIndex)))
            bytes.append(contentsOf: name[position...])
            state.append(to: &bytes)
            previous.removeAll(keepingCapacity: true)
            previous.append(contentsOf: name)
            if bytes.count >= targetBytes { endChunk() }
        }

        /// Ends the chunk, if one is open.
        mutating func endChunk() {
            guard !bytes.isEmpty else { return }
            let sum = bytes.withUnsafeBytes {
                XXH3_64bits($0.baseAddress! + checksumBytes, $0.count - checksumBytes)
            }
            withUnsafeBytes(of: sum.littleEndian) { bytes.replaceSubrange(0..<8, with: $0) }
            chunks.append((first, bytes))
            bytes.removeAll(keepingCapacity: true)
        }

        mutating func removeAll() {
            chunks.removeAll(keepingCapacity: true)
            bytes.removeAll(keepingCapacity: true)
        }
    }
}
