import Columnar
import Glibc
import Lake

/// The options of `lake compact` that say which raw files are looked at, and how closely.
enum ChangeOptions {
    static let all = [
        Option(
            "from", value: "FILE",
            "Look only at the raw paths in FILE (- for standard input), one a line"),
        Option("from0", value: "FILE", "The same, with a NUL behind each path"),
        Option(
            "audit", value: "PERCENT",
            "Read this share of the untouched files all the same (default: 2)"),
        Option("rehash", "Read all files: --audit 100"),
        Option(
            "max-missing", value: "N|N%",
            "Refuse a run in which more of a table's files are gone (default: 20%, at least 100)"),
        Option(
            "io-threads", value: "N",
            "Threads that list and read raw files (default: 2 for each worker, at least 8)"),
    ]

    private static let standardAuditPercent = 2.0

    /// Sets what the arguments say.
    static func apply(
        _ arguments: Arguments, command: String, to options: inout CompactionOptions
    ) throws(CommandError) {
        let threads = try arguments.integer("io-threads", minimum: 1, command: command)
        options.ioThreads = threads ?? options.ioThreads
        options.auditPercent = try auditPercent(arguments, command)
        if let text = arguments.value("max-missing") {
            options.maxMissing = try missingLimit(text, command)
        }
    }

    private static func auditPercent(
        _ arguments: Arguments, _ command: String
    ) throws(CommandError) -> Double {
        guard let text = arguments.value("audit") else {
            return arguments.has("rehash") ? 100 : standardAuditPercent
        }
        guard !arguments.has("rehash") else {
            throw .usage("--rehash is --audit 100: give one of them", command: command)
        }
        let digits = text.hasSuffix("%") ? String(text.dropLast()) : text
        guard let percent = Double(digits), (0...100).contains(percent) else {
            throw .usage("--audit must be 0 to 100, not '\(text)'", command: command)
        }
        return percent
    }

    private static func missingLimit(
        _ text: String, _ command: String
    ) throws(CommandError) -> MissingLimit {
        if text.hasSuffix("%"), let percent = Int(text.dropLast()), (0...100).contains(percent) {
            return .percent(percent)
        }
        guard let files = Int(text), files >= 0 else {
            throw .usage(
                "--max-missing must be a number of files, or a percentage like 50%, not '\(text)'",
                command: command)
        }
        return .files(files)
    }

    /// The list of changed paths; nil if all files are to be looked at.
    static func changed(
        _ arguments: Arguments, rawRoot: String, command: String
    ) throws(CommandError) -> ChangedPaths? {
        let (lines, nuls) = (arguments.value("from"), arguments.value("from0"))
        guard lines == nil || nuls == nil else {
            throw .usage("--from and --from0 exclude each other", command: command)
        }
        guard let path = lines ?? nuls else { return nil }
        var list = ChangedPaths(root: rawRoot, separator: nuls == nil ? UInt8(ascii: "\n") : 0)
        let name = path == "-" ? "standard input" : path
        let descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw .user("cannot read \(name): \(SystemError.text(errno))")
        }
        defer { if descriptor != STDIN_FILENO { close(descriptor) } }
        let block = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 1)
        defer { block.deallocate() }
        while true {
            let count = read(descriptor, block.baseAddress, block.count)
            if count < 0 {
                if errno == EINTR, !Interruption.isRequested { continue }
                throw .user("cannot read \(name): \(SystemError.text(errno))")
            }
            if count == 0 { break }
            let part = UnsafeRawBufferPointer(rebasing: block[..<count])
            do {
                try list.append(part)
            } catch {
                throw .user(
                    "\(name) holds more than \(Amount.bytes(Limits.changedPathBytes)) of paths",
                    hint: "so many changes are found faster by a run without --from")
            }
        }
        list.finish()
        return list
    }
}
