import Columnar
import Glibc
import Lake

/// `lake schema …`: the files that describe tables.
enum SchemaCommands {
    static let group = CommandGroup(
        name: "schema", summary: "List, show, check and infer schema files",
        commands: [
            SchemaListCommand.self, SchemaShowCommand.self, SchemaCheckCommand.self,
            SchemaInferCommand.self,
        ],
        examples: [
            "lake schema check", "lake schema infer raw --table likes -o schemas/likes.json",
        ])

    static let schemas = Option(
        "schemas", value: "DIR", "A folder of schema files instead of the lake's")

    /// One schema file as it lies.
    struct File {
        var path: String
        var bytes: [UInt8]
    }

    /// The files named, else those of `--schemas`, else the lake's, else those that come with lake.
    static func files(
        _ operands: [String], _ arguments: Arguments, _ surroundings: Surroundings
    ) throws(CommandError) -> [File] {
        var paths = operands.map { LakeLocation.absolute($0, surroundings) }
        if paths.isEmpty {
            if arguments.value("schemas") == nil,
                let folder = LakeLocation.find(arguments, surroundings)
            {
                paths = try lakeCall { () throws(LakeError) in
                    try Lake.open(at: folder, access: .readOnly).schemaPaths()
                }
            } else {
                paths = try SchemaFiles.packaged(arguments, surroundings)
            }
        }
        var files: [File] = []
        for path in paths {
            files.append(File(path: path, bytes: try SchemaFiles.bytes(path)))
        }
        return files
    }

    /// The tables that files describe; throws for the first that describes none.
    static func definitions(
        _ arguments: Arguments, _ surroundings: Surroundings
    ) throws(CommandError) -> [TableDefinition] {
        var definitions: [TableDefinition] = []
        for file in try files([], arguments, surroundings) {
            definitions.append(
                try lakeCall { () throws(LakeError) in
                    try TableDefinition.parse(file.bytes, path: file.path)
                })
        }
        return definitions.sorted { $0.name < $1.name }
    }

    /// `day(timestamp)`, `none`.
    static func partition(_ definition: TableDefinition) -> String {
        definition.partition.map {
            "\($0.transform.rawValue)(\(definition.columns[$0.column].name))"
        } ?? "none"
    }

    static func key(_ definition: TableDefinition) -> String {
        definition.keyColumns.map { definition.columns[$0].name }.joined(separator: ", ")
    }
}
