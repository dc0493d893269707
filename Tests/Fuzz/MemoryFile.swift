import Glibc

/// A file in memory with a path: what the reader opens, without a disk.
enum MemoryFile {
    private static let descriptor: CInt = {
        var template = Array("/dev/shm/lake-fuzz-XXXXXX".utf8CString)
        let descriptor = template.withUnsafeMutableBufferPointer { name -> CInt in
            guard let name = name.baseAddress else { return -1 }
            let made = mkstemp(name)
            unlink(name)
            return made
        }
        guard descriptor >= 0 else { abort() }
        return descriptor
    }()

    /// What is to be done with the next file instead of reading it.
    nonisolated(unsafe) static var divert: ((UnsafeRawBufferPointer) -> Never)?

    /// The path of a file that holds these bytes until the next call.
    static func path(_ bytes: UnsafeRawBufferPointer) -> String {
        if let divert { divert(bytes) }
        guard ftruncate(descriptor, 0) == 0 else { abort() }
        var done = 0
        while done < bytes.count {
            let count = pwrite(
                descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done, off_t(done))
            guard count > 0 else { abort() }
            done += count
        }
        return "/proc/self/fd/\(descriptor)"
    }
}
