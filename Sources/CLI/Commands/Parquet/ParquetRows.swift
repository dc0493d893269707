import Columnar
import Query

/// Rows of Parquet files that have the wanted columns in common, through the printers of queries.
struct ParquetRows {
    static let options: [Option] = [
        Option("columns", value: "A,B", "Only these columns, in this order"),
        Option(
            "format", value: "FORMAT",
            "table, csv, tsv, json, ndjson or markdown (default: table)"),
        Option("json", "The same as --format json"),
        Option("verify", "Check the CRC-32 of every page that is read"),
    ]

    private let files: [ParquetFile]
    private let schema: Schema
    private let options: ParquetReadOptions
    private let command: String

    init(_ arguments: Arguments, command: String) throws(CommandError) {
        self.command = command
        options = ParquetReadOptions(verifiesChecksums: arguments.has("verify"))
        var files: [ParquetFile] = []
        try ParquetCommands.forEach(try ParquetCommands.files(arguments, command)) { file, _ in
            files.append(file)
        }
        self.files = files
        let names = arguments.value("columns")?.split(separator: ",").map(String.init)
        schema = Schema(try Self.fields(names, in: files[0], command))
        for file in files.dropFirst() { try Self.check(file, has: schema, like: files[0].path) }
    }

    /// The wanted fields of the first file, without ids: other files are read by name.
    private static func fields(
        _ names: [String]?, in file: ParquetFile, _ command: String
    ) throws(CommandError) -> [Field] {
        guard let names else { return file.schema.fields.map(withoutIDs) }
        var fields: [Field] = []
        for name in names {
            guard let index = file.schema.index(of: name) else {
                let known = file.schema.fields.map(\.name)
                throw .user(
                    "\(file.path) has no column '\(name)'",
                    hint: NearestName.of(name, among: known).map { "Did you mean \($0)?" }
                        ?? "see: lake parquet schema \(file.path)")
            }
            fields.append(withoutIDs(file.schema.fields[index]))
        }
        return fields
    }

    private static func withoutIDs(_ field: Field) -> Field {
        var field = field
        field.id = nil
        field.children = field.children.map(withoutIDs)
        return field
    }

    /// Refuses a file that lacks a wanted column or has it under another type.
    private static func check(
        _ file: ParquetFile, has schema: Schema, like first: String
    ) throws(CommandError) {
        for field in schema.fields {
            let found = file.schema.index(of: field.name).map { file.schema.fields[$0].type }
            guard found != field.type else { continue }
            let what =
                found.map {
                    "column '\(field.name)' is \($0) in \(file.path), \(field.type) in \(first)"
                }
                ?? "column '\(field.name)' is in \(first), and not in \(file.path)"
            throw .user(
                what,
                hint: "choose columns that all have with --columns, or let SQL widen them: "
                    + "lake query \"select * from read_parquet(ARRAY['\(first)', '\(file.path)'])\""
            )
        }
    }

    /// Prints all rows, or the first `limit`.
    func print(
        _ arguments: Arguments, _ terminal: Terminal, limit: Int? = nil
    ) throws(CommandError) {
        let format = try Self.format(arguments, command)
        let columns = schema.fields.map { OutputColumn(name: $0.name, type: $0.type) }
        let output = StandardOutput()
        var printer = format.makePrinter(terminal)
        printer.begin(columns, output)
        defer { output.flush() }
        try columnarCall { () throws(ColumnarError) in
            try forEachBatch(limit: limit) { (batch) throws(ColumnarError) in
                try printer.print(batch, output)
            }
        }
        printer.end(output)
    }

    private func forEachBatch(
        limit: Int?, _ body: (Batch) throws(ColumnarError) -> Void
    ) throws(ColumnarError) {
        let budget = MemoryBudget(limitBytes: (Machine.memoryMiB() / 2) << 20)
        let pool = BufferPool(budget: budget)
        let scan = try ParquetScan(
            files: files.enumerated().map { ParquetScanFile(path: $1.path, fileIndex: $0) },
            schema: schema,
            request: ScanRequest(
                columns: schema.fields.indices.map { ScanColumn(index: $0) }, rowLimit: limit),
            pool: pool, options: options)
        var left = limit ?? .max
        for morsel in 0..<scan.morselCount where left > 0 {
            var reader = try scan.open(morsel: morsel, pool: pool)
            while left > 0, let batch = try reader.next(maxRows: min(left, Limits.batchRows)) {
                try body(batch)
                left -= batch.count
            }
        }
    }

    private static func format(
        _ arguments: Arguments, _ command: String
    ) throws(CommandError) -> OutputFormat {
        guard let name = arguments.value("format") else {
            return arguments.has("json") ? .json : .table
        }
        return try OutputFormat.named(name, command: command)
    }
}
