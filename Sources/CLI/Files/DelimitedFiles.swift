import Columnar
import Query

/// `read_csv(path [, delimiter => …] [, header => …] …)`: CSV, and TSV by the files' ending.
struct DelimitedFiles: FileFormat {
    let place: FilePlace

    let name = "read_csv"
    let summary = "The rows of CSV or TSV files: a path, a pattern, a folder, or an array of them"
    let endings = ["csv", "tsv", "tab"].flatMap { [$0, $0 + ".gz", $0 + ".zst"] }
    let parameters = [
        TableParameter("path", .texts, isRequired: true),
        TableParameter("delimiter", .text),
        TableParameter("header", .boolean),
        TableParameter("null_text", .text),
        TableParameter("quote", .text),
        TableParameter("escapes", .boolean),
        TableParameter("all_varchar", .boolean),
        TableParameter("hive_partitioning", .boolean),
    ]

    func table(_ arguments: TableArguments) throws(QueryError) -> any Table {
        let paths = try FilePaths.matching(arguments, ending: "csv", in: place)
        let dialects = try paths.map { (path) throws(QueryError) in
            (path.written, try dialect(path.written, arguments))
        }
        let byName = Dictionary(dialects, uniquingKeysWith: { first, _ in first })
        let pool = BufferPool()
        return try storage { () throws(ColumnarError) in
            TextFileTable(
                dataset: try TextDataset<DelimitedFile>.open(
                    paths, hivePartitioning: arguments.boolean("hive_partitioning"),
                    workers: place.workers
                ) { (input) throws(ColumnarError) in
                    try DelimitedFile.survey(
                        input, dialect: byName[input.name] ?? .csv, pool: pool)
                })
        }
    }

    private func dialect(
        _ path: String, _ arguments: TableArguments
    ) throws(QueryError) -> DelimitedDialect {
        let folded = path.lowercased()
        let isTabbed = endings.contains { !$0.hasPrefix("csv") && folded.hasSuffix("." + $0) }
        var dialect = isTabbed ? DelimitedDialect.tsv : .csv
        if let byte = try byte("delimiter", arguments) { dialect.delimiter = byte }
        if let byte = try byte("quote", arguments) { dialect.quote = byte }
        if let escapes = arguments.boolean("escapes") { dialect.hasEscapes = escapes }
        dialect.hasHeader = arguments.boolean("header")
        dialect.nullText = Array((arguments.text("null_text") ?? "").utf8)
        dialect.infersTypes = !(arguments.boolean("all_varchar") ?? false)
        return dialect
    }

    /// A one-byte argument; `\t` is a tab.
    private func byte(
        _ name: String, _ arguments: TableArguments
    ) throws(QueryError) -> UInt8? {
        guard let text = arguments.text(name) else { return nil }
        let bytes = Array((text == "\\t" ? "\t" : text).utf8)
        guard bytes.count == 1, bytes[0] < 0x80, bytes[0] != 0x0A, bytes[0] != 0x0D else {
            throw arguments.invalid(
                name, "The \(name) must be one ASCII character, not '\(text)'")
        }
        return bytes[0]
    }
}

/// Text files as the engine sees them.
struct TextFileTable<File: SurveyedFile>: Query.Table {
    let dataset: TextDataset<File>

    var schema: Schema { dataset.schema }
    var hiddenColumns: Set<Int> { dataset.hiddenColumns }
    var rowCount: Int? { dataset.rowCount }

    func scan(_ request: ScanRequest, pool: BufferPool) throws(QueryError) -> any TableScan {
        dataset.scan(request)
    }
}
