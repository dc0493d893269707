import Columnar

/// A pack's header and index, behind digests that are right; what is accepted is written as the same.
///
/// The first byte says what the rest is: 0 a header, else an index of frames of as many bytes as the next
/// two say.
enum PackTarget: FuzzTarget {
    private static let location = FileLocation(path: "x.pack")

    static func run(_ input: UnsafeRawBufferPointer) {
        var input = FuzzInput(input)
        let kind = input.byte()
        do throws(LakeError) {
            if kind == 0 {
                let header = try PackHeader(decoding: input.remainder(), at: location)
                let again = try PackHeader(decoding: header.encoded(), at: location)
                precondition(again.encoded() == header.encoded())
                return
            }
            let frames = 8..<8 + input.word()
            let index = try PackIndex(
                decoding: input.remainder(), frames: frames, at: location)
            check(index)
            let again = try PackIndex(
                decoding: index.encoded(), frames: frames, at: location)
            precondition(again.count == index.count && again.frames == index.frames)
            for file in 0..<index.count { precondition(again[file] == index[file]) }
        } catch { return }
    }

    private static func check(_ index: PackIndex) {
        for file in 0..<index.count {
            precondition(index.find(index.path(file)) == file)
            let range = index.range(file)
            precondition(range.upperBound < index.rawBytes)
            let frame = index.frames[index.frame(at: range.lowerBound)]
            precondition(frame.start <= range.lowerBound)
        }
    }

    /// A header and an index of two files.
    static var samples: [[UInt8]] {
        let header = PackHeader(
            table: "posts", month: 672, bucket: 1, buckets: 4, packedMicros: 1, run: "r")
        var index = PackIndex()
        index.add(
            frame: PackIndex.Frame(
                offset: 8, storedBytes: 100, start: 0, rawBytes: 300,
                sha256: [UInt8](repeating: 1, count: SHA256.digestBytes)))
        for (number, path) in ["posts/a/1.json", "posts/a/2.json"].enumerated() {
            index.add(
                PackEntry(
                    path: path,
                    stat: FileStat(
                        sizeBytes: 100, modifiedNanos: 5, changedNanos: 6,
                        inode: UInt64(number + 7)),
                    sha256: [UInt8](repeating: 2, count: SHA256.digestBytes),
                    content: ContentHash(low: 3, high: 4)),
                start: number * 101)
        }
        return [[0] + header.encoded(), [1, 100, 0] + index.encoded()]
    }
}
