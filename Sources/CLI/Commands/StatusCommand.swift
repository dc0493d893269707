import Columnar
import Lake

/// `lake status`: the lake at a glance.
enum StatusCommand: Command {
    static let syntax = CommandSyntax(
        name: "status", summary: "Show the lake at a glance: raw folder, last run, tables",
        operands: "", maximumOperands: 0, options: [.json],
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
            var line = "  \(table.name): \(Amount.count(Int(table.rows), "row"))"
            if let archived = table.archived {
                line += ", \(Amount.count(Int(archived.rowCount))) archived"
            }
            output.write(line + "\n")
        }
        if let folder = status.coldFolder {
            let archived = status.tables.compactMap(\.archived)
            let rows = archived.reduce(0) { $0 + Int($1.rowCount) }
            let bytes = archived.reduce(0) { $0 + Int($1.sizeBytes) }
            output.write("archived      \(Amount.count(rows, "row")), \(Amount.bytes(bytes))\n")
            output.write(
                "cold tier     \(folder)\(status.coldIsMounted ? "" : ", not mounted")\n")
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
        writer.key("archived")
        writer.beginObject()
        for table in status.tables {
            guard let archived = table.archived else { continue }
            writer.key(table.name)
            writer.beginObject()
            writer.key("rows")
            writer.integer(archived.rowCount)
            writer.key("bytes")
            writer.integer(archived.sizeBytes)
            writer.endObject()
        }
        writer.endObject()
        writer.key("cold_tier")
        if let folder = status.coldFolder { writer.string(folder) } else { writer.null() }
        writer.key("cold_tier_mounted")
        if status.coldFolder == nil {
            writer.null()
        } else {
            writer.boolean(status.coldIsMounted)
        }
        writer.endObject()
        return writer.bytes + [UInt8(ascii: "\n")]
    }
}
