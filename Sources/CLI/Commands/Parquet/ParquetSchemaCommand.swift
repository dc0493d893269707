import Columnar

/// `lake parquet schema`: the schema as the file has it, and as SQL sees it.
enum ParquetSchemaCommand: Command {
    static let syntax = CommandSyntax(
        name: "parquet schema",
        summary: "Show the schema: Parquet's notation and SQL types",
        operands: "FILE...", maximumOperands: .max, options: [ParquetCommands.json],
        discussion:
            "Field ids stand behind `=`; a column that SQL sees under another type says so.",
        examples: ["lake parquet schema posts.parquet"], usesLake: false)

    static func run(
        _ arguments: Arguments, _ surroundings: Surroundings
    ) throws(CommandError) -> Int32 {
        let output = StandardOutput()
        defer { output.flush() }
        let paths = try ParquetCommands.files(arguments, syntax.name)
        try ParquetCommands.forEach(paths) { (file, index) throws(CommandError) in
            if arguments.has("json") { return output.write(json(file)) }
            if index > 0 { output.write("\n") }
            if paths.count > 1 { output.write("\(file.path)\n") }
            output.write(file.schemaText)
            output.write("\n" + columns(file))
        }
        return ExitCode.done
    }

    private static func columns(_ file: ParquetFile) -> String {
        var grid = TextGrid(["column", "type"])
        for field in file.schema.fields {
            grid.append([field.name, "\(field.type)" + (field.isNullable ? "" : " not null")])
        }
        return grid.text()
    }

    private static func json(_ file: ParquetFile) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("file")
        writer.string(file.path)
        writer.key("message")
        writer.string(file.schemaText)
        writer.objects("columns", file.schema.fields) { writer, field in
            writer.key("name")
            writer.string(field.name)
            writer.key("type")
            writer.string("\(field.type)")
            writer.key("nullable")
            writer.boolean(field.isNullable)
            writer.key("field_id")
            if let id = field.id { writer.integer(id) } else { writer.null() }
        }
        writer.endObject()
        return writer.bytes + [UInt8(ascii: "\n")]
    }
}
