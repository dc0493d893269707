import Lake
import Synchronization

/// One line on the terminal that says how far a compaction is, once it takes longer than a second.
///
/// ```
///  posts: 34 %, 120,000 of 350,000 files, 45,000 files/s, about 5 s left
///  posts: [######..............] 7 of 24 partitions, about 3 s left
/// ```
/// Nothing is printed where standard error is no terminal.
final class CompactionProgressBar: CompactionProgress {
    private struct State {
        var table = ""
        var files = 0
        /// When the present stage of the present table began.
        var stageNanos: UInt64
        var isRewriting = false
        var shownAtNanos: UInt64 = 0
        var isShown = false
    }

    private let terminal: Terminal
    /// Files that the last run saw, by table: where this one will end, nearly.
    private let expectedFiles: [String: Int]
    private let startNanos = Clock.monotonicNanos()
    private let state: Mutex<State>
    private static let quietNanos: UInt64 = 1_000_000_000
    private static let intervalNanos: UInt64 = 100_000_000

    init(terminal: Terminal, expectedFiles: [String: Int] = [:]) {
        self.terminal = terminal
        self.expectedFiles = expectedFiles
        state = Mutex(State(stageNanos: startNanos))
    }

    var isCancelled: Bool { Interruption.isRequested }

    func scanning(table: String) {
        state.withLock {
            $0.table = table
            $0.files = 0
            $0.stageNanos = Clock.monotonicNanos()
            $0.isRewriting = false
        }
    }

    func scanned(_ counts: FileCounts) {
        show { state, now in
            state.files += counts.seen
            return Self.scanLine(
                table: state.table, files: state.files, expected: expectedFiles[state.table],
                seconds: Double(now - min(now, state.stageNanos)) / 1e9)
        }
    }

    func rewriting(table: String, done: Int, total: Int) {
        show { state, now in
            if !state.isRewriting {
                state.isRewriting = true
                state.stageNanos = now
            }
            let seconds = Double(now - min(now, state.stageNanos)) / 1e9
            // The first one starts the clock of this stage.
            let left = done > 1 ? Int(seconds / Double(done - 1) * Double(total - done)) : nil
            return "\(table): \(Self.bar(done, total)) \(Amount.count(done)) of "
                + "\(Amount.count(total)) partitions" + (left.map { ", about \($0) s left" } ?? "")
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

    static func scanLine(table: String, files: Int, expected: Int?, seconds: Double) -> String {
        let rate = seconds > 0 ? Int(Double(files) / seconds) : 0
        let speed = "\(Amount.count(rate)) files/s"
        // Beyond what was expected, nobody knows.
        guard let expected, expected > files else {
            return "\(table): \(Amount.count(files)) files, \(speed)"
        }
        let left = rate > 0 ? ", about \((expected - files) / rate + 1) s left" : ""
        return "\(table): \(files * 100 / expected) %, \(Amount.count(files)) of "
            + "\(Amount.count(expected)) files, \(speed)\(left)"
    }

    private func show(_ line: (inout State, UInt64) -> String) {
        let now = Clock.monotonicNanos()
        state.withLock { state in
            let text = line(&state, now)
            guard terminal.isErrorTerminal, now - startNanos > Self.quietNanos,
                now - min(now, state.shownAtNanos) > Self.intervalNanos
            else { return }
            state.shownAtNanos = now
            state.isShown = true
            // A line that wraps could not be taken away again.
            StandardError.write("\r\u{1B}[K" + text.prefix(terminal.errorWidth - 1))
        }
    }

    private static func bar(_ done: Int, _ total: Int) -> String {
        let width = 20
        let filled = total > 0 ? done * width / total : 0
        return "[" + String(repeating: "#", count: filled)
            + String(repeating: ".", count: width - filled) + "]"
    }
}
