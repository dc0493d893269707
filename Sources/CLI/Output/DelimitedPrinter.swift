import Columnar
import Query

/// CSV (RFC 4180; NULL is an empty field, an empty text is `""`) and TSV (escapes, NULL is `\N`).
struct DelimitedPrinter: ResultPrinter {
    enum Dialect: Sendable { case csv, tsv }

    let dialect: Dialect
    private var columns: [OutputColumn] = []

    init(dialect: Dialect) {
        self.dialect = dialect
    }

    mutating func begin(_ columns: [OutputColumn], _ output: StandardOutput) {
        self.columns = columns
        output.write(line(columns.map(\.name)))
    }

    mutating func print(_ batch: Batch, _ output: StandardOutput) throws(ColumnarError) {
        let columns = columns
        try ResultRows(batch, columns).forEach { (values) throws(ColumnarError) in
            output.write(
                line(
                    zip(values, columns).map { value, column in
                        value.isNull ? nil : ValueText.format(value, column.type)
                    }))
        }
    }

    mutating func end(_ output: StandardOutput) {}

    private func line(_ fields: [String?]) -> String {
        switch dialect {
        case .csv: fields.map(Self.csvField).joined(separator: ",") + "\n"
        case .tsv: fields.map(Self.tsvField).joined(separator: "\t") + "\n"
        }
    }

    private static func csvField(_ field: String?) -> String {
        guard let field else { return "" }
        let needsQuotes =
            field.isEmpty
            || field.utf8.contains { $0 == 0x22 || $0 == 0x2C || $0 == 0x0A || $0 == 0x0D }
        guard needsQuotes else { return field }
        return "\""
            + field.split(separator: "\"", omittingEmptySubsequences: false)
            .joined(separator: "\"\"") + "\""
    }

    /// Tab, line feed, carriage return and backslash are written as `\t \n \r \\`; NULL as `\N`.
    private static func tsvField(_ field: String?) -> String {
        guard let field else { return "\\N" }
        var text = ""
        for scalar in field.unicodeScalars {
            switch scalar {
            case "\t": text += "\\t"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\\": text += "\\\\"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}
