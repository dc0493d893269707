import Columnar
import Glibc
import Query

/// One conversion: a query over the inputs whose rows go into a file.
struct ConvertJob {
    private let source: ConvertSource
    private let target: FileKind
    /// As the user named them.
    private let inputName: String
    private let outputName: String
    /// nil is standard output.
    private let outputPath: String?
    private let columns: [String]
    private let order: SortOrder?
    private let parquet: ParquetWriterOptions
    private let delimiter: UInt8?
    private let verifies: Bool
    private let session: Session
    /// What opens standard input, if it is the input.
    private let spool: TextSpool?

    private static let command = ConvertCommand.syntax.name
    private static let standard = "-"

    init(_ arguments: Arguments, _ surroundings: Surroundings) throws(CommandError) {
        let operands = arguments.operands
        guard let output = operands.last, operands.count >= 2 else {
            throw .usage("give what to read and what to write: IN OUT", command: Self.command)
        }
        let inputs = Array(operands.dropLast())
        columns = ParquetChoices.names(arguments.value("columns"))
        order = try arguments.value("sort-by").map { (text) throws(CommandError) in
            try SortOrder(text)
        }
        parquet = try ParquetChoices.read(arguments, command: Self.command)
        delimiter = try Self.delimiter(arguments.value("delimiter"))
        verifies = arguments.has("verify")
        target = try Self.target(output, arguments)
        outputName = output
        outputPath = output == Self.standard ? nil : LakeLocation.absolute(output, surroundings)
        if outputPath == nil, arguments.has("json") || verifies {
            throw .usage(
                "--\(verifies ? "verify" : "json") needs an output file, not standard output",
                command: Self.command)
        }
        let workers = try surroundings.workers(arguments, command: Self.command)
        let place = FilePlace(
            workingDirectory: surroundings.workingDirectory, workers: workers)
        session = try surroundings.session(
            arguments, command: Self.command,
            catalog: FileCatalog(beside: EmptyCatalog(), place: place))
        let from = try arguments.value("from").map { (name) throws(CommandError) in
            try FileKind.named(name, command: Self.command)
        }
        let isStandard = inputs == [Self.standard]
        if isStandard, from == nil {
            throw .usage(
                "standard input does not tell its format: name it with --from",
                command: Self.command)
        }
        spool =
            isStandard
            ? try TextSpool.standardInput(
                in: surroundings.environment["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 }
                    ?? "/tmp") : nil
        inputName = isStandard ? "standard input" : inputs.joined(separator: " ")
        // Between two delimited files it is the output's; the input's is found out.
        source = try ConvertSource(
            spool.map { [$0.path] } ?? inputs, from: from,
            delimiter: target.isDelimited ? nil : delimiter, in: place)
        try checkOutput()
    }

    private static func target(
        _ output: String, _ arguments: Arguments
    ) throws(CommandError) -> FileKind {
        if let name = arguments.value("to") { return try FileKind.named(name, command: command) }
        if let kind = FileKind.of(path: output) { return kind }
        throw .usage(
            "the name '\(output)' does not tell the format", command: command,
            hint: "Name it with --to csv, tsv, json, ndjson or parquet.")
    }

    private static func delimiter(_ text: String?) throws(CommandError) -> UInt8? {
        guard let text else { return nil }
        let bytes = Array((text == "\\t" ? "\t" : text).utf8)
        guard bytes.count == 1, bytes[0] < 0x80, bytes[0] != 0x0A, bytes[0] != 0x0D,
            bytes[0] != 0x22
        else {
            throw .usage(
                "--delimiter must be one ASCII character, not '\(text)'", command: command)
        }
        return bytes[0]
    }

    private func checkOutput() throws(CommandError) {
        guard let outputPath else {
            if target == .parquet {
                throw .usage(
                    "Parquet needs an output file, not standard output", command: Self.command)
            }
            return
        }
        var status = stat()
        if stat(outputPath, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
            throw .user("\(outputName) is a folder", hint: "name a file in it")
        }
        if source.contains(outputPath) {
            throw .user(
                "\(outputName) is one of the inputs", hint: "write another file, then rename it")
        }
    }

    /// Runs the conversion; the report lacks its time.
    func run(terminal: Terminal) throws(CommandError) -> ConvertReport {
        let statement = try told { () throws(QueryError) in try prepare() }
        var options = parquet
        options.sortingColumns = order?.sortingColumns(statement.columns) ?? []
        try checkBloom(statement.columns)
        let inner = try told { () throws(QueryError) in
            try storage { () throws(ColumnarError) in
                try target.sink(
                    path: outputPath, delimiter: delimiter, parquet: options, terminal: terminal)
            }
        }
        let digested = verifies ? DigestSink(inner, target.grain) : nil
        let runner = StatementRun(session: session, terminal: terminal)
        let done = try told { () throws(QueryError) in
            try runner.run(statement, into: digested ?? inner, hidesProgress: outputPath == nil)
        }
        if let digested { try verify(digested.digest, statement.columns, runner) }
        return ConvertReport(
            input: inputName, output: outputPath == nil ? "standard output" : outputName,
            files: source.files.count, rows: done.statistics.rows, bytesRead: source.sizeBytes,
            bytesWritten: done.fileBytes, nanos: 0, isVerified: verifies,
            columns: statement.columns)
    }

    /// The query over the inputs.
    private func prepare() throws(QueryError) -> PreparedStatement {
        let names = columns.map(SQLText.identifier).joined(separator: ", ")
        // `1.50` stays `1.50` from text to text; an order needs values.
        let call = source.call(
            asWritten: source.kind.isDelimited && target.isDelimited && order == nil)
        return try session.prepare(
            "select " + (names.isEmpty ? "*" : names) + " from " + call
                + (order.map { " order by " + $0.sql } ?? ""))
    }

    private func checkBloom(_ columns: [OutputColumn]) throws(CommandError) {
        for name in parquet.bloomColumns where !name.contains(".") {
            guard !columns.contains(where: { $0.name == name }) else { continue }
            throw .user(
                "--bloom: there is no column '\(name)'",
                hint: NearestName.of(name, among: columns.map(\.name)).map {
                    "did you mean '\($0)'?"
                })
        }
    }

    /// Reads the output back and compares it with what went in.
    private func verify(
        _ written: ValueDigest, _ columns: [OutputColumn], _ runner: StatementRun
    ) throws(CommandError) {
        guard let outputPath else { return }
        var options = target.readerOptions(delimiter)
        if target.grain == .cells { options += ["header => true", "all_varchar => true"] }
        let call =
            "\(target.reader)(" + SQLText.literal(outputPath)
            + (options + ["hive_partitioning => false"]).map { ", " + $0 }.joined() + ")"
        let sink = DigestSink(nil, target.grain)
        try told { () throws(QueryError) in
            let statement = try session.prepare("select * from " + call)
            _ = try runner.run(statement, into: sink, hidesProgress: false)
        }
        if let difference = written.difference(from: sink.digest, columns) {
            throw .bug("\(outputName) does not verify: \(difference)")
        }
    }

    /// Runs a query of ours: its errors are told without its text, which the user did not write.
    private func told<T>(_ body: () throws(QueryError) -> T) throws(CommandError) -> T {
        do {
            return try body()
        } catch {
            guard !error.code.isInternal else { throw .bug(error.message) }
            var message = error.message
            if let spool, let range = message.firstRange(of: spool.path) {
                message.replaceSubrange(range, with: "standard input")
            }
            throw .user(message, hint: error.hint)
        }
    }
}

extension FileKind {
    fileprivate var isDelimited: Bool { self == .printed(.csv) || self == .printed(.tsv) }

    /// What a file of this kind keeps of values.
    fileprivate var grain: ValueDigest.Grain {
        switch self {
        case .parquet: .values
        case .printed(.csv), .printed(.tsv): .cells
        case .printed: .rows
        }
    }
}
