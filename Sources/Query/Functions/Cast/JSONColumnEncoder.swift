import Columnar

/// Writes the rows of one column as JSON values; nested types have an encoder per child.
final class JSONColumnEncoder {
    let view: ColumnView
    private let type: DataType
    private let children: [JSONColumnEncoder]

    init(_ column: Column, type: DataType, pool: BufferPool) throws(QueryError) {
        view = try ColumnView(column, pool: pool)
        self.type = type
        var children: [JSONColumnEncoder] = []
        switch (view.entries, type) {
        case (.list(let list), .array(let element)):
            children = [try JSONColumnEncoder(list.child, type: element, pool: pool)]
        case (.list(let list), .map(let key, let value)):
            let entries = try storage { () throws(ColumnarError) in
                try list.child.flattened(pool: pool)
            }
            guard case .row(let row) = entries else {
                preconditionFailure("a map's child is a row")
            }
            children = [
                try JSONColumnEncoder(row.children[0], type: key, pool: pool),
                try JSONColumnEncoder(row.children[1], type: value, pool: pool),
            ]
        case (.row(let row), .row(let fields)):
            for (child, field) in zip(row.children, fields) {
                children.append(try JSONColumnEncoder(child, type: field.type, pool: pool))
            }
        default: break
        }
        self.children = children
    }

    static func canEncode(_ type: DataType) -> Bool {
        switch type {
        case .unknown, .boolean, .tinyint, .smallint, .integer, .bigint, .real, .double, .decimal,
            .varchar, .char, .json, .date, .timestamp, .timestampTZ, .uuid:
            true
        case .array(let element): canEncode(element)
        case .map(let key, let value): isKey(key) && canEncode(value)
        case .row(let fields): fields.allSatisfy { canEncode($0.type) }
        default: false
        }
    }

    /// Types whose values can be keys of a JSON object.
    static func isKey(_ type: DataType) -> Bool {
        switch type {
        case .boolean, .tinyint, .smallint, .integer, .bigint, .real, .double, .decimal, .varchar:
            true
        default: false
        }
    }

    func write(_ row: Int, to writer: inout JSONWriter) {
        guard let entry = view.entry(row) else { return writer.null() }
        switch type {
        case .boolean: writer.boolean(BitReader(view).value(entry: entry))
        case .tinyint, .smallint, .integer, .bigint:
            writer.integer(IntReader(view).value(entry: entry))
        case .varchar, .char: writer.string(TextReader(view).value(entry: entry))
        case .json: writer.raw(Array(TextReader(view).value(entry: entry)))
        case .double, .real, .decimal:
            let text = scalarText(entry)
            // JSON has no NaN and no infinities: Trino writes them as strings.
            if text.last.map({ (0x30...0x39).contains($0) }) ?? false {
                writer.raw(text)
            } else {
                writer.string(String(decoding: text, as: UTF8.self))
            }
        case .array:
            writer.beginArray()
            for i in ListReader(view).value(entry: entry) { children[0].write(i, to: &writer) }
            writer.endArray()
        case .map: writeMap(ListReader(view).value(entry: entry), to: &writer)
        case .row(let fields):
            writer.beginObject()
            for (i, field) in fields.enumerated() {
                writer.key(field.name ?? "")
                children[i].write(entry, to: &writer)
            }
            writer.endObject()
        default: writer.string(String(decoding: scalarText(entry), as: UTF8.self))
        }
    }

    /// Entries in the order of their keys.
    private func writeMap(_ range: Range<Int>, to writer: inout JSONWriter) {
        var keys: [(text: [UInt8], row: Int)] = []
        for i in range {
            guard let entry = children[0].view.entry(i) else { continue }
            keys.append((children[0].scalarText(entry), i))
        }
        keys.sort { $0.text.lexicographicallyPrecedes($1.text) }
        writer.beginObject()
        for key in keys {
            writer.key(String(decoding: key.text, as: UTF8.self))
            children[1].write(key.row, to: &writer)
        }
        writer.endObject()
    }

    private func scalarText(_ entry: Int) -> [UInt8] {
        var out: [UInt8] = []
        switch type {
        case .varchar, .char, .json: out = Array(TextReader(view).value(entry: entry))
        default: ColumnText.appendScalar(view, type, entry, to: &out)
        }
        return out
    }
}
