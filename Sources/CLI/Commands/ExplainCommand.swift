import Columnar
import Lake
import Query

/// `lake explain`: for one record, where it is, why, and what happens next.
enum ExplainCommand: Command {
    static let syntax = described(as: "explain")

    static func described(as name: String) -> CommandSyntax {
        CommandSyntax(
            name: name, summary: "Say where a record is, why, and what happens next",
            operands: "PATH-OR-KEY", maximumOperands: 1,
            options: [
                Option("table", value: "NAME", "Only in this table"),
                .json,
            ],
            discussion: """
                PATH is a raw file's, relative to the raw folder or the working directory, or absolute. KEY is
                the text of the key column; of several ones, their texts with slashes between. Raw folder,
                tables, cold tier, packs, quarantine, holds and restores are looked at. Exit code 3:
                something could not be looked at, such as a cold tier that is not mounted.
                """,
            examples: [
                "lake \(name) 17900000000000001",
                "lake \(name) instagram_graph/posts/17841400000000000/17900000000000001.json --json",
            ])
    }

    static func run(
        _ arguments: Arguments, _ surroundings: Surroundings
    ) throws(CommandError) -> Int32 {
        try run(arguments, surroundings, name: syntax.name)
    }

    static func run(
        _ arguments: Arguments, _ surroundings: Surroundings, name: String
    ) throws(CommandError) -> Int32 {
        guard let text = arguments.operands.first, !text.isEmpty else {
            throw .usage("which record? give its raw file's path, or its key", command: name)
        }
        let lake = try LakeLocation.open(arguments, surroundings)
        let definitions = try lakeCall { () throws(LakeError) in try lake.definitions() }
        let table = arguments.value("table")
        if let table, !definitions.contains(where: { $0.name == table }) {
            throw PolicyCommands.unknown(table, definitions)
        }
        let now = surroundings.nowMicros()
        let pool = BufferPool()
        var found = try lakeCall { () throws(LakeError) in
            try lake.locate(text, table: table, nowMicros: now, pool: pool)
        }
        if found.isEmpty {
            // A path may be meant from where the user stands.
            let absolute = LakeLocation.absolute(text, surroundings)
            found = try lakeCall { () throws(LakeError) in
                try lake.locate(absolute, table: table, nowMicros: now, pool: pool)
            }
        }
        guard let places = found.first else {
            throw .user(
                "nothing is known of '\(text)'",
                hint: "give a path below the raw folder, or a key; see: lake schema list")
        }
        let tables = Set(found.map(\.table))
        guard tables.count == 1 else {
            let names = tables.sorted()
            throw .user(
                "'\(text)' is in \(names.joined(separator: " and "))",
                hint: "name the table: lake \(name) '\(text)' --table \(names[0])")
        }
        let output = StandardOutput()
        output.write(
            arguments.has("json")
                ? RecordText.json(places, nowMicros: now)
                : Array(RecordText.text(places, nowMicros: now).utf8))
        output.flush()
        return places.isPartial ? ExitCode.partial : ExitCode.done
    }
}

/// `lake policy explain`: the same, where one looks for it.
enum PolicyExplainCommand: Command {
    static let syntax = ExplainCommand.described(as: "policy explain")

    static func run(
        _ arguments: Arguments, _ surroundings: Surroundings
    ) throws(CommandError) -> Int32 {
        try ExplainCommand.run(arguments, surroundings, name: syntax.name)
    }
}
