import Columnar
import Glibc
import Lake

/// `lake restore`: asks archived rows back for some days.
enum RestoreCommand: Command {
    static let syntax = CommandSyntax(
        name: "restore", summary: "Bring archived rows back for some days",
        operands: "TABLE", maximumOperands: 1,
        options: [
            Option("from", value: "DATE", "Rows of this day and later ones"),
            Option("until", value: "DATE", "Rows of this day and earlier ones"),
            Option("account", value: "ID", "Rows of one account"),
            Option("post", value: "KEY", "The row with this key"),
            Option("pack", value: "N", "Rows of the raw files in a pack"),
            Option("tier", value: "TIER", "expedited, standard or bulk (default: standard)"),
            Option("days", value: "N", "How long the rows stay (default: 7)"),
            Option("dry-run", "Say what would come, and change nothing"),
            Option(
                "wait", value: "SECONDS", isValueOptional: true,
                "Wait until the rows are there, at most so long (default: for ever)"),
            .json,
            .threads,
            .memory,
        ] + RestoreRaw.options,
        discussion: """
            Writes temporary copies of the archived rows that are asked for into the table, where every
            engine sees them, as they are now: late updates are in them, rows that were deleted, moved or
            erased are not. The archive keeps its own. Partitions come back by whole days, hours or months, as
            the table has them; several options restrict each other.

            A request is in progress until its tier's delay is over (the lake's cold.json; none by default),
            then completed by this command, by lake restores or by the next run. The copies end at the first
            midnight UTC that is N days after that. The same request again sets the end anew from now, also
            to an earlier one. While it is in progress only a faster tier may be asked for, with nothing
            else changed. DEEP_ARCHIVE knows no expedited tier. Exit code 3: --wait has waited in vain.

            With --raw the swept raw files of the scope come back as files, into a folder of their own, each as
            it was last packed, with its bytes and its time. The lake stays as it is. If a file with other
            bytes is in the way, nothing is written, unless --force is given.
            """,
        examples: [
            "lake restore posts --from 2025-01-01 --until 2025-01-31",
            "lake restore posts --account 17841400000000000 --days 3",
            "lake restore posts --tier bulk --dry-run",
            "lake restore posts --raw --account 17841400000000000 --to handed-out",
        ])

    static func run(
        _ arguments: Arguments, _ surroundings: Surroundings
    ) throws(CommandError) -> Int32 {
        let ask = try ask(arguments)
        let path = try LakeLocation.require(arguments, surroundings)
        if arguments.has("raw") {
            return try RestoreRaw.run(
                ask, lake: path, arguments, surroundings, command: syntax.name)
        }
        guard arguments.value("to") == nil, !arguments.has("force") else {
            throw .usage("--to and --force belong to --raw", command: syntax.name)
        }
        if arguments.has("dry-run") {
            let plan = try lakeCall { () throws(LakeError) in
                try Lake.open(at: path, access: .readOnly).planRestore(
                    ask, nowMicros: surroundings.nowMicros())
            }
            write(arguments.has("json") ? RestoreText.json(plan) : RestoreText.text(plan))
            return ExitCode.done
        }
        Interruption.install()
        let lake = try lakeCall { () throws(LakeError) in try Lake.open(at: path) }
        let context = try RestoreContext(arguments, surroundings, command: syntax.name)
        var report = try lakeCall { () throws(LakeError) in
            try lake.restore(
                ask, identity: context.identity(), options: context.options, pool: context.pool)
        }
        let waits = arguments.has("wait") || arguments.value("wait") != nil
        if waits {
            let limit = try arguments.integer("wait", minimum: 0, command: syntax.name)
            report = try wait(for: report, lake, context, seconds: limit)
        }
        write(
            arguments.has("json")
                ? report.json() + [UInt8(ascii: "\n")] : RestoreText.text(report))
        let isOpen = report.requests.contains { $0.request.state == .inProgress }
        return Interruption.exitCode ?? (waits && isOpen ? ExitCode.partial : ExitCode.done)
    }

    private static func ask(_ arguments: Arguments) throws(CommandError) -> RestoreAsk {
        guard let table = arguments.operands.first else {
            throw .usage("which table?", command: syntax.name)
        }
        var ask = RestoreAsk(table: table)
        ask.firstDay = try day(arguments, "from")
        ask.lastDay = try day(arguments, "until")
        if let first = ask.firstDay, let last = ask.lastDay, first > last {
            throw .usage("--from is later than --until", command: syntax.name)
        }
        ask.account = arguments.value("account")
        ask.key = arguments.value("post")
        ask.pack = try arguments.integer("pack", minimum: 1, command: syntax.name).map(Int64.init)
        ask.days = try arguments.integer("days", minimum: 1, command: syntax.name)
        if let days = ask.days, days > Limits.restoreDays {
            throw .usage(
                "--days must be at most \(Amount.count(Limits.restoreDays))",
                command: syntax.name)
        }
        if let text = arguments.value("tier") {
            guard let tier = RestoreTier(rawValue: text) else {
                throw .usage(
                    "--tier must be expedited, standard or bulk, not '\(text)'",
                    command: syntax.name)
            }
            ask.tier = tier
        }
        return ask
    }

    private static func day(
        _ arguments: Arguments, _ name: String
    ) throws(CommandError) -> Int32? {
        guard let text = arguments.value(name) else { return nil }
        guard text.utf8.count == 10, let micros = Instant.micros(text) else {
            throw .usage(
                "--\(name) must be a day like 2026-01-31, not '\(text)'", command: syntax.name)
        }
        return Int32(clamping: micros / CivilTime.microsPerDay)
    }

    /// Settles requests until those of the report are completed; the last report tells of them.
    private static func wait(
        for report: RestoreReport, _ lake: Lake, _ context: RestoreContext, seconds: Int?
    ) throws(CommandError) -> RestoreReport {
        var report = report
        let begun = Clock.monotonicNanos()
        let pending = Set(report.requests.filter { $0.request.state == .inProgress }.map(\.id))
        var open = pending
        var failures: [Int64: String] = [:]
        while !open.isEmpty, !Interruption.isRequested {
            let waited = Clock.monotonicNanos() &- begun
            if let seconds, waited / 1_000_000_000 >= UInt64(seconds) { break }
            usleep(200_000)
            // Another process may have completed them.
            let settled = try lakeCall { () throws(LakeError) -> RestoreReport? in
                do throws(LakeError) {
                    return try lake.settleRestores(
                        passingOver: Set(failures.keys), identity: context.identity(),
                        options: context.options,
                        pool: context.pool)
                } catch .busy {
                    return nil
                }
            }
            if let settled {
                failures.merge(settled.failures) { _, last in last }
                report = settled
            }
            let now = try lakeCall { () throws(LakeError) in try lake.restores() }
            open = open.filter { id in
                failures[id] == nil
                    && now.contains { $0.id == id && $0.request.state == .inProgress }
            }
            report.requests = now.filter { pending.contains($0.id) }.reversed()
            for index in report.requests.indices {
                report.requests[index].failure = failures[report.requests[index].id]
            }
        }
        return report
    }

    private static func write(_ bytes: [UInt8]) {
        let output = StandardOutput()
        output.write(bytes)
        output.flush()
    }
}

/// What runs of restores need of the process.
struct RestoreContext {
    let options: CompactionOptions
    let pool: BufferPool
    private let surroundings: Surroundings

    init(
        _ arguments: Arguments, _ surroundings: Surroundings, command: String
    ) throws(CommandError) {
        let threads = try arguments.integer("threads", minimum: 1, command: command)
        let memory = try arguments.integer("memory", minimum: 64, command: command)
        pool = BufferPool(
            budget: MemoryBudget(limitBytes: (memory ?? Machine.memoryMiB() / 2) << 20))
        var options = CompactionOptions(
            workers: threads ?? Machine.cores(), nanos: { Clock.monotonicNanos() })
        options.errorText = { LakeErrorText.text(of: $0).message }
        options.progress = InterruptedRestore()
        options.lock.note =
            "lake \(command), since \(Instant.text(micros: surroundings.nowMicros()))"
        options.lock.isCancelled = { Interruption.isRequested }
        self.options = options
        self.surroundings = surroundings
    }

    func identity() -> RunIdentity {
        RunIdentity(startedMicros: surroundings.nowMicros(), seed: Clock.randomSeed())
    }
}

/// Shows nothing, and ends the run when somebody interrupts it.
private struct InterruptedRestore: CompactionProgress {
    func scanning(table: String) {}
    func scanned(_ counts: FileCounts) {}
    func rewriting(table: String, done: Int, total: Int) {}
    func committing() {}
    var isCancelled: Bool { Interruption.isRequested }
}
