import Glibc

/// What the kernel says of one finished child process.
struct ProcessFigures {
    var wallSeconds: Double
    var coreSeconds: Double
    var peakMiB: Int
    var exitCode: Int32
}

/// Runs programs as whole processes, as their users do.
enum ChildProcess {
    /// Runs `words` to its end, its output thrown away; ends the benchmark if it fails.
    static func run(_ words: [String]) -> ProcessFigures {
        let start = Stopwatch.seconds()
        let child = spawn(words)
        var status: Int32 = 0
        var usage = rusage()
        while wait4(child, &status, 0, &usage) < 0 && errno == EINTR {}
        let figures = ProcessFigures(
            wallSeconds: Stopwatch.seconds() - start,
            coreSeconds: seconds(usage.ru_utime) + seconds(usage.ru_stime),
            peakMiB: usage.ru_maxrss / 1_024, exitCode: (status >> 8) & 0xFF)
        guard figures.exitCode == 0 else {
            Report.stop("\(words.joined(separator: " ")) ended with code \(figures.exitCode)")
        }
        return figures
    }

    private static func spawn(_ words: [String]) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
        arguments.append(nil)
        defer { for argument in arguments { free(argument) } }
        var child: pid_t = 0
        let error = posix_spawnp(&child, words[0], &actions, nil, &arguments, environ)
        guard error == 0 else {
            Report.stop("cannot start \(words[0]): \(String(cString: strerror(error)))")
        }
        return child
    }

    private static func seconds(_ time: timeval) -> Double {
        Double(time.tv_sec) + Double(time.tv_usec) / 1e6
    }
}

/// The monotonic clock and the process's own core time.
enum Stopwatch {
    static func seconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    static func coreSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
