import Columnar
import Glibc
import Lake
import Synchronization

/// `lake compact`: the nightly job.
enum CompactCommand: Command {
    static let syntax = CommandSyntax(
        name: "compact", summary: "Fold new and changed raw files into the tables",
        operands: "", maximumOperands: 0,
        options: [
            Option("json", "Print the run's report as JSON"),
            Option("threads", value: "N", "Worker threads (default: all cores)"),
            Option("memory", value: "MIB", "Memory limit in MiB (default: half of the machine's)"),
        ],
        discussion: """
            A raw file counts as changed when its content does, whatever its time says. All tables
            and the record of what was read change in one transaction: a run that is killed or fails
            changes nothing, and the next one does its work. A file that cannot be read as JSON of
            its table is quarantined with the reason, its last good row stays, and the exit code is 3.
            """,
        examples: ["lake compact --lake posts-lake", "lake compact --json > report.json"])

    static func run(
        _ arguments: Arguments, _ surroundings: Surroundings
    ) throws(CommandError) -> Int32 {
        let threads = try arguments.integer("threads", minimum: 1, command: syntax.name)
        let memory = try arguments.integer("memory", minimum: 64, command: syntax.name)
        let path = try LakeLocation.require(arguments, surroundings)
        let lake = try lakeCall { () throws(LakeError) in try Lake.open(at: path) }
        guard try lakeCall({ () throws(LakeError) in try lake.rawRoot() }) != nil else {
            throw .user(
                "the lake \(path) has no raw folder, so there is nothing to compact",
                hint: "make a lake over raw data: lake init DIR --raw PATH")
        }
        let progress = CompactionProgressBar(terminal: surroundings.terminal)
        var options = CompactionOptions(
            workers: threads ?? Machine.cores(), nanos: { Clock.monotonicNanos() })
        options.progress = progress
        Interruption.install()
        let pool = BufferPool(
            budget: MemoryBudget(limitBytes: (memory ?? Machine.memoryMiB() / 2) << 20))
        let report: RunReport
        do {
            defer { progress.clear() }
            report = try lakeCall { () throws(LakeError) in
                try lake.compact(
                    identity: RunIdentity(
                        startedMicros: surroundings.nowMicros(), seed: Clock.randomSeed()),
                    options: options, pool: pool)
            }
        }
        let output = StandardOutput()
        output.write(
            arguments.has("json")
                ? report.json() + [UInt8(ascii: "\n")]
                : Array(RunReportText.text(report).utf8))
        output.flush()
        return report.isPartial ? ExitCode.partial : ExitCode.done
    }
}

/// SIGINT and SIGTERM ask a run to stop; it ends before its commit, with nothing changed.
enum Interruption {
    private static let requested = Atomic<Bool>(false)

    static var isRequested: Bool { requested.load(ordering: .relaxed) }

    static func install() {
        for number in [SIGINT, SIGTERM] {
            signal(number) { _ in Interruption.requested.store(true, ordering: .relaxed) }
        }
    }
}
