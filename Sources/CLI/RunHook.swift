import Columnar
import Glibc

/// A command of the user's that is told how a run ended: `/bin/sh -c COMMAND`.
///
/// ```
///  LAKE_DIR     the lake's folder           LAKE_STATUS  done, partial, failed, interrupted
///  LAKE_RUN     the run's number, or empty  LAKE_EXIT    what lake exits with
///  LAKE_ERROR   the error, or empty         standard input: the report as JSON
/// ```
/// What the command prints goes to standard error, so that it never mixes with a report. How it ends
/// is reported and changes nothing: the tables are what the run made them.
struct RunHook {
    /// How a run ended.
    enum Status: String {
        case done, partial, failed, interrupted
    }

    let lake: String
    let runID: Int64?
    let status: Status
    let exitCode: Int32
    let error: String?
    /// JSON; a run that failed has one with its error.
    let report: [UInt8]

    /// Runs a command to its end; returns what went wrong with it, or nil.
    func run(_ command: String, environment: [String: String]) -> String? {
        guard let input = Self.file(holding: report) else {
            return "its input cannot be made: \(SystemError.text(errno))"
        }
        defer { close(input) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
        posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // We ignore SIGPIPE; a shell that inherits that cannot be told of a broken pipe.
        var defaults = sigset_t()
        sigemptyset(&defaults)
        for number in [SIGPIPE, SIGINT, SIGTERM, SIGHUP] { sigaddset(&defaults, number) }
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF))
        var child = pid_t()
        let code = Self.withCStrings(["/bin/sh", "-c", command]) { arguments in
            Self.withCStrings(self.environment(environment)) { environment in
                posix_spawn(&child, "/bin/sh", &actions, &attributes, arguments, environment)
            }
        }
        guard code == 0 else { return "it cannot be started: \(SystemError.text(code))" }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0 {
            guard errno == EINTR else { return "it cannot be waited for" }
        }
        let signal = status & 0x7F
        if signal != 0 { return "signal \(signal) ended it" }
        let exit = (status >> 8) & 0xFF
        return exit == 0 ? nil : "it exited with \(exit)"
    }

    /// The report of a run that ended before it was filed.
    static func report(ofError error: String) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.key("run")
        json.null()
        json.key("error")
        json.string(error)
        json.endObject()
        return json.bytes
    }

    private func environment(_ inherited: [String: String]) -> [String] {
        var all = inherited
        all["LAKE_DIR"] = lake
        all["LAKE_RUN"] = runID.map { String($0) } ?? ""
        all["LAKE_STATUS"] = status.rawValue
        all["LAKE_EXIT"] = String(exitCode)
        all["LAKE_ERROR"] = error ?? ""
        return all.map { "\($0.key)=\($0.value)" }.sorted()
    }

    /// A nameless file with these bytes, read from its beginning; in memory, so that a full disk
    /// does not keep a hook from telling of it.
    private static func file(holding bytes: [UInt8]) -> Int32? {
        // O_TMPFILE, which the importer does not know: __O_TMPFILE | O_DIRECTORY.
        let temporary: Int32 = 0o20000000 | O_DIRECTORY
        for folder in ["/dev/shm", "/tmp"] {
            let descriptor = open(folder, temporary | O_RDWR | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { continue }
            if write(bytes, to: descriptor) { return descriptor }
            close(descriptor)
        }
        return nil
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes {
                pwrite(
                    descriptor, $0.baseAddress.map { $0 + done }, bytes.count - done, off_t(done))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            done += count
        }
        return true
    }

    private static func withCStrings<Result>(
        _ texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
    ) -> Result {
        let pointers: [UnsafeMutablePointer<CChar>?] = texts.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        return body(pointers)
    }
}
