import Columnar
import Query

/// JSON: one array of objects, or one object a line (ndjson).
///
/// Numbers are JSON numbers (decimals with all their digits), rows and maps are objects, binary is hexadecimal,
/// `json` columns are embedded as they are; NaN and the infinities, which JSON lacks, are texts.
struct JSONPrinter: ResultPrinter {
    let isArray: Bool
    private var columns: [OutputColumn] = []
    private var isFirst = true
    private var writer = JSONWriter()
    private let pool = BufferPool()

    init(isArray: Bool) {
        self.isArray = isArray
    }

    mutating func begin(_ columns: [OutputColumn], _ output: any PrintTarget) {
        self.columns = columns
        if isArray { output.write("[") }
    }

    mutating func print(_ batch: Batch, _ output: any PrintTarget) throws(ColumnarError) {
        let cells = try CellRows(batch, columns, pool: pool)
        var text: [UInt8] = []
        for row in cells.rows {
            writer.removeAll()
            writer.beginObject()
            for (index, column) in cells.columns.enumerated() {
                writer.key(columns[index].name)
                try column.append(row, to: &writer)
            }
            writer.endObject()
            if isArray { text += isFirst ? [0x0A] : [0x2C, 0x0A] }
            text += writer.bytes
            if !isArray { text.append(0x0A) }
            isFirst = false
        }
        output.write(text)
    }

    mutating func end(_ output: any PrintTarget) {
        if isArray { output.write(isFirst ? "]\n" : "\n]\n") }
    }

    /// One value as compact JSON text.
    static func text(_ value: Value, _ type: DataType) -> [UInt8] {
        var writer = JSONWriter()
        write(value, type, to: &writer)
        return writer.bytes
    }

    static func write(_ value: Value, _ type: DataType, to writer: inout JSONWriter) {
        switch (value, type) {
        case (.null, _): writer.null()
        case (.boolean(let bit), _): writer.boolean(bit)
        case (.int(let int), .tinyint), (.int(let int), .smallint), (.int(let int), .integer),
            (.int(let int), .bigint):
            writer.integer(int)
        case (.int, .decimal), (.int128, .decimal):
            writer.raw(Array(ValueText.format(value, type).utf8))
        case (.double(let double), _) where double.isFinite: writer.double(double)
        case (.float(let float), _) where float.isFinite:
            writer.raw(Array("\(float)".utf8))
        case (.text(let text), .json):
            // JSON has line breaks between its tokens only; a line of NDJSON must not have them.
            writer.raw(text.utf8.map { $0 == 0x0A || $0 == 0x0D ? 0x20 : $0 })
        case (.text(let text), _): writer.string(text)
        case (.list(let items), .array(let element)):
            writer.beginArray()
            for item in items { write(item, element, to: &writer) }
            writer.endArray()
        case (.row(let values), .row(let fields)):
            writer.beginObject()
            for (index, (value, field)) in zip(values, fields).enumerated() {
                writer.key(field.name ?? "field\(index)")
                write(value, field.type, to: &writer)
            }
            writer.endObject()
        case (.map(let keys, let values), .map(let keyType, let valueType)):
            writer.beginObject()
            for (key, value) in zip(keys, values) {
                writer.key(ValueText.format(key, keyType))
                write(value, valueType, to: &writer)
            }
            writer.endObject()
        default: writer.string(ValueText.format(value, type))
        }
    }
}
