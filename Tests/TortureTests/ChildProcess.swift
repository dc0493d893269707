import Foundation
import Glibc

/// A process that a test starts, stops, kills and waits for; never left behind.
///
/// Plain `posix_spawn`: the test must see signals and stops as the kernel reports them.
final class ChildProcess {
    /// How a process ended, and all that it said.
    struct Ended {
        /// The exit code; nil if a signal ended it.
        var code: Int32?
        var signal: Int32?
        /// Standard output.
        var output: String
        /// Standard error.
        var errors: String

        var text: String { output + errors }

        /// This one's end, and the output of both.
        func joined(behind other: Ended?) -> Ended {
            var joined = self
            joined.output = (other?.output ?? "") + output
            return joined
        }
    }

    /// The process did not do what was waited for.
    struct Stuck: Error {
        var words: [String]
        var seconds: Double
    }

    let id: pid_t
    private let words: [String]
    private let outputPath: String
    private var isReaped = false

    /// Starts `words[0]` with the rest as arguments; output goes to files of its own.
    init(_ words: [String], environment: [String: String], outputFolder: String) throws {
        self.words = words
        outputPath = "\(outputFolder)/output-\(UUID().uuidString)"
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        let flags = O_WRONLY | O_CREAT | O_TRUNC
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, outputPath + ".out", flags, 0o644)
        posix_spawn_file_actions_addopen(&actions, 2, outputPath + ".err", flags, 0o644)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
        var arguments = words.map { strdup($0) }
        arguments.append(nil)
        var variables = environment.map { strdup("\($0.key)=\($0.value)") }
        variables.append(nil)
        defer { for text in arguments + variables { free(text) } }
        var started = pid_t()
        let code = posix_spawn(&started, words[0], &actions, &attributes, arguments, variables)
        guard code == 0 else { throw POSIXError(POSIXErrorCode(rawValue: code) ?? .EIO) }
        id = started
    }

    deinit {
        if !isReaped {
            Glibc.kill(id, SIGKILL)
            var status: Int32 = 0
            waitpid(id, &status, 0)
        }
        unlink(outputPath + ".out")
        unlink(outputPath + ".err")
    }

    func send(_ signal: Int32) {
        if !isReaped { Glibc.kill(id, signal) }
    }

    /// Waits for the end; one that takes longer is taken for stuck, and killed.
    func wait(seconds: Double = 120) throws -> Ended {
        let status = try poll(0, seconds: seconds) { $0 & 0x7F == 0 || $0 & 0xFF != 0x7F }
        isReaped = true
        let signal = status & 0x7F
        return Ended(
            code: signal == 0 ? (status >> 8) & 0xFF : nil, signal: signal == 0 ? nil : signal,
            output: read(".out"), errors: read(".err"))
    }

    /// Waits until the process is stopped by a signal.
    func waitUntilStopped(seconds: Double = 60) throws {
        _ = try poll(WUNTRACED, seconds: seconds) { $0 & 0xFF == 0x7F }
    }

    /// What the process has said so far.
    private func read(_ suffix: String) -> String {
        String(
            decoding: FileManager.default.contents(atPath: outputPath + suffix) ?? Data(),
            as: UTF8.self)
    }

    private func poll(
        _ options: Int32, seconds: Double, until: (Int32) -> Bool
    ) throws -> Int32 {
        let deadline = Date().addingTimeInterval(seconds)
        var status: Int32 = 0
        while Date() < deadline {
            if waitpid(id, &status, options | WNOHANG) == id {
                if until(status) { return status }
                // Ended while a stop was waited for.
                isReaped = true
                throw Stuck(words: words, seconds: 0)
            }
            usleep(1_000)
        }
        Glibc.kill(id, SIGKILL)
        throw Stuck(words: words, seconds: seconds)
    }
}
