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
        let width = CommandTable.all.map { $0.syntax.name.count }.max() ?? 0
        for command in CommandTable.all {
            let syntax = command.syntax
            let padding = String(repeating: " ", count: width - syntax.name.count + 2)
            text += "  \(syntax.name)\(padding)\(syntax.summary)\n"
        }
        text += """

            A first lake:
              lake init posts-lake --raw /data/raw
              lake compact --lake posts-lake
              lake query --lake posts-lake "select count(*) from posts"

            'lake COMMAND --help' explains a command. Exit codes: 0 done, 1 your error, 2 ours,
            3 done, but some input was quarantined or skipped.

            """
        return text
    }

    /// `lake COMMAND --help`.
    static func command(_ syntax: CommandSyntax) -> String {
        var text = "\(syntax.summary)\n\nUsage: lake \(syntax.name) [OPTION]..."
        if !syntax.operands.isEmpty { text += " \(syntax.operands)" }
        text += "\n\nOptions:\n"
        let options = syntax.options + CommandSyntax.common
        let left = options.map { option in
            (option.short.map { "-\($0), " } ?? "    ") + "--\(option.name)"
                + (option.value.map { " \($0)" } ?? "")
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
