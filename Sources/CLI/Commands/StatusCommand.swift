import Columnar
import Lake

/// `lake status`: the lake at a glance.
enum StatusCommand: Command {
    static let syntax = CommandSyntax(
        name: "status", summary: "Show the lake at a glance: raw folder, last run, tables",
        operands: "", maximumOperands: 0, options: [Option("json", "Print JSON")],
        discussion: "", examples: ["lake status --lake posts-lake"])

    static func run(
        _ arguments: Arguments, _ surroundings: Surroundings
    ) throws(CommandError) -> Int32 {
        let path = try LakeLocation.require(arguments, surroundings)
        let status = try lakeCall { () throws(LakeError) in
            try Lake.open(at: path, access: .readOnly).status()
        }
        let output = StandardOutput()
        defer { output.flush() }
        if arguments.has("json") {
            output.write(json(status))
            return ExitCode.done
        }
        output.write("lake          \(status.path)\n")
        output.write("raw folder    \(status.rawRoot ?? "none")\n")
        output.write(
            "last run      \(status.lastRun.map { Instant.text(micros: $0.startedMicros) } ?? "never")\n"
        )
        output.write("quarantined   \(Amount.count(status.quarantinedCount, "file"))\n")
        let rows = status.tables.reduce(0) { $0 + Int($1.rows) }
        let bytes = status.tables.reduce(0) { $0 + Int($1.bytes) }
        output.write(
            "tables        \(Amount.count(status.tables.count)), \(Amount.count(rows, "row")), \(Amount.bytes(bytes))\n"
        )
        for table in status.tables {
            output.write("  \(table.name): \(Amount.count(Int(table.rows), "row"))\n")
        }
        return ExitCode.done
    }

    private static func json(_ status: LakeStatus) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("lake")
        writer.string(status.path)
        writer.key("raw")
        if let raw = status.rawRoot { writer.string(raw) } else { writer.null() }
        writer.key("last_run_micros")
        if let run = status.lastRun { writer.integer(run.startedMicros) } else { writer.null() }
        writer.key("quarantined")
        writer.integer(status.quarantinedCount)
        writer.key("tables")
        writer.beginObject()
        for table in status.tables {
            writer.key(table.name)
            writer.integer(table.rows)
        }
        writer.endObject()
        writer.endObject()
        return writer.bytes + [UInt8(ascii: "\n")]
    }
}
