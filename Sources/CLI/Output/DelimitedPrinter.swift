import Columnar
import Query

/// CSV (RFC 4180; NULL is an empty field, an empty text is `""`) and TSV (escapes, NULL is `\N`, an empty
/// text is `""`).
///
/// Rows, arrays and maps are JSON texts.
struct DelimitedPrinter: ResultPrinter {
    enum Dialect: Sendable { case csv, tsv }

    let dialect: Dialect
    private let delimiter: UInt8
    private var columns: [OutputColumn] = []

    /// `delimiter` instead of the dialect's comma or tab.
    init(dialect: Dialect, delimiter: UInt8? = nil) {
        self.dialect = dialect
        self.delimiter = delimiter ?? (dialect == .csv ? UInt8(ascii: ",") : 0x09)
    }

    mutating func begin(_ columns: [OutputColumn], _ output: any PrintTarget) {
        self.columns = columns
        var line: [UInt8] = []
        for (index, column) in columns.enumerated() {
            if index > 0 { line.append(delimiter) }
            append(Array(column.name.utf8), to: &line)
        }
        line.append(0x0A)
        output.write(line)
    }

    mutating func print(_ batch: Batch, _ output: any PrintTarget) throws(ColumnarError) {
        let columns = columns
        var text: [UInt8] = []
        try ResultRows(batch, columns).forEach { (values) throws(ColumnarError) in
            for (index, value) in values.enumerated() {
                if index > 0 { text.append(delimiter) }
                if let cell = Self.cell(value, columns[index].type) {
                    append(cell, to: &text)
                } else if dialect == .tsv {
                    text += [0x5C, UInt8(ascii: "N")]
                }
            }
            text.append(0x0A)
        }
        output.write(text)
    }

    mutating func end(_ output: any PrintTarget) {}

    /// The text of a value, before quotes and escapes; nil is NULL.
    static func cell(_ value: Value, _ type: DataType) -> [UInt8]? {
        if value.isNull { return nil }
        if type.isNested { return JSONPrinter.text(value, type) }
        var cell: [UInt8] = []
        ValueText.append(value, type, to: &cell)
        return cell
    }

    private func append(_ cell: [UInt8], to text: inout [UInt8]) {
        switch dialect {
        case .csv: appendQuoted(cell, to: &text)
        // A leading quote would be taken for one around the field.
        case .tsv where cell.isEmpty || cell[0] == 0x22: appendQuoted(cell, to: &text)
        case .tsv where delimiter != 0x09 && cell.contains(delimiter):
            appendQuoted(cell, to: &text)
        case .tsv: appendEscaped(cell, to: &text)
        }
    }

    private func appendQuoted(_ cell: [UInt8], to text: inout [UInt8]) {
        let needsQuotes =
            cell.isEmpty
            || cell.contains { $0 == 0x22 || $0 == delimiter || $0 == 0x0A || $0 == 0x0D }
        guard needsQuotes else {
            text += cell
            return
        }
        text.append(0x22)
        for byte in cell {
            if byte == 0x22 { text.append(0x22) }
            text.append(byte)
        }
        text.append(0x22)
    }

    /// The delimiter, line feed, carriage return and backslash are written as `\t \n \r \\`.
    private func appendEscaped(_ cell: [UInt8], to text: inout [UInt8]) {
        for byte in cell {
            switch byte {
            case 0x09: text += [0x5C, UInt8(ascii: "t")]
            case 0x0A: text += [0x5C, UInt8(ascii: "n")]
            case 0x0D: text += [0x5C, UInt8(ascii: "r")]
            case 0x5C: text += [0x5C, 0x5C]
            default: text.append(byte)
            }
        }
    }
}
