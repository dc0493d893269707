import Columnar
import Lake

/// `lake restores`: what was asked back, and how far it is.
enum RestoresCommand: Command {
    static let syntax = CommandSyntax(
        name: "restores", summary: "List restore requests, and complete those whose time has come",
        operands: "", maximumOperands: 0,
        options: [
            Option("all", "Also those whose copies have ended"),
            .json,
            .threads,
            .memory,
        ],
        discussion: """
            Lists requests, the newest first. One in progress whose tier's delay is over is completed first,
            and copies whose time is up are taken out of their tables; while another process writes, the list
            is shown as it is. A request that cannot be completed stays in progress and is tried again by the
            next run; the list says why. Exit code 3: there is such a request.
            """,
        examples: ["lake restores", "lake restores --all --json"])

    static func run(
        _ arguments: Arguments, _ surroundings: Surroundings
    ) throws(CommandError) -> Int32 {
        let path = try LakeLocation.require(arguments, surroundings)
        let reader = try LakeLocation.open(arguments, surroundings)
        let isDue = try lakeCall { () throws(LakeError) in
            try reader.hasDueRestores(nowMicros: surroundings.nowMicros())
        }
        var failures: [Int64: String] = [:]
        if isDue {
            Interruption.install()
            let context = try RestoreContext(arguments, surroundings, command: syntax.name)
            failures = try lakeCall { () throws(LakeError) in
                do throws(LakeError) {
                    return try Lake.open(at: path).settleRestores(
                        identity: context.identity(), options: context.options,
                        pool: context.pool)?.failures ?? [:]
                } catch .busy {
                    return [:]
                }
            }
        }
        var entries = try lakeCall { () throws(LakeError) in try reader.restores() }
        if !arguments.has("all") { entries.removeAll { $0.request.state == .expired } }
        for index in entries.indices { entries[index].failure = failures[entries[index].id] }
        let output = StandardOutput()
        output.write(
            arguments.has("json") ? RestoreText.json(entries) : RestoreText.text(entries))
        output.flush()
        return failures.isEmpty ? ExitCode.done : ExitCode.partial
    }
}
