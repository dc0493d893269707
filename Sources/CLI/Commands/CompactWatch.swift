import Columnar
import Glibc
import Lake
import Synchronization

/// `lake compact --watch`: commits what changes in the raw folder within seconds, until it is interrupted.
///
/// ```
///  inotify ─► RawWatch ─► quiet for 1 s, or 5 s after the first change ─► a run over the listed paths
///  every period, at the start, and when events were lost ──────────────► a whole run
/// ```
/// The lake's lock is taken for each run, so that queries, sweeps and other runs come in between. A run that
/// fails is reported and made up for by a whole run; the first one must succeed.
struct CompactWatch {
    let lake: Lake
    let rawRoot: String
    let periodNanos: UInt64
    let options: CompactionOptions
    let pool: BufferPool
    let nowMicros: @Sendable () -> Int64
    let isJSON: Bool
    let terminal: Terminal
    /// Told how each run ended: the hooks' turn.
    let ended: (RunIdentity, RunReport?, CommandError?) -> Void

    static let standardPeriodSeconds = 900
    private static let quietNanos: UInt64 = 1_000_000_000
    private static let limitNanos: UInt64 = 5_000_000_000
    private static let napMicroseconds: UInt32 = 50_000

    /// When files in flight are looked at again: old enough then to be judged.
    private var recheckNanos: UInt64 { UInt64(clamping: options.inFlightNanos) }

    /// Runs until a signal comes.
    func run() throws(CommandError) -> Int32 {
        let watch = try lakeCall { () throws(LakeError) in
            try RawWatch(root: rawRoot, nanos: { Clock.monotonicNanos() })
        }
        let pump = WatchPump(watch)
        defer { pump.stop() }
        var isFirst = true
        var wholeDue = Clock.monotonicNanos()
        var retryNanos = Self.firstRetryNanos
        var restUntil: UInt64 = 0
        var recheck: (paths: [String], due: UInt64)?
        while !Interruption.isRequested {
            if let failure = pump.failure { throw failure }
            let now = Clock.monotonicNanos()
            if let due = recheck, now >= due.due {
                watch.add(paths: due.paths)
                recheck = nil
            }
            let isRested = now >= restUntil
            let isWhole = now >= wholeDue || (isRested && watch.hasMissed)
            let isReady =
                isRested && watch.isReady(quietNanos: Self.quietNanos, limitNanos: Self.limitNanos)
            guard isWhole || isReady else {
                usleep(Self.napMicroseconds)
                continue
            }
            if isWhole { wholeDue = now + periodNanos }
            let inFlight = try turn(watch, isWhole: isWhole, isFirst: isFirst)
            isFirst = false
            if let inFlight, !inFlight.isEmpty {
                let soon = Clock.monotonicNanos() + recheckNanos
                recheck = ((recheck?.paths ?? []) + inFlight, recheck?.due ?? soon)
            }
            let end = Clock.monotonicNanos()
            restUntil = end + Self.restShare * (end - now)
            if inFlight == nil {
                // A whole run makes up for a failed one, each time later: the reason may last.
                wholeDue = min(end + retryNanos, max(wholeDue, end))
                retryNanos = min(2 * retryNanos, periodNanos)
            } else {
                retryNanos = Self.firstRetryNanos
            }
        }
        return ExitCode.done
    }

    private static let firstRetryNanos: UInt64 = 10_000_000_000
    /// After a run the lake is left alone for so many times as long: others have their turn.
    private static let restShare: UInt64 = 3
    /// Snapshots and files that a busy day leaves behind, kept short.
    private static let snapshots = 20
    private static let graceMicros: Int64 = 3_600 * 1_000_000

    /// Watches all folders; says so when the kernel does not let us.
    private func watchAll(_ watch: RawWatch) throws(CommandError) {
        let layouts = try lakeCall { () throws(LakeError) in
            try lake.definitions().map(\.raw)
        }
        let unwatched = watch.watch(layouts)
        guard unwatched > 0 else { return }
        ErrorPrinter(terminal: terminal).warn(
            "\(Amount.count(unwatched, "raw folder")) cannot be watched and "
                + "\(unwatched == 1 ? "is" : "are") looked at every "
                + "\(Amount.duration(nanos: periodNanos)) only; raise fs.inotify.max_user_watches")
    }

    /// One run; returns the paths in flight, nil if it failed.
    private func turn(
        _ watch: RawWatch, isWhole: Bool, isFirst: Bool
    ) throws(CommandError) -> [String]? {
        let now = nowMicros()
        let identity = RunIdentity(startedMicros: now, seed: Clock.randomSeed())
        var options = options
        options.lock.waitMilliseconds = nil
        options.retention.maximumSnapshots = Self.snapshots
        options.graceMicros = Self.graceMicros
        options.lock.note = "lake compact --watch, since \(Instant.text(micros: now))"
        do {
            if isWhole { try watchAll(watch) }
            let changed = watch.take()
            // What came so far is a whole run's to find.
            options.changed = isWhole ? nil : changed
            let report = try lakeCall { () throws(LakeError) in
                try lake.compact(identity: identity, options: options, pool: pool)
            }
            let output = StandardOutput()
            output.write(isJSON ? report.json() + [UInt8(ascii: "\n")] : Array(line(report).utf8))
            output.flush()
            ended(identity, report, nil)
            return report.tables.flatMap(\.inFlight)
        } catch {
            if Interruption.isRequested { return nil }
            ended(identity, nil, error)
            if isFirst { throw error }
            ErrorPrinter(terminal: terminal).show(error)
            return nil
        }
    }

    private func line(_ report: RunReport) -> String {
        let files = report.files
        let rows = report.tables.reduce(0) { $0 + $1.rowsWritten }
        let partitions = report.tables.reduce(0) { $0 + $1.partitionsRewritten }
        var text = "run \(report.runID): \(Amount.count(files.seen, "file")) looked at, "
        text += "\(Amount.count(rows, "row")) written into \(Amount.count(partitions, "partition"))"
        for (count, what) in [
            (files.vanished, "gone"), (files.quarantined, "quarantined"),
            (files.inFlight, "still being written"), (files.unreadable, "unreadable"),
        ] where count > 0 {
            text += ", \(Amount.count(count)) \(what)"
        }
        return text + ", in \(Amount.duration(nanos: report.totalNanos))\n"
    }
}

/// A thread that takes the kernel's events as they come: its queue is short, a run is long.
private final class WatchPump: Sendable {
    private struct State {
        var isStopped = false
        var failure: CommandError?
    }

    private let state = Mutex(State())
    private let watch: RawWatch
    private static let waitMilliseconds: Int32 = 200

    init(_ watch: RawWatch) {
        self.watch = watch
        let start = Unmanaged.passRetained(self)
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<WatchPump>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, start.toOpaque())
        if code == 0 {
            pthread_detach(thread)
        } else {
            start.release()
            state.withLock { $0.failure = .user("cannot watch: \(SystemError.text(code))") }
        }
    }

    var failure: CommandError? { state.withLock { $0.failure } }

    func stop() {
        state.withLock { $0.isStopped = true }
    }

    private func run() {
        while !state.withLock({ $0.isStopped || $0.failure != nil }) {
            do throws(CommandError) {
                try lakeCall { () throws(LakeError) in
                    try watch.pump(milliseconds: Self.waitMilliseconds)
                }
            } catch {
                state.withLock { $0.failure = error }
            }
        }
    }
}
