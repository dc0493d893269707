import Columnar
import Lake
import Query

/// `lake check [TABLE]`: the quality checks over all rows.
enum CheckCommand: Command {
    static let syntax = CommandSyntax(
        name: "check", summary: "Test the quality checks of tables over all their rows",
        operands: "[TABLE]", maximumOperands: 1,
        options: [
            .json,
            .threads,
            .memory,
        ],
        discussion: """
            The checks are those of the lake's schema files. lake compact tests them on what it is
            about to write; this command tests every row, and changes nothing. The exit code is 0 if
            all hold, 1 if a check with "on_failure": "fail" does not, and 3 if another one does not.
            """,
        examples: ["lake check --lake posts-lake", "lake check posts --json"])

    static func run(
        _ arguments: Arguments, _ surroundings: Surroundings
    ) throws(CommandError) -> Int32 {
        let threads = try arguments.integer("threads", minimum: 1, command: syntax.name)
        let memory = try arguments.integer("memory", minimum: 64, command: syntax.name)
        let path = try LakeLocation.require(arguments, surroundings)
        let pool = BufferPool(
            budget: MemoryBudget(limitBytes: (memory ?? Machine.memoryMiB() / 2) << 20))
        Interruption.install()
        let lake = try lakeCall { () throws(LakeError) in
            try Lake.open(at: path, access: .readOnly)
        }
        if let name = arguments.operands.first {
            let names = try lakeCall { () throws(LakeError) in
                try lake.definitions().map(\.name)
            }
            guard names.contains(name) else {
                throw .user(
                    "no schema file of the lake describes a table '\(name)'",
                    hint: NearestName.of(name, among: names).map { "Did you mean \($0)?" }
                        ?? "tables with schema files: \(names.joined(separator: ", "))")
            }
        }
        let outcomes = try lakeCall { () throws(LakeError) in
            try lake.check(
                arguments.operands.first, nowMicros: surroundings.nowMicros(),
                workers: threads ?? Machine.cores(), pool: pool,
                isCancelled: { Interruption.isRequested })
        }
        let output = StandardOutput()
        output.write(arguments.has("json") ? json(outcomes) : text(outcomes))
        output.flush()
        let broken = outcomes.filter { $0.status == .violated }
        if broken.contains(where: { $0.onFailure == .fail }) { return ExitCode.userError }
        return broken.isEmpty ? ExitCode.done : ExitCode.partial
    }

    private static func text(_ outcomes: [CheckOutcome]) -> [UInt8] {
        guard !outcomes.isEmpty else { return Array("no checks in the schema files\n".utf8) }
        var grid = TextGrid(["table", "check", "on failure", "result"])
        for outcome in outcomes {
            grid.append([
                outcome.table, outcome.name, outcome.onFailure.rawValue,
                CheckText.finding(outcome),
            ])
        }
        return Array(grid.text().utf8)
    }

    private static func json(_ outcomes: [CheckOutcome]) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginArray()
        for outcome in outcomes { outcome.write(to: &writer) }
        writer.endArray()
        return writer.bytes + [UInt8(ascii: "\n")]
    }
}
