import Columnar
import Lake

/// `lake sweep`: what is past retention goes to the cold tier.
enum SweepCommand: Command {
    static let syntax = CommandSyntax(
        name: "sweep", summary: "Move what is past retention to the cold tier",
        operands: "", maximumOperands: 0,
        options: [
            Option("dry-run", "Print what would be moved, and the plan's id; change nothing"),
            Option("plan", value: "ID", "Do exactly the plan that a dry run printed, or nothing"),
            Option("table", value: "NAME", "Only this table"),
            Option(
                "max-files", value: "N",
                "Move at most N Parquet files; the rest waits, its raw files too"),
            Option(
                "max-bytes", value: "N", "Move at most N bytes of them, like 500M"),
            Option(
                "max-percent", value: "N",
                "Refuse to take more of a table's rows out at once (default: 90)"),
            Option("force", "Believe a clock that is behind the last run, or 400 days ahead of it"),
            Option("json", "Print the report as JSON"),
            .wait,
            .threads,
            .memory,
        ],
        discussion: """
            The rules in the schema files' "retention" are held against each partition: it is as old as
            the youngest row that it may hold, and a rule is due at midnight UTC. Legal holds beat rules.
            GLACIER_IR moves a partition's Parquet to the cold tier, where queries still read it; GLACIER
            and DEEP_ARCHIVE take its rows out of the table, so that every engine skips them; "expire"
            lets them go for good, raw files included.

            Nothing is deleted before its copy is written, synced, read back from the disk, compared by
            SHA-256 and committed. All tables change in one transaction: a sweep that is killed or fails
            changes nothing, and the next one does its work. A partition that cannot be read soundly stays
            where it is and is reported, and the exit code is 3.

            The cold tier is the folder cold in the lake, or what the lake's cold.json names: {"folder":
            "/mnt/glacier"}. It may be another file system. Without its marker .lake-cold it is taken for
            an unmounted disk, and nothing is swept.

            A sweep that would take more than 90 % of a table's rows (of at least 1,000) out at once is
            refused without --plan: clocks jump, and rules have typing errors. A plan's id holds its day
            and a hash of all that it names, caps included; give the same --table and caps with it.
            """,
        examples: [
            "lake sweep --dry-run", "lake sweep --plan 20261121-0123456789abcdef",
            "lake sweep --table posts --max-bytes 100G",
        ])

    static func run(
        _ arguments: Arguments, _ surroundings: Surroundings
    ) throws(CommandError) -> Int32 {
        let identity = RunIdentity(
            startedMicros: surroundings.nowMicros(), seed: Clock.randomSeed())
        var options = try options(arguments, identity)
        let memory = try arguments.integer("memory", minimum: 64, command: syntax.name)
        let pool = BufferPool(
            budget: MemoryBudget(limitBytes: (memory ?? Machine.memoryMiB() / 2) << 20))
        Interruption.install()
        let path = try LakeLocation.require(arguments, surroundings)
        let progress = CompactionProgressBar(terminal: surroundings.terminal)
        defer { progress.clear() }
        options.run.progress = progress
        let report = try lakeCall { () throws(LakeError) in
            try Lake.open(at: path).sweep(identity: identity, options: options, pool: pool)
        }
        progress.clear()
        let output = StandardOutput()
        output.write(
            arguments.has("json")
                ? report.json() + [UInt8(ascii: "\n")]
                : Array(SweepReportText.text(report, lakeOption: arguments.value("lake")).utf8))
        output.flush()
        return report.isPartial ? ExitCode.partial : ExitCode.done
    }

    private static func options(
        _ arguments: Arguments, _ identity: RunIdentity
    ) throws(CommandError) -> SweepOptions {
        let threads = try arguments.integer("threads", minimum: 1, command: syntax.name)
        let wait = try arguments.integer("wait", minimum: 0, command: syntax.name)
        var run = CompactionOptions(
            workers: threads ?? Machine.cores(), nanos: { Clock.monotonicNanos() })
        run.errorText = { LakeErrorText.text(of: $0).message }
        run.lock.note = "lake sweep, since \(Instant.text(micros: identity.startedMicros))"
        run.lock.waitMilliseconds =
            arguments.has("wait") ? nil : (wait ?? 0).multipliedReportingOverflow(by: 1_000).0
        run.lock.isCancelled = { Interruption.isRequested }
        var options = SweepOptions(run: run)
        options.isDryRun = arguments.has("dry-run")
        options.planID = arguments.value("plan")
        guard options.planID == nil || !options.isDryRun else {
            throw .usage("--plan and --dry-run exclude each other", command: syntax.name)
        }
        options.table = arguments.value("table")
        options.maxFiles = try arguments.integer("max-files", minimum: 0, command: syntax.name)
        options.maxBytes = try arguments.value("max-bytes").map { (text) throws(CommandError) in
            try bytes(text)
        }
        if let percent = try arguments.integer("max-percent", minimum: 0, command: syntax.name) {
            guard percent <= 100 else {
                throw .usage("--max-percent must be 0 to 100", command: syntax.name)
            }
            options.maxPercent = percent
        }
        options.isForced = arguments.has("force")
        return options
    }

    /// `500`, `10K`, `1.5G`: powers of 1,000.
    private static func bytes(_ text: String) throws(CommandError) -> Int64 {
        let units: [Character: Double] = ["K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12]
        let unit = text.last.flatMap { units[$0] }
        let digits = unit == nil ? text : String(text.dropLast())
        guard let number = Double(digits), number >= 0, number * (unit ?? 1) < 9e18 else {
            throw .usage(
                "--max-bytes must be a number of bytes like 500M, not '\(text)'",
                command: syntax.name)
        }
        return Int64(number * (unit ?? 1))
    }
}
