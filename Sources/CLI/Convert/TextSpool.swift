import Glibc

/// Standard input as a file that can be read more than once: itself, if it is one, else a nameless copy.
struct TextSpool {
    /// What opens it, as long as this process lives.
    let path: String

    /// Copies standard input to its end; `folder` is where the copy takes its space.
    static func standardInput(in folder: String) throws(CommandError) -> TextSpool {
        var status = stat()
        if fstat(STDIN_FILENO, &status) == 0, status.st_mode & S_IFMT == S_IFREG {
            return TextSpool(path: "/proc/self/fd/\(STDIN_FILENO)")
        }
        var template = Array((folder + "/lake-stdin-XXXXXX").utf8CString)
        let copy = mkstemp(&template)
        guard copy >= 0 else {
            throw failure("cannot make a file in \(folder) for standard input")
        }
        unlink(template)
        var chunk = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = read(STDIN_FILENO, &chunk, chunk.count)
            if count == 0 { break }
            if count < 0 {
                if errno == EINTR { continue }
                throw failure("cannot read standard input")
            }
            try write(chunk[..<count], to: copy)
        }
        return TextSpool(path: "/proc/self/fd/\(copy)")
    }

    private static func write(
        _ bytes: ArraySlice<UInt8>, to copy: Int32
    ) throws(CommandError) {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { source in
                Glibc.write(copy, source.baseAddress.map { $0 + done }, source.count - done)
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw failure("cannot copy standard input")
            }
            done += count
        }
    }

    private static func failure(_ what: String) -> CommandError {
        .user("\(what): \(String(cString: strerror(errno)))")
    }
}
