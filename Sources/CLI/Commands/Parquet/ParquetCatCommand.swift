import Columnar

/// `lake parquet cat`: all rows of files.
enum ParquetCatCommand: Command {
    static let syntax = CommandSyntax(
        name: "parquet cat", summary: "Print the rows of files",
        operands: "FILE...", maximumOperands: .max, options: ParquetRows.options,
        discussion: """
            Files are printed one after another as one result: all must have the columns of the first
            under the same types, in any order; --columns narrows what must be common.
            """,
        examples: [
            "lake parquet cat --format csv day-1.parquet day-2.parquet",
            "lake parquet cat --columns id,caption --verify posts.parquet",
        ], usesLake: false)

    static func run(
        _ arguments: Arguments, _ surroundings: Surroundings
    ) throws(CommandError) -> Int32 {
        let rows = try ParquetRows(arguments, command: syntax.name)
        try rows.print(arguments, surroundings.terminal)
        return ExitCode.done
    }
}
