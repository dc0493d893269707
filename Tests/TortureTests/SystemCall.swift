import Foundation

/// One system call of a traced run: what strace needs to meet it again.
struct SystemCall: CustomStringConvertible, Sendable {
    var name: String
    /// Its number among the calls of that name; strace counts from 1, by name.
    var ordinal: Int
    /// The line of the trace, without the process.
    var line: String

    var description: String { "\(name) #\(ordinal): \(line)" }

    /// Calls that change files or names.
    static let changing = [
        "openat", "write", "pwrite64", "fsync", "fdatasync", "rename", "renameat", "renameat2",
        "unlink", "unlinkat", "ftruncate", "fallocate", "mkdir", "mkdirat", "link", "linkat",
    ]

    /// Calls that only look.
    static let looking = [
        "openat", "read", "pread64", "getdents64", "fstat", "newfstatat", "lseek", "fcntl",
        "flock", "faccessat", "access", "close",
    ]

    /// Whether it may change something: an `openat` does so only if it makes a file.
    var isChanging: Bool {
        guard Self.changing.contains(name) else { return false }
        return name != "openat" || line.contains("O_CREAT") || line.contains("O_TMPFILE")
    }

    /// Runs the program under strace and lists its calls of these names, in order.
    static func trace(
        _ arguments: [String], names: [String], environment: [String: String] = [:]
    ) throws -> [SystemCall] {
        let log = BuiltLake.logPath()
        defer { unlink(log) }
        let ended = try BuiltLake.run(
            tool: "/usr/bin/strace",
            ["-f", "--seccomp-bpf", "-qq", "-y", "-o", log, "-e", "trace=" + names.unique]
                + [BuiltLake.path] + arguments, environment: environment)
        guard ended.code == 0 || ended.code == 3 else { throw Unexpected(text: ended.text) }
        var counts: [Substring: Int] = [:]
        var calls: [SystemCall] = []
        for line in try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n") {
            // 4711 openat(AT_FDCWD</x>, "lake.db", O_RDWR) = 3
            let call = line.drop { $0 != " " }.drop { $0 == " " }
            guard let bracket = call.firstIndex(of: "(") else { continue }
            let name = call[..<bracket]
            counts[name, default: 0] += 1
            calls.append(
                SystemCall(
                    name: String(name), ordinal: counts[name, default: 0], line: String(call)))
        }
        return calls
    }

    struct Unexpected: Error {
        var text: String
    }
}

/// What happens to a system call in place of what it asks for.
struct Injection: CustomStringConvertible {
    enum Effect {
        case kill
        case error(String)
    }

    var call: SystemCall
    var effect: Effect
    /// Whether all later calls of the name meet it too.
    var stays = false

    var description: String { "\(effect)\(stays ? " from" : " at") \(call)" }

    /// Runs the program with this call changed; also gives the trace of `watched` calls.
    func run(
        _ arguments: [String], watching watched: [String] = [],
        environment: [String: String] = [:]
    ) throws -> (ended: ChildProcess.Ended, trace: String) {
        let log = BuiltLake.logPath()
        defer { unlink(log) }
        let what: String
        var options = ["-f", "-qq", "-y", "-o", log]
        switch effect {
        case .kill: what = "signal=KILL"
        case .error(let name):
            what = "error=\(name)"
            // Ten times as fast, but signals get lost.
            options.append("--seccomp-bpf")
        }
        let when = "\(call.ordinal)\(stays ? "+" : "")"
        let ended = try BuiltLake.run(
            tool: "/usr/bin/strace",
            options + ["-e", "trace=" + ([call.name] + watched).unique]
                + ["-e", "inject=\(call.name):\(what):when=\(when)", BuiltLake.path] + arguments,
            environment: environment)
        return (ended, (try? String(contentsOfFile: log, encoding: .utf8)) ?? "")
    }
}

extension [String] {
    /// As strace takes a list of names.
    fileprivate var unique: String { Set(self).sorted().joined(separator: ",") }
}
