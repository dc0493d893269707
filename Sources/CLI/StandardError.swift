import Glibc

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
