import Columnar
import Query

/// A Markdown table: pipes escaped, line breaks as `<br>`, numbers aligned right.
struct MarkdownPrinter: ResultPrinter {
    private var columns: [OutputColumn] = []

    mutating func begin(_ columns: [OutputColumn], _ output: any PrintTarget) {
        self.columns = columns
        output.write(Self.line(columns.map { Self.escaped($0.name) }))
        output.write(Self.line(columns.map { $0.type.isNumeric ? "---:" : "---" }))
    }

    mutating func print(_ batch: Batch, _ output: any PrintTarget) throws(ColumnarError) {
        let columns = columns
        try ResultRows(batch, columns).forEach { (values) throws(ColumnarError) in
            output.write(
                Self.line(
                    zip(values, columns).map { value, column in
                        value.isNull ? "" : Self.escaped(ValueText.format(value, column.type))
                    }))
        }
    }

    mutating func end(_ output: any PrintTarget) {}

    private static func line(_ cells: [String]) -> String {
        "| " + cells.joined(separator: " | ") + " |\n"
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "|": result += "\\|"
            case "\n": result += "<br>"
            case "\r": continue
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
