import Glibc
import Synchronization

/// SIGINT, SIGTERM and SIGHUP ask a command to stop; a compaction ends before its commit, with nothing changed.
///
/// A second signal of the same kind ends the process at once, which is safe too: it is what a crash is.
enum Interruption {
    private static let number = Atomic<Int32>(0)

    static var isRequested: Bool { number.load(ordering: .relaxed) != 0 }

    /// What a shell reports of a process that a signal ended: 130, 143, 129; nil without a signal.
    static var exitCode: Int32? {
        let signal = number.load(ordering: .relaxed)
        return signal == 0 ? nil : 128 + signal
    }

    static func install() {
        // A parent's worker threads block signals, and a child inherits that.
        var ours = sigset_t()
        sigemptyset(&ours)
        for number in [SIGINT, SIGTERM, SIGHUP] { sigaddset(&ours, number) }
        sigprocmask(SIG_UNBLOCK, &ours, nil)
        for number in [SIGINT, SIGTERM, SIGHUP] {
            let former = signal(number) { received in
                Interruption.number.store(received, ordering: .relaxed)
                signal(received, SIG_DFL)
            }
            // Under nohup a closed terminal is no reason to stop.
            if number == SIGHUP, isIgnored(former) { signal(SIGHUP, SIG_IGN) }
        }
    }

    private static func isIgnored(_ handler: sighandler_t?) -> Bool {
        unsafeBitCast(handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
    }
}
