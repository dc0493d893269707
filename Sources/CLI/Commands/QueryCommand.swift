import Columnar
import Glibc
import Lake
import Query

/// `lake query`: answers SQL from a text, a file or standard input.
enum QueryCommand: Command {
    static let syntax = CommandSyntax(
        name: "query",
        summary: "Answer a SQL query (Athena's dialect) over the lake's tables and files",
        operands: "[SQL | -f FILE | -]", maximumOperands: 1,
        options: [
            Option("file", short: "f", value: "FILE", "Read the SQL from a file"),
            Option(
                "format", value: "FORMAT",
                "table, csv, tsv, json, ndjson, markdown or parquet (default: table)"),
            Option(
                "output", short: "o", value: "FILE",
                "Write the rows to a file, which appears when it is whole; its ending says the format"
            ),
            Option(
                "glacier-mode", value: "MODE",
                "Archived rows: skip, restored (default: skip but for restored copies) or fail"),
            Option(
                "quiet", short: "q",
                "Do not print rows, time, data scanned and what is archived afterwards"),
            .threads,
            .memory,
        ],
        discussion: """
            Rows go to standard output; rows, time, data scanned, files read and pruned go to
            standard error, and what of the tables is archived and was not read, with the command that
            brings it back; select * from "posts$archive" lists it.
            Quoted paths are tables: a file (parquet, csv, tsv, json, ndjson, texts also with .gz or
            .zst), a pattern (* ? [ab] {a,b} **), a folder; no lake is needed for them.
            read_parquet('PATH', hive_partitioning => false, union_by_name => false), read_csv and
            read_json read the same with options.
            CSV follows RFC 4180, NULL is an empty field; TSV escapes tabs, NULL is \\N; rows,
            arrays and maps are JSON in both. Parquet needs --output.
            """,
        examples: [
            "lake query \"select media_type, count(*) from posts group by 1\"",
            "lake query 'select count(*) from \"data/**/*.parquet\"'",
            "lake query -f report.sql --format csv > report.csv",
            "lake query \"select * from posts where like_count > 100\" -o popular.parquet",
            "echo 'select 1' | lake query -",
        ])

    static func run(
        _ arguments: Arguments, _ surroundings: Surroundings
    ) throws(CommandError) -> Int32 {
        let sql = try text(arguments)
        let output = arguments.value("output").map { LakeLocation.absolute($0, surroundings) }
        let kind = try kind(arguments)
        let workers = try surroundings.workers(arguments, command: syntax.name)
        let skipped = SkippedRowsLog()
        let session = try surroundings.session(
            arguments, command: syntax.name,
            catalog: FileCatalog(
                beside: try LakeCatalog.open(
                    arguments, surroundings, workers: workers,
                    glacierMode: try glacierMode(arguments), skipped: skipped),
                place: FilePlace(
                    workingDirectory: surroundings.workingDirectory, workers: workers)))
        let statistics = try run(sql, session, kind, output, surroundings.terminal)
        if !arguments.has("quiet") {
            StandardError.write(
                QuerySummary.text(statistics, terminal: surroundings.terminal) + "\n"
                    + skipped.text(lakeOption: arguments.value("lake")))
        }
        return ExitCode.done
    }

    private static func glacierMode(_ arguments: Arguments) throws(CommandError) -> GlacierMode? {
        guard let text = arguments.value("glacier-mode") else { return nil }
        guard let mode = GlacierMode(rawValue: text) else {
            throw .usage(
                "'\(text)' is no glacier mode", command: syntax.name,
                hint: "one of \(GlacierMode.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return mode
    }

    private static func run(
        _ sql: String, _ session: Session, _ kind: FileKind, _ output: String?,
        _ terminal: Terminal
    ) throws(CommandError) -> QueryStatistics {
        let start = Clock.monotonicNanos()
        do {
            let statement = try session.prepare(sql)
            let sink = try storage { () throws(ColumnarError) in
                try kind.sink(
                    path: output, delimiter: nil, parquet: ParquetWriterOptions(),
                    terminal: terminal)
            }
            // Planning counts: files are listed and their footers read there.
            var statistics = try StatementRun(session: session, terminal: terminal).run(
                statement, into: sink, hidesProgress: output == nil
            ).statistics
            statistics.elapsedNanoseconds = Clock.monotonicNanos() - start
            return statistics
        } catch {
            throw .query(error, sql: sql)
        }
    }

    private static func text(_ arguments: Arguments) throws(CommandError) -> String {
        let operand = arguments.operands.first
        if let path = arguments.value("file") {
            if operand != nil {
                throw .usage("give either SQL or --file, not both", command: syntax.name)
            }
            return try InputText.read(path: path)
        }
        guard let operand else {
            throw .usage("no SQL given", command: syntax.name)
        }
        return operand == "-" ? try InputText.readStandardInput() : operand
    }

    private static func kind(_ arguments: Arguments) throws(CommandError) -> FileKind {
        let output = arguments.value("output")
        guard let name = arguments.value("format") else {
            return output.flatMap(FileKind.of) ?? .printed(.table)
        }
        let kind = try FileKind.named(name, command: syntax.name)
        if kind == .parquet, output == nil {
            throw .usage(
                "--format parquet needs a file to write", command: syntax.name,
                hint: "Name it with --output FILE.")
        }
        return kind
    }
}
