/// A file's schema in the notation of the Parquet specification, field ids included.
///
/// https://github.com/apache/parquet-format/blob/master/LogicalTypes.md
///
///     message schema {
///       required int64 id = 1;
///       optional group tags (LIST) {
///         repeated group list {
///           optional binary element (STRING);
///         }
///       }
///     }
extension ParquetFile {
    package var schemaText: String {
        let elements = metadata.schema
        var text = "message \(elements.first?.name ?? "schema") {\n"
        // Children still to come of each open group; nesting was checked when the file was opened.
        var open: [Int] = []
        for element in elements.dropFirst() {
            let indent = String(repeating: "  ", count: open.count + 1)
            text += indent + Self.line(element)
            if element.type == nil {
                text += " {\n"
                open.append(element.childCount)
                if element.childCount > 0 { continue }
            } else {
                text += ";\n"
                if !open.isEmpty { open[open.count - 1] -= 1 }
            }
            while let last = open.last, last == 0 {
                open.removeLast()
                text += String(repeating: "  ", count: open.count + 1) + "}\n"
                if !open.isEmpty { open[open.count - 1] -= 1 }
            }
        }
        return text + "}\n"
    }

    private static func line(_ element: SchemaElement) -> String {
        let repetition = element.repetition ?? .required
        var text = "\(repetition) \(element.type?.text(length: element.typeLength) ?? "group")"
        text += " \(element.name)"
        if let logical = LeafType.annotation(of: element)?.text { text += " (\(logical))" }
        if let id = element.fieldID { text += " = \(id)" }
        return text
    }
}

extension PhysicalType {
    /// The name in schema notation.
    func text(length: Int) -> String {
        switch self {
        case .boolean: "boolean"
        case .int32: "int32"
        case .int64: "int64"
        case .int96: "int96"
        case .float: "float"
        case .double: "double"
        case .byteArray: "binary"
        case .fixedLengthByteArray: "fixed_len_byte_array(\(length))"
        }
    }
}

extension LogicalType {
    /// The name in schema notation; nil for annotations that this version does not know.
    var text: String? {
        switch self {
        case .string: "STRING"
        case .map: "MAP"
        case .list: "LIST"
        case .enumeration: "ENUM"
        case .decimal(let scale, let precision): "DECIMAL(\(precision),\(scale))"
        case .date: "DATE"
        case .time(let isUTC, let unit): "TIME(\(unit.text),\(isUTC))"
        case .timestamp(let isUTC, let unit): "TIMESTAMP(\(unit.text),\(isUTC))"
        case .integer(let bits, let isSigned): "INTEGER(\(bits),\(isSigned))"
        case .unknown: "UNKNOWN"
        case .json: "JSON"
        case .bson: "BSON"
        case .uuid: "UUID"
        case .float16: "FLOAT16"
        case .interval: "INTERVAL"
        case .other: nil
        }
    }
}

extension TimeUnit {
    var text: String {
        switch self {
        case .millis: "MILLIS"
        case .micros: "MICROS"
        case .nanos: "NANOS"
        }
    }
}

extension ValueEncoding {
    /// The name that the specification gives it.
    var text: String {
        switch self {
        case .plain: "PLAIN"
        case .plainDictionary: "PLAIN_DICTIONARY"
        case .rle: "RLE"
        case .bitPacked: "BIT_PACKED"
        case .deltaBinaryPacked: "DELTA_BINARY_PACKED"
        case .deltaLengthByteArray: "DELTA_LENGTH_BYTE_ARRAY"
        case .deltaByteArray: "DELTA_BYTE_ARRAY"
        case .rleDictionary: "RLE_DICTIONARY"
        case .byteStreamSplit: "BYTE_STREAM_SPLIT"
        case .alp: "ALP"
        }
    }

    static func text(_ raw: Int) -> String {
        ValueEncoding(rawValue: raw)?.text ?? "encoding \(raw)"
    }
}
