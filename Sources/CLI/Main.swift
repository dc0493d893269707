import Glibc
import Query

/// `lake`: finds the command, runs it, turns its errors into words and exit codes.
@main
enum Main {
    static func main() {
        signal(SIGPIPE, SIG_IGN)
        // A file-size limit (ulimit -f) is an error of the write, not an end.
        signal(SIGXFSZ, SIG_IGN)
        var surroundings = Surroundings(
            environment: environment(), workingDirectory: workingDirectory(),
            terminal: Terminal.current(environment: environment()))
        if let text = surroundings.environment["LAKE_NOW"], !text.isEmpty {
            guard let micros = Instant.micros(text) else {
                ErrorPrinter(terminal: surroundings.terminal).show(
                    .user(
                        "LAKE_NOW is no time: '\(text)'",
                        hint: "a day or a time in UTC: 2026-01-31 or 2026-01-31T12:00:00Z"))
                exit(ExitCode.userError)
            }
            surroundings.clockOffsetMicros = micros &- Clock.nowMicros()
        }
        exit(run(Array(CommandLine.arguments.dropFirst()), surroundings))
    }

    private static func run(_ words: [String], _ surroundings: Surroundings) -> Int32 {
        let printer = ErrorPrinter(terminal: surroundings.terminal)
        do {
            return try dispatch(words, surroundings)
        } catch {
            printer.show(error)
            return Interruption.exitCode ?? error.exitCode
        }
    }

    private static func dispatch(
        _ words: [String], _ surroundings: Surroundings
    ) throws(CommandError) -> Int32 {
        let output = StandardOutput()
        defer { output.flush() }
        guard let name = words.first, !["--help", "-h", "help"].contains(name) else {
            output.write(try help(Array(words.dropFirst())))
            return words.isEmpty ? ExitCode.userError : ExitCode.done
        }
        if ["--version", "version"].contains(name) {
            output.write("lake \(Help.version)\n")
            return ExitCode.done
        }
        let rest = Array(words.dropFirst())
        guard let group = CommandTable.groups.first(where: { $0.name == name }) else {
            return try run(try command(named: name), rest, surroundings, output)
        }
        guard let word = rest.first, !["--help", "-h", "help"].contains(word) else {
            output.write(try help([name] + rest.dropFirst()))
            return rest.isEmpty ? ExitCode.userError : ExitCode.done
        }
        return try run(try group.command(word), Array(rest.dropFirst()), surroundings, output)
    }

    private static func run(
        _ command: any Command.Type, _ words: [String], _ surroundings: Surroundings,
        _ output: StandardOutput
    ) throws(CommandError) -> Int32 {
        let arguments = try Arguments(words, syntax: command.syntax)
        if arguments.has("help") {
            output.write(Help.command(command.syntax))
            return ExitCode.done
        }
        return try command.run(arguments, surroundings)
    }

    /// The help on a topic: nothing, a command, a group, a group's command.
    private static func help(_ topic: [String]) throws(CommandError) -> String {
        guard let name = topic.first else { return Help.overview() }
        guard let group = CommandTable.groups.first(where: { $0.name == name }) else {
            return Help.command(try command(named: name).syntax)
        }
        guard topic.count > 1 else { return Help.group(group) }
        return Help.command(try group.command(topic[1]).syntax)
    }

    private static func command(named name: String) throws(CommandError) -> any Command.Type {
        if let command = CommandTable.all.first(where: { $0.syntax.name == name }) {
            return command
        }
        let names = CommandTable.all.map { $0.syntax.name } + CommandTable.groups.map(\.name)
        throw .usage(
            "unknown command '\(name)'", command: nil,
            hint: NearestName.of(name, among: names).map { "Did you mean 'lake \($0)'?" })
    }

    private static func environment() -> [String: String] {
        var result: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let pair = String(cString: text).split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if pair.count == 2 { result[String(pair[0])] = String(pair[1]) }
            entry += 1
        }
        return result
    }

    private static func workingDirectory() -> String {
        guard let path = getcwd(nil, 0) else { return "." }
        defer { free(path) }
        return String(cString: path)
    }
}
