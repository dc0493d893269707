import Columnar
import Query

/// An aligned table; column widths come from the first rows, so that any length can stream.
struct TablePrinter: ResultPrinter {
    let terminal: Terminal
    private var columns: [OutputColumn] = []
    private var widths: [Int] = []
    private var waiting: [[String]] = []
    private var isStreaming = false
    /// Rows that are looked at before the widths are fixed.
    private static let measuredRows = 5_000
    /// A wider cell pushes its row to the right instead of widening the whole table.
    private static let widestColumn = 120

    init(terminal: Terminal) {
        self.terminal = terminal
    }

    mutating func begin(_ columns: [OutputColumn], _ output: any PrintTarget) {
        self.columns = columns
        widths = columns.map { DisplayWidth.of($0.name) }
    }

    mutating func print(_ batch: Batch, _ output: any PrintTarget) throws(ColumnarError) {
        var rows: [[String]] = []
        let columns = columns
        try ResultRows(batch, columns).forEach { (values) throws(ColumnarError) in
            rows.append(
                zip(values, columns).map { value, column in
                    value.isNull ? "NULL" : Self.oneLine(ValueText.format(value, column.type))
                })
        }
        for row in rows {
            if isStreaming {
                output.write(line(row))
                continue
            }
            for (index, cell) in row.enumerated() {
                widths[index] = max(
                    widths[index], min(DisplayWidth.of(cell), Self.widestColumn))
            }
            waiting.append(row)
            if waiting.count == Self.measuredRows { release(output) }
        }
    }

    mutating func end(_ output: any PrintTarget) {
        if !isStreaming { release(output) }
    }

    private mutating func release(_ output: any PrintTarget) {
        output.write(line(columns.map(\.name)))
        output.write(widths.map { String(repeating: "-", count: $0 + 2) }.joined(separator: "+"))
        output.write("\n")
        for row in waiting { output.write(line(row)) }
        waiting = []
        isStreaming = true
    }

    private func line(_ cells: [String]) -> String {
        var text = ""
        for (index, cell) in cells.enumerated() {
            let padding = String(
                repeating: " ", count: max(0, widths[index] - DisplayWidth.of(cell)))
            let isLast = index == cells.count - 1
            text += columns[index].type.isNumeric ? " " + padding + cell : " " + cell
            if !columns[index].type.isNumeric, !isLast { text += padding }
            if !isLast { text += " |" }
        }
        return text + "\n"
    }

    /// Line breaks and tabs would break the table: shown as `\n`, `\t`, `\r`.
    private static func oneLine(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 < 0x20 }) else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case let control where control.value < 0x20:
                result +=
                    "\\u00" + (control.value < 16 ? "0" : "")
                    + String(control.value, radix: 16)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
