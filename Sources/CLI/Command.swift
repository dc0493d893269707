/// One command: its syntax and what it does.
///
/// Each lives in a file of its own under `Commands/`.
protocol Command {
    static var syntax: CommandSyntax { get }
    /// Runs the command; returns the exit code.
    static func run(
        _ arguments: Arguments, _ surroundings: Surroundings
    ) throws(CommandError) -> Int32
}

/// Everything of the process's surroundings that commands may use; made once in `Main`.
struct Surroundings: Sendable {
    let environment: [String: String]
    let workingDirectory: String
    let terminal: Terminal

    /// Microseconds since 1970 UTC.
    func nowMicros() -> Int64 { Clock.nowMicros() }
}

/// Every command, in the order of `lake --help`.
enum CommandTable {
    static let all: [any Command.Type] = [
        InitCommand.self, CompactCommand.self, QueryCommand.self, ConvertCommand.self,
        StatusCommand.self, TablesCommand.self, DescribeCommand.self,
    ]
}
