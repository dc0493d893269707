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
                "table, csv, tsv, json, ndjson or markdown (default: table)"),
            Option("quiet", short: "q", "Do not print rows, time and data scanned afterwards"),
            Option("threads", value: "N", "Worker threads (default: all cores)"),
            Option("memory", value: "MIB", "Memory limit in MiB (default: half of the machine's)"),
        ],
        discussion: """
            Rows go to standard output; rows, time, data scanned, files read and pruned go to
            standard error. Quoted paths are tables: a Parquet file, a pattern (* ? [ab] {a,b} **),
            a folder; no lake is needed for them. read_parquet('PATH', hive_partitioning => false,
            union_by_name => false) reads the same with options.
            CSV follows RFC 4180, NULL is an empty field; TSV escapes tabs, NULL is \\N.
            """,
        examples: [
            "lake query \"select media_type, count(*) from posts group by 1\"",
            "lake query 'select count(*) from \"data/**/*.parquet\"'",
            "lake query -f report.sql --format csv > report.csv",
            "echo 'select 1' | lake query -",
        ])

    static func run(
        _ arguments: Arguments, _ surroundings: Surroundings
    ) throws(CommandError) -> Int32 {
        let sql = try text(arguments)
        let format = try format(arguments)
        let threads = try arguments.integer("threads", minimum: 1, command: syntax.name)
        let memory = try arguments.integer("memory", minimum: 1, command: syntax.name)
        let workers = threads ?? Machine.cores()
        let catalog = FileCatalog(
            beside: try LakeCatalog.open(arguments, surroundings, workers: workers),
            place: FilePlace(workingDirectory: surroundings.workingDirectory, workers: workers))
        let session = Session(
            catalog: catalog,
            context: SessionContext(
                nowMicros: surroundings.nowMicros(), randomSeed: Clock.randomSeed(),
                user: surroundings.environment["USER"] ?? "lake"),
            options: SessionOptions(
                workerCount: workers,
                memoryLimitBytes: (memory ?? Machine.memoryMiB() / 2) << 20),
            clock: { Clock.monotonicNanos() })
        let statistics = try run(sql, session, format, surroundings.terminal)
        if !arguments.has("quiet") {
            StandardError.write(
                QuerySummary.text(statistics, terminal: surroundings.terminal) + "\n")
        }
        return ExitCode.done
    }

    private static func run(
        _ sql: String, _ session: Session, _ format: OutputFormat, _ terminal: Terminal
    ) throws(CommandError) -> QueryStatistics {
        let start = Clock.monotonicNanos()
        do {
            let statement = try session.prepare(sql)
            let stream = ResultStream(statement.columns, format, terminal)
            let control = session.makeControl()
            Interruption.install()
            let progress = QueryProgress(control, expectedRows: statement.scanRows, terminal)
            stream.begin(progress)
            defer { progress.stop() }
            let result = try session.run(statement, control: control) {
                (batch) throws(QueryError) in
                try stream.print(batch)
            }
            progress.stop()
            stream.end()
            // Planning counts: files are listed and their footers read there.
            var statistics = result.statistics
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

    private static func format(_ arguments: Arguments) throws(CommandError) -> OutputFormat {
        guard let name = arguments.value("format") else { return .table }
        if let format = OutputFormat(rawValue: name) { return format }
        let names = OutputFormat.allCases.map(\.rawValue)
        throw .usage(
            "unknown format '\(name)': one of \(names.joined(separator: ", "))",
            command: syntax.name,
            hint: NearestName.of(name, among: names).map { "Did you mean \($0)?" })
    }
}
