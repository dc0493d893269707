import Glibc
import Query
import Synchronization

/// Watches a running query from a thread of its own: shows how far it is, and cancels it on SIGINT.
final class QueryProgress: Sendable {
    private let control: QueryContext
    /// Rows of the tables scanned, before pruning; nil when a table does not know.
    private let expectedRows: Int?
    private let terminal: Terminal
    private let startNanos = Clock.monotonicNanos()
    private let isStopped = Atomic<Bool>(false)
    /// Rows are being printed: the line would get in their way.
    private let isHidden = Atomic<Bool>(false)
    private let isShown = Mutex(false)
    private static let intervalMicros: UInt32 = 50_000
    private static let quietSeconds = 1.0

    init(_ control: QueryContext, expectedRows: Int?, _ terminal: Terminal) {
        self.control = control
        self.expectedRows = expectedRows
        self.terminal = terminal
        let watch = Unmanaged.passRetained(self)
        var thread = pthread_t()
        let isStarted = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<QueryProgress>.fromOpaque(context).takeRetainedValue().watch()
                return nil
            }, watch.toOpaque())
        // Without a thread to spare there is no progress line, and the query runs all the same.
        if isStarted == 0 { pthread_detach(thread) } else { watch.release() }
    }

    /// Takes the line away while rows are printed.
    func hide() {
        guard !isHidden.exchange(true, ordering: .relaxed) else { return }
        clear()
    }

    /// Ends the watch and takes the line away.
    func stop() {
        guard !isStopped.exchange(true, ordering: .relaxed) else { return }
        clear()
    }

    private func clear() {
        isShown.withLock { isShown in
            if isShown { StandardError.write("\r\u{1B}[K") }
            isShown = false
        }
    }

    private func watch() {
        while !isStopped.load(ordering: .relaxed) {
            usleep(Self.intervalMicros)
            if Interruption.isRequested { control.isCancelled.store(true, ordering: .relaxed) }
            let seconds = Double(Clock.monotonicNanos() - startNanos) / 1e9
            guard terminal.isErrorTerminal, seconds > Self.quietSeconds else { continue }
            isShown.withLock { isShown in
                guard !isStopped.load(ordering: .relaxed), !isHidden.load(ordering: .relaxed)
                else { return }
                isShown = true
                StandardError.write("\r\u{1B}[K" + line(seconds))
            }
        }
    }

    private func line(_ seconds: Double) -> String {
        let rows = control.rowsProcessed.load(ordering: .relaxed)
        let rate = Int(Double(rows) / seconds)
        var text = "\(Amount.count(rows)) rows, \(Amount.count(rate)) rows/s"
        if let expectedRows, expectedRows > rows, rate > 0 {
            text = "\(rows * 100 / expectedRows) %, \(text), about "
            text += "\((expectedRows - rows) / rate + 1) s left"
        }
        return text
    }
}
