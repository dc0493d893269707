import CXXHash
import Glibc

/// What the kernel alone costs: one thread, directory descriptors, no lake.
///
/// The other side of each ratio.
struct TreeBaseline {
    private(set) var files = 0
    private(set) var bytes = 0
    private var digest: UInt64 = 0
    private var content = [UInt8](repeating: 0, count: 1 << 20)

    /// Lists and stats every file below `path`.
    static func walkAndStat(_ path: String) -> (baseline: TreeBaseline, coreSeconds: Double) {
        measure(path, reads: false)
    }

    /// Lists, reads and hashes every file below `path`.
    static func walkReadAndHash(_ path: String) -> (baseline: TreeBaseline, coreSeconds: Double) {
        measure(path, reads: true)
    }

    private static func measure(
        _ path: String, reads: Bool
    ) -> (baseline: TreeBaseline, coreSeconds: Double) {
        let start = Stopwatch.coreSeconds()
        var baseline = TreeBaseline()
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { Report.stop("cannot open \(path)") }
        baseline.visit(descriptor, reads: reads)
        return (baseline, Stopwatch.coreSeconds() - start)
    }

    private mutating func visit(_ descriptor: Int32, reads: Bool) {
        guard let folder = fdopendir(descriptor) else { return }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self)
            }
            if name[0] == 0x2E { continue }
            if entry.pointee.d_type == UInt8(DT_DIR) {
                let child = openat(descriptor, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
                if child >= 0 { visit(child, reads: reads) }
                continue
            }
            var status = stat()
            guard fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { continue }
            files += 1
            if reads { read(descriptor, name) }
        }
    }

    private mutating func read(_ folder: Int32, _ name: UnsafePointer<CChar>) {
        let descriptor = openat(folder, name, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let count = Glibc.read(descriptor, &content, content.count)
        guard count > 0 else { return }
        bytes += count
        digest ^= XXH3_64bits(content, count)
    }
}
