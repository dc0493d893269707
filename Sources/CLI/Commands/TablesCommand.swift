import Columnar
import Lake
import Query

/// `lake tables`: the lake's tables with their sizes.
enum TablesCommand: Command {
    static let syntax = CommandSyntax(
        name: "tables", summary: "List the lake's tables", operands: "", maximumOperands: 0,
        options: [.json], discussion: "",
        examples: ["lake tables --lake posts-lake"])

    static func run(
        _ arguments: Arguments, _ surroundings: Surroundings
    ) throws(CommandError) -> Int32 {
        let path = try LakeLocation.require(arguments, surroundings)
        let tables = try lakeCall { () throws(LakeError) in
            try Lake.open(at: path, access: .readOnly).tables()
        }
        let output = StandardOutput()
        defer { output.flush() }
        if arguments.has("json") {
            output.write(json(tables))
            return ExitCode.done
        }
        guard !tables.isEmpty else {
            output.write("no tables yet\n")
            return ExitCode.done
        }
        let hasArchive = tables.contains { $0.archived != nil }
        var grid = TextGrid(
            ["table", "rows", "files", "size"] + (hasArchive ? ["archived", ""] : []) + ["updated"],
            rightAligned: hasArchive ? [1, 2, 3, 4, 5] : [1, 2, 3])
        for table in tables {
            var cells = [
                table.name, Amount.count(Int(table.rows)), Amount.count(Int(table.files)),
                Amount.bytes(Int(table.bytes)),
            ]
            if hasArchive {
                cells.append(Amount.count(Int(table.archived?.rowCount ?? 0)))
                cells.append(Amount.bytes(Int(table.archived?.sizeBytes ?? 0)))
            }
            grid.append(cells + [Instant.text(millis: table.updatedMillis)])
        }
        output.write(grid.text())
        return ExitCode.done
    }

    private static func json(_ tables: [TableSummary]) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginArray()
        for table in tables {
            writer.beginObject()
            writer.key("table")
            writer.string(table.name)
            for (key, number) in [
                ("rows", table.rows), ("files", table.files), ("bytes", table.bytes),
                ("snapshots", Int64(table.snapshots)),
                ("archived_rows", table.archived?.rowCount ?? 0),
                ("archived_bytes", table.archived?.sizeBytes ?? 0),
            ] {
                writer.key(key)
                writer.integer(number)
            }
            writer.key("updated")
            if table.updatedMillis == nil {
                writer.null()
            } else {
                writer.string(Instant.text(millis: table.updatedMillis))
            }
            writer.endObject()
        }
        writer.endArray()
        return writer.bytes + [UInt8(ascii: "\n")]
    }
}
