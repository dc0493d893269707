import Columnar

/// One raw file in a pack.
package struct PackEntry: Hashable, Sendable {
    /// Below the raw folder.
    package var path: String
    /// Of the file when it was packed: only a file that still looks like this may be unlinked.
    package var stat: FileStat
    /// Of its bytes.
    package var sha256: [UInt8]
    /// Of its bytes, as the state remembers them.
    package var content: ContentHash
}

/// Where everything lies in a pack: frames, and files in the order of their paths.
///
/// ```
///  frames      n   n × (stored bytes, raw bytes)   n × SHA-256 of the frame as stored
///  files       n   n × (shared, length, bytes…)    paths: what they share with the one before, the rest
///              n × gap    n × size    n × mtime    n × ctime - mtime    n × inode
///              n × SHA-256    n × XXH3-128
/// ```
/// Small numbers are LEB128, signed ones zigzag and as differences to the file before. A file begins `gap`
/// bytes behind the separator of the one before it.
struct PackIndex: Sendable {
    /// One zstd frame.
    struct Frame: Hashable, Sendable {
        /// In the pack.
        var offset: Int
        var storedBytes: Int
        /// In the stream of all frames' raw bytes.
        var start: Int
        var rawBytes: Int
        /// Of the stored bytes.
        var sha256: [UInt8]
    }

    private(set) var frames: [Frame] = []
    /// All paths, one after another.
    private var paths: [UInt8] = []
    private var pathEnds: [Int] = []
    private var stats: [FileStat] = []
    /// Where each file begins in the raw stream.
    private(set) var starts: [Int] = []
    private var digests: [UInt8] = []
    private var contents: [ContentHash] = []

    init() {}

    var count: Int { stats.count }
    /// Bytes of all files.
    var fileBytes: Int64 { stats.reduce(0) { $0 &+ $1.sizeBytes } }
    /// Bytes of all frames' content.
    var rawBytes: Int { frames.last.map { $0.start + $0.rawBytes } ?? 0 }

    /// The files whose paths rise.
    subscript(_ index: Int) -> PackEntry {
        let digest = index * SHA256.digestBytes
        return PackEntry(
            path: path(index), stat: stats[index],
            sha256: Array(digests[digest..<digest + SHA256.digestBytes]),
            content: contents[index])
    }

    func path(_ index: Int) -> String { String(decoding: pathBytes(index), as: UTF8.self) }

    func pathBytes(_ index: Int) -> ArraySlice<UInt8> {
        paths[(index == 0 ? 0 : pathEnds[index - 1])..<pathEnds[index]]
    }

    /// Where a file's bytes lie in the raw stream.
    func range(_ index: Int) -> Range<Int> {
        starts[index]..<starts[index] + Int(stats[index].sizeBytes)
    }

    /// The position of a path.
    func find(_ path: String) -> Int? {
        let wanted = Array(path.utf8)
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if pathBytes(middle).lexicographicallyPrecedes(wanted) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low < count && pathBytes(low).elementsEqual(wanted) ? low : nil
    }

    /// The frame that holds a byte of the raw stream.
    func frame(at position: Int) -> Int {
        var (low, high) = (0, frames.count)
        while low + 1 < high {
            let middle = (low + high) / 2
            if frames[middle].start <= position { low = middle } else { high = middle }
        }
        return low
    }

    // MARK: Writing

    /// Adds the frame behind the last one.
    mutating func add(frame: Frame) { frames.append(frame) }

    /// Adds a file; paths rise.
    mutating func add(_ entry: PackEntry, start: Int) {
        paths.append(contentsOf: entry.path.utf8)
        pathEnds.append(paths.count)
        stats.append(entry.stat)
        starts.append(start)
        digests.append(contentsOf: entry.sha256)
        contents.append(entry.content)
    }

    /// Forgets the frames behind the first `count`.
    mutating func truncate(frames count: Int) {
        frames.removeLast(frames.count - count)
    }

    func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(varint: UInt64(frames.count))
        for frame in frames {
            bytes.append(varint: UInt64(frame.storedBytes))
            bytes.append(varint: UInt64(frame.rawBytes))
        }
        for frame in frames { bytes.append(contentsOf: frame.sha256) }
        bytes.append(varint: UInt64(count))
        for index in 0..<count {
            let path = pathBytes(index)
            let shared = index == 0 ? 0 : zip(pathBytes(index - 1), path).prefix { $0 == $1 }.count
            bytes.append(varint: UInt64(shared))
            bytes.append(varint: UInt64(path.count - shared))
            bytes.append(contentsOf: path.dropFirst(shared))
        }
        var end = 0
        for index in 0..<count {
            bytes.append(varint: UInt64(starts[index] - end))
            end = range(index).upperBound + 1
        }
        for stat in stats { bytes.append(varint: UInt64(stat.sizeBytes)) }
        var last = FileStat(sizeBytes: 0, modifiedNanos: 0, changedNanos: 0, inode: 0)
        for stat in stats {
            bytes.append(zigzag: stat.modifiedNanos &- last.modifiedNanos)
            last = stat
        }
        for stat in stats { bytes.append(zigzag: stat.changedNanos &- stat.modifiedNanos) }
        last.inode = 0
        for stat in stats {
            bytes.append(zigzag: Int64(bitPattern: stat.inode &- last.inode))
            last = stat
        }
        bytes.append(contentsOf: digests)
        for content in contents {
            bytes.append(number: content.low)
            bytes.append(number: content.high)
        }
        return bytes
    }
}

extension PackIndex {
    /// Reads `encoded()`; everything in it is checked against the pack that it is said to describe.
    ///
    /// - frames: where the first frame begins and the last one ends.
    init(
        decoding bytes: [UInt8], frames range: Range<Int>, at location: FileLocation
    ) throws(LakeError) {
        let index: Result<PackIndex, LakeError> = bytes.withUnsafeBytes { bytes in
            do throws(ColumnarError) {
                var reader = ByteReader(bytes, location: location)
                var index = PackIndex()
                try index.readFrames(&reader, range)
                try index.readFiles(&reader)
                guard reader.remaining == 0 else { throw reader.corrupt("the index is too long") }
                return .success(index)
            } catch .corrupt(let place, let reason) {
                return .failure(.corrupt(place, reason: reason))
            } catch {
                return .failure(.columnar(error))
            }
        }
        self = try index.get()
    }

    /// A count of things that take at least `bytes` bytes each.
    private static func count(
        _ reader: inout ByteReader, bytes: Int
    ) throws(ColumnarError) -> Int {
        let count = try reader.length()
        guard count <= reader.remaining / bytes else {
            throw reader.corrupt("the index counts \(count) things, which it has no room for")
        }
        return count
    }

    private mutating func readFrames(
        _ reader: inout ByteReader, _ range: Range<Int>
    ) throws(ColumnarError) {
        let count = try Self.count(&reader, bytes: 2 + SHA256.digestBytes)
        var (offset, start) = (range.lowerBound, 0)
        for _ in 0..<count {
            let stored = try reader.varint()
            let raw = try reader.varint()
            guard stored > 0, stored <= UInt64(range.upperBound - offset),
                raw <= UInt64(Limits.packFrameBytes)
            else { throw reader.corrupt("the index has a frame of \(stored) and \(raw) bytes") }
            frames.append(
                Frame(
                    offset: offset, storedBytes: Int(stored), start: start, rawBytes: Int(raw),
                    sha256: []))
            offset += Int(stored)
            start += Int(raw)
        }
        guard offset == range.upperBound else {
            throw reader.corrupt("the frames do not end where the index begins")
        }
        for frame in 0..<count {
            frames[frame].sha256 = Array(try reader.take(SHA256.digestBytes))
        }
    }

    private mutating func readFiles(_ reader: inout ByteReader) throws(ColumnarError) {
        let count = try Self.count(&reader, bytes: 7 + SHA256.digestBytes + 16)
        try readPaths(&reader, count)
        var gaps: [UInt64] = []
        for _ in 0..<count { gaps.append(try reader.varint()) }
        var end: UInt64 = 0
        let limit = UInt64(rawBytes)
        for index in 0..<count {
            let size = try reader.varint()
            // Behind each file stands its separator.
            guard gaps[index] <= limit - end, size < limit - end - gaps[index] else {
                throw reader.corrupt("the index has a file that no frame holds")
            }
            starts.append(Int(end + gaps[index]))
            end += gaps[index] + size + 1
            stats.append(
                FileStat(sizeBytes: Int64(size), modifiedNanos: 0, changedNanos: 0, inode: 0))
        }
        var modified: Int64 = 0
        for index in 0..<count {
            modified &+= try reader.zigzag()
            stats[index].modifiedNanos = modified
        }
        for index in 0..<count {
            stats[index].changedNanos = stats[index].modifiedNanos &+ (try reader.zigzag())
        }
        var inode: UInt64 = 0
        for index in 0..<count {
            inode &+= UInt64(bitPattern: try reader.zigzag())
            stats[index].inode = inode
        }
        digests = Array(try reader.take(count * SHA256.digestBytes))
        contents.reserveCapacity(count)
        for _ in 0..<count {
            let low = UInt64(littleEndian: try reader.load(UInt64.self))
            let high = UInt64(littleEndian: try reader.load(UInt64.self))
            contents.append(ContentHash(low: low, high: high))
        }
    }

    private mutating func readPaths(
        _ reader: inout ByteReader, _ count: Int
    ) throws(ColumnarError) {
        var last: [UInt8] = []
        for index in 0..<count {
            let shared = try reader.length()
            let length = try reader.length()
            guard shared <= last.count, length <= Limits.rawPathBytes - shared else {
                throw reader.corrupt("the index has a path that is too long")
            }
            var path = Array(last.prefix(shared))
            path.append(contentsOf: try reader.take(length))
            guard index == 0 || last.lexicographicallyPrecedes(path) else {
                throw reader.corrupt("the paths of the index do not rise")
            }
            guard Self.isRelative(path) else {
                throw reader.corrupt("the index has a path that leads out of the raw folder")
            }
            paths.append(contentsOf: path)
            pathEnds.append(paths.count)
            last = path
        }
    }

    /// Whether a path stays below the folder that it is relative to, and is text.
    private static func isRelative(_ path: [UInt8]) -> Bool {
        guard !path.contains(0), path.withUnsafeBytes({ UTF8Text.isValid($0) }) else {
            return false
        }
        return path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).allSatisfy
        {
            !$0.isEmpty && !$0.elementsEqual(".".utf8) && !$0.elementsEqual("..".utf8)
        }
    }
}
