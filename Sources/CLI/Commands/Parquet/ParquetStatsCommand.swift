import Columnar
import Query

/// `lake parquet stats`: each column over the whole file, from its statistics.
enum ParquetStatsCommand: Command {
    static let syntax = CommandSyntax(
        name: "parquet stats",
        summary: "Show each column over the file: NULLs, bounds, sizes, encodings",
        operands: "FILE...", maximumOperands: .max, options: [ParquetCommands.json],
        discussion: """
            Figures come from the file's statistics, no value is read; what the file does not store
            is `?`. `~` marks a bound that may be cut in the file, and distinct counts that are the
            entries of the largest dictionary.
            """,
        examples: ["lake parquet stats posts.parquet"], usesLake: false)

    static func run(
        _ arguments: Arguments, _ surroundings: Surroundings
    ) throws(CommandError) -> Int32 {
        let output = StandardOutput()
        defer { output.flush() }
        let paths = try ParquetCommands.files(arguments, syntax.name)
        try ParquetCommands.forEach(paths) { (file, index) throws(CommandError) in
            let columns = try columnarCall { () throws(ColumnarError) in
                try file.columnSummaries()
            }
            if arguments.has("json") { return output.write(json(file, columns)) }
            if index > 0 { output.write("\n") }
            if paths.count > 1 { output.write("\(file.path)\n") }
            output.write(text(columns))
        }
        return ExitCode.done
    }

    private static func text(_ columns: [ParquetColumnSummary]) -> String {
        var grid = TextGrid(
            [
                "column", "type", "values", "nulls", "distinct", "min", "max", "size",
                "bytes/value", "ratio", "codec", "encodings",
            ], rightAligned: [2, 3, 4, 7, 8, 9])
        for column in columns {
            let cut = column.hasExactBounds ? "" : "~"
            func bound(_ value: Value?) -> String {
                if column.nullCount == column.valueCount { return "" }
                return value == nil ? "?" : cut + ParquetCommands.text(value, column.type)
            }
            grid.append([
                column.column, "\(column.type)", Amount.count(column.valueCount),
                column.nullCount.map { Amount.count($0) } ?? "?", distinct(column),
                bound(column.lower), bound(column.upper), Amount.bytes(column.compressedBytes),
                ParquetCommands.ratio(column.compressedBytes, column.valueCount),
                ParquetCommands.ratio(column.uncompressedBytes, column.compressedBytes),
                column.codecs.joined(separator: ","), column.encodings.joined(separator: ","),
            ])
        }
        return grid.text()
    }

    private static func distinct(_ column: ParquetColumnSummary) -> String {
        switch column.distinct {
        case .exactly(let count): Amount.count(count)
        case .about(let count): "~" + Amount.count(count)
        case nil: "?"
        }
    }

    private static func json(_ file: ParquetFile, _ columns: [ParquetColumnSummary]) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("file")
        writer.string(file.path)
        writer.key("rows")
        writer.integer(file.rowCount)
        writer.key("columns")
        writer.beginArray()
        for column in columns { write(column, &writer) }
        writer.endArray()
        writer.endObject()
        return writer.bytes + [UInt8(ascii: "\n")]
    }

    private static func write(_ column: ParquetColumnSummary, _ writer: inout JSONWriter) {
        var exact: Int?
        var about: Int?
        switch column.distinct {
        case .exactly(let count): exact = count
        case .about(let count): about = count
        case nil: break
        }
        writer.beginObject()
        writer.key("column")
        writer.string(column.column)
        writer.key("type")
        writer.string("\(column.type)")
        let numbers: [(String, Int?)] = [
            ("values", column.valueCount), ("nulls", column.nullCount), ("distinct", exact),
            ("dictionary_entries", about), ("compressed_bytes", column.compressedBytes),
            ("uncompressed_bytes", column.uncompressedBytes),
        ]
        for (key, number) in numbers {
            writer.key(key)
            if let number { writer.integer(number) } else { writer.null() }
        }
        writer.key("min")
        ParquetMetaJSON.optional(
            column.lower.map { ValueText.format($0, column.type) }, &writer)
        writer.key("max")
        ParquetMetaJSON.optional(
            column.upper.map { ValueText.format($0, column.type) }, &writer)
        writer.key("bounds_are_exact")
        writer.boolean(column.hasExactBounds)
        writer.key("codecs")
        ParquetMetaJSON.strings(column.codecs, &writer)
        writer.key("encodings")
        ParquetMetaJSON.strings(column.encodings, &writer)
        writer.endObject()
    }
}
