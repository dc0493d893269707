import Columnar

/// Trino's textual output of boxed values of every type, for printers.
package enum ValueText {
    /// The text of a value: `[a, b]` for arrays, `{k=v}` for maps, `{x=1, y=2}` for rows.
    ///
    /// NULL is `NULL`; printers that show NULL otherwise look at the value first.
    package static func format(_ value: Value, _ type: DataType) -> String {
        var out: [UInt8] = []
        append(value, type, to: &out)
        return String(decoding: out, as: UTF8.self)
    }

    package static func append(_ value: Value, _ type: DataType, to out: inout [UInt8]) {
        switch value {
        case .null: TypeText.ascii("NULL", to: &out)
        case .boolean(let bit): TypeText.boolean(bit, to: &out)
        case .int(let int): integer(int, type, to: &out)
        case .int128(let int):
            switch type {
            case .uuid: TypeText.uuid(int, to: &out)
            case .timestampTZ(let precision):
                TypeText.timestampTZ(int, precision: precision, to: &out)
            default: TypeText.decimal(int, scale: DecimalScale.of(type).scale, to: &out)
            }
        case .float(let float): TypeText.double(float, to: &out)
        case .double(let double): TypeText.double(double, to: &out)
        case .text(let text):
            out.append(contentsOf: text.utf8)
            if case .char(let length) = type {
                out.append(
                    contentsOf: repeatElement(
                        0x20, count: max(0, length - text.unicodeScalars.count)))
            }
        case .binary(let bytes): TypeText.binary(bytes, to: &out)
        case .list(let items):
            let element = type.children.first ?? .unknown
            list(items.map { ($0, element) }, to: &out)
        case .row(let values): row(values, type, to: &out)
        case .map(let keys, let values): map(keys, values, type, to: &out)
        }
    }

    private static func integer(_ value: Int64, _ type: DataType, to out: inout [UInt8]) {
        switch type {
        case .date: TypeText.date(value, to: &out)
        case .time(let precision): TypeText.time(value, precision: precision, to: &out)
        case .timestamp(let precision): TypeText.timestamp(value, precision: precision, to: &out)
        case .intervalDayToSecond: TypeText.dayToSecond(value, to: &out)
        case .intervalYearToMonth: TypeText.yearToMonth(value, to: &out)
        case .decimal(_, let scale): TypeText.decimal(Int128(value), scale: scale, to: &out)
        default: TypeText.integer(value, to: &out)
        }
    }

    private static func list(_ items: [(Value, DataType)], to out: inout [UInt8]) {
        out.append(UInt8(ascii: "["))
        for (i, item) in items.enumerated() {
            if i > 0 { TypeText.ascii(", ", to: &out) }
            append(item.0, item.1, to: &out)
        }
        out.append(UInt8(ascii: "]"))
    }

    private static func row(_ values: [Value], _ type: DataType, to out: inout [UInt8]) {
        guard case .row(let fields) = type else { return }
        out.append(UInt8(ascii: "{"))
        for (i, (value, field)) in zip(values, fields).enumerated() {
            if i > 0 { TypeText.ascii(", ", to: &out) }
            TypeText.ascii((field.name ?? "field\(i)") + "=", to: &out)
            append(value, field.type, to: &out)
        }
        out.append(UInt8(ascii: "}"))
    }

    private static func map(
        _ keys: [Value], _ values: [Value], _ type: DataType, to out: inout [UInt8]
    ) {
        guard case .map(let keyType, let valueType) = type else { return }
        out.append(UInt8(ascii: "{"))
        for (i, (key, value)) in zip(keys, values).enumerated() {
            if i > 0 { TypeText.ascii(", ", to: &out) }
            append(key, keyType, to: &out)
            out.append(UInt8(ascii: "="))
            append(value, valueType, to: &out)
        }
        out.append(UInt8(ascii: "}"))
    }
}
