import Glibc

/// What the operating system calls an error.
enum SystemError {
    static func text(_ number: Int32) -> String { String(cString: strerror(number)) }
}
