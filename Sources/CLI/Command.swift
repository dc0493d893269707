import Query

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

    /// How far the lake's time is ahead of the machine's: `LAKE_NOW` rehearses another day.
    var clockOffsetMicros: Int64 = 0

    /// Microseconds since 1970 UTC.
    func nowMicros() -> Int64 { Clock.nowMicros() &+ clockOffsetMicros }
}

/// Every command, in the order of `lake --help`.
enum CommandTable {
    static let all: [any Command.Type] = [
        InitCommand.self, CompactCommand.self, CheckCommand.self, QueryCommand.self,
        ConvertCommand.self, SweepCommand.self, RestoreCommand.self, RestoresCommand.self,
        ExplainCommand.self,
        StatusCommand.self, TablesCommand.self, DescribeCommand.self, RunsCommand.self,
        DoctorCommand.self, VerifyCommand.self, RebuildCommand.self, EraseCommand.self,
    ]

    /// Commands of two words.
    static let groups: [CommandGroup] = [
        PolicyCommands.group, HoldCommands.group, QuarantineCommands.group,
        SchemaCommands.group, ParquetCommands.group,
    ]
}

/// Commands behind a common first word: `lake parquet meta FILE`.
struct CommandGroup: Sendable {
    let name: String
    let summary: String
    /// Their names hold both words.
    let commands: [any Command.Type]
    let examples: [String]

    /// The command that a second word names.
    func command(_ word: String) throws(CommandError) -> any Command.Type {
        if let found = commands.first(where: { $0.syntax.name == "\(name) \(word)" }) {
            return found
        }
        let words = commands.map { String($0.syntax.name.dropFirst(name.count + 1)) }
        throw .usage(
            "unknown command '\(name) \(word)'", command: name,
            hint: NearestName.of(word, among: words).map { "Did you mean 'lake \(name) \($0)'?" }
                ?? "one of \(words.joined(separator: ", "))")
    }
}
