import Columnar

/// Writes the rows of one column as Trino shows them, without boxing; for printers of many rows.
///
/// The same texts as `ValueText`, nested ones included. NULL inside nested values is `NULL`; whether a
/// row is NULL itself is asked first with `isNull`.
package final class ColumnText {
    private let view: ColumnView
    private let type: DataType
    private let children: [ColumnText]

    package init(_ column: Column, type: DataType, pool: BufferPool) throws(QueryError) {
        view = try ColumnView(column, pool: pool)
        self.type = type
        var children: [ColumnText] = []
        let types = type.children
        switch view.entries {
        case .list(let list):
            children = [try ColumnText(list.child, type: types[0], pool: pool)]
        case .row(let row):
            for (child, childType) in zip(row.children, types) {
                children.append(try ColumnText(child, type: childType, pool: pool))
            }
        default: break
        }
        self.children = children
    }

    package func isNull(_ row: Int) -> Bool { view.isNull(row) }

    /// Appends the text of one row.
    package func append(_ row: Int, to out: inout [UInt8]) {
        guard let entry = view.entry(row) else { return TypeText.ascii("NULL", to: &out) }
        switch type {
        case .varchar, .json: out.append(contentsOf: TextReader(view).value(entry: entry))
        case .char(let length):
            let text = TextReader(view).value(entry: entry)
            out.append(contentsOf: text)
            let missing = max(0, length - text.codePointCount)
            out.append(contentsOf: repeatElement(0x20, count: missing))
        case .varbinary:
            TypeText.binary(Array(TextReader(view).value(entry: entry)), to: &out)
        case .array: appendList(ListReader(view).value(entry: entry), "[", "]", to: &out)
        case .map: appendMap(ListReader(view).value(entry: entry), to: &out)
        case .row(let fields): appendFields(entry, fields, to: &out)
        default: Self.appendScalar(view, type, entry, to: &out)
        }
    }

    private func appendList(
        _ range: Range<Int>, _ open: Unicode.Scalar, _ close: Unicode.Scalar,
        to out: inout [UInt8]
    ) {
        out.append(UInt8(ascii: open))
        for i in range {
            if i > range.lowerBound { TypeText.ascii(", ", to: &out) }
            children[0].append(i, to: &out)
        }
        out.append(UInt8(ascii: close))
    }

    private func appendMap(_ range: Range<Int>, to out: inout [UInt8]) {
        let entries = children[0]
        out.append(UInt8(ascii: "{"))
        for i in range {
            if i > range.lowerBound { TypeText.ascii(", ", to: &out) }
            guard let entry = entries.view.entry(i) else { continue }
            entries.children[0].append(entry, to: &out)
            out.append(UInt8(ascii: "="))
            entries.children[1].append(entry, to: &out)
        }
        out.append(UInt8(ascii: "}"))
    }

    private func appendFields(_ entry: Int, _ fields: [RowField], to out: inout [UInt8]) {
        out.append(UInt8(ascii: "{"))
        for (i, field) in fields.enumerated() {
            if i > 0 { TypeText.ascii(", ", to: &out) }
            TypeText.ascii((field.name ?? "field\(i)") + "=", to: &out)
            children[i].append(entry, to: &out)
        }
        out.append(UInt8(ascii: "}"))
    }

    /// Numbers, booleans, times and uuids.
    static func appendScalar(
        _ view: ColumnView, _ type: DataType, _ entry: Int, to out: inout [UInt8]
    ) {
        switch type {
        case .boolean, .unknown: TypeText.boolean(BitReader(view).value(entry: entry), to: &out)
        case .double: TypeText.double(FlatReader<Double>(view).value(entry: entry), to: &out)
        case .real: TypeText.double(FlatReader<Float>(view).value(entry: entry), to: &out)
        case .uuid: TypeText.uuid(WideReader(view).value(entry: entry), to: &out)
        case .decimal(_, let scale):
            TypeText.decimal(WideReader(view).value(entry: entry), scale: scale, to: &out)
        case .timestampTZ(let precision):
            TypeText.timestampTZ(
                WideReader(view).value(entry: entry), precision: precision, to: &out)
        default: appendInteger(IntReader(view).value(entry: entry), type, to: &out)
        }
    }

    private static func appendInteger(_ value: Int64, _ type: DataType, to out: inout [UInt8]) {
        switch type {
        case .date: TypeText.date(value, to: &out)
        case .time(let precision): TypeText.time(value, precision: precision, to: &out)
        case .timestamp(let precision): TypeText.timestamp(value, precision: precision, to: &out)
        case .intervalDayToSecond: TypeText.dayToSecond(value, to: &out)
        case .intervalYearToMonth: TypeText.yearToMonth(value, to: &out)
        default: TypeText.integer(value, to: &out)
        }
    }
}
