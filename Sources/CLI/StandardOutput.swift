import Glibc
import Synchronization

/// Buffered standard output; a reader that went away (`| head`) ends the program quietly.
final class StandardOutput: PrintTarget {
    private let waiting = Mutex<[UInt8]>([])
    private static let flushBytes = 64 << 10

    func write(_ bytes: [UInt8]) {
        waiting.withLock { waiting in
            waiting += bytes
            if waiting.count >= Self.flushBytes { Self.drain(&waiting) }
        }
    }

    func flush() {
        waiting.withLock { Self.drain(&$0) }
    }

    private static func drain(_ bytes: inout [UInt8]) {
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
                exit(ExitCode.done)
            } else if errno != EINTR {
                StandardError.write(
                    "error: cannot write to standard output: \(String(cString: strerror(errno)))\n")
                exit(ExitCode.userError)
            }
        }
        bytes.removeAll(keepingCapacity: true)
    }
}
