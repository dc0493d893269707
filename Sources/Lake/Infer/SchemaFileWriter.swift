import Columnar

/// Writes inferred columns as a schema file in the shape that people write them.
enum SchemaFileWriter {
    static func text(
        table: String, doc: String, pattern: String, format: RawLayout.Format,
        recordPath: [String], partition: (column: String, transform: String)?,
        columns: [InferredColumn]
    ) -> [UInt8] {
        var lines = ["{", "  \"table\": \(quoted(table)),", "  \"doc\": \(quoted(doc)),"]
        var raw = "\"path\": \(quoted(pattern)), \"format\": \(quoted(format.rawValue))"
        if !recordPath.isEmpty {
            raw += ", \"records\": \(quoted(recordPath.joined(separator: ".")))"
        }
        lines.append("  \"raw\": { \(raw) },")
        if let partition {
            lines.append(
                "  \"partition\": { \"column\": \(quoted(partition.column)), "
                    + "\"transform\": \(quoted(partition.transform)) },")
        }
        lines.append("  \"columns\": [")
        lines += columnLines(columns, indent: "    ")
        lines += ["  ]", "}", ""]
        return Array(lines.joined(separator: "\n").utf8)
    }

    private static func columnLines(_ columns: [InferredColumn], indent: String) -> [String] {
        var lines: [String] = []
        for (i, column) in columns.enumerated() {
            let end = i == columns.count - 1 ? "" : ","
            let head = "\(indent){ " + members(column).joined(separator: ", ")
            guard !column.fields.isEmpty else {
                lines += ["\(head),", "\(indent)  \"doc\": \(quoted(column.doc)) }\(end)"]
                continue
            }
            lines += ["\(head),", "\(indent)  \"doc\": \(quoted(column.doc)),"]
            lines.append("\(indent)  \"fields\": [")
            lines += columnLines(column.fields, indent: indent + "    ")
            lines.append("\(indent)  ] }\(end)")
        }
        return lines
    }

    private static func members(_ column: InferredColumn) -> [String] {
        var members = [
            "\"name\": \(quoted(column.name))", "\"type\": \(quoted(column.type))",
        ]
        if let path = column.path { members.append("\"path\": \(quoted(path))") }
        if let capture = column.capture { members.append("\"capture\": \(quoted(capture))") }
        if column.valueClass != .static {
            members.append("\"class\": \(quoted(column.valueClass.rawValue))")
        }
        if column.isRequired { members.append("\"required\": true") }
        if column.splits { members.append("\"split\": \",\"") }
        if column.isSuffixed { members.append("\"number\": \"suffixed\"") }
        if column.hasEmptyTexts { members.append("\"null_values\": [\"\"]") }
        return members
    }

    private static func quoted(_ text: String) -> String {
        var writer = JSONWriter()
        writer.string(text)
        return writer.text
    }
}
