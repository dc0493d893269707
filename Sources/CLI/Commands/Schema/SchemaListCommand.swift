import Columnar
import Lake

/// `lake schema list`: the tables that schema files describe.
enum SchemaListCommand: Command {
    static let syntax = CommandSyntax(
        name: "schema list", summary: "List the tables that schema files describe",
        operands: "", maximumOperands: 0,
        options: [SchemaCommands.schemas, .json],
        discussion: """
            The lake's schema files; without a lake, those that come with the program.
            """,
        examples: ["lake schema list", "lake schema list --schemas ./schemas"])

    static func run(
        _ arguments: Arguments, _ surroundings: Surroundings
    ) throws(CommandError) -> Int32 {
        let definitions = try SchemaCommands.definitions(arguments, surroundings)
        let output = StandardOutput()
        defer { output.flush() }
        if arguments.has("json") {
            output.write(json(definitions))
            return ExitCode.done
        }
        guard !definitions.isEmpty else {
            output.write("no schema files\n")
            return ExitCode.done
        }
        var grid = TextGrid(
            ["table", "raw files", "columns", "key", "partition", "checks"],
            rightAligned: [2, 5])
        for definition in definitions {
            grid.append([
                definition.name, definition.raw.pattern, "\(definition.columns.count)",
                SchemaCommands.key(definition), SchemaCommands.partition(definition),
                "\(definition.checks.count)",
            ])
        }
        output.write(grid.text())
        return ExitCode.done
    }

    private static func json(_ definitions: [TableDefinition]) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginArray()
        for definition in definitions {
            writer.beginObject()
            SchemaShowCommand.writeHead(definition, to: &writer)
            writer.key("columns")
            writer.integer(definition.columns.count)
            writer.key("checks")
            writer.integer(definition.checks.count)
            writer.endObject()
        }
        writer.endArray()
        return writer.bytes + [UInt8(ascii: "\n")]
    }
}
