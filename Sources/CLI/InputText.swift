import Columnar
import Glibc

/// Texts that the user hands in: a file or standard input, bounded, UTF-8.
enum InputText {
    static func read(path: String) throws(CommandError) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw .user("cannot read \(path): \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        return try read(descriptor, name: path)
    }

    static func readStandardInput() throws(CommandError) -> String {
        try read(STDIN_FILENO, name: "standard input")
    }

    private static func read(_ descriptor: Int32, name: String) throws(CommandError) -> String {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw .user("cannot read \(name): \(String(cString: strerror(errno)))")
            }
            if count == 0 { break }
            bytes += chunk[..<count]
            guard bytes.count <= Limits.queryBytes else {
                throw .user(
                    "\(name) is longer than \(Limits.queryBytes) bytes, the limit for a query")
            }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .user("\(name) is not UTF-8 text")
        }
        return text
    }
}
