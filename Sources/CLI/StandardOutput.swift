import Glibc
import Synchronization

/// Buffered standard output; a reader that went away (`| head`) ends the program quietly.
final class StandardOutput: PrintTarget {
    private let waiting = Mutex<[UInt8]>([])
    /// False: the program has more to do than print, and goes on without a reader.
    private let endsWithReader: Bool
    private static let flushBytes = 64 << 10

    init(endsWithReader: Bool = true) {
        self.endsWithReader = endsWithReader
    }

    func write(_ bytes: [UInt8]) {
        waiting.withLock { waiting in
            waiting += bytes
            if waiting.count >= Self.flushBytes { drain(&waiting) }
        }
    }

    func flush() {
        waiting.withLock { drain(&$0) }
    }

    private func drain(_ bytes: inout [UInt8]) {
        var written = 0
        while written < bytes.count {
            let result = bytes.withUnsafeBytes { buffer in
                Glibc.write(
                    STDOUT_FILENO, buffer.baseAddress.map { $0 + written },
                    buffer.count - written)
            }
            if result > 0 {
                written += result
            } else if errno == EPIPE {
                if endsWithReader { exit(ExitCode.done) }
                break
            } else if errno != EINTR {
                StandardError.write(
                    "error: cannot write to standard output: \(String(cString: strerror(errno)))\n")
                exit(ExitCode.userError)
            }
        }
        bytes.removeAll(keepingCapacity: true)
    }
}
