import Columnar
import Lake
import Query

/// `lake schema show TABLE`: one table as its schema file describes it.
enum SchemaShowCommand: Command {
    static let syntax = CommandSyntax(
        name: "schema show", summary: "Show a table's columns: types, sources, classes, meaning",
        operands: "TABLE", maximumOperands: 1,
        options: [SchemaCommands.schemas, .json],
        discussion: """
            The lake's schema file of the table; without a lake, the one that comes with the program.
            """,
        examples: ["lake schema show posts", "lake schema show insights --json"])

    static func run(
        _ arguments: Arguments, _ surroundings: Surroundings
    ) throws(CommandError) -> Int32 {
        guard let name = arguments.operands.first else {
            throw .usage("no table given", command: syntax.name)
        }
        let definitions = try SchemaCommands.definitions(arguments, surroundings)
        guard let definition = definitions.first(where: { $0.name == name }) else {
            throw .user(
                "no schema file describes a table '\(name)'",
                hint: NearestName.of(name, among: definitions.map(\.name)).map {
                    "Did you mean \($0)?"
                } ?? "see: lake schema list")
        }
        let output = StandardOutput()
        output.write(arguments.has("json") ? json(definition) : Array(text(definition).utf8))
        output.flush()
        return ExitCode.done
    }

    private static func text(_ definition: TableDefinition) -> String {
        var text = "table      \(definition.name)\n"
        if let doc = definition.doc { text += "           \(doc)\n" }
        text += "raw files  \(definition.raw.pattern) (\(definition.raw.format.rawValue))\n"
        text += "key        \(SchemaCommands.key(definition))\n"
        text += "partition  \(SchemaCommands.partition(definition))\n"
        if !definition.sort.isEmpty { text += "sort       \(sort(definition))\n" }
        if !definition.ignored.isEmpty {
            let ignored = definition.ignored.map(\.description).joined(separator: ", ")
            text += "ignored    \(ignored)\n"
        }
        var grid = TextGrid(["column", "type", "from", "class", "rules", "meaning"])
        append(definition.columns, of: definition, indent: "", to: &grid)
        return text + "\n" + grid.text()
    }

    private static func append(
        _ columns: [ColumnDefinition], of definition: TableDefinition, indent: String,
        to grid: inout TextGrid
    ) {
        for column in columns {
            grid.append([
                indent + column.name, shortType(column), source(column, definition),
                column.valueClass.rawValue, rules(column).joined(separator: "; "),
                column.doc ?? "",
            ])
            append(column.fields, of: definition, indent: indent + "  ", to: &grid)
        }
    }

    /// The type; of rows only that they are, because their fields follow.
    private static func shortType(_ column: ColumnDefinition) -> String {
        switch column.type {
        case .row where !column.fields.isEmpty: "row"
        case .array(.row) where !column.fields.isEmpty: "array(row)"
        default: "\(column.type)"
        }
    }

    private static func sort(_ definition: TableDefinition) -> String {
        definition.sort.map {
            definition.columns[$0.column].name + ($0.isDescending ? " desc" : "")
        }.joined(separator: ", ")
    }

    private static func source(
        _ column: ColumnDefinition, _ definition: TableDefinition
    ) -> String {
        switch column.source {
        case .paths(let paths): paths.map(\.description).joined(separator: " or ")
        case .gathered(let paths, let parts, _):
            (paths.map(\.description) + [parts.map(\.description).joined(separator: " + ")])
                .joined(separator: " or ")
        case .capture(let number): "{\(definition.raw.captureNames[number])}"
        case .constant: "constant"
        }
    }

    /// What is done to the column's values, each as the schema file spells it.
    private static func rules(_ column: ColumnDefinition) -> [String] {
        let rules = column.rules
        var texts: [String] = []
        if column.isRequired, column.valueClass != .key { texts.append("required") }
        if !rules.nullTexts.isEmpty {
            let nulls = rules.nullTexts.map {
                "'\(String(decoding: $0.text, as: UTF8.self))\($0.isPrefix ? "*" : "")'"
            }
            texts.append("null: \(nulls.joined(separator: ", "))")
        }
        if !rules.prefixes.isEmpty {
            texts.append("strip: \(rules.prefixes.map { "'\($0)'" }.joined(separator: ", "))")
        }
        if let split = column.splitByte {
            texts.append("split: '\(Character(Unicode.Scalar(split)))'")
        }
        if rules.number != .plain { texts.append("number: \(rules.number.rawValue)") }
        if rules.scaleExponent != 0 { texts.append("scale: 1e\(rules.scaleExponent)") }
        if column.format != .auto { texts.append("format: \(column.format.rawValue)") }
        if let zone = rules.zone { texts.append("zone: \(zone.name)") }
        if let value = rules.fallback {
            let word = column.source == .constant ? "constant" : "default"
            texts.append("\(word): \(ValueText.format(value, column.type))")
        }
        return texts
    }

    // MARK: JSON

    static func writeHead(_ definition: TableDefinition, to writer: inout JSONWriter) {
        for (key, text) in [
            ("table", definition.name), ("doc", definition.doc ?? ""),
            ("raw", definition.raw.pattern), ("format", definition.raw.format.rawValue),
            ("partition", SchemaCommands.partition(definition)), ("sort", sort(definition)),
        ] {
            writer.key(key)
            writer.string(text)
        }
        writer.key("key")
        writer.beginArray()
        for index in definition.keyColumns { writer.string(definition.columns[index].name) }
        writer.endArray()
    }

    private static func json(_ definition: TableDefinition) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writeHead(definition, to: &writer)
        writer.key("columns")
        write(definition.columns, of: definition, to: &writer)
        writer.endObject()
        return writer.bytes + [UInt8(ascii: "\n")]
    }

    private static func write(
        _ columns: [ColumnDefinition], of definition: TableDefinition,
        to writer: inout JSONWriter
    ) {
        writer.beginArray()
        for column in columns {
            writer.beginObject()
            for (key, text) in [
                ("name", column.name), ("type", "\(column.type)"),
                ("from", source(column, definition)), ("class", column.valueClass.rawValue),
                ("doc", column.doc ?? ""),
            ] {
                writer.key(key)
                writer.string(text)
            }
            writer.key("required")
            writer.boolean(column.isRequired)
            writer.key("rules")
            writer.beginArray()
            for rule in rules(column) { writer.string(rule) }
            writer.endArray()
            if !column.fields.isEmpty {
                writer.key("fields")
                write(column.fields, of: definition, to: &writer)
            }
            writer.endObject()
        }
        writer.endArray()
    }
}
