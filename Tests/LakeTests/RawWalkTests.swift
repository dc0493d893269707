import Columnar
import Glibc
import Testing

@testable import Lake

@Suite struct RawWalkTests {
    @Test func walkVisitsFoldersInPathOrder() throws {
        let folder = try TemporaryFolder()
        for name in ["posts", "posts/a", "posts/a-b", "posts/a.b", "posts/b", "other"] {
            #expect(mkdir("\(folder.path)/\(name)", 0o755) == 0)
        }
        #expect(symlink("a", "\(folder.path)/posts/link") == 0)
        try folder.write("x", to: "posts/file")
        let root = try RawRoot.open(folder.path, isMarked: false)
        let walk = RawWalk(
            root: root, layout: try RawLayout(pattern: "posts/{user}/{post}.json", format: .json))
        var visited: [String] = []
        while let next = walk.next() { visited.append(String(decoding: next, as: UTF8.self)) }
        #expect(visited == ["posts/a-b/", "posts/a.b/", "posts/a/", "posts/b/"])
        #expect(visited == visited.sorted(by: byteOrder))
        // The link and the file where a folder should be.
        #expect(walk.ignoredCount == 2)
    }

    private func byteOrder(_ a: String, _ b: String) -> Bool {
        a.utf8.lexicographicallyPrecedes(b.utf8)
    }

    @Test func rootWithoutItsMarkerIsRefused() throws {
        let folder = try TemporaryFolder()
        #expect(try RawRoot.mark(folder.path))
        _ = try RawRoot.open(folder.path, isMarked: true)
        unlink("\(folder.path)/\(RawRoot.markerName)")
        #expect(throws: LakeError.self) { try RawRoot.open(folder.path, isMarked: true) }
        #expect(throws: LakeError.self) { try RawRoot.open("/nowhere", isMarked: false) }
    }

    @Test func readerRefusesWhatIsNoFile() throws {
        let folder = try TemporaryFolder()
        try folder.write("hello", to: "a")
        symlink("a", "\(folder.path)/link")
        mkfifo("\(folder.path)/pipe", 0o644)
        let descriptor = open(folder.path, O_RDONLY | O_DIRECTORY)
        defer { close(descriptor) }
        var reader = try RawFileReader(pool: BufferPool(), limitBytes: 10)
        guard
            case .read(let stat, let hash, let range) = try reader.read(
                folder: descriptor, name: "a")
        else {
            Issue.record("not read")
            return
        }
        #expect(stat.sizeBytes == 5)
        #expect(Array(reader.bytes(range)) == Array("hello".utf8))
        #expect(
            hash == "hello".utf8CString.withUnsafeBytes { ContentHash(.init(rebasing: $0[0..<5])) })
        guard case .notAFile = try reader.read(folder: descriptor, name: "link"),
            case .notAFile = try reader.read(folder: descriptor, name: "pipe"),
            case .vanished = try reader.read(folder: descriptor, name: "b")
        else {
            Issue.record("a link or a pipe was read")
            return
        }
        try folder.write("hello world", to: "long")
        guard case .tooLarge = try reader.read(folder: descriptor, name: "long") else {
            Issue.record("not too large")
            return
        }
    }

    @Test func youngStatsAreNotTrusted() {
        let old = FileStat(sizeBytes: 1, modifiedNanos: 100, changedNanos: 100, inode: 1)
        #expect(old.isSettled(nowNanos: 111, windowNanos: 10))
        #expect(!old.isSettled(nowNanos: 110, windowNanos: 10))
        let copied = FileStat(sizeBytes: 1, modifiedNanos: 0, changedNanos: 105, inode: 1)
        #expect(!copied.isSettled(nowNanos: 111, windowNanos: 10))
        let future = FileStat(sizeBytes: 1, modifiedNanos: 1_000, changedNanos: 0, inode: 1)
        #expect(!future.isSettled(nowNanos: 111, windowNanos: 10))
    }
}
