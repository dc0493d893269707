import Glibc
import Query

/// `lake`: finds the command, runs it, turns its errors into words and exit codes.
@main
enum Main {
    static func main() {
        signal(SIGPIPE, SIG_IGN)
        let surroundings = Surroundings(
            environment: environment(), workingDirectory: workingDirectory(),
            terminal: Terminal.current(environment: environment()))
        exit(run(Array(CommandLine.arguments.dropFirst()), surroundings))
    }

    private static func run(_ words: [String], _ surroundings: Surroundings) -> Int32 {
        let printer = ErrorPrinter(terminal: surroundings.terminal)
        do {
            return try dispatch(words, surroundings)
        } catch {
            printer.show(error)
            return error.exitCode
        }
    }

    private static func dispatch(
        _ words: [String], _ surroundings: Surroundings
    ) throws(CommandError) -> Int32 {
        let output = StandardOutput()
        defer { output.flush() }
        guard let name = words.first, !["--help", "-h", "help"].contains(name) else {
            if let topic = words.dropFirst().first {
                output.write(Help.command(try command(named: topic).syntax))
            } else {
                output.write(Help.overview())
            }
            return words.isEmpty ? ExitCode.userError : ExitCode.done
        }
        if ["--version", "version"].contains(name) {
            output.write("lake \(Help.version)\n")
            return ExitCode.done
        }
        let command = try command(named: name)
        let arguments = try Arguments(Array(words.dropFirst()), syntax: command.syntax)
        if arguments.has("help") {
            output.write(Help.command(command.syntax))
            return ExitCode.done
        }
        return try command.run(arguments, surroundings)
    }

    private static func command(named name: String) throws(CommandError) -> any Command.Type {
        if let command = CommandTable.all.first(where: { $0.syntax.name == name }) {
            return command
        }
        let names = CommandTable.all.map { $0.syntax.name }
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
