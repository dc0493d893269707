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
    private let pool = BufferPool()

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
            Array(column.name.utf8).withUnsafeBytes { append($0, to: &line) }
        }
        line.append(0x0A)
        output.write(line)
    }

    mutating func print(_ batch: Batch, _ output: any PrintTarget) throws(ColumnarError) {
        let cells = try CellRows(batch, columns, pool: pool)
        var text: [UInt8] = []
        var cell: [UInt8] = []
        for row in cells.rows {
            for (index, column) in cells.columns.enumerated() {
                if index > 0 { text.append(delimiter) }
                if let bytes = column.text(at: row) {
                    append(bytes, to: &text)
                    continue
                }
                cell.removeAll(keepingCapacity: true)
                if try column.append(row, to: &cell) {
                    cell.withUnsafeBytes { append($0, to: &text) }
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

    private func append(_ cell: UnsafeRawBufferPointer, to text: inout [UInt8]) {
        switch dialect {
        case .csv: appendQuoted(cell, to: &text)
        // A leading quote would be taken for one around the field.
        case .tsv where cell.isEmpty || cell[0] == 0x22: appendQuoted(cell, to: &text)
        case .tsv where delimiter != 0x09 && cell.contains(delimiter):
            appendQuoted(cell, to: &text)
        case .tsv: appendEscaped(cell, to: &text)
        }
    }

    private func appendQuoted(_ cell: UnsafeRawBufferPointer, to text: inout [UInt8]) {
        let needsQuotes =
            cell.isEmpty
            || cell.contains { $0 == 0x22 || $0 == delimiter || $0 == 0x0A || $0 == 0x0D }
        guard needsQuotes else {
            text.append(contentsOf: cell)
            return
        }
        text.append(0x22)
        var start = 0
        for i in cell.indices where cell[i] == 0x22 {
            // The quote goes with what is before it, and once more with what follows.
            text.append(contentsOf: cell[start...i])
            start = i
        }
        text.append(contentsOf: cell[start...])
        text.append(0x22)
    }

    /// The delimiter, line feed, carriage return and backslash are written as `\t \n \r \\`.
    private func appendEscaped(_ cell: UnsafeRawBufferPointer, to text: inout [UInt8]) {
        var start = 0
        for i in cell.indices {
            guard let letter = Self.letter(cell[i]) else { continue }
            text.append(contentsOf: cell[start..<i])
            text.append(0x5C)
            text.append(letter)
            start = i + 1
        }
        text.append(contentsOf: cell[start...])
    }

    /// What stands behind the backslash for a byte; nil: it stands for itself.
    private static func letter(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x09: UInt8(ascii: "t")
        case 0x0A: UInt8(ascii: "n")
        case 0x0D: UInt8(ascii: "r")
        case 0x5C: 0x5C
        default: nil
        }
    }
}
