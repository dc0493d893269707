import Columnar
import Query

/// `lake parquet meta`: what the footer says about file, row groups and column chunks.
enum ParquetMetaCommand: Command {
    static let syntax = CommandSyntax(
        name: "parquet meta",
        summary: "Show the footer: row groups, chunks, encodings, sizes, bounds, indexes",
        operands: "FILE...", maximumOperands: .max, options: [ParquetCommands.json],
        discussion: """
            Ratio is uncompressed over compressed. Long values and bounds are cut in the text, never in
            the JSON; `~` marks bounds that may be cut in the file. Marks: d dictionary, c column index,
            o offset index, b Bloom filter.
            """,
        examples: [
            "lake parquet meta posts.parquet",
            "lake parquet meta --json posts.parquet | jq '.row_groups[0].columns[0]'",
        ], usesLake: false)

    static func run(
        _ arguments: Arguments, _ surroundings: Surroundings
    ) throws(CommandError) -> Int32 {
        let output = StandardOutput()
        defer { output.flush() }
        let paths = try ParquetCommands.files(arguments, syntax.name)
        try ParquetCommands.forEach(paths) { (file, index) throws(CommandError) in
            if arguments.has("json") { return output.write(ParquetMetaJSON.text(file)) }
            if index > 0 { output.write("\n") }
            output.write(head(file))
            for (index, group) in file.rowGroups.enumerated() {
                output.write("\n" + text(group, index))
            }
        }
        return ExitCode.done
    }

    private static func head(_ file: ParquetFile) -> String {
        let groups = Amount.count(file.rowGroupCount, "row group")
        var text = "file        \(file.path)\n"
        text += "size        \(Amount.bytes(file.sizeBytes)), "
        text += "footer \(Amount.bytes(file.footerBytes))\n"
        text += "rows        \(Amount.count(file.rowCount)) in \(groups)\n"
        text += "columns     \(Amount.count(file.schema.count))\n"
        text += "written by  \(file.createdBy ?? "unknown"), format version \(file.formatVersion)\n"
        for pair in file.keyValueMetadata {
            text += "key         \(pair.key) = \(cut(pair.value))\n"
        }
        return text
    }

    private static func cut(_ value: String) -> String {
        let line = String(
            String.UnicodeScalarView(value.unicodeScalars.map { $0.value < 0x20 ? " " : $0 }))
        guard line.count > 60 else { return line }
        return String(line.prefix(60)) + "… (\(Amount.bytes(value.utf8.count)))"
    }

    private static func text(_ group: ParquetRowGroupFacts, _ index: Int) -> String {
        var text = "row group \(index): \(Amount.count(group.rowCount, "row")), "
        text += "\(Amount.bytes(group.compressedBytes)), ratio "
        text += ParquetCommands.ratio(group.uncompressedBytes, group.compressedBytes)
        if !group.order.isEmpty { text += ", sorted by \(group.order.joined(separator: ", "))" }
        var grid = TextGrid(
            [
                "column", "physical", "codec", "encodings", "size", "ratio", "pages", "nulls",
                "min", "max", "marks",
            ], rightAligned: [4, 5, 6, 7])
        for chunk in group.columns { grid.append(cells(chunk)) }
        return text + "\n" + grid.text()
    }

    private static func cells(_ chunk: ParquetChunkFacts) -> [String] {
        let marks =
            (chunk.hasDictionary ? "d" : "") + (chunk.columnIndexBytes == nil ? "" : "c")
            + (chunk.offsetIndexBytes == nil ? "" : "o")
            + (chunk.bloomFilterOffset == nil ? "" : "b")
        let cut = chunk.hasExactBounds ? "" : "~"
        func bound(_ value: Value?) -> String {
            value == nil ? "" : cut + ParquetCommands.text(value, chunk.type)
        }
        return [
            chunk.column, chunk.physicalType, chunk.codec,
            chunk.encodings.joined(separator: ","), Amount.bytes(chunk.compressedBytes),
            ParquetCommands.ratio(chunk.uncompressedBytes, chunk.compressedBytes),
            chunk.pageCount.map { Amount.count($0) } ?? "?",
            chunk.nullCount.map { Amount.count($0) } ?? "?", bound(chunk.lower),
            bound(chunk.upper), marks.isEmpty ? "-" : marks,
        ]
    }
}
