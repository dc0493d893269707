import Columnar
import Lake
import Query

/// `lake describe TABLE`: columns with types and meaning, partitions, place.
enum DescribeCommand: Command {
    static let syntax = CommandSyntax(
        name: "describe", summary: "Show a table's columns, partitions and place",
        operands: "TABLE", maximumOperands: 1,
        options: [Option("partitions", "List every partition")], discussion: "",
        examples: ["lake describe posts", "lake describe posts --partitions"])

    static func run(
        _ arguments: Arguments, _ surroundings: Surroundings
    ) throws(CommandError) -> Int32 {
        guard let name = arguments.operands.first else {
            throw .usage("no table given", command: syntax.name)
        }
        let path = try LakeLocation.require(arguments, surroundings)
        let lake = try lakeCall { () throws(LakeError) in
            try Lake.open(at: path, access: .readOnly)
        }
        let names = try lakeCall { () throws(LakeError) in try lake.catalog.list() }
        guard names.contains(name) else {
            throw .user(
                "there is no table '\(name)' in \(path)",
                hint: NearestName.of(name, among: names).map { "Did you mean \($0)?" }
                    ?? "see: lake tables")
        }
        let details = try lakeCall { () throws(LakeError) in try lake.describe(name) }
        let output = StandardOutput()
        output.write(text(details, listsPartitions: arguments.has("partitions")))
        output.flush()
        return ExitCode.done
    }

    private static func text(_ details: TableDetails, listsPartitions: Bool) -> String {
        let summary = details.summary
        var text = "table       \(summary.name)\n"
        if let doc = details.definition?.doc { text += "            \(doc)\n" }
        text += "rows        \(Amount.count(Int(summary.rows)))\n"
        text +=
            "files       \(Amount.count(Int(summary.files))), \(Amount.bytes(Int(summary.bytes)))\n"
        text += "place       \(details.location)\n"
        if let raw = details.definition?.raw.pattern { text += "raw files   \(raw)\n" }
        let partitions = details.partitions
        if let first = partitions.first, let last = partitions.last {
            text +=
                "partitions  \(Amount.count(partitions.count)), \(first.name) to \(last.name)\n"
        }
        if let archived = summary.archived {
            text += "archived    \(Amount.count(Int(archived.rowCount), "row")) in "
            text += Amount.count(archived.partitionCount, "partition")
            text += ", \(Amount.bytes(Int(archived.sizeBytes)))"
            if let days = archived.days {
                text += ", \(Instant.day(days.lowerBound)) to \(Instant.day(days.upperBound))"
            }
            text += "; see \"\(summary.name)$archive\"\n"
        }
        var columns = TextGrid(["column", "type", "meaning"])
        for field in details.schema.fields {
            columns.append([
                field.name, "\(field.type)" + (field.isNullable ? "" : " not null"),
                field.doc ?? "",
            ])
        }
        text += "\n" + columns.text()
        if listsPartitions {
            var grid = TextGrid(["partition", "rows", "files", "size"], rightAligned: [1, 2, 3])
            for partition in partitions {
                grid.append([
                    partition.name, Amount.count(Int(partition.rows)),
                    Amount.count(partition.files), Amount.bytes(Int(partition.bytes)),
                ])
            }
            text += "\n" + grid.text()
        }
        return text
    }
}
