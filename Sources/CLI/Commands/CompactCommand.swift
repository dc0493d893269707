import Columnar
import Lake

/// `lake compact`: the nightly job.
enum CompactCommand: Command {
    static let syntax = CommandSyntax(
        name: "compact", summary: "Fold new and changed raw files into the tables",
        operands: "", maximumOperands: 0,
        options: [
            Option("dry-run", "Say what a run would do, and change nothing"),
            Option("json", "Print the run's report as JSON"),
            Option(
                "watch", value: "SECONDS", isValueOptional: true,
                "Go on until interrupted: fold changes within seconds, look at everything every so often (default: 900)"
            ),
            .wait,
            Option("fill", "Fill new columns from _extra in the rows that the tables have"),
            Option("on-success", value: "CMD", "Run CMD with sh after a run that exits with 0"),
            Option("on-failure", value: "CMD", "Run CMD with sh after any other run"),
        ] + ChangeOptions.all + [
            .threads,
            .memory,
        ],
        discussion: """
            A raw file counts as changed when its content does, whatever its time says. All tables
            and the record of what was read change in one transaction: a run that is killed or fails
            changes nothing, and the next one does its work. A file that cannot be read as JSON of
            its table is quarantined with the reason, its last good row stays, and the exit code is 3.

            --dry-run reads what a run would read and prints its plan: files, rows to write, partitions to
            rewrite, what would be quarantined. It holds the lock meanwhile and calls no hook.

            --from takes a list of changed raw paths from whoever wrote them, relative to the raw folder
            or absolute; a path that ends in a slash is a folder to look at whole. Nothing else is opened,
            so a run without it, now and then, finds what nobody listed. When too many known files
            are gone at once, the run is refused: --max-missing says how many may be.

            A column that a schema file got is NULL in the rows from before; --fill moves what _extra has
            for it into the column, and rewrites the partitions where there was any. A schema file that its
            table cannot follow is refused before anything is read: lake schema check says why.

            --watch follows the raw folder by inotify. What changes is committed after a second without
            further changes, or five seconds after the first; one line tells of each such run (with
            --json its report). A whole run comes first, then periodically, and when the kernel lost
            events. The lake is free between runs. SIGINT and SIGTERM end it with exit code 0.

            Hooks read the report as JSON from standard input and find LAKE_DIR, LAKE_RUN, LAKE_STATUS
            (done, partial, failed, interrupted), LAKE_EXIT and LAKE_ERROR in their environment; what
            they print goes to standard error. A partial run (exit code 3) calls --on-failure: its
            tables are committed, but somebody must look. A hook that fails is reported and changes
            nothing.
            """,
        examples: [
            "lake compact --lake posts-lake", "lake compact --dry-run",
            "lake compact --json > report.json",
            "client --print-written | lake compact --from -",
            "lake compact --wait 600 --on-failure 'mail -s \"lake: $LAKE_STATUS\" data@example.org'",
        ])

    static func run(
        _ arguments: Arguments, _ surroundings: Surroundings
    ) throws(CommandError) -> Int32 {
        let identity = RunIdentity(
            startedMicros: surroundings.nowMicros(), seed: Clock.randomSeed())
        let options = try options(arguments, surroundings, identity)
        let memory = try arguments.integer("memory", minimum: 64, command: syntax.name)
        let pool = BufferPool(
            budget: MemoryBudget(limitBytes: (memory ?? Machine.memoryMiB() / 2) << 20))
        Interruption.install()
        if arguments.has("watch") || arguments.value("watch") != nil {
            return try watch(arguments, surroundings, options, pool)
        }
        var report: RunReport?
        var failure: CommandError?
        do {
            report = try compact(arguments, surroundings, identity, options, pool)
        } catch {
            failure = error
        }
        var exitCode = ExitCode.done
        if let failure {
            ErrorPrinter(terminal: surroundings.terminal).show(failure)
            exitCode = Interruption.exitCode ?? failure.exitCode
        } else if let report {
            // The hook is called whether or not somebody reads the report.
            let output = StandardOutput(endsWithReader: false)
            output.write(
                arguments.has("json")
                    ? report.json() + [UInt8(ascii: "\n")]
                    : Array(RunReportText.text(report).utf8))
            output.flush()
            exitCode = report.isPartial ? ExitCode.partial : ExitCode.done
        }
        EraseCommand.warnOfUnfinished(arguments, surroundings)
        callHook(arguments, surroundings, identity, report, failure, exitCode)
        return exitCode
    }

    private static func options(
        _ arguments: Arguments, _ surroundings: Surroundings, _ identity: RunIdentity
    ) throws(CommandError) -> CompactionOptions {
        let threads = try arguments.integer("threads", minimum: 1, command: syntax.name)
        let wait = try arguments.integer("wait", minimum: 0, command: syntax.name)
        var options = CompactionOptions(
            workers: threads ?? Machine.cores(), nanos: { Clock.monotonicNanos() })
        try ChangeOptions.apply(arguments, command: syntax.name, to: &options)
        options.fillsFromExtra = arguments.has("fill")
        options.errorText = { LakeErrorText.text(of: $0).message }
        options.lock.note =
            "lake compact, since \(Instant.text(micros: identity.startedMicros))"
        options.lock.waitMilliseconds =
            arguments.has("wait") ? nil : (wait ?? 0).multipliedReportingOverflow(by: 1_000).0
        options.lock.isCancelled = { Interruption.isRequested }
        return options
    }

    private static func compact(
        _ arguments: Arguments, _ surroundings: Surroundings, _ identity: RunIdentity,
        _ options: CompactionOptions, _ pool: BufferPool
    ) throws(CommandError) -> RunReport {
        let (lake, raw) = try open(arguments, surroundings)
        let progress = CompactionProgressBar(
            terminal: surroundings.terminal,
            expectedFiles: (try? lake.expectedFiles()) ?? [:])
        defer { progress.clear() }
        var options = options
        options.progress = progress
        options.changed = try ChangeOptions.changed(arguments, rawRoot: raw, command: syntax.name)
        return try lakeCall { () throws(LakeError) in
            arguments.has("dry-run")
                ? try lake.dryRun(identity: identity, options: options, pool: pool)
                : try lake.compact(identity: identity, options: options, pool: pool)
        }
    }

    private static func watch(
        _ arguments: Arguments, _ surroundings: Surroundings, _ options: CompactionOptions,
        _ pool: BufferPool
    ) throws(CommandError) -> Int32 {
        let seconds = try arguments.integer("watch", minimum: 1, command: syntax.name)
        guard arguments.value("from") == nil, arguments.value("from0") == nil else {
            throw .usage(
                "--watch finds what changed itself: leave --from away", command: syntax.name)
        }
        guard !arguments.has("dry-run") else {
            throw .usage("--watch and --dry-run exclude each other", command: syntax.name)
        }
        let (lake, rawRoot) = try open(arguments, surroundings)
        var options = options
        let progress = CompactionProgressBar(terminal: surroundings.terminal)
        options.progress = progress
        return try CompactWatch(
            lake: lake, rawRoot: rawRoot,
            periodNanos: UInt64(seconds ?? CompactWatch.standardPeriodSeconds)
                .multipliedReportingOverflow(by: 1_000_000_000).partialValue,
            options: options, pool: pool, nowMicros: { surroundings.nowMicros() },
            isJSON: arguments.has("json"),
            terminal: surroundings.terminal,
            ended: { identity, report, failure in
                progress.clear()
                let exitCode =
                    failure?.exitCode
                    ?? (report?.isPartial == true ? ExitCode.partial : ExitCode.done)
                callHook(arguments, surroundings, identity, report, failure, exitCode)
            }
        ).run()
    }

    /// The lake and its raw folder.
    private static func open(
        _ arguments: Arguments, _ surroundings: Surroundings
    ) throws(CommandError) -> (lake: Lake, rawRoot: String) {
        let path = try LakeLocation.require(arguments, surroundings)
        let lake = try lakeCall { () throws(LakeError) in try Lake.open(at: path) }
        guard let raw = try lakeCall({ () throws(LakeError) in try lake.rawRoot() }) else {
            throw .user(
                "the lake \(path) has no raw folder, so there is nothing to compact",
                hint: "make a lake over raw data: lake init DIR --raw PATH")
        }
        return (lake, raw)
    }

    private static func callHook(
        _ arguments: Arguments, _ surroundings: Surroundings, _ identity: RunIdentity,
        _ report: RunReport?, _ failure: CommandError?, _ exitCode: Int32
    ) {
        let name = exitCode == ExitCode.done ? "on-success" : "on-failure"
        if arguments.has("dry-run") { return }
        guard let command = arguments.value(name) else { return }
        let lake = LakeLocation.find(arguments, surroundings) ?? ""
        let filed =
            report == nil
            ? (try? Lake.open(at: lake, access: .readOnly).runs(1))?.first {
                $0.startedMicros == identity.startedMicros
            }
            : nil
        let status: RunHook.Status =
            failure == nil
            ? (exitCode == ExitCode.done ? .done : .partial)
            : Interruption.isRequested ? .interrupted : .failed
        let error = failure.map { ErrorPrinter.message(of: $0) }
        let hook = RunHook(
            lake: lake, runID: report?.runID ?? filed?.id, status: status, exitCode: exitCode,
            error: error,
            report: report?.json() ?? filed?.report.map { Array($0.utf8) }
                ?? RunHook.report(ofError: error ?? ""))
        if let complaint = hook.run(command, environment: surroundings.environment) {
            ErrorPrinter(terminal: surroundings.terminal).warn(
                "the --\(name) hook failed: \(complaint)")
        }
    }
}
