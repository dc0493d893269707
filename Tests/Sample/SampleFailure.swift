import Glibc

/// Ends the program with a sentence on standard error.
enum SampleFailure {
    static func stop(_ message: String) -> Never {
        var text = message + "\n"
        text.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
        exit(1)
    }
}
