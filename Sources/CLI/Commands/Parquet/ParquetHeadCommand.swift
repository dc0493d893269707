import Columnar

/// `lake parquet head`: the first rows of files.
enum ParquetHeadCommand: Command {
    static let syntax = CommandSyntax(
        name: "parquet head", summary: "Print the first rows",
        operands: "FILE...", maximumOperands: .max,
        options: [Option("rows", short: "n", value: "N", "How many rows (default: 10)")]
            + ParquetRows.options,
        discussion: """
            Of several files, the first rows of all together: see 'lake parquet cat --help'.
            """,
        examples: [
            "lake parquet head posts.parquet", "lake parquet head -n 3 --json posts.parquet",
        ], usesLake: false)

    private static let defaultRows = 10

    static func run(
        _ arguments: Arguments, _ surroundings: Surroundings
    ) throws(CommandError) -> Int32 {
        let count = try arguments.integer("rows", minimum: 0, command: syntax.name)
        let rows = try ParquetRows(arguments, command: syntax.name)
        try rows.print(arguments, surroundings.terminal, limit: count ?? defaultRows)
        return ExitCode.done
    }
}
