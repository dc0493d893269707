import Columnar
import Query

/// Prints a result in one format; one printer per file.
protocol ResultPrinter: Sendable {
    /// Called once, before any row.
    mutating func begin(_ columns: [OutputColumn], _ output: any PrintTarget)
    /// Called per batch, in order.
    mutating func print(_ batch: Batch, _ output: any PrintTarget) throws(ColumnarError)
    /// Called once, after the last row.
    mutating func end(_ output: any PrintTarget)
}

/// The formats of `--format`.
enum OutputFormat: String, CaseIterable, Sendable {
    case table, csv, tsv, json, ndjson, markdown

    /// The format of a name; throws `usage` with the nearest one.
    static func named(_ name: String, command: String) throws(CommandError) -> OutputFormat {
        if let format = OutputFormat(rawValue: name) { return format }
        let names = allCases.map(\.rawValue)
        throw .usage(
            "unknown format '\(name)': one of \(names.joined(separator: ", "))", command: command,
            hint: NearestName.of(name, among: names).map { "Did you mean \($0)?" })
    }

    func makePrinter(_ terminal: Terminal, delimiter: UInt8? = nil) -> any ResultPrinter {
        switch self {
        case .table: TablePrinter(terminal: terminal)
        case .csv: DelimitedPrinter(dialect: .csv, delimiter: delimiter)
        case .tsv: DelimitedPrinter(dialect: .tsv, delimiter: delimiter)
        case .json: JSONPrinter(isArray: true)
        case .ndjson: JSONPrinter(isArray: false)
        case .markdown: MarkdownPrinter()
        }
    }
}

/// The selected rows of a batch as boxed values, for printers.
struct ResultRows {
    let batch: Batch
    let types: [DataType]

    init(_ batch: Batch, _ columns: [OutputColumn]) {
        self.batch = batch
        types = columns.map(\.type)
    }

    /// Calls `body` with each selected row.
    func forEach(
        _ body: ([Value]) throws(ColumnarError) -> Void
    ) throws(ColumnarError) {
        for row in rowNumbers() {
            var values: [Value] = []
            values.reserveCapacity(types.count)
            for (column, type) in zip(batch.columns, types) {
                values.append(try column.value(at: row, type: type))
            }
            try body(values)
        }
    }

    /// The numbers of the selected rows.
    func rowNumbers() -> [Int] {
        switch batch.selection {
        case .all: return Array(0..<batch.count)
        case .bits(let bitmap): return (0..<batch.count).filter { bitmap[$0] }
        case .rows(let list):
            let span = list.span()
            return span.indices.map { Int(span[$0]) }
        }
    }
}
