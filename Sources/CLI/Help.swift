/// Help texts, printed from the same tables that arguments are checked against.
enum Help {
    static let version = "0.1.0"

    /// `lake --help`.
    static func overview() -> String {
        var text = """
            lake: compacts millions of small JSON files into Iceberg tables of Parquet, and
            answers Athena-style SQL over them.

            Usage: lake COMMAND [OPTION]...

            Commands:

            """
        let commands = CommandTable.all.map { ($0.syntax.name, $0.syntax.summary) }
        text += list(commands + CommandTable.groups.map { ($0.name, $0.summary) })
        text += """

            A first lake:
              lake init posts-lake --raw /data/raw
              lake compact --lake posts-lake
              lake query --lake posts-lake "select count(*) from posts"

            'lake COMMAND --help' explains a command. Exit codes: 0 done, 1 your error, 2 ours,
            3 done, but some input was quarantined, skipped or found damaged; 130, 143 and 129 stopped
            by SIGINT, SIGTERM and SIGHUP.

            """
        return text
    }

    /// Names with what they do, aligned.
    private static func list(_ lines: [(name: String, summary: String)]) -> String {
        let width = lines.map(\.name.count).max() ?? 0
        return lines.map { line in
            let padding = String(repeating: " ", count: width - line.name.count + 2)
            return "  \(line.name)\(padding)\(line.summary)\n"
        }.joined()
    }

    /// `lake GROUP --help`.
    static func group(_ group: CommandGroup) -> String {
        var text =
            "\(group.summary)\n\nUsage: lake \(group.name) COMMAND [OPTION]...\n\nCommands:\n"
        let prefix = group.name.count + 1
        text += list(
            group.commands.map {
                (String($0.syntax.name.dropFirst(prefix)), $0.syntax.summary)
            })
        text += "\nExamples:\n" + group.examples.map { "  \($0)\n" }.joined()
        return text + "\n'lake \(group.name) COMMAND --help' explains a command.\n"
    }

    /// `lake COMMAND --help`.
    static func command(_ syntax: CommandSyntax) -> String {
        var text = "\(syntax.summary)\n\nUsage: lake \(syntax.name) [OPTION]..."
        if !syntax.operands.isEmpty { text += " \(syntax.operands)" }
        text += "\n\nOptions:\n"
        let options = syntax.options + syntax.commonOptions
        let left = options.map { option in
            (option.short.map { "-\($0), " } ?? "    ") + option.label
        }
        let width = left.map(\.count).max() ?? 0
        for (label, option) in zip(left, options) {
            let padding = String(repeating: " ", count: width - label.count + 2)
            text += "  \(label)\(padding)\(option.summary)\n"
        }
        if !syntax.discussion.isEmpty { text += "\n\(syntax.discussion)\n" }
        text += "\nExamples:\n" + syntax.examples.map { "  \($0)\n" }.joined()
        return text
    }
}
