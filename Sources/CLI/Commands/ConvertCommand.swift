import Columnar
import Glibc
import Query

/// `lake convert`: files of one format into a file of another.
enum ConvertCommand: Command {
    static let syntax = CommandSyntax(
        name: "convert",
        summary: "Convert files among Parquet, CSV, TSV, JSON and NDJSON",
        operands: "IN... OUT", maximumOperands: .max,
        options: [
            Option("from", value: "FORMAT", "The inputs' format, if their names do not tell it"),
            Option("to", value: "FORMAT", "The output's format, if its name does not tell it"),
            Option("columns", value: "COLUMNS", "Only these columns, in this order"),
            Option("sort-by", value: "ORDER", "Sort the rows: \"a desc, b nulls first\""),
        ] + ParquetChoices.options + [
            Option(
                "delimiter", value: "CHAR",
                "CSV: what is between fields of the output, or else of the inputs (\\t is a tab)"),
            Option("verify", "Read the output back and compare it with what was written"),
            Option("json", "Report as JSON on standard output"),
            Option("quiet", short: "q", "Do not report rows, bytes and time"),
            .threads,
            .memory,
        ],
        discussion: """
            IN is a path, a pattern ('data/*.csv') or - for standard input; several become one file.
            OUT is a path, or - for standard output. The ending of a name tells its format: parquet,
            csv, tsv, json, ndjson (or jsonl), with .gz or .zst behind it for texts. OUT appears when
            it is whole, and is never one of the inputs.

            Text files are read twice: first all of them for types that hold every value (boolean,
            bigint, double, date, timestamp, else varchar; in JSON also rows and arrays, and json for
            what is mixed), then the rows. CSV and TSV have no rows, arrays and maps: those are written
            as JSON texts. An empty field is NULL, "" is an empty text.

            --verify compares every value of a Parquet file, every cell of CSV and TSV, and the number
            of rows of JSON.
            """,
        examples: [
            "lake convert posts.csv posts.parquet --sort-by \"user_id, posted_at desc\"",
            "lake convert 'raw/*.ndjson.gz' raw.parquet --profile compact --verify",
            "lake convert posts.parquet - --to csv --columns id,caption | head",
        ])

    static func run(
        _ arguments: Arguments, _ surroundings: Surroundings
    ) throws(CommandError) -> Int32 {
        let started = Clock.monotonicNanos()
        let job = try ConvertJob(arguments, surroundings)
        var report = try job.run(terminal: surroundings.terminal)
        report.nanos = Clock.monotonicNanos() - started
        if arguments.has("json") {
            let output = StandardOutput()
            output.write(report.json())
            output.flush()
        } else if !arguments.has("quiet") {
            StandardError.write(
                surroundings.terminal.styled(report.text, .dim) + "\n")
        }
        return ExitCode.done
    }
}
