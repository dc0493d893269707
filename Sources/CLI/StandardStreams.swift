import Glibc

/// Buffered standard output; a reader that went away (`| head`) ends the program quietly.
final class StandardOutput {
    private var bytes: [UInt8] = []
    private static let flushBytes = 64 << 10

    func write(_ text: String) {
        bytes.append(contentsOf: text.utf8)
        if bytes.count >= Self.flushBytes { flush() }
    }

    func write(_ more: [UInt8]) {
        bytes.append(contentsOf: more)
        if bytes.count >= Self.flushBytes { flush() }
    }

    func flush() {
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

/// Unbuffered standard error.
enum StandardError {
    static func write(_ text: String) {
        let bytes = Array(text.utf8)
        var written = 0
        while written < bytes.count {
            let result = bytes.withUnsafeBytes { buffer in
                Glibc.write(
                    STDERR_FILENO, buffer.baseAddress.map { $0 + written },
                    buffer.count - written)
            }
            if result > 0 { written += result } else if errno != EINTR { return }
        }
    }
}
