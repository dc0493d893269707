import Lake
import Synchronization

/// One line on the terminal that says how far a compaction is, once it takes longer than a second.
final class CompactionProgressBar: CompactionProgress {
    private struct State {
        var table = ""
        var files = 0
        var shownAtNanos: UInt64 = 0
        var isShown = false
    }

    private let terminal: Terminal
    private let startNanos = Clock.monotonicNanos()
    private let state = Mutex(State())
    private static let quietNanos: UInt64 = 1_000_000_000
    private static let intervalNanos: UInt64 = 100_000_000

    init(terminal: Terminal) {
        self.terminal = terminal
    }

    var isCancelled: Bool { Interruption.isRequested }

    func scanning(table: String) {
        state.withLock {
            $0.table = table
            $0.files = 0
        }
    }

    func scanned(_ counts: FileCounts) {
        show { state, seconds in
            state.files += counts.seen
            let rate = seconds > 0 ? Int(Double(state.files) / seconds) : 0
            return "\(state.table): \(Amount.count(state.files)) files, "
                + "\(Amount.count(rate)) files/s"
        }
    }

    func rewriting(table: String, done: Int, total: Int) {
        show { _, seconds in
            let left = done > 0 ? Int(seconds / Double(done) * Double(total - done)) : 0
            return "\(table): \(Self.bar(done, total)) \(done) of \(total) partitions, "
                + "about \(left) s left"
        }
    }

    func committing() {
        show { _, _ in "committing" }
    }

    /// Takes the line away.
    func clear() {
        state.withLock { state in
            if state.isShown { StandardError.write("\r\u{1B}[K") }
            state.isShown = false
        }
    }

    private func show(_ line: (inout State, Double) -> String) {
        let now = Clock.monotonicNanos()
        state.withLock { state in
            let text = line(&state, Double(now - startNanos) / 1e9)
            guard terminal.isErrorTerminal, now - startNanos > Self.quietNanos,
                now - state.shownAtNanos > Self.intervalNanos
            else { return }
            state.shownAtNanos = now
            state.isShown = true
            StandardError.write("\r\u{1B}[K" + text)
        }
    }

    private static func bar(_ done: Int, _ total: Int) -> String {
        let width = 20
        let filled = total > 0 ? done * width / total : 0
        return "[" + String(repeating: "#", count: filled)
            + String(repeating: ".", count: width - filled) + "]"
    }
}
