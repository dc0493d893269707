import Columnar
import Glibc
import Lake

/// `lake init`: makes a lake in a folder.
enum InitCommand: Command {
    static let syntax = CommandSyntax(
        name: "init", summary: "Make a lake in a folder", operands: "DIR", maximumOperands: 1,
        options: [
            Option("raw", value: "PATH", "The folder of raw JSON files that the lake compacts"),
            Option("schemas", value: "DIR", "Where to copy schema files from"),
        ],
        discussion: """
            The schema files whose raw folders exist below --raw are copied to DIR/schemas (all of
            them if none does yet); edit them there. They come from --schemas, else $LAKE_SCHEMAS,
            else the folder that was installed with lake. Without --raw the lake holds tables that
            SQL makes, and there is nothing to compact.
            """,
        examples: [
            "lake init posts-lake --raw /data/raw",
            "lake init scratch",
        ])

    static func run(
        _ arguments: Arguments, _ surroundings: Surroundings
    ) throws(CommandError) -> Int32 {
        guard let folder = arguments.operands.first else {
            throw .usage("no folder given", command: syntax.name)
        }
        let path = LakeLocation.absolute(folder, surroundings)
        let raw = arguments.value("raw").map { LakeLocation.absolute($0, surroundings) }
        let schemas =
            try raw.map { (raw) throws(CommandError) in
                try SchemaFiles.matching(raw, arguments, surroundings)
            } ?? []
        if try lakeCall({ () throws(LakeError) in try Lake.exists(at: path) }) {
            throw .user("\(path) is a lake already", hint: "see: lake status --lake \(path)")
        }
        if let raw, access(raw, R_OK | X_OK) != 0 {
            throw .user(
                "cannot read the raw folder \(raw): \(String(cString: strerror(errno)))")
        }
        _ = try lakeCall { () throws(LakeError) in
            try Lake.create(
                at: path, rawPath: raw, schemas: schemas, seed: Clock.randomSeed())
        }
        let output = StandardOutput()
        output.write("made the lake \(path)\n")
        if !schemas.isEmpty {
            let tables = schemas.map { $0.name.split(separator: ".").first.map(String.init) ?? "" }
            output.write("tables: \(tables.joined(separator: ", "))\n")
            output.write("next: lake compact --lake \(PrintedName.word(folder))\n")
        }
        output.flush()
        return ExitCode.done
    }
}
