import Columnar
import Foundation
import Glibc
import Testing

@testable import Lake

@Suite struct PackFormatTests {
    static let header = PackHeader(
        table: "posts", month: 672, bucket: 3, buckets: 8, packedMicros: 1_700_000_000_000_000,
        run: "0a7f2c4e-0000-4000-8000-000000000001")
    let pool = BufferPool()

    static func stat(_ number: Int, size: Int) -> FileStat {
        FileStat(
            sizeBytes: Int64(size), modifiedNanos: 1_700_000_000_123_456_789 + Int64(number) * 977,
            changedNanos: 1_700_000_001_000_000_000 - Int64(number), inode: UInt64(900 - number % 7)
        )
    }

    /// Writes a pack of files by path; returns its path.
    @discardableResult
    func write(
        _ files: [(path: String, bytes: [UInt8])], to path: String, level: Int = 3
    ) throws -> PackWriter.Written {
        let writer = try PackWriter(path: path, header: Self.header, level: level, pool: pool)
        for (number, file) in files.enumerated() {
            let taken = try file.bytes.withUnsafeBytes { bytes in
                try writer.add(
                    path: file.path, stat: Self.stat(number, size: file.bytes.count),
                    content: ContentHash(bytes), from: MemoryStream(bytes))
            }
            #expect(taken == .packed)
        }
        return try writer.finish()
    }

    static func posts(_ count: Int) -> [(path: String, bytes: [UInt8])] {
        (0..<count).map { number in
            let id = 17_841_400_000 + number
            return (
                "posts/u\(id / 10)/\(id).json",
                Array("{\"id\": \(id), \"caption\": \"post \(number * 7919)\"}".utf8)
            )
        }
    }

    @Test func filesComeBackAsTheyWere() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/3-x.json.zst"
        var random = SeededRandom(seed: 7)
        func noise(_ count: Int) -> [UInt8] {
            (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
        }
        var files = Self.posts(2_000)
        files += [
            ("z/0", []), ("z/1", noise(PackFormat.frameBytes - 1)),
            ("z/2", noise(PackFormat.frameBytes)), ("z/3", noise(PackFormat.pieceBytes + 5)),
            ("z/4", noise(3 * PackFormat.pieceBytes)), ("z/5", []), ("z/6", Array("é\n\n".utf8)),
        ]
        files.sort { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
        let written = try write(files, to: path)
        let pack = try PackReader(path: path, isFresh: true)
        #expect(pack.header == Self.header)
        #expect(pack.count == files.count)
        #expect(pack.rawBytes == files.reduce(0) { $0 + Int64($1.bytes.count) })
        #expect(written.sizeBytes == pack.sizeBytes)
        let frames = try PackFrameBuffer()
        for (number, file) in files.enumerated() {
            #expect(pack.find(file.path) == number)
            #expect(pack.entry(number).stat == Self.stat(number, size: file.bytes.count))
            #expect(pack.entry(number).sha256 == SHA256.digest(file.bytes))
            #expect(try pack.bytes(number, through: frames, pool: pool) == file.bytes)
        }
        for missing in ["", "a", "z/00", "zz"] { #expect(pack.find(missing) == nil) }
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        #expect(try pack.verify(pool: pool) == SHA256.digest(Array(whole)))
        #expect(!FileManager.default.fileExists(atPath: path + ".tmp"))
    }

    @Test func anyZstdProgramReadsItAsLines() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/p.json.zst"
        let files = Self.posts(500)
        try write(files, to: path)
        let stream = ZstdStreamOfFile(path: path, pool: pool)
        let expected = files.flatMap { $0.bytes + [UInt8(ascii: "\n")] }
        #expect(try stream.all() == expected)
    }

    @Test func everyFlippedByteIsFound() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/p.json.zst"
        try write(Self.posts(12), to: path)
        var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        let damaged = folder.path + "/damaged"
        for place in bytes.indices {
            let bit = UInt8(1) << UInt8(place % 8)
            bytes[place] ^= bit
            try folder.write(bytes, to: "damaged")
            #expect(throws: LakeError.self, "byte \(place)") {
                _ = try PackReader(path: damaged).verify(pool: pool)
            }
            bytes[place] ^= bit
        }
        try folder.write(bytes, to: "damaged")
        _ = try PackReader(path: damaged).verify(pool: pool)
    }

    @Test func everyCutAndEveryTailIsFound() throws {
        let folder = try TemporaryFolder()
        try write(Self.posts(20), to: folder.path + "/p")
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder.path + "/p")))
        for count in 0..<bytes.count {
            try folder.write(Array(bytes[..<count]), to: "cut")
            #expect(throws: LakeError.self, "\(count) bytes") {
                _ = try PackReader(path: folder.path + "/cut").verify(pool: pool)
            }
        }
        try folder.write(bytes + [0], to: "longer")
        #expect(throws: LakeError.self) { _ = try PackReader(path: folder.path + "/longer") }
    }

    /// A pack whose index is anything, with checksums that agree with it.
    private func lying(_ index: [UInt8], frames: [UInt8], saidBytes: Int? = nil) throws -> [UInt8] {
        let header = PackFormat.frame(PackFormat.headerFrame, Self.header.encoded())
        let zstd = try PackFrame(level: 1)
        var room = [UInt8](repeating: 0, count: PackFrame.bound(index.count))
        let count = try room.withUnsafeMutableBytes { room in
            try index.withUnsafeBytes { try zstd.compress($0, into: room) }
        }
        let stored = Array(room[..<count])
        let footer = PackFooter(
            headerDigest: SHA256.digest(header), indexDigest: SHA256.digest(stored),
            indexOffset: header.count + frames.count, indexStoredBytes: stored.count,
            indexBytes: saidBytes ?? index.count)
        return header + frames + PackFormat.frame(PackFormat.indexFrame, stored)
            + footer.encoded()
    }

    @Test func indexThatLiesIsRefused() throws {
        let folder = try TemporaryFolder()
        try write(Self.posts(30), to: folder.path + "/p")
        let pack = try PackReader(path: folder.path + "/p")
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder.path + "/p")))
        let frames = Array(bytes[pack.headerBytes.count..<pack.footer.indexOffset])
        let index = pack.index.encoded()
        func open(_ index: [UInt8], said: Int? = nil) throws -> [UInt8] {
            try folder.write(try lying(index, frames: frames, saidBytes: said), to: "lie")
            return try PackReader(path: folder.path + "/lie").verify(pool: pool)
        }
        _ = try open(index)
        #expect(throws: LakeError.self) { try open(index, said: index.count + 1) }
        #expect(throws: LakeError.self) { try open(index, said: Limits.packIndexBytes + 1) }
        #expect(throws: LakeError.self) { try open(index + [0]) }
        var random = SeededRandom(seed: 3)
        for _ in 0..<1_000 {
            var lie = index
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let place = Int.random(in: lie.indices, using: &random)
                lie[place] = UInt8.random(in: 0...255, using: &random)
            }
            // Whatever it says, it must not trap; times and inodes may be anything.
            _ = try? open(lie)
        }
        for count in 0..<min(400, index.count) {
            #expect(throws: LakeError.self) { try open(Array(index[..<count])) }
        }
    }

    @Test(arguments: ["../a", "/a", "a//b", "a/./b", "", "a/", "a\u{0}b"])
    func pathThatLeadsOutIsRefused(_ path: String) throws {
        let folder = try TemporaryFolder()
        try write([(path, [1, 2, 3])], to: folder.path + "/p")
        #expect(throws: LakeError.self) { _ = try PackReader(path: folder.path + "/p") }
    }

    @Test func fileThatChangesIsTakenBack() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/p"
        let large = [UInt8](repeating: 7, count: 2 * PackFormat.pieceBytes)
        let writer = try PackWriter(path: path, header: Self.header, level: 3, pool: pool)
        func add(_ name: String, _ bytes: [UInt8], size: Int, isUnchanged: Bool) throws
            -> PackWriter.Taken
        {
            try bytes.withUnsafeBytes { bytes in
                try writer.add(
                    path: name, stat: Self.stat(0, size: size), content: ContentHash(bytes),
                    from: MemoryStream(bytes), isUnchanged: { isUnchanged })
            }
        }
        #expect(try add("a", [1], size: 1, isUnchanged: true) == .packed)
        #expect(try add("b", [2], size: 1, isUnchanged: false) == .differs)
        #expect(try add("c", large, size: large.count, isUnchanged: false) == .differs)
        #expect(try add("d", large, size: large.count + 1, isUnchanged: true) == .differs)
        #expect(try add("e", [5, 6], size: 2, isUnchanged: true) == .packed)
        _ = try writer.finish()
        let pack = try PackReader(path: path)
        #expect((0..<pack.count).map { pack.entry($0).path } == ["a", "e"])
        _ = try pack.verify(pool: pool)
        #expect(pack.index.rawBytes == 5)
    }

    @Test func packThatIsNotFinishedLeavesNothing() throws {
        let folder = try TemporaryFolder()
        do {
            let writer = try PackWriter(
                path: folder.path + "/p", header: Self.header, level: 3, pool: pool)
            _ = try [UInt8](repeating: 1, count: 10).withUnsafeBytes {
                try writer.add(
                    path: "a", stat: Self.stat(0, size: 10), content: nil, from: MemoryStream($0))
            }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }
}

/// A zstd file decompressed by the streaming decoder, which knows nothing of packs.
private struct ZstdStreamOfFile {
    let path: String
    let pool: BufferPool

    func all() throws -> [UInt8] {
        let stored = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        return try stored.withUnsafeBytes { stored in
            let stream = try ZstdStream(
                MemoryStream(stored), location: FileLocation(path: path), pool: pool)
            var bytes: [UInt8] = []
            var room = [UInt8](repeating: 0, count: 1 << 16)
            while true {
                let count = try room.withUnsafeMutableBytes { try stream.fill($0) }
                if count == 0 { return bytes }
                bytes += room[..<count]
            }
        }
    }
}
