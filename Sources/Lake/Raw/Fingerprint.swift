import CXXHash
import Columnar
import Glibc

/// What the file system says of a file: cheap to ask for, and only a hint.
package struct FileStat: Hashable, Sendable {
    package var sizeBytes: Int64
    package var modifiedNanos: Int64
    package var changedNanos: Int64
    package var inode: UInt64

    package init(sizeBytes: Int64, modifiedNanos: Int64, changedNanos: Int64, inode: UInt64) {
        self.sizeBytes = sizeBytes
        self.modifiedNanos = modifiedNanos
        self.changedNanos = changedNanos
        self.inode = inode
    }

    init(_ status: stat) {
        sizeBytes = Int64(status.st_size)
        modifiedNanos = Self.nanos(status.st_mtim)
        changedNanos = Self.nanos(status.st_ctim)
        inode = UInt64(status.st_ino)
    }

    private static func nanos(_ time: timespec) -> Int64 {
        Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }

    /// Whether a rewrite could still happen within the same clock tick.
    ///
    /// A stat is trusted only if the file was last touched `windowNanos` before `now`: a file that is
    /// rewritten within one tick of the clock keeps its times (git's "racily clean" entries, borg's
    /// cache rule). Times in the future are never trusted. mtime is anybody's to set, so it alone
    /// proves nothing: the kernel's ctime must be old as well.
    package func isSettled(nowNanos now: Int64, windowNanos: Int64) -> Bool {
        let (limit, overflow) = now.subtractingReportingOverflow(windowNanos)
        return !overflow && modifiedNanos < limit && changedNanos < limit
    }
}

/// A stat in 64 bits, compared for equality only; 0 stands for "do not trust".
///
/// XXH3-64 of size, mtime, ctime and inode: a state row needs only to know whether any of them moved.
package struct StatHint: Hashable, Sendable, BitwiseCopyable {
    package let bits: UInt64

    package init(bits: UInt64) {
        self.bits = bits
    }

    /// Equal to no file's hint.
    package static let none = StatHint(bits: 0)

    package init(_ stat: FileStat) {
        var words = (
            UInt64(bitPattern: stat.sizeBytes), UInt64(bitPattern: stat.modifiedNanos),
            UInt64(bitPattern: stat.changedNanos), stat.inode
        )
        let hash = withUnsafeBytes(of: &words) { XXH3_64bits($0.baseAddress, $0.count) }
        bits = hash == 0 ? 1 : hash
    }
}

/// XXH3-128 of a file's bytes: the truth about whether its content changed.
package struct ContentHash: Hashable, Sendable, BitwiseCopyable {
    package let low: UInt64
    package let high: UInt64

    package init(low: UInt64, high: UInt64) {
        self.low = low
        self.high = high
    }

    package init(_ bytes: UnsafeRawBufferPointer) {
        let hash = XXH3_128bits(bytes.baseAddress, bytes.count)
        low = hash.low64
        high = hash.high64
    }

    /// Of bytes under a seed that outsiders do not know: for identities that they could forge.
    package init(_ bytes: UnsafeRawBufferPointer, seed: UInt64) {
        let hash = XXH3_128bits_withSeed(bytes.baseAddress, bytes.count, seed)
        low = hash.low64
        high = hash.high64
    }

    /// Of no content: a file that was never read.
    package static let none = ContentHash(low: 0, high: 0)
}

extension ContentHash {
    /// Of bytes that come piece by piece.
    struct Stream: ~Copyable {
        private let state: OpaquePointer

        init() throws(LakeError) {
            guard let state = XXH3_createState() else {
                throw .columnar(.memoryLimit(requestedBytes: 1 << 10, limitBytes: 1 << 10))
            }
            self.state = state
            XXH3_128bits_reset(state)
        }

        deinit {
            XXH3_freeState(state)
        }

        mutating func update(_ bytes: UnsafeRawBufferPointer) {
            XXH3_128bits_update(state, bytes.baseAddress, bytes.count)
        }

        /// The hash of what came so far.
        func finish() -> ContentHash {
            let hash = XXH3_128bits_digest(state)
            return ContentHash(low: hash.low64, high: hash.high64)
        }

        mutating func reset() {
            XXH3_128bits_reset(state)
        }
    }
}
